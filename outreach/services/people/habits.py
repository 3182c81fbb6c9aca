"""When contacts look, and on what: from their opens, clicks and visits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from outreach.engine.channels import HOURS
from workspaces.models import Workspace

#: How far back looks count: habits change.
WINDOW: Final = timedelta(days=180)
_HOURS: Final = ", ".join(f"count(*) FILTER (WHERE l.hour = {hour})" for hour in range(HOURS))
# Hours are those of where the contact lives; of whom that is not known, those of the workspace.
_LOOKED: Final = f"""
CREATE TEMP TABLE outreach_looked ON COMMIT DROP AS
WITH c AS (
    SELECT o.id, coalesce(p.root_id, p.id) AS person, coalesce(z.name, %(zone)s) AS zone
      FROM outreach_contact o
      JOIN attribution_person p ON p.id = o.person_id
      LEFT JOIN pg_timezone_names z ON z.name = o.time_zone
     WHERE o.workspace_id = %(workspace)s),
look AS (
    SELECT c.id, x.at AT TIME ZONE c.zone AS at
      FROM outreach_outreachmessage m
      JOIN c ON c.id = m.contact_id
     CROSS JOIN LATERAL (VALUES (m.opened_at), (m.clicked_at)) x(at)
     WHERE m.workspace_id = %(workspace)s AND m.sent_at >= %(since)s AND x.at <= %(now)s
     UNION ALL
    SELECT c.id, s.started_at AT TIME ZONE c.zone
      FROM attribution_websession s
      JOIN attribution_visitor v ON v.id = s.visitor_id
      JOIN attribution_person q ON q.id = v.person_id
      JOIN c ON c.person = coalesce(q.root_id, q.id)
     WHERE s.workspace_id = %(workspace)s AND s.started_at >= %(since)s
       AND s.started_at <= %(now)s)
SELECT l.id AS contact_id, ARRAY[{_HOURS}]::int[] AS hours
  FROM (SELECT id, extract(hour FROM at)::int AS hour FROM look) l
 GROUP BY l.id"""  # noqa: S608  # our own numbers
_DEVICES: Final = """
CREATE TEMP TABLE outreach_devices ON COMMIT DROP AS
SELECT DISTINCT ON (o.id) o.id AS contact_id,
       CASE v.device WHEN 'desktop' THEN 'desktop' ELSE 'mobile' END AS device
  FROM outreach_contact o
  JOIN attribution_person p ON p.id = o.person_id
  JOIN attribution_person q
    ON q.workspace_id = %(workspace)s AND coalesce(q.root_id, q.id) = coalesce(p.root_id, p.id)
  JOIN attribution_visitor v ON v.person_id = q.id
 WHERE o.workspace_id = %(workspace)s AND v.device IN ('desktop', 'mobile', 'tablet')
 ORDER BY o.id, v.last_seen_at DESC"""
_KEEP: Final = """
UPDATE outreach_contactstanding s
   SET hours = coalesce(l.hours, '{}'), device = coalesce(d.device, '')
  FROM outreach_contact c
  LEFT JOIN outreach_looked l ON l.contact_id = c.id
  LEFT JOIN outreach_devices d ON d.contact_id = c.id
 WHERE c.workspace_id = %(workspace)s AND s.contact_id = c.id
   AND (s.hours, s.device) IS DISTINCT FROM (coalesce(l.hours, '{}'), coalesce(d.device, ''))"""


def keep_habits(*, workspace: Workspace, now: datetime) -> None:
    """Write down at which hours each contact looks, and on what device; inside a transaction."""
    given: dict[str, Any] = {
        "workspace": workspace.pk, "now": now, "since": now - WINDOW, "zone": workspace.time_zone,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS outreach_looked, outreach_devices")
        for step in (_LOOKED, _DEVICES, _KEEP):
            cursor.execute(step, given)
