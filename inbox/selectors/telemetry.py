"""Figures of the inbox for the operator's monitoring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from workspaces.telemetry import Measure, Reading, Source, rows_of

#: Long before so many somebody is called; each costs a look at its row.
_CAP: Final = 1_000
BREACHED = Measure(
    "countersign_inbox_breached",
    f"Open conversations whose promised time is over, {_CAP:,} at most.",
    ("channel",),
)
_SQL: Final = """
    SELECT channel, count(*) FROM (
        SELECT channel FROM inbox_conversation
        WHERE sla_state IN ('breached', 'escalated') AND status = 'open' AND merged_into_id IS NULL
        LIMIT %(cap)s
    ) capped GROUP BY channel
"""


def _breached(now: datetime) -> Iterator[Reading]:
    for channel, number in rows_of(_SQL, {"cap": _CAP}):
        yield BREACHED, (channel,), number


SOURCE: Final = Source("inbox", (BREACHED,), _breached)
