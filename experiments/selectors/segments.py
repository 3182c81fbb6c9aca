"""Parts of a test's units as people read them; nothing is decided by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.engine.words import percent
from experiments.models import ABTest
from experiments.selectors.live import value_in_words
from experiments.selectors.results import Segment


@dataclass(frozen=True)
class SegmentLine:
    """A variant of a part: its value, and its lift with the interval where there is enough."""

    key: str
    units: int
    variant: str
    value: str
    effect: str


def lines_of_segments(segments: Sequence[Segment], test: ABTest) -> list[SegmentLine]:
    """One line for each variant of each part, the largest part first."""
    lines = []
    for segment in segments:
        metric = segment.primary.metric
        for figure in segment.primary.figures:
            shown = figure.shown
            has_effect = shown is not None and not shown.not_computable
            lines.append(
                SegmentLine(
                    segment.key or "not known", figure.units, figure.variant.name,
                    "–" if figure.value is None else value_in_words(metric, figure.value, test),
                    f"{percent(shown.effect)} [{percent(shown.ci_low)}, {percent(shown.ci_high)}]"
                    if shown is not None and has_effect else "–",
                )
            )  # fmt: skip
    return lines
