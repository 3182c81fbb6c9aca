"""The queue's units and their exposures as SQL."""

from __future__ import annotations

from typing import Final

TABLES: Final = (
    "count_taken", "count_todo", "count_seen", "count_grown", "count_held", "count_unit",
    "count_ask", "count_span", "count_event", "count_made", "count_row", "count_base", "count_sum",
    "count_pair", "count_waiting",
)  # fmt: skip
DROP: Final = f"DROP TABLE IF EXISTS {', '.join(TABLES)}"
TAKEN: Final = """
CREATE TEMP TABLE count_taken (site_id bigint, unit text, person_id bigint, since timestamptz)
ON COMMIT DROP
"""
TAKE: Final = """
WITH taken AS (
    DELETE FROM experiments_countingwork WHERE id IN (
        SELECT id FROM experiments_countingwork
         WHERE workspace_id = %(workspace)s AND since <= %(now)s
         ORDER BY since LIMIT %(most)s)
    RETURNING site_id, unit, person_id, since
)
INSERT INTO count_taken SELECT site_id, unit, person_id, min(since) FROM taken GROUP BY 1, 2, 3
"""
_UUID: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


def visitor_key(unit: str) -> str:
    """The unit as a UUID, where it is one: what websites call it."""
    return f"CASE WHEN {unit} ~ '{_UUID}' THEN {unit}::uuid END AS visitor_key"


