"""Versions of models: how they come, which one serves, and what it says."""
