"""Decisions of the inbox: clocks, orders, drafts, threads, texts; knows no Django."""
