"""Chance that is keyed by a seed, a name and a day, so that asking again gives the same."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def normal(seed: int, names: Sequence[str], days: IntArray) -> FloatArray:
    """Standard normal values keyed by (seed, name, day): (n_days, n_names)."""
    first, second = (_uniform(seed + salt, names, days) for salt in (0, 7919))
    radius: FloatArray = np.sqrt(-2 * np.log(first))
    return radius * np.cos(2 * np.pi * second)


def _uniform(seed: int, names: Sequence[str], days: IntArray) -> FloatArray:
    """Uniform values in (0, 1) from a counter-based hash (splitmix64), without any state."""
    keys = np.array([crc32(name.encode()) for name in names], np.uint64)
    with np.errstate(over="ignore"):
        x = keys[None, :] * np.uint64(0x9E3779B97F4A7C15)
        x = x + days.astype(np.uint64)[:, None] * np.uint64(0xD1B54A32D192ED03)
        x = x + np.uint64(seed % 2**32) * np.uint64(0x8CB92BA72F3D8DD7)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    uniform: FloatArray = ((x >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
    return uniform


def generator(seed: int, name: str, day: int) -> np.random.Generator:
    """Make the generator keyed by (seed, name, day)."""
    return np.random.default_rng([seed, crc32(name.encode()), day])
