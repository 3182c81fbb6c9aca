"""Texts as vectors, and exact or approximate search among them. Knows neither Django nor files."""
