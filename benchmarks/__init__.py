"""Measurements, each beside a limit of the same machine and run."""
