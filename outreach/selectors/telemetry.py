"""Figures of sending for the operator's monitoring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from workspaces.telemetry import CAP, Measure, Reading, Source, rows_of

_OF_A_WORKSPACE: Final = 1000
DUE = Measure(
    "countersign_messages_due", f"Messages that are due, {_OF_A_WORKSPACE} a workspace at most."
)
DUE_AGE = Measure("countersign_messages_oldest_due_seconds", "Age of the oldest one that is due.")
UNSURE = Measure(
    "countersign_messages_unsure",
    f"Messages of which nobody knows whether they went out, {CAP} at most.",
)
_SQL: Final = """
    SELECT count(due.send_at), coalesce(extract(epoch FROM %(now)s - min(due.send_at)), 0),
           (SELECT count(*) FROM (SELECT 1 FROM outreach_outreachmessage
                                  WHERE is_unsure LIMIT %(cap)s) unsure)
    FROM workspaces_workspace w
    CROSS JOIN LATERAL (
        SELECT m.send_at FROM outreach_outreachmessage m
        WHERE m.workspace_id = w.id AND m.status = 'scheduled' AND m.send_at <= %(now)s
        ORDER BY m.send_at LIMIT %(each)s
    ) due
    WHERE NOT w.kill_switch
"""


def _messages(now: datetime) -> Iterator[Reading]:
    (due, age_s, unsure), *_ = rows_of(_SQL, {"now": now, "cap": CAP, "each": _OF_A_WORKSPACE})
    yield DUE, (), due
    yield DUE_AGE, (), age_s
    yield UNSURE, (), unsure


SOURCE: Final = Source("messages", (DUE, DUE_AGE, UNSURE), _messages)
