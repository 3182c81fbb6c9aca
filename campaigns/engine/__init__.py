"""Numbers behind ad changes: safety limits and effects. Plain Python, no Django."""
