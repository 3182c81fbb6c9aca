"""Practices: gathered, judged each day, kept with a version for each change."""
