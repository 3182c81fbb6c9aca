"""Websites: keys, what comes in, sessions, figures of days."""
