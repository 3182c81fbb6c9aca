"""Conversations as lists, counts, timelines and cards show them."""
