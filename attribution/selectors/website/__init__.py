"""What pages and files show of websites."""
