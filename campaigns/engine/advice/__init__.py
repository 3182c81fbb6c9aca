"""Recommendations: their evidence, the check of what is written, and rules that write too."""
