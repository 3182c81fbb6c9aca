"""Numerics of experiments. Plain Python, no Django."""
