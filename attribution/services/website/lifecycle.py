"""Where visitors stand: rules on what they did and on what the CRM says."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.db import connection

from attribution.engine.lifecycle import Behaviour, standing_of
from workspaces.models import Workspace

# Sessions are summed up in one pass before anything is looked up for a visitor: joined first, a
# planner that knows little of the tables may read all sessions once for each of them.
_BEHAVIOUR: Final = """
WITH did AS MATERIALIZED (
    SELECT visitor_id, count(*)::int AS sessions, max(engagement_score)::int AS best_score,
           coalesce(sum(conversions) FILTER (WHERE coalesce(value, 0) <= 0), 0)::int AS leads,
           coalesce(sum(conversions) FILTER (WHERE value > 0), 0)::int AS purchases
      FROM attribution_websession WHERE {which} GROUP BY visitor_id)
SELECT v.id, did.sessions, did.best_score, did.leads, did.purchases, v.last_seen_at,
       v.lifecycle_stage, v.lifecycle_reason,
       coalesce(c.value_kind = 'cash' AND c.value > 0, false), c.id IS NOT NULL
  FROM did JOIN attribution_visitor v ON v.id = did.visitor_id
  LEFT JOIN LATERAL (
      SELECT c.id, c.value_kind, c.value FROM conversion_tracking c
       WHERE c.person_id = v.person_id ORDER BY c.value DESC LIMIT 1) c ON true
 WHERE v.workspace_id = %(workspace)s
"""
_SET: Final = """
UPDATE attribution_visitor v SET lifecycle_stage = n.stage, lifecycle_reason = n.reason
  FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS n(id, stage, reason) WHERE v.id = n.id
"""
# Only customers become something else by time alone.
_STALE: Final = """visitor_id IN (
    SELECT id FROM attribution_visitor
     WHERE workspace_id = %(workspace)s AND lifecycle_stage IN ('customer', 'at_risk'))"""


def refresh_lifecycle(
    *, workspace: Workspace, now: datetime, visitors: Collection[int] | None = None
) -> int:
    """Judge visitors again, all that time alone may have moved unless told; how many changed."""
    which = _STALE if visitors is None else "visitor_id = ANY(%(visitors)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            _BEHAVIOUR.format(which=which),
            {"workspace": workspace.pk, "visitors": list(visitors or ())},
        )
        changed = [found for row in cursor.fetchall() if (found := _judged(row, now))]
        if changed:
            ids, stages, reasons = zip(*changed, strict=True)
            cursor.execute(_SET, [list(ids), list(stages), list(reasons)])
    return len(changed)


def _judged(row: tuple[Any, ...], now: datetime) -> tuple[int, str, str] | None:
    """The visitor with his new standing; ``None`` where it is the old one."""
    key, sessions, score, leads, purchases, seen, stage, reason, bought, known = row
    standing = standing_of(
        Behaviour(
            sessions=sessions,
            best_score=score,
            leads=leads,
            purchases=purchases,
            last_seen=seen,
            is_crm_customer=bought,
            is_crm_lead=known,
        ),
        now=now,
    )
    told = standing.reason[:200]
    return None if (stage, reason) == (standing.stage, told) else (key, standing.stage, told)
