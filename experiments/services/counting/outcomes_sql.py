"""What units did within the windows of metrics, as SQL; read from events by the sources."""

from __future__ import annotations

from typing import Final

# No unit counts for more: squares of it still fit into the sums of a thousand million units.
MOST: Final = 1_000_000_000
# A glob as LIKE: only * is more than itself.
_LIKE: Final = r"""
CASE WHEN k.event LIKE '/%%' THEN
     replace(replace(replace(replace(k.event, '\', '\\'), '%%', '\%%'), '_', '\_'), '*', '%%') END
"""
ASK: Final = f"""
CREATE TEMP TABLE count_ask ON COMMIT DROP AS
SELECT u.test_id, m.id AS metric_id, m.source, k.is_below, k.event, {_LIKE} AS pattern, m.kind,
       m.kind <> 'binomial' AND k.amount = 'value' AS is_value,
       m.window_h * interval '1 hour' AS "window",
       m.covariate_days * interval '1 day' AS before
  FROM (SELECT DISTINCT test_id FROM count_unit) t
  JOIN experiments_abtestmetric u ON u.test_id = t.test_id
  JOIN experiments_metric m ON m.id = u.metric_id
   AND m.source NOT IN ('ad_performance', 'imported')
 CROSS JOIN LATERAL (
       VALUES (false, m.event, m.amount), (true, m.per_event, m.per_amount)
       ) AS k(is_below, event, amount)
 WHERE NOT k.is_below OR m.kind = 'ratio'
"""
SPAN: Final = """
CREATE TEMP TABLE count_span ON COMMIT DROP AS
SELECT u.exposure_id, u.test_id, a.source, u.site_id, u.unit, u.visitor_key,
       u.at - a.before AS since, u.at + a."window" AS until
  FROM count_unit u
  JOIN (SELECT test_id, source, max(before) AS before, max("window") AS "window"
          FROM count_ask GROUP BY 1, 2) a ON a.test_id = u.test_id
 WHERE u.is_open
"""
EVENTS: Final = """
CREATE TEMP TABLE count_event (
    exposure_id bigint, metric_id bigint, is_below bool, at timestamptz, value numeric
) ON COMMIT DROP
"""
EVENT: Final = "INSERT INTO count_event (exposure_id, metric_id, is_below, at, value) {question}"
_AMOUNT: Final = "CASE WHEN a.is_value THEN coalesce(e.value, 0) ELSE 1 END"
MADE: Final = f"""
CREATE TEMP TABLE count_made ON COMMIT DROP AS
SELECT u.exposure_id, e.metric_id,
       greatest((e.at AT TIME ZONE %(zone)s)::date, u.day) AS day,
       coalesce(sum({_AMOUNT}) FILTER (WHERE NOT a.is_below AND e.at >= u.at), 0) AS value,
       coalesce(sum({_AMOUNT}) FILTER (WHERE a.is_below AND e.at >= u.at), 0) AS denominator,
       coalesce(sum({_AMOUNT}) FILTER (WHERE e.at < u.at), 0) AS covariate
  FROM count_event e
  JOIN count_unit u ON u.exposure_id = e.exposure_id
  JOIN count_ask a ON a.test_id = u.test_id AND a.metric_id = e.metric_id
   AND a.is_below = e.is_below AND a.kind <> 'time_to_event'
 WHERE e.at >= u.at - a.before AND e.at < u.at + a."window"
 GROUP BY u.exposure_id, e.metric_id, 3
HAVING bool_or({_AMOUNT} <> 0)
"""
# Every unit has one, on the day that its window ends: only then it is known.
TIMES: Final = """
INSERT INTO count_made (exposure_id, metric_id, day, value, denominator, covariate)
SELECT u.exposure_id, a.metric_id,
       greatest(((u.at + a."window") AT TIME ZONE %(zone)s)::date, u.day),
       round(extract(epoch FROM coalesce(f.after, a."window")) / 3600, 6), 0, 0
  FROM count_unit u
  JOIN count_ask a ON a.test_id = u.test_id AND a.kind = 'time_to_event'
  LEFT JOIN (SELECT e.exposure_id, e.metric_id, min(e.at - x.at) AS after
               FROM count_event e JOIN count_unit x ON x.exposure_id = e.exposure_id
              WHERE e.at >= x.at GROUP BY 1, 2) f
         ON f.exposure_id = u.exposure_id AND f.metric_id = a.metric_id AND f.after < a."window"
 WHERE u.is_open AND u.at + a."window" <= %(now)s
"""
# Whoever is counted first has news again when such a window ends.
LATER: Final = """
INSERT INTO experiments_countingwork (workspace_id, site_id, unit, since)
SELECT DISTINCT %(workspace)s, u.site_id, u.unit, u.at + a."window"
  FROM count_base b
  JOIN count_unit u ON u.exposure_id = b.exposure_id
  JOIN count_ask a ON a.test_id = u.test_id AND a.kind = 'time_to_event'
 WHERE u.at + a."window" > %(now)s
"""
# Units and metrics that are not as they stand, as they were (−1) and as they are (+1).
PAIRS: Final = """
CREATE TEMP TABLE count_pair ON COMMIT DROP AS
SELECT DISTINCT exposure_id, metric_id
  FROM count_made n
  FULL JOIN (SELECT o.exposure_id, o.metric_id, o.day, o.value, o.denominator, o.covariate
               FROM experiments_unitoutcome o
               JOIN count_unit u ON u.exposure_id = o.exposure_id AND u.is_open) o
 USING (exposure_id, metric_id, day)
 WHERE (n.value, n.denominator, n.covariate) IS DISTINCT FROM (o.value, o.denominator, o.covariate)
"""
ROWS: Final = """
CREATE TEMP TABLE count_row ON COMMIT DROP AS
SELECT -1 AS sign, o.exposure_id, o.metric_id, o.day, o.value, o.denominator, o.covariate
  FROM count_pair p
  JOIN experiments_unitoutcome o ON o.exposure_id = p.exposure_id AND o.metric_id = p.metric_id
UNION ALL
SELECT 1, n.exposure_id, n.metric_id, n.day, n.value, n.denominator, n.covariate
  FROM count_pair p JOIN count_made n USING (exposure_id, metric_id)
"""
FORGET: Final = """
DELETE FROM experiments_unitoutcome o
 USING count_row r
 WHERE r.sign = -1 AND o.exposure_id = r.exposure_id AND o.metric_id = r.metric_id
   AND o.day = r.day
   AND NOT EXISTS (SELECT FROM count_row n
                    WHERE n.sign = 1 AND n.exposure_id = r.exposure_id
                      AND n.metric_id = r.metric_id AND n.day = r.day)
"""
STORE: Final = """
INSERT INTO experiments_unitoutcome AS o
       (workspace_id, exposure_id, metric_id, day, value, denominator, covariate)
SELECT %(workspace)s, exposure_id, metric_id, day, value, denominator, covariate
  FROM count_row WHERE sign = 1
    ON CONFLICT (exposure_id, metric_id, day) DO UPDATE
   SET value = EXCLUDED.value, denominator = EXCLUDED.denominator, covariate = EXCLUDED.covariate
 WHERE (o.value, o.denominator, o.covariate) IS DISTINCT FROM
       (EXCLUDED.value, EXCLUDED.denominator, EXCLUDED.covariate)
"""
