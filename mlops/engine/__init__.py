"""Numerics of the models and the sampler. Plain Python, no Django."""
