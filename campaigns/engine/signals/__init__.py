"""Signals: what changed in daily figures, by robust statistics. Plain arrays in and out."""
