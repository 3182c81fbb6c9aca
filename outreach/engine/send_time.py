"""At which hour a person is written to, and when that hour comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from outreach.engine.channels import (
    HOURS,
    NONE,
    BoolArray,
    CodeArray,
    FloatArray,
    IntArray,
    MomentArray,
)
from outreach.engine.zones import HOUR_S, NEVER, Clock, Span

#: Opens, clicks and visits of the segment that weigh as much as those of the person.
SEGMENT_WEIGHT: Final = 10.0
#: Opens, clicks and visits of a segment below which its hours are chance.
LEAST_SEGMENT: Final = 50
#: Of a person whose segment says nothing.
LEAST_PERSON: Final = 10

_HOUR_SPANS: Final[tuple[tuple[Span, ...], ...]] = tuple(
    ((hour * 60, (hour + 1) * 60),) for hour in range(HOURS)
)
_HOUR: Final = np.timedelta64(HOUR_S, "s")


def best_hours(person: FloatArray, segment: FloatArray, which: IntArray) -> CodeArray:
    """Hour in which each person is most likely to look.

    What the person did by hour is added to ten times the segment's shares, so somebody of whom
    little is known goes with the segment and moves away with each look. Equal hours: the first.

    Parameters
    ----------
    person : (n, 24) opens, clicks and visits by local hour
    segment : (segments, 24) the same of all people of a segment
    which : (n,) segments

    Returns
    -------
    (n,) hours from 0 to 23; −1 where too little is known, so the table's hour holds

    Raises
    ------
    ValueError : there are not 24 hours, or a count is below nothing
    """
    for name, counts in (("person", person), ("segment", segment)):
        if counts.ndim != 2 or counts.shape[1] != HOURS:
            raise ValueError(f"{name}: its shape is {counts.shape}, not of {HOURS} hours")
        if counts.size and not counts.min() >= 0:
            raise ValueError(f"{name}: {counts.min()} is no count")
    whole = segment.sum(axis=1)
    is_told = whole >= LEAST_SEGMENT
    shares = segment / np.maximum(whole, 1)[:, None] * is_told[:, None]
    found = (person + SEGMENT_WEIGHT * shares[which]).argmax(axis=1)
    is_known = is_told[which] | (person.sum(axis=1) >= LEAST_PERSON)
    return np.where(is_known, found, NONE).astype(np.int8)


@dataclass(frozen=True)
class Times:
    """When each of n messages may go: [low, high), UTC; not a time where it may not."""

    low: MomentArray
    high: MomentArray


def next_times(
    clock: Clock,
    open_spans: tuple[tuple[Span, ...], ...],
    *,
    kind: IntArray,
    zone: IntArray,
    hour: CodeArray,
    at: MomentArray,
    until: MomentArray,
) -> Times:
    """Next time for each message, from a moment on.

    The best hour is kept where it can be: if it lies in quiet hours, the hour after these; if it
    comes after `until`, the first time that is allowed at all.

    Parameters
    ----------
    clock : of the people's zones
    open_spans : kinds of minutes of the day that are not quiet
    kind : (n,) places in `open_spans`
    zone : (n,) codes
    hour : (n,) best local hour, −1 to take the first time that is allowed
    at, until : (n,) moments between which it has to be
    """
    low, high = clock.next_stretch(open_spans, kind, zone, at)
    has_hour = np.flatnonzero((hour != NONE) & ~np.isnat(low))
    if has_hour.size:
        best = _best(
            clock, open_spans, kind[has_hour], zone[has_hour], hour[has_hour], low[has_hour]
        )
        is_kept = best.low < until[has_hour]
        rows = has_hour[is_kept]
        low[rows], high[rows] = best.low[is_kept], best.high[is_kept]
    is_late: BoolArray = ~(low < until)
    high = np.minimum(high, until)
    low[is_late] = high[is_late] = NEVER
    return Times(low, high)


def _best(
    clock: Clock,
    open_spans: tuple[tuple[Span, ...], ...],
    kind: IntArray,
    zone: IntArray,
    hour: CodeArray,
    at: MomentArray,
) -> Times:
    low, high = clock.next_stretch(_HOUR_SPANS, hour.astype(np.int64), zone, at, likely=True)
    opened, closes = clock.next_stretch(open_spans, kind, zone, low)
    # The whole hour lies in quiet hours: the hour that follows them.
    end = np.where(opened < high, high, opened + _HOUR)
    return Times(opened, np.minimum(end, closes))
