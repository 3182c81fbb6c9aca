"""Where outcomes come from: one question in SQL for each source of a metric's events.

A question is a SELECT of ``(exposure_id, metric_id, is_below, at, value)``: what units did that
somebody asked for, ``value`` in the workspace's currency or NULL. It reads two temporary tables of
the counting and may use the parameters ``workspace``, ``zone`` and ``currency``:

``count_span``
    exposure_id, test_id, source, site_id, unit, visitor_key, since, until: whose events are wanted,
    and of when, ``until`` exclusive; ``visitor_key`` is the unit as a UUID where it is one

``count_ask``
    test_id, metric_id, source, is_below, event, pattern: the events that each metric of a test
    wants; ``is_below`` of those below the line of a ratio

Whoever writes the rows that a question reads also queues their units, in the same transaction
(`experiments.services.counting.news.queue_units`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

#: What ads are measured by: the events that a metric of ``ad_performance`` may name.
AD_EVENTS: Final = ("impression", "click", "conversion", "spend", "revenue")
#: Of them, those that a unit does or does not, with what the unit is.
AD_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {"click": "impression", "conversion": "click"}
)

_questions: dict[str, str] = {}


def register_source(source: str, question: str) -> None:
    """Answer for the events of a source; registered once, in ``ready()``."""
    known = _questions.setdefault(source, question)
    if known != question:
        raise ValueError(f"the events of {source!r} are answered for already")


def questions() -> Mapping[str, str]:
    """The question of each source, in the order of their names."""
    return {source: _questions[source] for source in sorted(_questions)}


def is_answered(source: str) -> bool:
    """Whether anybody answers for the events of a source."""
    return source in _questions
