"""All due conversions of a workspace at once, set-based; and the job that does it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from attribution.engine.matching import LAYERS
from attribution.models import Conversion
from attribution.services import matching_sql as sql
from attribution.services.attributing import publish_attributed, windows_of
from workspaces.models import WebhookEndpoint, Workspace
from workspaces.services.jobs import Progress

MATCHING_JOB: Final = "attribution-matching"
BATCH: Final = 200_000
# Longer than any request that stores a click or a conversion.
LOOK_AGAIN: Final = timedelta(minutes=15)
_PUBLISHED_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Matched:
    """How many were looked at and how many rows were written."""

    looked_at: int
    written: int
    attributed: int


@transaction.atomic
def attribute_due(*, workspace: Workspace, now: datetime, limit: int = BATCH) -> Matched:
    """Attribute what waits, as ``attribute_conversion`` would one by one."""
    started_s = time.perf_counter()
    windows = windows_of(workspace=workspace)
    given: dict[str, Any] = {
        "workspace": workspace.pk,
        "now": now,
        "arrived": now - LOOK_AGAIN,
        "limit": limit,
        **{layer.value: windows.of(layer) for layer in LAYERS},
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.DROP)
        cursor.execute(sql.SETTLE, given)
        cursor.execute(sql.DUE, given)
        looked_at = cursor.rowcount
        if not looked_at:
            return Matched(0, 0, 0)
        _find(cursor, given)
        given["ms"] = (time.perf_counter() - started_s) * 1000 / looked_at
        cursor.execute(sql.WRITE, given)
        written = cursor.rowcount
        cursor.execute(sql.LOG, given)
        cursor.execute(sql.NEW)
        found = [key for (key,) in cursor.fetchall()]
    _publish(workspace, found, now)
    return Matched(looked_at, written, len(found))


def _find(cursor: CursorWrapper, given: dict[str, Any]) -> None:
    cursor.execute(sql.FOUND)
    # A new table has no statistics, and without them the planner loops where it should hash.
    cursor.execute("ANALYZE attribution_due")
    for place, layer in enumerate(LAYERS, start=1):
        cursor.execute(sql.layer_sql(layer, place), {**given, "hours": given[layer.value]})
        cursor.execute("ANALYZE attribution_found")
    cursor.execute(sql.ANSWER)
    cursor.execute("ANALYZE attribution_answer (id)")


def _publish(workspace: Workspace, found: list[int], now: datetime) -> None:
    if not (found and WebhookEndpoint.objects.filter(workspace=workspace).exists()):
        return
    for start in range(0, len(found), _PUBLISHED_AT_ONCE):
        rows = Conversion.objects.filter(
            workspace=workspace, pk__in=found[start : start + _PUBLISHED_AT_ONCE]
        ).select_related("workspace")
        for row in rows.order_by("pk"):
            publish_attributed(row, now=now)


def match_workspace(progress: Progress) -> None:
    """Attribute batch after batch until nothing waits."""
    while True:
        matched = attribute_due(workspace=progress.workspace, now=progress.now, limit=BATCH)
        progress.count(
            looked_at=matched.looked_at, written=matched.written, attributed=matched.attributed
        )
        progress.step(f"{progress.counts['looked_at']} conversions looked at")
        if matched.looked_at < BATCH or not matched.written:
            return
