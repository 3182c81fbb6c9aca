"""Use cases of outreach."""
