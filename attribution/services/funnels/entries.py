"""Entries of a funnel: who got how far, found by the engine and stored set-based."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import connection, transaction

from attribution.engine.funnel_attempts import Attempts, step_times
from attribution.models import FunnelDefinition
from attribution.selectors.conversions import day_starts
from attribution.selectors.funnels.sql import ASTRAY, Question
from attribution.selectors.funnels.streams import EPOCH, MICROS, People, micros, read_people, uuids
from attribution.services.funnels import entries_sql as sql
from workspaces.services.locks import lock_names

_DAY_S: Final = 86_400
_BLOCK: Final = 50_000  # rows of text are a hundred times as large as what they are made of


@dataclass(frozen=True)
class Counted:
    """What a refresh found: attempts kept, and how many rows that changed."""

    since: date
    entries: int
    changed: int
    gone: int


def first_open_day(funnel: FunnelDefinition, *, now: datetime) -> date:
    """Return the first day whose entries can still change; all days after a new definition.

    An attempt goes on for the window, and what a browser kept while it was offline comes later.
    """
    today = now.astimezone(funnel.workspace.zone).date()
    kept = today - timedelta(days=settings.WEB_EVENT_KEEP_DAYS)
    if funnel.counted_version != funnel.version:
        return kept
    open_days = -(-funnel.window_seconds // _DAY_S) + settings.WEB_EVENT_LATEST_DAYS + 1
    # Days that nobody counted since the last refresh are open too.
    counted_to = (funnel.refreshed_at or now).astimezone(funnel.workspace.zone).date()
    return max(kept, min(today, counted_to) - timedelta(days=open_days))


@transaction.atomic
def count_entries(*, funnel: FunnelDefinition, since: date, now: datetime) -> Counted:
    """Find the entries from a day on anew, store what differs, and make their days anew."""
    lock_names([f"funnel:{funnel.pk}"])
    question = question_of(funnel, since=day_starts(funnel.workspace, since), until=now)
    days = _days(funnel, since, now)
    starts = np.array([micros(day_starts(funnel.workspace, day)) for day in days], np.int64)
    with connection.cursor() as cursor:
        cursor.execute(sql.FOUND)
        for people in read_people(question):
            for block in _blocks(people, question, days, starts):
                cursor.copy_expert(sql.COPY, block)
        cursor.execute("ANALYZE funnel_found")
        cursor.execute("SELECT count(*) FROM funnel_found")
        found = int(cursor.fetchone()[0])
        given = _given(funnel, question, since)
        cursor.execute(sql.FORGET, given)
        gone = cursor.rowcount
        cursor.execute(sql.STORE, given)
        changed = cursor.rowcount
        cursor.execute(sql.FORGET_DAYS, given)
        cursor.execute(sql.days_sql(len(question.definition.steps)), given)
        cursor.execute("DROP TABLE funnel_found")
    return Counted(since, found, changed, gone)


def question_of(funnel: FunnelDefinition, *, since: datetime, until: datetime) -> Question:
    """Attempts of a funnel that start in [since, until)."""
    return Question(
        definition=funnel.parsed(),
        workspace_id=funnel.workspace_id,
        site_id=funnel.site_id,
        since=since,
        until=until,
    )


def _given(funnel: FunnelDefinition, question: Question, since: date) -> dict[str, Any]:
    workspace = funnel.workspace
    return {
        "workspace": workspace.pk,
        "funnel": funnel.pk,
        "currency": workspace.currency,
        "zone": workspace.zone.key,
        "steps": len(question.definition.steps),
        # What an earlier definition found is gone altogether.
        "since_day": since if funnel.counted_version == funnel.version else date.min,
        "first_day": (question.since - ASTRAY).date(),
        "last_day": (question.until + ASTRAY).date(),
        "astray": ASTRAY.days,
    }


def _days(funnel: FunnelDefinition, since: date, now: datetime) -> list[date]:
    last = now.astimezone(funnel.workspace.zone).date()
    return [since + timedelta(days=number) for number in range((last - since).days + 1)]


def _blocks(
    people: People, question: Question, days: list[date], starts: npt.NDArray[np.int64]
) -> Iterator[StringIO]:
    """Write the furthest attempt of each person and day as COPY reads it, some at a time."""
    attempts = people.attempts(question)
    begun = people.stream.times[attempts.places[:, 0]]
    best = attempts.best(np.searchsorted(starts, begun, side="right"))
    for first in range(0, len(best.levels), _BLOCK):
        block = best.only(np.arange(first, min(first + _BLOCK, len(best.levels))))
        yield _lines(people, block, days, starts)


def _lines(
    people: People, best: Attempts, days: list[date], starts: npt.NDArray[np.int64]
) -> StringIO:
    times = step_times(people.stream, best)
    last = best.places[np.arange(len(best.levels)), best.levels - 1]
    rows = zip(
        uuids(people.who, people.stream.persons[best.people].astype(np.intp)),
        (np.searchsorted(starts, times[:, 0], side="right") - 1).tolist(),
        best.levels.tolist(),
        times.tolist(),
        uuids(people.ids, best.places[:, 0]),
        uuids(people.ids, last),
        strict=True,
    )
    lines = [
        f"{who}\t{days[day]}\t{level}\t{_moment(at[0])}\t{first}\t{_moment(at[level - 1])}\t{end}"
        f"\t{{{','.join(str((one - at[0]) / MICROS) for one in at[:level])}}}\n"
        for who, day, level, at, first, end in rows
    ]
    return StringIO("".join(lines))


def _moment(passed: float) -> str:
    return (EPOCH + timedelta(microseconds=int(passed))).isoformat()
