"""Every day anew: what contacts bought, their segment, when they look, what they answer."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from outreach.engine.rfm import SEGMENTS, rfm
from outreach.services.learning import count_worth
from outreach.services.people.habits import keep_habits
from workspaces.models import Workspace
from workspaces.services.jobs import Progress

STANDING_JOB: Final = "contact-standing"
#: How far back purchases count.
WINDOW: Final = timedelta(days=365)
# Conversions that bring money, of whoever the contact was merged from, in the workspace's currency
# at the rate of their day or the last one known before.
_BOUGHT: Final = """
CREATE TEMP TABLE outreach_bought ON COMMIT DROP AS
SELECT c.id AS contact_id, count(b.at) AS purchases, coalesce(sum(b.value), 0) AS spent,
       max(b.at) AS last_at
  FROM outreach_contact c
  JOIN attribution_person p ON p.id = c.person_id
  LEFT JOIN (
      SELECT coalesce(q.root_id, q.id) AS person, x.converted_at AS at,
             x.value * CASE WHEN x.currency = %(currency)s THEN 1 ELSE r.factor END AS value
        FROM conversion_tracking x
        JOIN attribution_person q ON q.id = x.person_id
        LEFT JOIN LATERAL (
            SELECT CASE WHEN e.base = x.currency THEN e.rate ELSE 1 / e.rate END AS factor
              FROM workspaces_exchangerate e
             WHERE e.workspace_id = x.workspace_id
               AND (e.base, e.quote) IN ((x.currency, %(currency)s), (%(currency)s, x.currency))
               AND e.day <= (x.converted_at AT TIME ZONE %(zone)s)::date
             ORDER BY e.day DESC LIMIT 1) r ON x.currency <> %(currency)s
       WHERE x.workspace_id = %(workspace)s AND x.value > 0 AND x.value_kind = 'cash'
         AND x.converted_at >= %(since)s AND x.converted_at <= %(now)s) b
    ON b.person = coalesce(p.root_id, p.id)
 WHERE c.workspace_id = %(workspace)s
 GROUP BY c.id"""
_SCORES: Final = """
CREATE TEMP TABLE outreach_scores (contact_id bigint, recency smallint, frequency smallint,
    monetary smallint, segment text) ON COMMIT DROP"""
_KEEP: Final = """
INSERT INTO outreach_contactstanding
       (workspace_id, contact_id, purchases, spent, last_purchase_at, recency, frequency, monetary,
        segment, hours, device, counted_at)
SELECT %(workspace)s, b.contact_id, b.purchases, round(b.spent, 6), b.last_at, s.recency,
       s.frequency, s.monetary, s.segment, '{}', '', %(now)s
  FROM outreach_bought b JOIN outreach_scores s USING (contact_id)
    ON CONFLICT (contact_id) DO UPDATE
   SET purchases = excluded.purchases, spent = excluded.spent,
       last_purchase_at = excluded.last_purchase_at, recency = excluded.recency,
       frequency = excluded.frequency, monetary = excluded.monetary, segment = excluded.segment,
       counted_at = excluded.counted_at"""
_TYPES: Final = """
UPDATE outreach_contact c SET customer_type = o.customer_type, lifecycle_stage = o.stage
  FROM (SELECT c.id,
               CASE WHEN b.purchases > 0 OR bool_or(v.customer_type = 'existing') THEN 'existing'
                    WHEN bool_or(v.customer_type = 'returning') THEN 'returning'
                    ELSE 'new' END AS customer_type,
               coalesce((array_agg(v.lifecycle_stage ORDER BY v.last_seen_at DESC)
                         FILTER (WHERE v.lifecycle_stage <> ''))[1],
                        CASE WHEN b.purchases > 0 THEN 'customer' ELSE '' END) AS stage
          FROM outreach_contact c
          JOIN outreach_bought b ON b.contact_id = c.id
          JOIN attribution_person p ON p.id = c.person_id
          LEFT JOIN attribution_person q
            ON q.workspace_id = %(workspace)s AND coalesce(q.root_id, q.id)
             = coalesce(p.root_id, p.id)
          LEFT JOIN attribution_visitor v ON v.person_id = q.id
         WHERE c.workspace_id = %(workspace)s GROUP BY c.id, b.purchases) o
 WHERE c.id = o.id AND (c.customer_type, c.lifecycle_stage) IS DISTINCT FROM
       (o.customer_type, o.stage)"""


@transaction.atomic
def refresh_standing(*, workspace: Workspace, now: datetime) -> int:
    """Count purchases of a year and looks, score them, take over their types; how many."""
    given: dict[str, Any] = {"workspace": workspace.pk, "now": now, "since": now - WINDOW,
             "currency": workspace.currency, "zone": workspace.time_zone}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS outreach_bought, outreach_scores")
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(_BOUGHT, given)
        cursor.execute("ANALYZE outreach_bought")
        cursor.execute(
            "SELECT contact_id, purchases, spent::float8,"
            " coalesce(extract(epoch FROM %(now)s - last_at) / 86400, 0)::float8"
            " FROM outreach_bought ORDER BY contact_id",
            given,
        )
        rows = np.array(cursor.fetchall(), dtype=np.float64).reshape(-1, 4)
        _score(cursor, rows)
        cursor.execute(_KEEP, given)
        cursor.execute(_TYPES, given)
    keep_habits(workspace=workspace, now=now)
    return len(rows)


def _score(cursor: Any, rows: npt.NDArray[np.float64]) -> None:
    found = rfm(rows[:, 3], rows[:, 1], rows[:, 2])
    names = ["" if name == "none" else name for name in SEGMENTS]
    buffer = io.StringIO()
    for key, recency, frequency, money, segment in zip(
        rows[:, 0].astype(np.int64).tolist(), found.recency.tolist(), found.frequency.tolist(),
        found.money.tolist(), found.segments.tolist(), strict=True,
    ):  # fmt: skip
        buffer.write(f"{key},{recency},{frequency},{money},{names[segment]}\n")
    buffer.seek(0)
    cursor.execute(_SCORES)
    cursor.copy_expert(
        "COPY outreach_scores FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (segment))", buffer
    )


def refresh_for_workspace(progress: Progress) -> None:
    """Body of the job."""
    workspace, now = progress.workspace, progress.now
    progress.count(
        contacts=refresh_standing(workspace=workspace, now=now),
        messages=count_worth(workspace=workspace, now=now),
    )
