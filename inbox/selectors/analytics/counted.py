"""What is counted beside turns: messages by hour, what people said of us, what is left to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from django.db import connection

from inbox.engine.reporting import levels_of
from inbox.selectors.analytics.asked import ReportQuery
from inbox.selectors.clock import length

_VOLUME: Final = """
SELECT date_trunc('hour', r.at AT TIME ZONE %(zone)s), r.at >= %(start)s, r.direction, count(*)
  FROM inbox_customerresponse r {join}
 WHERE r.workspace_id = %(workspace)s AND r.direction IN ('in', 'out') AND NOT r.is_auto
   AND r.at >= %(before)s AND r.at < %(end)s AND r.delivery NOT IN ('cancelled', 'failed') {chosen}
 GROUP BY 1, 2, 3
"""
_SCORES: Final = """
SELECT s.answered_at >= %(start)s, s.score, c.channel, c.team, coalesce(c.assignee_id, 0),
       coalesce(s.template_id, 0), count(*)
  FROM inbox_satisfaction s JOIN inbox_conversation c ON c.id = s.conversation_id
 WHERE s.workspace_id = %(workspace)s AND s.answered_at >= %(before)s AND s.answered_at < %(end)s
       {chosen}
 GROUP BY 1, 2, 3, 4, 5, 6
"""
_BACKLOG: Final = """
SELECT width_bucket(extract(epoch FROM %(now)s - c.waiting_since)::float8, %(ages)s::float8[]),
       count(*)
  FROM inbox_conversation c
 WHERE c.workspace_id = %(workspace)s AND c.status IN ('open', 'snoozed')
   AND c.merged_into_id IS NULL AND c.archived_at IS NULL AND c.waiting_since IS NOT NULL {chosen}
 GROUP BY 1
"""
_HOUR_S: Final = 3600.0
#: Ages at which the next group begins, and what the groups are called.
_AGES: Final = (1 * _HOUR_S, 4 * _HOUR_S, 24 * _HOUR_S, 72 * _HOUR_S, 168 * _HOUR_S)
AGES: Final = (
    "under 1 hour", "1 to 4 hours", "4 to 24 hours", "1 to 3 days", "3 to 7 days", "over 7 days",
)  # fmt: skip
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: Who gives so much is glad.
GLAD: Final = 4


@dataclass(frozen=True)
class HeatLine:
    """Arrivals of a weekday; each hour's count and how strong it is, 0 to 4."""

    label: str
    cells: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Volume:
    """Messages, theirs and ours; what machines wrote is not counted."""

    incoming: int = 0
    outgoing: int = 0
    incoming_before: int = 0
    outgoing_before: int = 0
    days: tuple[tuple[int, int], ...] = ()
    heat: tuple[HeatLine, ...] = ()


@dataclass
class Scores:
    """What people said, from 1 to 5."""

    counts: Counter[int] = field(default_factory=Counter)

    @property
    def rated(self) -> int:
        """How many said something."""
        return self.counts.total()

    @property
    def glad(self) -> int:
        """How many gave 4 or 5."""
        return sum(count for score, count in self.counts.items() if score >= GLAD)

    @property
    def share(self) -> float | None:
        """Glad among all, 0 to 1."""
        return self.glad / self.rated if self.rated else None

    @property
    def mean(self) -> float | None:
        """Mean score."""
        if not self.rated:
            return None
        return sum(score * count for score, count in self.counts.items()) / self.rated


@dataclass(frozen=True)
class Said:
    """Scores of the period, of the one before, and by part; agents and templates by number."""

    now: Scores
    before: Scores
    by: Mapping[str, Mapping[object, Scores]]


def volume_of(query: ReportQuery) -> Volume:
    """Count messages by the hour; one statement."""
    by_day = np.zeros((query.period.days, 2), np.int64)
    by_hour = np.zeros((7, 24), np.int64)
    before = [0, 0]
    for hour, is_now, direction, count in _rows(query, _VOLUME, _side(query)):
        side = 0 if direction == "in" else 1
        if not is_now:
            before[side] += count
            continue
        by_day[(hour.date() - query.period.since).days, side] += count
        if direction == "in":
            by_hour[hour.weekday(), hour.hour] += count
    levels = levels_of(by_hour)
    heat = tuple(
        HeatLine(name, tuple(zip(by_hour[day].tolist(), levels[day].tolist(), strict=True)))
        for day, name in enumerate(WEEKDAYS)
    )
    incoming, outgoing = by_day.sum(axis=0).tolist()
    days = tuple((came, went) for came, went in by_day.tolist())
    return Volume(incoming, outgoing, before[0], before[1], days, heat)


def said_of(query: ReportQuery) -> Said:
    """Read the scores that were given; one statement."""
    found = Said(Scores(), Scores(), {"channel": {}, "team": {}, "agent": {}, "template": {}})
    for is_now, score, channel, team, agent, template, count in _rows(
        query, _SCORES, _conversation(query)
    ):
        if not is_now:
            found.before.counts[score] += count
            continue
        found.now.counts[score] += count
        own = {"channel": channel, "team": team, "agent": agent, "template": template}
        for name, value in own.items():
            parts: Any = found.by[name]
            parts.setdefault(value, Scores()).counts[score] += count
    return found


def backlog_of(query: ReportQuery, now: datetime) -> tuple[tuple[str, int], ...]:
    """How many wait for us now, by how long; one statement."""
    rows = dict(_rows(query, _BACKLOG, _conversation(query), now=now, ages=list(_AGES)))
    return tuple((label, rows.get(place, 0)) for place, label in enumerate(AGES))


def _rows(query: ReportQuery, sql: str, parts: Mapping[str, str], **more: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(**parts), query.params | more)
        rows: list[Any] = cursor.fetchall()
    return rows


def _side(query: ReportQuery) -> Mapping[str, str]:
    """Conditions on messages; the agent of theirs has the conversation, that of ours wrote it."""
    chosen = "AND r.channel = %(channel)s" if query.channel else ""
    if query.team:
        chosen += " AND c.team = %(team)s"
    if query.agent is not None:
        chosen += (
            " AND CASE WHEN r.direction = 'in' THEN c.assignee_id ELSE r.author_id END"
            " IS NOT DISTINCT FROM %(agent)s"
        )
    needs = "JOIN inbox_conversation c ON c.id = r.conversation_id"
    is_needed = query.team or query.agent is not None
    return {"join": needs if is_needed else "", "chosen": chosen}


def _conversation(query: ReportQuery) -> Mapping[str, str]:
    chosen = "AND c.channel = %(channel)s" if query.channel else ""
    chosen += " AND c.team = %(team)s" if query.team else ""
    if query.agent is not None:
        chosen += " AND c.assignee_id IS NOT DISTINCT FROM %(agent)s"
    return {"chosen": chosen}


def lasted(minutes: float | None) -> str:
    """Minutes as people read them: 45 min, 3 h 20 min, 2 d 4 h."""
    if minutes is None:
        return "–"
    if minutes < 1:
        return f"{round(60 * minutes)} s"
    return length(timedelta(minutes=minutes))
