"""Figures in sentences."""

from __future__ import annotations

import math


def percent(share: float) -> str:
    """Write a share as a signed percentage; ∞ where an interval is open."""
    if not math.isfinite(share):
        return "∞" if share > 0 else "−∞"
    return f"{share * 100:+.1f} %".replace("-", "−")
