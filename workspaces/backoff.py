"""How long to wait before the next try."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

_BASE_S: Final = 60.0
_MAX_S: Final = 3600.0


def backoff(attempts: int, rng: random.Random) -> timedelta:
    """Full jitter over min(60·2^(n−1), 3600) seconds, n = attempts made so far (from 1)."""
    ceiling = min(_BASE_S * 2 ** (attempts - 1), _MAX_S)
    return timedelta(seconds=rng.uniform(0, ceiling))
