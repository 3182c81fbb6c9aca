"""Journeys: the touches of people before their conversions, built set-based."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from attribution.models.credits import LOOKBACK_DAYS
from attribution.services.touches import touches_from_clicks
from workspaces.models import Workspace
from workspaces.services.locks import lock_names


@dataclass(frozen=True)
class Built:
    """How many touches were new, and how many journeys there are now."""

    new_touches: int
    converted: int
    unconverted: int


# Who a person is today decides, so merges and their undoing count at the next build.
_TOUCHED: Final = """
CREATE TEMP TABLE attribution_touched ON COMMIT DROP AS
SELECT t.id, coalesce(p.root_id, p.id) AS person, t.at, t.channel_id, t.campaign_id, t.ad_id,
       t.country, t.source_key
  FROM customer_touchpoint t JOIN attribution_person p ON p.id = t.person_id
 WHERE t.workspace_id = %(workspace)s
"""
# Ids come from what a journey is made of: building again gives the same ones.
_CONVERTED: Final = """
WITH rated AS (
    SELECT c.id, c.conversion_id, c.type, c.converted_at, c.country,
           coalesce(p.root_id, p.id) AS person,
           CASE WHEN c.currency = %(currency)s THEN c.value ELSE c.value * r.factor END AS value
      FROM conversion_tracking c
      JOIN attribution_person p ON p.id = c.person_id
      LEFT JOIN LATERAL (
          SELECT CASE WHEN x.base = c.currency THEN x.rate ELSE 1 / x.rate END AS factor
            FROM workspaces_exchangerate x
           WHERE c.currency <> %(currency)s AND x.workspace_id = %(workspace)s
             AND x.day <= (c.converted_at AT TIME ZONE %(zone)s)::date
             AND ((x.base = c.currency AND x.quote = %(currency)s)
                  OR (x.quote = c.currency AND x.base = %(currency)s))
           ORDER BY x.day DESC, (x.base = c.currency) DESC LIMIT 1
      ) r ON true
     WHERE c.workspace_id = %(workspace)s
)
INSERT INTO attribution_journey
       (journey_id, workspace_id, person_id, conversion_id, conversion_type, value, first_at,
        ended_at, touches, country)
SELECT md5('converted:' || %(workspace)s || ':' || c.conversion_id)::uuid, %(workspace)s, c.person,
       c.id, c.type, round(c.value, 6), min(t.at), c.converted_at, count(*),
       coalesce(nullif(c.country, ''),
                (array_agg(t.country ORDER BY t.at, t.source_key)
                 FILTER (WHERE t.country <> ''))[1], '')
  FROM rated c
  JOIN attribution_touched t ON t.person = c.person AND t.at <= c.converted_at
   AND t.at >= c.converted_at - %(lookback)s * interval '1 day'
 GROUP BY c.id, c.conversion_id, c.type, c.converted_at, c.country, c.person, c.value
"""
_STEPS: Final = """
INSERT INTO attribution_journeytouch
       (workspace_id, journey_id, touch_id, position, channel_id, campaign_id, ad_id, at)
SELECT %(workspace)s, j.id, t.id,
       row_number() OVER (PARTITION BY j.id ORDER BY t.at, t.source_key),
       t.channel_id, t.campaign_id, t.ad_id, t.at
  FROM attribution_journey j
  JOIN attribution_touched t ON t.person = j.person_id AND t.at <= j.ended_at
   AND t.at >= j.ended_at - %(lookback)s * interval '1 day'
 WHERE j.workspace_id = %(workspace)s AND j.conversion_id IS NOT NULL
"""
# What is left of a person falls apart where nothing happened for as long as a journey may last.
_LEFT: Final = """
CREATE TEMP TABLE attribution_left ON COMMIT DROP AS
WITH free AS (
    SELECT t.*, lag(t.at) OVER (PARTITION BY t.person ORDER BY t.at, t.source_key) AS before
      FROM attribution_touched t
     WHERE NOT EXISTS (SELECT 1 FROM attribution_journeytouch s WHERE s.touch_id = t.id)
), parted AS (
    SELECT f.*, count(*) FILTER (WHERE before IS NULL
                                    OR at - before > %(lookback)s * interval '1 day')
                OVER (PARTITION BY person ORDER BY at, source_key) AS part
      FROM free f
)
SELECT p.*, row_number() OVER w AS position,
       md5('open:' || %(workspace)s || ':' || first_value(source_key) OVER w)::uuid AS journey_key
  FROM parted p
