"""Turns of a period as arrays: who waited for an answer, for how long, and by what promise.

A turn is the first message that waits for an answer of ours. Whoever answered it is its agent, or
else who has the conversation now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from django.db import connection

from inbox.engine.hours import BusinessHours, between_many
from inbox.engine.reporting import ObjectArray, Turns
from inbox.selectors.analytics.asked import ReportQuery
from inbox.selectors.promises import hours_in
from outreach.engine.channels import BoolArray, FloatArray, IntArray

DIMENSIONS: Final = ("intent", "channel", "team", "agent")

# Those of one answer are one turn, but where a conversation was closed between them: then each has
# a promise of its own, and the answer belongs to the last.
_FIRSTS: Final = """
WITH {missed}ins AS (
    SELECT r.id, r.conversation_id, r.channel, r.at, r.answered_at, r.due_at,
           greatest(r.at, r.received_at) AS came_at,
           r.is_kept, r.is_kept IS NOT TRUE AND r.breached_at IS NOT NULL AS is_missed,
           row_number() OVER same AS place
      FROM inbox_customerresponse r
     WHERE r.workspace_id = %(workspace)s AND r.direction = 'in' AND NOT r.is_auto
       AND r.at >= %(before)s AND r.at < %(end)s {channel} {among}
    WINDOW same AS (PARTITION BY r.conversation_id, r.answered_at
                    ORDER BY greatest(r.at, r.received_at), r.id)
), earlier AS (
    -- Looked up for each: few began before, and a join would read all that was ever written.
    SELECT DISTINCT i.conversation_id, coalesce(p.answered_at, 'infinity') AS answered_at
      FROM (SELECT DISTINCT conversation_id FROM ins) i
     CROSS JOIN LATERAL (
           SELECT b.answered_at FROM inbox_customerresponse b
            WHERE b.conversation_id = i.conversation_id AND b.at < %(before)s
              AND b.direction = 'in' AND NOT b.is_auto OFFSET 0) p
), firsts AS (
    SELECT i.*, lead(i.id) OVER (PARTITION BY i.conversation_id, i.answered_at
                                     ORDER BY i.came_at, i.id) IS NULL AS is_last
      FROM ins i
      LEFT JOIN earlier e ON e.conversation_id = i.conversation_id
                         AND e.answered_at = coalesce(i.answered_at, 'infinity')
     WHERE i.due_at IS NOT NULL OR i.place = 1 AND e.conversation_id IS NULL
), answers AS (
    SELECT DISTINCT ON (a.conversation_id, a.sent_at)
           a.id, a.conversation_id, a.sent_at, a.at, a.author_id
      FROM inbox_customerresponse a
     WHERE a.workspace_id = %(workspace)s AND a.direction = 'out' AND NOT a.is_auto
       AND a.at >= %(before)s AND a.delivery IN ('sent', 'delivered') {theirs}
     ORDER BY a.conversation_id, a.sent_at, a.id
), escalated AS MATERIALIZED (
    SELECT e.conversation_id, max(e.at) AS at FROM inbox_conversationevent e
     WHERE e.workspace_id = %(workspace)s AND e.kind = 'escalated' AND e.at >= %(before)s
     GROUP BY 1
), turns AS (
    SELECT f.id, f.conversation_id, f.channel, f.at, f.came_at, f.due_at, f.is_kept, f.is_missed,
           CASE WHEN f.is_last THEN f.answered_at END AS answered_at,
           f.is_last AND f.answered_at IS NOT DISTINCT FROM c.first_answered_at AS is_first,
           c.team, o.id AS answer_id,
           CASE WHEN o.id IS NULL THEN c.assignee_id ELSE o.author_id END AS agent
      FROM firsts f
      {conversation}
      LEFT JOIN answers o ON f.is_last AND o.conversation_id = f.conversation_id
                         AND o.sent_at = f.answered_at AND o.at >= f.at
)
"""
_ARRAYS: Final = """
SELECT t.at >= %(start)s, (t.at AT TIME ZONE %(zone)s)::date - %(first_day)s::date,
       (extract(epoch FROM t.came_at) * 1000000)::bigint,
       (extract(epoch FROM t.answered_at) * 1000000)::bigint,
       t.is_first, t.is_kept IS TRUE, t.is_missed, coalesce(d.was_auto, false),
       t.conversation_id, coalesce(x.at >= t.at, false),
       t.channel, t.team, coalesce(t.agent, 0),
       coalesce(nullif(k.corrected_intent, ''), k.intent, '')
  FROM turns t
  LEFT JOIN escalated x ON x.conversation_id = t.conversation_id
  LEFT JOIN inbox_aiclassification k ON k.response_id = t.id
  LEFT JOIN inbox_replydraft d ON d.response_id = t.answer_id
