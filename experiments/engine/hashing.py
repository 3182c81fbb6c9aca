"""Which of 10,000 buckets a unit falls into; the same in Python, JavaScript and SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

BUCKETS: Final = 10_000
_OFFSET: Final = 2_166_136_261
_PRIME: Final = 16_777_619
_MASK: Final = 0xFFFF_FFFF
# Units of a round: their hashes stay in the processor's cache.
_ROUND: Final = 16_384
_POWERS: Final = tuple(10**place for place in range(9, -1, -1))

BucketArray = npt.NDArray[np.int32]
_HashArray = npt.NDArray[np.uint32]
_IndexArray = npt.NDArray[np.int64]
_ByteArray = npt.NDArray[np.uint8]


def fnv1a32(text: str) -> int:
    """Hash a text: 32-bit FNV-1a over its bytes in UTF-8.

    Raises
    ------
    ValueError : half of a surrogate pair, which UTF-8 cannot say

    References
    ----------
    Fowler, Noll, Vo, Eastlake: The FNV Non-Cryptographic Hash Algorithm (IETF draft), section 2.
    """
    value = _OFFSET
    for byte in text.encode():
        value = (value ^ byte) * _PRIME & _MASK
    return value


def bucket(seed: str, unit: str) -> int:
    """Bucket of a unit under a seed, 0 to 9999.

    Hashed twice: FNV-1a alone moves neighbouring units to neighbouring buckets.
    """
    return fnv1a32(str(fnv1a32(f"{seed}:{unit}"))) % BUCKETS


def buckets(seed: str, units: Sequence[str]) -> BucketArray:
    """Buckets of many units under one seed, as `bucket` gives them.

    Parameters
    ----------
    seed : of the test, layer or holdout
    units : (n,) texts

    Returns
    -------
    (n,) int32 in [0, 9999]
    """
    start = fnv1a32(f"{seed}:")
    rounds = (units[first : first + _ROUND] for first in range(0, len(units), _ROUND))
    found = [_decimal_hashes(_hashes(start, some)) % np.uint32(BUCKETS) for some in rounds]
    return np.concatenate([np.empty(0, np.uint32), *found]).astype(np.int32)


def _hashes(start: int, units: Sequence[str]) -> _HashArray:
    """Go on hashing from a state with each unit's bytes, a byte of all units at a time."""
    data, lengths = _bytes_of(units)
    values = np.full(len(units), start, np.uint32)
    if data.size == lengths[0] * len(units) and (lengths == lengths[0]).all():
        for column in data.reshape(len(units), lengths[0]).T.copy():
            _step(values, column)
        return values
    starts = np.cumsum(lengths) - lengths
    order = np.argsort(-lengths, kind="stable")
    longer = np.searchsorted(-lengths[order], -np.arange(lengths.max()), side="left")
    starts = starts[order]
    for place, count in enumerate(longer.tolist()):
        _step(values[:count], data[starts[:count] + place])
    unsorted = np.empty_like(values)
    unsorted[order] = values
    return unsorted


def _bytes_of(units: Sequence[str]) -> tuple[_ByteArray, _IndexArray]:
    joined = "".join(units)
    data = np.frombuffer(joined.encode(), np.uint8)
    # All ASCII: then characters are bytes, and no unit has to be encoded by itself.
    sizes: Iterable[int] = map(len, units)
    if len(joined) != data.size:
        sizes = (len(one.encode()) for one in units)
    return data, np.fromiter(sizes, np.int64, len(units))


def _decimal_hashes(numbers: _HashArray) -> _HashArray:
    """Hash the decimal digits of each number."""
    values = np.full(len(numbers), _OFFSET, np.uint32)
    for power in _POWERS:
        quotient = numbers // np.uint32(power)
        digits = (quotient % np.uint32(10)).astype(np.uint8) + np.uint8(48)
        written = numbers >= power if power > 1 else np.ones(len(numbers), np.bool_)
        after = values.copy()
        _step(after, digits)
        values = np.where(written, after, values)
    return values


def _step(values: _HashArray, octets: _ByteArray) -> None:
    values ^= octets
    values *= np.uint32(_PRIME)
