"""Numerics and rules of attribution. Plain Python, no Django."""