"""
_JOINED: Final = "JOIN inbox_conversation c ON c.id = f.conversation_id"
#: Few of all conversations: without this the planner reads every one for each of them.
_LOOKED_UP: Final = """CROSS JOIN LATERAL (
          SELECT * FROM inbox_conversation l WHERE l.id = f.conversation_id OFFSET 0) c"""
# A promise stands in the first message of its turn, so the page is known before the turns are: but
# not whose they are.
_MISSED: Final = """missed AS MATERIALIZED (
    SELECT r.id, r.conversation_id
      FROM inbox_customerresponse r JOIN inbox_conversation t ON t.id = r.conversation_id
     WHERE r.workspace_id = %(workspace)s AND r.direction = 'in' AND NOT r.is_auto
       AND r.at >= %(start)s AND r.at < %(end)s
       AND r.breached_at IS NOT NULL AND r.is_kept IS NOT TRUE {channel} {team}
     ORDER BY r.at DESC, r.id DESC LIMIT %(size)s OFFSET %(first)s
), """
_AMONG_MISSED: Final = (
    "AND r.conversation_id = ANY (ARRAY(SELECT DISTINCT conversation_id FROM missed))"
)
_LINES: Final = """
SELECT t.at, t.due_at, t.answered_at, t.channel, t.team, t.agent, t.conversation_id
  FROM turns t
 WHERE t.id IN (SELECT id FROM missed) {agent}
 ORDER BY t.at DESC, t.id DESC
"""
#: All turns, and those of conversations that a promise was missed in; what was chosen stays open.
_OF_ALL: Final = (_FIRSTS + _ARRAYS).format(
    missed="", channel="{channel}", among="", theirs="", conversation=_JOINED
)
_OF_MISSED: Final = (_FIRSTS + _LINES).format(
    missed=_MISSED, channel="{channel}", among=_AMONG_MISSED, conversation=_LOOKED_UP,
    theirs="AND a.conversation_id IN (SELECT conversation_id FROM ins)", agent="{agent}",
)  # fmt: skip
#: Hundreds of thousands are sorted and joined: in memory, by a plan that is not compiled. What is
#: sent together is one transaction.
_IN_MEMORY: Final = "SET LOCAL work_mem = '64MB'; SET LOCAL jit = off;"
#: What NumPy takes for no moment.
_NAT: Final = np.iinfo(np.int64).min


@dataclass(frozen=True)
class TurnRows:
    """Turns of the period and of the one before it, with what they can be parted by.

    Attributes
    ----------
    is_now : of the period itself
    day : days since its first
    labels : by the name of a dimension
    """

    turns: Turns
    is_now: BoolArray
    day: IntArray
    labels: Mapping[str, ObjectArray]


@dataclass(frozen=True)
class Missed:
    """A promise that was not kept."""

    at: datetime
    due_at: datetime
    answered_at: datetime | None
    channel: str
    team: str
    agent: int | None
    conversation: int


def turn_rows(query: ReportQuery) -> TurnRows:
    """Read the turns; one statement."""
    sql = _OF_ALL.format(channel=_channel(query))
    rows = _fetch(f"{sql} WHERE true {_team(query)} {_agent(query)}", query.params)
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * 14
    teams = np.array(columns[11], object)
    started, answered = _moments(columns[2]), _moments(columns[3])
    turns = Turns(
        wall=(answered - started) / np.timedelta64(1, "m"),
        business=_business(started, answered, teams, hours_in(query.workspace.pk)),
        is_first=np.array(columns[4], bool), is_kept=np.array(columns[5], bool),
        is_missed=np.array(columns[6], bool), is_automatic=np.array(columns[7], bool),
        conversation=np.array(columns[8], np.int64), is_escalated=np.array(columns[9], bool),
    )  # fmt: skip
    labels = {
        "intent": np.array(columns[13], object), "channel": np.array(columns[10], object),
        "team": teams, "agent": np.array(columns[12], object),
    }  # fmt: skip
    is_now, day = np.array(columns[0], bool), np.array(columns[1], np.int64)
    return TurnRows(turns, is_now, day, labels)


def missed_rows(query: ReportQuery, *, first: int, size: int) -> list[Missed]:
    """Promises of the period that were not kept, the newest first."""
    sql = _OF_MISSED.format(channel=_channel(query), team=_team(query), agent=_agent(query))
    if query.agent is None:
        found = _fetch(sql, query.params | {"first": first, "size": size})
    else:
        found = _fetch(sql, query.params | {"first": 0, "size": None})[first : first + size]
    return [Missed(*row) for row in found]


def _fetch(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"{_IN_MEMORY} {sql}", params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _channel(query: ReportQuery) -> str:
    return "AND r.channel = %(channel)s" if query.channel else ""


def _team(query: ReportQuery) -> str:
    return "AND t.team = %(team)s" if query.team else ""


def _agent(query: ReportQuery) -> str:
    """Whose a turn is, which is known only of a whole one."""
    return "AND t.agent IS NOT DISTINCT FROM %(agent)s" if query.agent is not None else ""


def _moments(microseconds: Sequence[Any]) -> Any:
    plain = [_NAT if one is None else one for one in microseconds]
    return np.array(plain, np.int64).view("datetime64[us]")


def _business(
    started: Any, answered: Any, teams: ObjectArray, hours: Mapping[str, BusinessHours]
) -> FloatArray:
    """Minutes of the hours of each turn's team; without any, of everybody's, or of the wall."""
    minutes = np.full(teams.size, np.nan)
    known = ~np.isnat(answered)
    for team in set(teams.tolist()):
        own = known & (teams == team)
        minutes[own] = between_many(
            hours.get(team) or hours.get("") or BusinessHours.always(), started[own], answered[own]
        )
    return minutes
