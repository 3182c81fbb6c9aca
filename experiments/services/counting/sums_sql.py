"""Sums of what units did, as SQL: what each adds to a day, by dimension.

A unit's cumulative amount, cut to its metric's limit, is y. On day d it adds y(d) − y(d−1) to the
sum, y(d)² − y(d−1)² to the sum of squares, and products alike. So the sums of all days up to one
are those of the cumulative amounts as of its end.
"""

from __future__ import annotations

from typing import Final

from experiments.services.counting.exposing_sql import DIMENSIONS
from experiments.services.counting.outcomes_sql import MOST

SUMS: Final = (
    "sum", "sum_squares", "denominator_sum", "denominator_sum_squares", "sum_product",
    "covariate_sum", "covariate_sum_squares", "sum_covariate_product",
)  # fmt: skip
_ALL: Final = ("units", *SUMS)
_PLACE: Final = "test_id, variant_id, metric_id, dimension, key, day"
_CAP: Final = f"""
CASE m.kind WHEN 'binomial' THEN 1 WHEN 'time_to_event' THEN {MOST}
            ELSE least(m.cap, {MOST}) END
"""
_RISES: Final = f"""
SELECT l.sign, l.exposure_id, l.metric_id, l.day, l.units, y - y0 AS sum,
       y * y - y0 * y0 AS sum_squares, z - z0 AS denominator_sum,
       z * z - z0 * z0 AS denominator_sum_squares, y * z - y0 * z0 AS sum_product,
       x - x0 AS covariate_sum, x * x - x0 * x0 AS covariate_sum_squares,
       y * x - y0 * x0 AS sum_covariate_product
  FROM (SELECT c.*, lag(y, 1, 0::numeric) OVER o AS y0, lag(z, 1, 0::numeric) OVER o AS z0,
               lag(x, 1, 0::numeric) OVER o AS x0
          FROM (SELECT r.sign, r.exposure_id, r.metric_id, r.day,
                       (m.kind = 'time_to_event')::int AS units,
                       least(sum(r.value) OVER o, {_CAP}) AS y,
                       least(sum(r.denominator) OVER o, {MOST}) AS z,
                       least(sum(r.covariate) OVER o, {_CAP}) AS x
                  FROM count_row r JOIN experiments_metric m ON m.id = r.metric_id
                WINDOW o AS (PARTITION BY r.sign, r.exposure_id, r.metric_id ORDER BY r.day)) c
        WINDOW o AS (PARTITION BY sign, exposure_id, metric_id ORDER BY day)) l
"""
# Whoever is counted first counts for each metric, with nothing done yet; for a time not before
# its window has passed.
_BASES: Final = f"""
SELECT 1, u.exposure_id, m.id, u.day, 1, {", ".join("0" for _ in SUMS)}
  FROM count_base b
  JOIN count_unit u ON u.exposure_id = b.exposure_id
  JOIN experiments_abtestmetric t ON t.test_id = u.test_id
  JOIN experiments_metric m ON m.id = t.metric_id AND m.kind <> 'time_to_event'
   AND m.source NOT IN ('ad_performance', 'imported')
"""
ADDED: Final = f"""
CREATE TEMP TABLE count_sum ON COMMIT DROP AS
SELECT g.test_id, g.variant_id, g.metric_id, k.dimension, k.key, g.day,
       {", ".join(f"sum(g.{name}) AS {name}" for name in _ALL)}
  FROM (SELECT u.test_id, u.variant_id, r.metric_id, r.day, u.device, u.source, u.country,
               u.customer_type, {", ".join(f"sum(r.sign * r.{name}) AS {name}" for name in _ALL)}
          FROM ({_RISES} UNION ALL {_BASES}) r
          JOIN count_unit u ON u.exposure_id = r.exposure_id
         GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) g
 CROSS JOIN LATERAL {DIMENSIONS}
 GROUP BY 1, 2, 3, 4, 5, 6
HAVING {" OR ".join(f"sum(g.{name}) <> 0" for name in _ALL)}
"""
_SAME: Final = " AND ".join(f"d.{name} = g.{name}" for name in _PLACE.split(", "))
ADD: Final = f"""
MERGE INTO experiments_metricday d USING count_sum g ON {_SAME}
 WHEN MATCHED THEN UPDATE SET {", ".join(f"{name} = d.{name} + g.{name}" for name in _ALL)}
 WHEN NOT MATCHED THEN
      INSERT (workspace_id, {_PLACE}, {", ".join(_ALL)})
      VALUES (%(workspace)s, {", ".join(f"g.{name}" for name in (*_PLACE.split(", "), *_ALL))})
"""
_OF_TEST: Final = "(SELECT * FROM experiments_metricday WHERE test_id = %(test)s) d"
# Days of one test that are not what its units make; a row of zeros says what no row says.
DIFFERENT: Final = f"""
SELECT count(*) FROM count_sum g FULL JOIN {_OF_TEST} ON {_SAME}
 WHERE {" OR ".join(f"coalesce(g.{name}, 0) <> coalesce(d.{name}, 0)" for name in _ALL)}
"""
CLEAR: Final = "DELETE FROM experiments_metricday WHERE test_id = %(test)s"
FILL: Final = f"""
INSERT INTO experiments_metricday (workspace_id, {_PLACE}, {", ".join(_ALL)})
SELECT %(workspace)s, {_PLACE}, {", ".join(_ALL)} FROM count_sum
"""