WINDOW w AS (PARTITION BY person, part ORDER BY at, source_key)
"""
_UNCONVERTED: Final = """
INSERT INTO attribution_journey
       (journey_id, workspace_id, person_id, conversion_type, first_at, ended_at, touches, country)
SELECT journey_key, %(workspace)s, person, '', min(at), max(at), count(*),
       coalesce((array_agg(country ORDER BY at, source_key) FILTER (WHERE country <> ''))[1], '')
  FROM attribution_left GROUP BY journey_key, person
"""
_LEFT_STEPS: Final = """
INSERT INTO attribution_journeytouch
       (workspace_id, journey_id, touch_id, position, channel_id, campaign_id, ad_id, at)
SELECT %(workspace)s, j.id, l.id, l.position, l.channel_id, l.campaign_id, l.ad_id, l.at
  FROM attribution_left l JOIN attribution_journey j ON j.journey_id = l.journey_key
"""
_MARK_TOUCHES: Final = """
WITH placed AS (
    SELECT DISTINCT ON (s.touch_id) s.touch_id, j.journey_id, s.position,
           floor(extract(epoch FROM s.at - j.first_at) / 60)::int AS since_first,
           floor(extract(epoch FROM s.at - coalesce(b.at, s.at)) / 60)::int AS since_last
      FROM attribution_journeytouch s
      JOIN attribution_journey j ON j.id = s.journey_id
      LEFT JOIN attribution_journeytouch b
             ON b.journey_id = s.journey_id AND b.position = s.position - 1
     WHERE s.workspace_id = %(workspace)s
     ORDER BY s.touch_id, j.ended_at, j.journey_id
)
UPDATE customer_touchpoint t
   SET journey_id = p.journey_id, position = p.position,
       minutes_since_first_touch = p.since_first, minutes_since_last_touch = p.since_last
  FROM placed p
 WHERE t.id = p.touch_id
   AND (t.journey_id, t.position, t.minutes_since_first_touch, t.minutes_since_last_touch)
       IS DISTINCT FROM (p.journey_id, p.position, p.since_first, p.since_last)
"""
_MARK_CONVERSIONS: Final = """
UPDATE conversion_tracking c
   SET journey_id = f.journey_id, touches_before = f.touches,
       minutes_since_first_touch = f.minutes
  FROM (SELECT c.id, j.journey_id, coalesce(j.touches, 0) AS touches,
               floor(extract(epoch FROM j.ended_at - j.first_at) / 60)::int AS minutes
          FROM conversion_tracking c LEFT JOIN attribution_journey j ON j.conversion_id = c.id
         WHERE c.workspace_id = %(workspace)s AND c.person_id IS NOT NULL) f
 WHERE c.id = f.id
   AND (c.journey_id, c.touches_before, c.minutes_since_first_touch)
       IS DISTINCT FROM (f.journey_id, f.touches, f.minutes)
"""


@transaction.atomic
def build_journeys(
    *, workspace: Workspace, now: datetime, lookback_days: int = LOOKBACK_DAYS
) -> Built:
    """Make touches of new clicks, and all journeys anew from the touches.

    Each conversion has its own journey, so a touch may be part of two. Touches that preceded no
    conversion make journeys without one.
    """
    lock_names([f"journeys:{workspace.pk}"])
    new = touches_from_clicks(workspace=workspace, now=now)
    given: dict[str, Any] = {
        "workspace": workspace.pk,
        "currency": workspace.currency,
        "zone": workspace.zone.key,
        "lookback": lookback_days,
    }
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS attribution_touched, attribution_left")
        for table in ("attribution_journeytouch", "attribution_journey"):
            cursor.execute(f"DELETE FROM {table} WHERE workspace_id = %(workspace)s", given)  # noqa: S608  # names of ours
        cursor.execute(_TOUCHED, given)
        # A new table has no statistics, and without them the planner loops where it should hash.
        cursor.execute("ANALYZE attribution_touched")
        cursor.execute(_CONVERTED, given)
        converted = cursor.rowcount
        cursor.execute(_STEPS, given)
        cursor.execute("ANALYZE attribution_journeytouch")
        cursor.execute(_LEFT, given)
        cursor.execute(_UNCONVERTED, given)
        unconverted = cursor.rowcount
        cursor.execute(_LEFT_STEPS, given)
        cursor.execute(_MARK_TOUCHES, given)
        cursor.execute(_MARK_CONVERSIONS, given)
    return Built(new, converted, unconverted)
