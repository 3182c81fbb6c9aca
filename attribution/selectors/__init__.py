"""Rows of attribution, read as facts."""
