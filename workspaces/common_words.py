"""Words that most rows hold, by PostgreSQL's statistics: an index of words is not asked for them.

For the beginning of such a word it collects a million places, more than it may remember one by one.
The few rows that have the other words are looked at instead. What is found is the same: statistics
that are old, or that nobody may read, only make it slower.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from django.db import connection

#: Of all rows, so many have all the words that are left out at once.
LEAST_SHARE: Final = 0.5
#: Words are rare together where one of them is in no more than this share of the rows.
_RARE: Final = 0.02
_KEPT_S: Final = 600
# An index of words has them in a column of this name.
_STATISTICS: Final = """
SELECT tablename, unnest(most_common_elems::text::text[]), unnest(most_common_elem_freqs)
FROM pg_stats WHERE schemaname = ANY(current_schemas(false)) AND attname = 'to_tsvector'
"""


def apart(index: str, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Words to look up in an index of words, and those to look for in the rows that it gives.

    Together, the second are in half of all rows at least, however they are spread.
    """
    known = _known(index)
    shares = {word: max(_shares(known, word), default=0.0) for word in words}
    common, without = list[str](), 0.0
    for word in sorted(shares, key=lambda word: -shares[word]):
        without += 1 - shares[word]
        if without <= 1 - LEAST_SHARE:
            common.append(word)
    return [word for word in shares if word not in common], common


def are_rare(index: str, words: Sequence[str]) -> bool:
    """Whether few rows have all of these words, as far as is known; nothing known is no."""
    known = _known(index)
    return bool(known) and any(sum(_shares(known, word)) <= _RARE for word in words)


def _shares(known: Mapping[str, float], start: str) -> list[float]:
    """Shares of the rows that have each word which begins so; what is not counted is rare."""
    return [share for word, share in known.items() if word.startswith(start.lower())]


def _known(index: str) -> Mapping[str, float]:
    return _read(int(time.monotonic() // _KEPT_S)).get(index, {}) if index else {}


@lru_cache(maxsize=1)
def _read(_period: int) -> Mapping[str, Mapping[str, float]]:
    """Shares of rows by index and word; behind them stand the least and the most, of no word."""
    shares = defaultdict[str, dict[str, float]](dict)
    with connection.cursor() as cursor:
        cursor.execute(_STATISTICS)
        for index, word, share in cursor.fetchall():
            if word is not None:
                shares[index][word] = share
    return shares


forget = _read.cache_clear
