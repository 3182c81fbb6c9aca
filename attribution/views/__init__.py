"""Pages of attribution."""
