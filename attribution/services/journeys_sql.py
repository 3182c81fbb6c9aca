"""Journeys as SQL, for everybody who walks anew: the same statements for a few and for all.

Who that is and what is read of them is pinned in temporary tables first, so that what comes in
meanwhile waits for the next run as a whole.
"""

from __future__ import annotations

from typing import Final

DROP: Final = (
    "DROP TABLE IF EXISTS attribution_owner, attribution_walker, attribution_touched,"
    " attribution_bought, attribution_left"
)
EVERYBODY: Final = """
CREATE TEMP TABLE attribution_owner ON COMMIT DROP AS
SELECT id FROM attribution_person WHERE workspace_id = %(workspace)s
"""
# Whoever has a touch in no journey or a conversion that no build has seen, and whoever is another
# than at his last build; with each, who he was then: the journeys of both change.
CHANGED: Final = """
CREATE TEMP TABLE attribution_owner ON COMMIT DROP AS
WITH named AS (
    SELECT person_id AS id FROM customer_touchpoint
     WHERE workspace_id = %(workspace)s AND journey_id IS NULL
    UNION
    SELECT person_id FROM conversion_tracking
     WHERE workspace_id = %(workspace)s AND person_id IS NOT NULL AND touches_before IS NULL
    UNION
    SELECT id FROM attribution_person
     WHERE workspace_id = %(workspace)s AND (root_id IS NOT NULL OR walked_root IS NOT NULL)
       AND root_id IS DISTINCT FROM walked_root
)
SELECT coalesce(p.root_id, p.id) AS id FROM named JOIN attribution_person p USING (id)
UNION
SELECT coalesce(p.walked_root, p.id) FROM named JOIN attribution_person p USING (id)
"""
# Who a person is today decides, so merges and their undoing count at the next build.
WALKERS: Final = """
CREATE TEMP TABLE attribution_walker ON COMMIT DROP AS
SELECT p.id, o.id AS person FROM attribution_owner o
  JOIN attribution_person p ON p.id = o.id AND p.root_id IS NULL
UNION ALL
SELECT p.id, o.id FROM attribution_owner o JOIN attribution_person p ON p.root_id = o.id
"""
FORGET_ALL: Final = (
    "DELETE FROM attribution_journeytouch WHERE workspace_id = %(workspace)s",
    "DELETE FROM attribution_journey WHERE workspace_id = %(workspace)s",
)
FORGET_OWNED: Final = (
    "DELETE FROM attribution_journeytouch s USING attribution_journey j, attribution_owner o"
    " WHERE j.person_id = o.id AND s.journey_id = j.id",
    "DELETE FROM attribution_journey j USING attribution_owner o WHERE j.person_id = o.id",
)
TOUCHED: Final = """
CREATE TEMP TABLE attribution_touched ON COMMIT DROP AS
SELECT t.id, w.person, t.at, t.channel_id, t.campaign_id, t.ad_id, t.country, t.source_key
  FROM attribution_walker w JOIN customer_touchpoint t ON t.person_id = w.id
 WHERE t.workspace_id = %(workspace)s
"""
_VALUE = "CASE WHEN c.currency = %(currency)s THEN c.value ELSE c.value * r.factor END"
# At the rate of the conversion's day; none while that is missing.
_RATE = """
      LEFT JOIN LATERAL (
          SELECT CASE WHEN x.base = c.currency THEN x.rate ELSE 1 / x.rate END AS factor
            FROM workspaces_exchangerate x
           WHERE c.currency <> %(currency)s AND x.workspace_id = %(workspace)s
             AND x.day <= (c.converted_at AT TIME ZONE %(zone)s)::date
             AND ((x.base = c.currency AND x.quote = %(currency)s)
                  OR (x.quote = c.currency AND x.base = %(currency)s))
           ORDER BY x.day DESC, (x.base = c.currency) DESC LIMIT 1
      ) r ON true
"""
BOUGHT: Final = f"""
CREATE TEMP TABLE attribution_bought ON COMMIT DROP AS
SELECT c.id, c.conversion_id, c.type, c.converted_at, c.country, w.person,
       round({_VALUE}, 6) AS value
  FROM attribution_walker w JOIN conversion_tracking c ON c.person_id = w.id {_RATE}
 WHERE c.workspace_id = %(workspace)s
"""  # noqa: S608  # constants of ours
# Ids come from what a journey is made of: building again gives the same ones.
CONVERTED: Final = """
INSERT INTO attribution_journey
       (journey_id, workspace_id, person_id, conversion_id, conversion_type, value, first_at,
        ended_at, touches, country)
SELECT md5('converted:' || %(workspace)s || ':' || c.conversion_id)::uuid, %(workspace)s, c.person,
       c.id, c.type, c.value, min(t.at), c.converted_at, count(*),
       coalesce(nullif(c.country, ''),
                (array_agg(t.country ORDER BY t.at, t.source_key)
                 FILTER (WHERE t.country <> ''))[1], '')
  FROM attribution_bought c
  JOIN attribution_touched t ON t.person = c.person AND t.at <= c.converted_at
   AND t.at >= c.converted_at - %(lookback)s * interval '1 day'
 GROUP BY c.id, c.conversion_id, c.type, c.converted_at, c.country, c.person, c.value
"""
STEPS: Final = """
INSERT INTO attribution_journeytouch
       (workspace_id, journey_id, touch_id, position, channel_id, campaign_id, ad_id, at)
SELECT %(workspace)s, j.id, t.id,
       row_number() OVER (PARTITION BY j.id ORDER BY t.at, t.source_key),
       t.channel_id, t.campaign_id, t.ad_id, t.at
  FROM attribution_owner o
  JOIN attribution_journey j ON j.person_id = o.id
  JOIN attribution_touched t ON t.person = j.person_id AND t.at <= j.ended_at
   AND t.at >= j.ended_at - %(lookback)s * interval '1 day'
 WHERE j.conversion_id IS NOT NULL
"""
# What is left of a person falls apart where nothing happened for as long as a journey may last.
LEFT: Final = """
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
UNCONVERTED: Final = """
INSERT INTO attribution_journey
       (journey_id, workspace_id, person_id, conversion_type, first_at, ended_at, touches, country)
