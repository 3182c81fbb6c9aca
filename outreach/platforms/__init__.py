"""Providers that messages are sent through, one adapter each."""
