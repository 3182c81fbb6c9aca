"""What sessions say about users, in one statement; the rules are those of ``engine.app_use``."""

from __future__ import annotations

from typing import Final

from attribution.engine.app_use import (
    ACTIVE_DAYS,
    GONE_AFTER_DAYS,
    POWER_MINUTES,
    REGULAR_MINUTES,
    REVENUE_DAYS,
    VALUE_DAYS,
)

#: The newest full day that is known of: yesterday, or the day of the newest session before. Without
#: any session nothing is known.
LAST_DAY: Final = """
SELECT least(%(today)s::date - 1, coalesce(
    (SELECT day FROM attribution_usersession WHERE workspace_id = %(workspace)s
      ORDER BY day DESC LIMIT 1), DATE '0001-01-01'))
"""

_ACTIVE = ",\n".join(
    f"""       CASE WHEN i.installed_on + {day} <= %(last)s
            THEN coalesce(u.active_{day}, false) END AS active_on_day_{day}"""
    for day in ACTIVE_DAYS
)
_SEEN = ",\n".join(
    [f"           bool_or(s.day = i.installed_on + {day}) AS active_{day}" for day in ACTIVE_DAYS]
    + [
        f"           count(*) FILTER (WHERE s.day < i.installed_on + {days}) AS sessions_{days}"
        for days in REVENUE_DAYS
    ]
    + [
        f"           sum(s.revenue) FILTER (WHERE s.day < i.installed_on + {days})"
        f" AS revenue_{days}"
        for days in VALUE_DAYS
    ]
)
_COUNTS = ",\n".join(
    [f"       coalesce(u.sessions_{days}, 0) AS sessions_{days}_days" for days in REVENUE_DAYS]
    + [f"       coalesce(u.revenue_{days}, 0) AS revenue_{days}_days" for days in REVENUE_DAYS]
)
# Before its days are over a value is as its source states it, and never below what came in.
_VALUES = ",\n".join(
    f"""       CASE WHEN i.installed_on + {days - 1} <= %(last)s THEN coalesce(u.revenue_{days}, 0)
            WHEN i.ltv_{days}_days IS NOT NULL
            THEN greatest(i.ltv_{days}_days, u.revenue_{days}) END AS ltv_{days}_days"""
    for days in VALUE_DAYS
)
DERIVED: Final = (
    *(f"active_on_day_{day}" for day in ACTIVE_DAYS),
    *(f"sessions_{days}_days" for days in REVENUE_DAYS),
    *(f"revenue_{days}_days" for days in REVENUE_DAYS),
    *(f"ltv_{days}_days" for days in VALUE_DAYS),
    "mean_session_minutes", "total_minutes", "revenue_total", "is_payer", "first_purchase_day",
    "segment", "is_churned", "churned_on", "days_to_churn", "churn_reason",
)  # fmt: skip

