"""Synthetic worlds in workspaces: made, taken away, validated."""