SELECT journey_key, %(workspace)s, person, '', min(at), max(at), count(*),
       coalesce((array_agg(country ORDER BY at, source_key) FILTER (WHERE country <> ''))[1], '')
  FROM attribution_left GROUP BY journey_key, person
"""
LEFT_STEPS: Final = """
INSERT INTO attribution_journeytouch
       (workspace_id, journey_id, touch_id, position, channel_id, campaign_id, ad_id, at)
SELECT %(workspace)s, j.id, l.id, l.position, l.channel_id, l.campaign_id, l.ad_id, l.at
  FROM attribution_left l JOIN attribution_journey j ON j.journey_id = l.journey_key
"""
MARK_TOUCHES: Final = """
WITH placed AS (
    SELECT DISTINCT ON (s.touch_id) s.touch_id, j.journey_id, s.position,
           floor(extract(epoch FROM s.at - j.first_at) / 60)::int AS since_first,
           floor(extract(epoch FROM s.at - coalesce(b.at, s.at)) / 60)::int AS since_last
      FROM attribution_owner o
      JOIN attribution_journey j ON j.person_id = o.id
      JOIN attribution_journeytouch s ON s.journey_id = j.id
      LEFT JOIN attribution_journeytouch b
             ON b.journey_id = s.journey_id AND b.position = s.position - 1
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
MARK_CONVERSIONS: Final = """
UPDATE conversion_tracking c
   SET journey_id = f.journey_id, touches_before = f.touches,
       minutes_since_first_touch = f.minutes
  FROM (SELECT c.id, j.journey_id, coalesce(j.touches, 0) AS touches,
               floor(extract(epoch FROM j.ended_at - j.first_at) / 60)::int AS minutes
          FROM attribution_bought c LEFT JOIN attribution_journey j ON j.conversion_id = c.id) f
 WHERE c.id = f.id
   AND (c.journey_id, c.touches_before, c.minutes_since_first_touch)
       IS DISTINCT FROM (f.journey_id, f.touches, f.minutes)
"""
MARK_PEOPLE: Final = """
UPDATE attribution_person p SET walked_root = nullif(w.person, w.id)
  FROM attribution_walker w
 WHERE p.id = w.id AND p.walked_root IS DISTINCT FROM nullif(w.person, w.id)
"""
# A rate that came or changed moves money and nothing else.
REPRICE: Final = f"""
UPDATE attribution_journey j SET value = f.value
  FROM (SELECT c.id, round({_VALUE}, 6) AS value
          FROM conversion_tracking c {_RATE}
         WHERE c.workspace_id = %(workspace)s AND c.person_id IS NOT NULL) f
 WHERE j.conversion_id = f.id AND j.value IS DISTINCT FROM f.value
"""  # noqa: S608  # constants of ours