#: Each user's derived columns as they should be. ``{scope}`` narrows the users.
FRESH: Final = f"""
SELECT i.id,
{_ACTIVE},
{_COUNTS},
{_VALUES},
       coalesce(u.seconds / 60.0::float8 / u.sessions, 0) AS mean_session_minutes,
       coalesce(u.seconds / 60.0::float8, 0) AS total_minutes,
       coalesce(u.revenue, 0) AS revenue_total,
       u.first_paid IS NOT NULL AS is_payer,
       u.first_paid - i.installed_on AS first_purchase_day,
       CASE WHEN g.gone THEN 'churner'
            WHEN coalesce(u.seconds / 60.0 / u.sessions, 0) >= {POWER_MINUTES} THEN 'power_user'
            WHEN coalesce(u.seconds / 60.0 / u.sessions, 0) >= {REGULAR_MINUTES} THEN 'regular'
            ELSE 'casual' END AS segment,
       g.gone AS is_churned,
       CASE WHEN g.gone THEN g.seen_on + 1 END AS churned_on,
       CASE WHEN g.gone THEN g.seen_on + 1 - i.installed_on END AS days_to_churn,
       CASE WHEN NOT g.gone THEN ''
            WHEN i.churn_reason = 'uninstalled' THEN 'uninstalled'
            WHEN g.seen_on = i.installed_on THEN 'no_return'
            ELSE 'inactive' END AS churn_reason
  FROM attribution_userinstall i
  LEFT JOIN (
    SELECT s.install_id,
           count(*) AS sessions, sum(s.seconds)::float8 AS seconds, sum(s.revenue) AS revenue,
           min(s.day) FILTER (WHERE s.revenue > 0) AS first_paid, max(s.day) AS seen_on,
{_SEEN}
      FROM attribution_usersession s
      JOIN attribution_userinstall i ON i.id = s.install_id
     WHERE s.workspace_id = %(workspace)s {{sessions}}
     GROUP BY s.install_id) u ON u.install_id = i.id
 CROSS JOIN LATERAL (
    SELECT coalesce(u.seen_on, i.installed_on) AS seen_on,
           coalesce(u.seen_on, i.installed_on) <= %(last)s::date - {GONE_AFTER_DAYS} AS gone) g
 WHERE i.workspace_id = %(workspace)s {{installs}}
"""
_SET = ", ".join(f"{name} = f.{name}" for name in DERIVED)
_OLD = ", ".join(f"i.{name}" for name in DERIVED)
_NEW = ", ".join(f"f.{name}" for name in DERIVED)
REFRESH: Final = f"""
UPDATE attribution_userinstall i SET {_SET}
  FROM ({FRESH}) f
 WHERE i.id = f.id AND ({_OLD}) IS DISTINCT FROM ({_NEW})
"""
#: Users whose stored columns are not what their sessions say.
DIFFERENT: Final = f"""
SELECT count(*) FROM attribution_userinstall i JOIN ({FRESH}) f ON f.id = i.id
 WHERE ({_OLD}) IS DISTINCT FROM ({_NEW})
"""

_COHORT: Final = """
    count(*) AS installs,
    count(*) FILTER (WHERE active_on_day_1) AS retained_day_1,
    count(*) FILTER (WHERE active_on_day_7) AS retained_day_7,
    count(*) FILTER (WHERE active_on_day_30) AS retained_day_30,
    sum(revenue_7_days) AS revenue_day_7,
    sum(revenue_30_days) AS revenue_day_30
"""
_COHORT_COLUMNS: Final = (
    "installs", "retained_day_1", "retained_day_7", "retained_day_30", "revenue_day_7",
    "revenue_day_30",
)  # fmt: skip
# Day after which the column is known, in the order of the columns.
_KNOWN_AFTER: Final = (0, 1, 7, 30, 6, 29)
# Users pay in the workspace's currency, ads are booked in their account's; unknown without a rate.
_ACCOUNT_MONEY: Final = "round(c.{name} / (%(rates)s::jsonb ->> a.currency)::numeric, 6)"


def _cohort_value(name: str, after: int) -> str:
    value = _ACCOUNT_MONEY.format(name=name) if name.startswith("revenue") else f"c.{name}"
    return f"CASE WHEN p.day + {after} <= %(last)s THEN {value} END" if after else value


_COHORT_NEW = ", ".join(map(_cohort_value, _COHORT_COLUMNS, _KNOWN_AFTER))
_COHORT_OLD = ", ".join(f"p.{name}" for name in _COHORT_COLUMNS)
_COHORT_JOIN: Final = f"""
  FROM (SELECT {{key}} AS key, installed_on, {_COHORT}
          FROM attribution_userinstall
         WHERE workspace_id = %(workspace)s AND {{key}} IS NOT NULL {{installs}}
         GROUP BY 1, 2) c, campaigns_adaccount a
 WHERE a.id = p.account_id AND p.workspace_id = %(workspace)s AND p.level = %(level)s
   AND p.{{key}} = c.key AND p.day = c.installed_on
   AND ({_COHORT_OLD}) IS DISTINCT FROM ({_COHORT_NEW})
"""
#: Cohort columns of a level's rows, by ``{key}``; days nobody of us installed on stay as reported.
#: ``rates`` says as JSON what one unit of each currency is worth in the workspace's.
COHORTS: Final = f"""
UPDATE campaigns_dailyperformance p SET ({", ".join(_COHORT_COLUMNS)}) = ROW({_COHORT_NEW})
{_COHORT_JOIN}
"""
COHORTS_DIFFERENT: Final = (
    "SELECT count(*) FROM campaigns_dailyperformance p, "
    + _COHORT_JOIN.strip().removeprefix("FROM ")
)
LEVELS: Final = (("ad", "ad_id"), ("campaign", "campaign_id"))
