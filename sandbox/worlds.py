"""Worlds that the sandbox can be filled with."""

from __future__ import annotations

from datetime import date

from sandbox.web import JsonObject


def ptd_fitness(today: date) -> JsonObject:
    """Return a personal-training company in full swing."""
    return {"accounts": [], "created_at": 0.0, "today": today.isoformat()}
