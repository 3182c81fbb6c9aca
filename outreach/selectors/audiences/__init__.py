"""Audiences: rules as one query, and who belongs to them."""
