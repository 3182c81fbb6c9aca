"""Statements that turn installs and sessions into days and cohorts."""

from __future__ import annotations

from typing import Final

#: Days that somebody counts as active after a session, that day included.
ACTIVE_SPAN: Final = 30

#: First and last day whose installs or sessions are not as counted; oldest and newest of both; the
#: newest day that was counted. Rows are only ever added or taken away and their numbers only grow,
#: so the count and the sum of these tell: one that came for another raises the sum.
TOUCHED: Final = """
WITH raw AS (
    SELECT day, sum(sessions) AS sessions, sum(installs) AS installs, sum(numbers) AS numbers
      FROM (
        SELECT day, count(*) AS sessions, 0 AS installs, sum(id) AS numbers
          FROM attribution_usersession WHERE workspace_id = %(workspace)s GROUP BY day
        UNION ALL
        SELECT installed_on, 0, count(*), sum(id)
          FROM attribution_userinstall WHERE workspace_id = %(workspace)s
         GROUP BY installed_on) both_kinds
     GROUP BY day),
kept AS (
    SELECT day, sum(sessions) AS sessions, sum(installs) AS installs, sum(numbers) AS numbers
      FROM attribution_appday WHERE workspace_id = %(workspace)s GROUP BY day),
days AS (
    SELECT coalesce(raw.day, kept.day) AS day,
           coalesce(raw.sessions, 0) <> coalesce(kept.sessions, 0)
           OR coalesce(raw.installs, 0) <> coalesce(kept.installs, 0)
           OR coalesce(raw.numbers, 0) <> coalesce(kept.numbers, 0) AS is_touched
      FROM raw FULL JOIN kept USING (day))
SELECT (SELECT min(day) FROM days WHERE is_touched),
       (SELECT max(day) FROM days WHERE is_touched),
       (SELECT min(day) FROM raw), (SELECT max(day) FROM raw), (SELECT max(day) FROM kept)
"""

CLEAR_DAYS: Final = """
DELETE FROM attribution_appday
 WHERE workspace_id = %(workspace)s
   AND (day BETWEEN %(since)s AND %(until)s OR day > %(newest)s)
"""

#: Rows of the days from ``since`` to ``until``. Who is active within thirty days is counted by when
#: each user's stretches begin (one more) and end (one less), added up day by day: a stretch lasts
#: as long as no gap between two of his days is longer than the span. Few pay: a sum of money is
#: begun only for those, which takes less memory.
FILL_DAYS: Final = f"""
WITH uses AS (
    SELECT install_id, day, count(*) AS sessions, sum(id) AS numbers,
           sum(revenue) FILTER (WHERE revenue <> 0) AS revenue
      FROM attribution_usersession
     WHERE workspace_id = %(workspace)s
       AND day BETWEEN %(since)s::date - {ACTIVE_SPAN - 1} AND %(until)s
     GROUP BY install_id, day),
spells AS (
    SELECT install_id, day, sessions, revenue, numbers,
           coalesce(day - lag(day) OVER own > {ACTIVE_SPAN}, true) AS begins,
           coalesce(lead(day) OVER own - day > {ACTIVE_SPAN}, true) AS ends
      FROM uses WINDOW own AS (PARTITION BY install_id ORDER BY day)),
used AS (
    SELECT i.channel, i.source, s.day, count(*) AS active, sum(s.sessions) AS sessions,
           coalesce(sum(s.revenue), 0) AS revenue, sum(s.numbers) AS numbers,
           count(*) FILTER (WHERE s.begins) AS begin, count(*) FILTER (WHERE s.ends) AS end
      FROM spells s JOIN attribution_userinstall i ON i.id = s.install_id
     GROUP BY 1, 2, 3),
facts AS (
    SELECT channel, source, day, 0 AS installs, active, sessions, revenue, numbers,
           begin AS change
      FROM used
    UNION ALL
    SELECT channel, source, day + {ACTIVE_SPAN}, 0, 0, 0, 0, 0, -"end" FROM used
    UNION ALL
    SELECT channel, source, installed_on, count(*), 0, 0, 0, sum(id), 0
      FROM attribution_userinstall
     WHERE workspace_id = %(workspace)s AND installed_on BETWEEN %(since)s AND %(until)s
     GROUP BY 1, 2, 3),
grid AS (
    SELECT channel, source, day::date
      FROM (SELECT DISTINCT channel, source FROM facts) channels,
           generate_series(%(since)s::date - {ACTIVE_SPAN - 1}, %(until)s::date,
                           interval '1 day') AS day),
counted AS (
    SELECT g.channel, g.source, g.day,
           coalesce(sum(f.installs), 0) AS installs, coalesce(sum(f.active), 0) AS active,
           sum(coalesce(sum(f.change), 0)) OVER (
               PARTITION BY g.channel, g.source ORDER BY g.day) AS active_30,
           coalesce(sum(f.sessions), 0) AS sessions, coalesce(sum(f.revenue), 0) AS revenue,
           coalesce(sum(f.numbers), 0) AS numbers
      FROM grid g LEFT JOIN facts f USING (channel, source, day)
     GROUP BY g.channel, g.source, g.day)
INSERT INTO attribution_appday
       (workspace_id, day, channel, source, installs, active, active_30, sessions, revenue,
        numbers)
SELECT %(workspace)s, day, channel, source, installs, active, active_30, sessions, revenue,
       numbers
  FROM counted
 WHERE day >= %(since)s AND (installs > 0 OR active_30 > 0)
"""

_COHORT_SUMS: Final = {
    "users": "count(*)",
    **{
        f"retained_{day}": f"CASE WHEN count(active_on_day_{day}) = count(*)"
        f" THEN count(*) FILTER (WHERE active_on_day_{day}) END"
        for day in (1, 7, 30)
    },
    "payers": "count(*) FILTER (WHERE is_payer)",
    **{
        f"revenue_{days}": f"CASE WHEN installed_on + {days - 1} <= %(last)s"
        f" THEN sum(revenue_{days}_days) END"
        for days in (7, 30)
    },
    "revenue": "sum(revenue_total)",
    "valued": "count(ltv_180_days)",
    "value_180": "coalesce(sum(ltv_180_days), 0)",
}
_NAMES: Final = ", ".join(_COHORT_SUMS)
_OLD: Final = ", ".join(f"c.{name}" for name in _COHORT_SUMS)
_NEW: Final = ", ".join(f"excluded.{name}" for name in _COHORT_SUMS)
_SUMS: Final = ",\n       ".join(_COHORT_SUMS.values())
FILL_COHORTS: Final = f"""
INSERT INTO attribution_appcohort AS c
       (workspace_id, installed_on, channel, source, country, {_NAMES})
SELECT workspace_id, installed_on, channel, source, country,
       {_SUMS}
  FROM attribution_userinstall WHERE workspace_id = %(workspace)s
 GROUP BY workspace_id, installed_on, channel, source, country
    ON CONFLICT (workspace_id, installed_on, channel, source, country)
    DO UPDATE SET ({_NAMES}) = ROW({_NEW})
 WHERE ({_OLD}) IS DISTINCT FROM ({_NEW})
"""
CLEAR_COHORTS: Final = """
DELETE FROM attribution_appcohort c
 WHERE workspace_id = %(workspace)s AND NOT EXISTS (
    SELECT FROM attribution_userinstall i
     WHERE i.workspace_id = c.workspace_id AND i.installed_on = c.installed_on
       AND i.channel = c.channel AND i.source = c.source AND i.country = c.country)
"""
