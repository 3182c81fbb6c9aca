"""Outreach over REST."""
