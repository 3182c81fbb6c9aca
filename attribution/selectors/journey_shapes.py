"""How journeys look: the usual paths, their length and the time they take."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from attribution.selectors.journeys import JourneySet

TOP_PATHS: Final = 10
_LONGEST: Final = 8
_SHOWN_STEPS: Final = 8
_HOURS: Final = (
    (1, "under an hour"), (24, "the same day"), (72, "1 to 3 days"), (168, "3 to 7 days"),
    (336, "1 to 2 weeks"), (float("inf"), "over 2 weeks"),
)  # fmt: skip


def shapes_of(journeys: JourneySet) -> dict[str, Any]:
    """Top paths, lengths and times of the journeys, as JSON."""
    return {
        "paths": _paths(journeys),
        "lengths": _lengths(journeys),
        "times": _times(journeys),
    }


def _paths(journeys: JourneySet) -> list[dict[str, Any]]:
    """Paths with the most conversions; the same channel twice in a row counts once."""
    sums: dict[tuple[int, ...], list[int]] = {}
    bounds, channels = journeys.offsets.tolist(), journeys.channels.tolist()
    rows = zip(bounds[:-1], bounds[1:], journeys.converted.tolist(), journeys.micros.tolist(),
               strict=True)  # fmt: skip
    for start, end, converted, micros in rows:
        steps = channels[start:end]
        path = tuple(c for place, c in enumerate(steps) if not place or steps[place - 1] != c)
        found = sums.setdefault(path, [0, 0, 0])
        found[0] += 1
        found[1] += converted
        found[2] += micros
    best = sorted(sums.items(), key=lambda item: (-item[1][1], -item[1][2], item[0]))[:TOP_PATHS]
    return [
        {
            "channels": [journeys.names[channel] for channel in path[:_SHOWN_STEPS]],
            "more": max(0, len(path) - _SHOWN_STEPS),
            "journeys": count,
            "conversions": converted,
            "revenue": f"{micros / 1e6:.6f}",
        }
        for path, (count, converted, micros) in best
        if converted
    ]


def _lengths(journeys: JourneySet) -> list[dict[str, Any]]:
    counts = np.bincount(
        np.minimum(journeys.lengths, _LONGEST), journeys.converted, minlength=_LONGEST + 1
    )
    return [
        {"label": f"{n}" if n < _LONGEST else f"{n} or more", "conversions": int(counts[n])}
        for n in range(1, _LONGEST + 1)
    ]


def _times(journeys: JourneySet) -> list[dict[str, Any]]:
    hours = journeys.hours[journeys.converted > 0]
    edges = [0.0, *(limit for limit, _ in _HOURS)]
    counts = np.histogram(np.minimum(hours, 1e9), [*edges[:-1], 1e10])[0]
    return [
        {"label": label, "conversions": int(count)}
        for (_, label), count in zip(_HOURS, counts, strict=True)
    ]
