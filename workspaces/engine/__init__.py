"""Numerics that two apps and more share. Plain Python, no Django."""
