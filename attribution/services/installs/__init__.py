"""Installs of apps and their sessions."""
