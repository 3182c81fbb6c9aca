"""A synthetic app and its marketing, with a known truth, in plain NumPy."""
