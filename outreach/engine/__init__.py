"""Decisions and judgements of outreach; knows no Django."""
