"""Pages of outreach, and the addresses in its messages."""