# Everybody whom merges make one with a person, and what units each of them may be.
UNITS_OF: Final = """
SELECT i.value AS unit, t.since
  FROM {rows} t
  JOIN attribution_person p ON p.id = t.person_id
 CROSS JOIN LATERAL (
       SELECT coalesce(p.root_id, p.id) AS id
       UNION ALL
       SELECT n.id FROM attribution_person n WHERE n.root_id = coalesce(p.root_id, p.id)) m
  JOIN attribution_identifier i ON i.person_id = m.id AND i.workspace_id = %(workspace)s
   AND i.kind IN ('visitor_id', 'user_id')
"""
WAITING: Final = f"""
CREATE TEMP TABLE count_todo ON COMMIT DROP AS
SELECT site_id, unit, min(since) AS since, {visitor_key("unit")}
  FROM (SELECT site_id, unit, since FROM count_taken WHERE person_id IS NULL
        UNION ALL
        SELECT NULL, unit, since FROM ({UNITS_OF.format(rows="count_taken")}) o) u
 GROUP BY site_id, unit
"""
# Variants that pages really showed, of tests that ran then. What is not known counts as nothing.
SEEN: Final = """
CREATE TEMP TABLE count_seen ON COMMIT DROP AS
SELECT b.id AS test_id, v.id AS variant_id, t.site_id, t.unit, t.visitor_key, e.at, e.event_id,
       e.device, e.country
  FROM count_todo t
  JOIN attribution_webevent e ON e.site_id = t.site_id AND e.visitor_key = t.visitor_key
   AND e.at >= t.since AND e.day >= (t.since AT TIME ZONE 'UTC')::date - 1 AND e.variants <> '{}'
  JOIN experiments_websiteabtest s ON s.site_id = t.site_id
  JOIN experiments_abtest b ON b.id = s.test_id AND NOT b.is_imported AND e.at >= b.started_at
   AND (b.ended_at IS NULL OR e.at < b.ended_at)
  JOIN experiments_abtestvariant v ON v.test_id = b.id AND v.key = e.variants ->> b.key
"""
GROWN: Final = """
CREATE TEMP TABLE count_grown (id bigint PRIMARY KEY, was smallint) ON COMMIT DROP
"""
# In one order, so that whoever tells of exposures beside it waits and never locks up. The type of
# customer is the one at the visit's start: what the test changed must not sort people afterwards.
EXPOSE: Final = """
WITH first AS (
    SELECT DISTINCT ON (test_id, unit) * FROM count_seen ORDER BY test_id, unit, at, event_id
), exposed AS (
    INSERT INTO experiments_exposure
           (workspace_id, test_id, variant_id, unit, at, day, device, source, country,
            customer_type, counted)
    SELECT %(workspace)s, f.test_id, f.variant_id, f.unit, f.at,
           (f.at AT TIME ZONE %(zone)s)::date, f.device, coalesce(s.source, ''), f.country,
           coalesce(s.customer_type, ''), 1
      FROM first f
      LEFT JOIN LATERAL (
          SELECT w.source, w.customer_type FROM attribution_websession w
           WHERE w.site_id = f.site_id AND w.visitor_key = f.visitor_key
             AND w.started_at <= f.at AND w.ended_at >= f.at
           ORDER BY w.started_at DESC, w.id DESC LIMIT 1) s ON true
     ORDER BY f.test_id, f.unit COLLATE "C"
        ON CONFLICT (test_id, unit) DO NOTHING
    RETURNING id
)
INSERT INTO count_grown SELECT id, 0 FROM exposed
"""
DEPLOYED: Final = """
UPDATE experiments_websiteabtest w SET deployed_at = s.at
  FROM (SELECT test_id, min(at) AS at FROM count_seen GROUP BY test_id) s
 WHERE w.test_id = s.test_id AND w.deployed_at IS NULL
"""
_STATE: Final = "1 + (x.other_variant_at IS NOT NULL)::int"
# Every row that is changed below, in the order of its id, as whoever tells of exposures and whoever
# forgets them hold theirs. What is told from here on has a row of the queue of its own.
HOLD: Final = f"""
CREATE TEMP TABLE count_held ON COMMIT DROP AS
WITH wanted AS (
    SELECT x.id
      FROM (SELECT DISTINCT unit FROM count_todo) t
      JOIN experiments_exposure x ON x.workspace_id = %(workspace)s AND x.unit = t.unit
     WHERE x.counted <> {_STATE}
     UNION
    SELECT y.id
      FROM count_seen s
      JOIN experiments_exposure y ON y.test_id = s.test_id AND y.unit = s.unit
       AND y.variant_id <> s.variant_id
)
SELECT x.id FROM experiments_exposure x JOIN wanted w ON w.id = x.id
 ORDER BY x.id FOR NO KEY UPDATE OF x
"""
OTHERS: Final = """
UPDATE experiments_exposure x SET other_variant_at = o.at
  FROM (SELECT y.id, min(s.at) AS at
          FROM count_seen s
          JOIN experiments_exposure y ON y.test_id = s.test_id AND y.unit = s.unit
           AND y.variant_id <> s.variant_id
          JOIN count_held h ON h.id = y.id
         GROUP BY y.id) o
 WHERE x.id = o.id AND (x.other_variant_at IS NULL OR x.other_variant_at > o.at)
"""
# Exposures that were told, and those that are in several now.
GROW: Final = f"""
WITH late AS (
    SELECT x.id, x.counted FROM count_held h JOIN experiments_exposure x ON x.id = h.id
     WHERE x.counted <> {_STATE}
), moved AS (
    UPDATE experiments_exposure x SET counted = {_STATE} FROM late WHERE x.id = late.id
    RETURNING x.id, late.counted AS was
)
INSERT INTO count_grown SELECT id, was FROM moved ON CONFLICT (id) DO NOTHING
"""
# Tests of ads and imported ones have no units of ours. What is older than events are kept stays; of
# what was told a moment ago the next round knows.
UNITS: Final = f"""
CREATE TEMP TABLE count_unit ON COMMIT DROP AS
SELECT x.id AS exposure_id, x.test_id, x.variant_id, x.unit,
       {visitor_key("x.unit")}, s.site_id, x.at, x.day, x.device,
       x.source, x.country, x.customer_type,
       x.at >= %(horizon)s AND x.unit NOT LIKE 'erased:%%' AS is_open
  FROM (SELECT DISTINCT unit FROM count_todo) t
  JOIN experiments_exposure x ON x.workspace_id = %(workspace)s AND x.unit = t.unit
   AND x.counted > 0
  LEFT JOIN experiments_websiteabtest s ON s.test_id = x.test_id
"""
FRESH: Final = """
CREATE TEMP TABLE count_base ON COMMIT DROP AS
SELECT id AS exposure_id FROM count_grown WHERE was = 0
"""
DIMENSIONS: Final = """
(VALUES ('total', ''), ('device', g.device), ('source', g.source), ('country', g.country),
        ('customer', g.customer_type)) AS k(dimension, key)
"""
GROWN_DAYS: Final = f"""
MERGE INTO experiments_exposureday d
USING (
    SELECT g.test_id, g.variant_id, g.day, k.dimension, k.key, sum(g.units) AS units,
           sum(g.several) AS several
      FROM (SELECT x.test_id, x.variant_id, x.day, x.device, x.source, x.country,
                   x.customer_type, count(*) FILTER (WHERE n.was = 0) AS units,
                   count(*) FILTER (WHERE x.counted = 2) AS several
              FROM count_grown n JOIN experiments_exposure x ON x.id = n.id
             GROUP BY 1, 2, 3, 4, 5, 6, 7) g
     CROSS JOIN LATERAL {DIMENSIONS}
     GROUP BY 1, 2, 3, 4, 5) g
   ON d.test_id = g.test_id AND d.dimension = g.dimension AND d.variant_id = g.variant_id
  AND d.key = g.key AND d.day = g.day
 WHEN MATCHED THEN UPDATE SET units = d.units + g.units, in_several = d.in_several + g.several
 WHEN NOT MATCHED THEN
      INSERT (workspace_id, test_id, variant_id, dimension, key, day, units, in_several)
      VALUES (%(workspace)s, g.test_id, g.variant_id, g.dimension, g.key, g.day, g.units, g.several)
"""
