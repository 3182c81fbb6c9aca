"""A whole test as SQL: its units, who of them waits, and what the sums ought to be."""

from __future__ import annotations

from typing import Final

from experiments.services.counting.exposing_sql import DIMENSIONS, UNITS_OF, visitor_key

UNITS: Final = f"""
CREATE TEMP TABLE count_unit ON COMMIT DROP AS
SELECT x.id AS exposure_id, x.test_id, x.variant_id, x.unit, {visitor_key("x.unit")}, s.site_id,
       x.at, x.day, x.device, x.source, x.country, x.customer_type, x.counted,
       x.at >= %(horizon)s AND x.unit NOT LIKE 'erased:%%' AS is_open
  FROM experiments_exposure x
  LEFT JOIN experiments_websiteabtest s ON s.test_id = x.test_id
 WHERE x.test_id = %(test)s AND x.counted > 0
"""
_WAITING: Final = f"""
CREATE TEMP TABLE count_waiting ON COMMIT DROP AS
SELECT unit FROM experiments_countingwork
 WHERE workspace_id = %(workspace)s AND person_id IS NULL AND since <= %(now)s
UNION
SELECT visitor_key::text FROM attribution_sessionwork WHERE workspace_id = %(workspace)s
UNION
SELECT unit FROM ({
    UNITS_OF.format(
        rows="(SELECT * FROM experiments_countingwork WHERE workspace_id = %(workspace)s)"
    )
}) o
"""
LEAVE_WAITING: Final = (
    _WAITING,
    "ANALYZE count_waiting",
    """
    UPDATE count_unit u SET is_open = false
     WHERE is_open AND EXISTS (SELECT FROM count_waiting w WHERE w.unit = u.unit)
    """,
    """
    DELETE FROM count_event e USING count_unit u
     WHERE u.exposure_id = e.exposure_id AND NOT u.is_open
    """,
)
ROWS: Final = """
CREATE TEMP TABLE count_row ON COMMIT DROP AS
SELECT 1 AS sign, o.exposure_id, o.metric_id, o.day, o.value, o.denominator, o.covariate
  FROM count_unit u JOIN experiments_unitoutcome o ON o.exposure_id = u.exposure_id
"""
BASE: Final = "CREATE TEMP TABLE count_base ON COMMIT DROP AS SELECT exposure_id FROM count_unit"
EXPOSED: Final = f"""
CREATE TEMP TABLE count_grown ON COMMIT DROP AS
SELECT g.variant_id, k.dimension, k.key, g.day, sum(g.units)::bigint AS units,
       sum(g.several)::bigint AS several
  FROM (SELECT variant_id, day, device, source, country, customer_type, count(*) AS units,
               count(*) FILTER (WHERE counted = 2) AS several
          FROM count_unit GROUP BY 1, 2, 3, 4, 5, 6) g
 CROSS JOIN LATERAL {DIMENSIONS}
 GROUP BY 1, 2, 3, 4
"""
EXPOSED_DIFFERENT: Final = """
SELECT count(*) FROM count_grown g
  FULL JOIN (SELECT * FROM experiments_exposureday WHERE test_id = %(test)s) d
    ON d.variant_id = g.variant_id AND d.dimension = g.dimension AND d.key = g.key
   AND d.day = g.day
 WHERE (g.units, g.several) IS DISTINCT FROM (d.units, d.in_several)
"""
EXPOSED_CLEAR: Final = "DELETE FROM experiments_exposureday WHERE test_id = %(test)s"
EXPOSED_FILL: Final = """
INSERT INTO experiments_exposureday
       (workspace_id, test_id, variant_id, dimension, key, day, units, in_several)
SELECT %(workspace)s, %(test)s, variant_id, dimension, key, day, units, several FROM count_grown
"""
