"""Buckets and variants of 10,000 units, reckoned apart from the product.

``data/make_assignment_vectors.mjs`` made them.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKED = Path(__file__).parent / "data" / "assignment_vectors.json.gz"


class Vector(NamedTuple):
    """One unit under one seed."""

    seed: str
    unit: str
    plan: int
    hashed: int
    bucket: int
    variant: str


@cache
def vectors() -> list[Vector]:
    """All of them."""
    return [Vector(*row) for row in _told()["rows"]]


@cache
def plans() -> list[tuple[tuple[str, int], ...]]:
    """Variants with their weights, by the number that vectors name."""
    return [tuple((key, weight) for key, weight in plan) for plan in _told()["plans"]]


@cache
def _told() -> dict:
    return json.loads(gzip.decompress(PACKED.read_bytes()))
