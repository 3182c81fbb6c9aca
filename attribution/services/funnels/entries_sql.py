"""Entries of funnels as SQL: from the attempts that were found to rows, and to figures of days."""

from __future__ import annotations

from typing import Final

FOUND: Final = """
CREATE TEMP TABLE funnel_found (
    visitor_key uuid NOT NULL, entered_on date NOT NULL, level smallint NOT NULL,
    started_at timestamptz NOT NULL, first_id uuid NOT NULL, last_at timestamptz NOT NULL,
    last_id uuid NOT NULL, step_seconds double precision[] NOT NULL
) ON COMMIT DROP
"""
COPY: Final = (
    "COPY funnel_found (visitor_key, entered_on, level, started_at, first_id, last_at, last_id,"
    " step_seconds) FROM STDIN"
)
# At the rate of the event's day; no money while that is missing.
_RATE = """
      LEFT JOIN LATERAL (
          SELECT CASE WHEN x.base = m.currency THEN x.rate ELSE 1 / x.rate END AS factor
            FROM workspaces_exchangerate x
           WHERE m.currency NOT IN ('', %(currency)s) AND x.workspace_id = %(workspace)s
             AND x.day <= (m.at AT TIME ZONE %(zone)s)::date
             AND ((x.base = m.currency AND x.quote = %(currency)s)
                  OR (x.quote = m.currency AND x.base = %(currency)s))
           ORDER BY x.day DESC, (x.base = m.currency) DESC LIMIT 1
      ) r ON true
"""
# The money of the last step; of a page that has none, that of the conversion told on it.
_MONEY = """
      LEFT JOIN LATERAL (
          SELECT m.value, m.currency, m.at FROM attribution_webevent m
           WHERE f.level = %(steps)s AND m.workspace_id = %(workspace)s AND m.site_id = e.site_id
             AND m.visitor_key = f.visitor_key AND m.value IS NOT NULL
             AND m.at >= f.last_at AND m.at <= f.last_at + interval '1 hour'
             AND m.day >= f.last_at::date - %(astray)s AND m.day <= f.last_at::date + %(astray)s
             AND (m.event_id = f.last_id OR (m.page_id = f.last_id AND m.category = 'conversion'))
           ORDER BY (m.event_id = f.last_id) DESC, m.at LIMIT 1
      ) m ON true
"""
# Where an attempt came from is where its visit came from.
_VISIT = """
      LEFT JOIN LATERAL (
          SELECT s.source, s.device, s.customer_type FROM attribution_websession s
           WHERE s.site_id = e.site_id AND s.visitor_key = e.visitor_key
             AND s.started_at <= e.at AND s.ended_at >= e.at
           ORDER BY s.started_at DESC LIMIT 1
      ) s ON true
"""
STORE: Final = f"""
INSERT INTO attribution_funnelentry AS entry
       (workspace_id, funnel_id, visitor_key, entered_on, level, started_at, step_seconds,
        completed_at, value, source, device, customer_type, variants)
SELECT DISTINCT ON (f.entered_on, f.visitor_key)
       %(workspace)s, %(funnel)s, f.visitor_key, f.entered_on, f.level, f.started_at,
       f.step_seconds, CASE WHEN f.level = %(steps)s THEN f.last_at END,
       round(CASE WHEN m.currency IN ('', %(currency)s) THEN m.value
                  ELSE m.value * r.factor END, 6),
       coalesce(s.source, e.source), coalesce(s.device, e.device), coalesce(s.customer_type, ''),
       e.variants
  FROM funnel_found f
  JOIN attribution_webevent e ON e.workspace_id = %(workspace)s AND e.day >= %(first_day)s
   AND e.day <= %(last_day)s AND e.visitor_key = f.visitor_key AND e.at = f.started_at
   AND e.event_id = f.first_id
{_VISIT}{_MONEY}{_RATE}
 ORDER BY f.entered_on, f.visitor_key
    ON CONFLICT (funnel_id, entered_on, visitor_key) DO UPDATE
   SET level = excluded.level, started_at = excluded.started_at,
       step_seconds = excluded.step_seconds, completed_at = excluded.completed_at,
       value = excluded.value, source = excluded.source, device = excluded.device,
       customer_type = excluded.customer_type, variants = excluded.variants
 WHERE (entry.level, entry.started_at, entry.step_seconds, entry.completed_at, entry.value,
        entry.source, entry.device, entry.customer_type, entry.variants)
       IS DISTINCT FROM
       (excluded.level, excluded.started_at, excluded.step_seconds, excluded.completed_at,
        excluded.value, excluded.source, excluded.device, excluded.customer_type,
        excluded.variants)
"""
FORGET: Final = """
DELETE FROM attribution_funnelentry entry
 WHERE entry.funnel_id = %(funnel)s AND entry.entered_on >= %(since_day)s
   AND NOT EXISTS (SELECT FROM funnel_found f
                    WHERE f.entered_on = entry.entered_on AND f.visitor_key = entry.visitor_key)
"""
FORGET_DAYS: Final = (
    "DELETE FROM attribution_funnelanalytics WHERE funnel_id = %(funnel)s AND day >= %(since_day)s"
)


def days_sql(n_steps: int) -> str:
    """Figures of days, made anew from their entries."""
    reached = ", ".join(f"count(*) FILTER (WHERE level >= {n})" for n in range(1, n_steps + 1))
    return f"""
INSERT INTO attribution_funnelanalytics
       (workspace_id, funnel_id, day, customer_type, source, device, entered, completed, reached,
        mean_seconds, worst_step, drop_off, value)
SELECT %(workspace)s, %(funnel)s, d.entered_on, d.customer_type, d.source, d.device, d.reached[1],
       d.reached[{n_steps}], d.reached, d.mean_seconds, worst.step, worst.lost, d.value
  FROM (SELECT entered_on, customer_type, source, device, ARRAY[{reached}] AS reached,
               avg(step_seconds[{n_steps}]) FILTER (WHERE level = {n_steps}) AS mean_seconds,
               coalesce(sum(value), 0) AS value
          FROM attribution_funnelentry
         WHERE funnel_id = %(funnel)s AND entered_on >= %(since_day)s
         GROUP BY entered_on, customer_type, source, device) d
  LEFT JOIN LATERAL (
      SELECT step, 1 - d.reached[step]::double precision / d.reached[step - 1] AS lost
        FROM generate_series(2, {n_steps}) AS step WHERE d.reached[step - 1] > 0
       ORDER BY lost DESC, step LIMIT 1
  ) worst ON true
"""
