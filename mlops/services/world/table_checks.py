"""Whether tables hold what they should, agree with each other, and have no impossible rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attribution.services.installs import refresh_sql
from attribution.services.installs.refreshing import rates_told
from mlops.services.world.findings import Finding, Subject, judged, skipped
from mlops.simulation.world.ads import ALL_ADS
from workspaces.formats import share

_SIZES: Final = {
    "users": "SELECT count(*) FROM attribution_userinstall WHERE workspace_id = %(workspace)s",
    "sessions": "SELECT count(*) FROM attribution_usersession WHERE workspace_id = %(workspace)s",
    "ad-days": """SELECT count(*) FROM campaigns_dailyperformance
                   WHERE workspace_id = %(workspace)s AND source = 'synthetic'""",
    "days without ads": """SELECT count(*) FROM campaigns_dailyorganicmetric
                            WHERE workspace_id = %(workspace)s""",
    "hidden truths": """SELECT count(*) FROM mlops_worldtruth
                         WHERE workspace_id = %(workspace)s""",
}
_OF_CAMPAIGN: Final = """
SELECT count(*) FROM attribution_userinstall i
  LEFT JOIN campaigns_campaign c ON c.id = i.campaign_id
  LEFT JOIN campaigns_ad a ON a.id = i.ad_id
 WHERE i.workspace_id = %(workspace)s
   AND (c.workspace_id <> i.workspace_id OR a.workspace_id <> i.workspace_id
        OR a.campaign_id <> i.campaign_id OR (a.id IS NOT NULL AND i.campaign_id IS NULL)
        OR (a.creative_id IS NOT NULL AND a.creative_id IS DISTINCT FROM i.creative_id)
        OR (c.channel <> '' AND c.channel <> i.channel))
"""
_CHANNELS: Final = """
SELECT count(*) FROM attribution_userinstall i
 WHERE i.workspace_id = %(workspace)s AND NOT EXISTS (
       SELECT FROM campaigns_marketingchannel m
        WHERE m.workspace_id = i.workspace_id AND m.slug = i.channel)
"""
_ORGANIC: Final = """
SELECT count(*) FROM campaigns_dailyorganicmetric d
  LEFT JOIN (SELECT installed_on, count(*) AS installs FROM attribution_userinstall
              WHERE workspace_id = %(workspace)s AND source = 'organic' GROUP BY 1) i
    ON i.installed_on = d.day
 WHERE d.workspace_id = %(workspace)s AND d.organic_installs <> coalesce(i.installs, 0)
"""
_REVENUE: Final = """
SELECT (SELECT coalesce(sum(p.revenue), 0) FROM campaigns_dailyperformance p
         WHERE p.workspace_id = %(workspace)s AND p.source = 'synthetic')
     - (SELECT coalesce(sum(i.revenue_total), 0) FROM attribution_userinstall i
         WHERE i.workspace_id = %(workspace)s AND i.source = 'paid')
"""
#: Rows that cannot be, each with what is wrong about them.
_IMPOSSIBLE: Final = {
    "sessions before their install": """
        SELECT count(*) FROM attribution_usersession s
          JOIN attribution_userinstall i ON i.id = s.install_id
         WHERE s.workspace_id = %(workspace)s AND s.day < i.installed_on""",
    "sessions on another day than they began": """
        SELECT count(*) FROM attribution_usersession s
         WHERE s.workspace_id = %(workspace)s
           AND s.day <> (s.started_at AT TIME ZONE %(zone)s)::date""",
    "sessions of a user that overlap": """
        SELECT count(*) FROM (
          SELECT started_at, lag(started_at + make_interval(secs => seconds))
                 OVER (PARTITION BY install_id ORDER BY started_at, id) AS ended_at
            FROM attribution_usersession WHERE workspace_id = %(workspace)s) o
         WHERE started_at < ended_at""",
    "installs or sessions in the future": """
        SELECT (SELECT count(*) FROM attribution_userinstall
                 WHERE workspace_id = %(workspace)s AND installed_on > %(today)s)
             + (SELECT count(*) FROM attribution_usersession
                 WHERE workspace_id = %(workspace)s AND day > %(today)s)""",
    "days of ads with more clicks than impressions": """
        SELECT count(*) FROM campaigns_dailyperformance
         WHERE workspace_id = %(workspace)s AND clicks > impressions""",
    "days of ads with more installs than clicks": """
        SELECT count(*) FROM campaigns_dailyperformance
         WHERE workspace_id = %(workspace)s AND installs > clicks""",
    "values that fall with their horizon": """
        SELECT count(*) FROM attribution_userinstall
         WHERE workspace_id = %(workspace)s
           AND (ltv_7_days > ltv_30_days OR ltv_30_days > ltv_90_days
                OR ltv_90_days > ltv_180_days)""",
}
_RETENTION: Final = """
SELECT coalesce(channel, 'all'), count(*), count(*) FILTER (WHERE active_on_day_1),
       count(*) FILTER (WHERE active_on_day_7), count(*) FILTER (WHERE active_on_day_30)
  FROM attribution_userinstall
 WHERE workspace_id = %(workspace)s AND active_on_day_30 IS NOT NULL
 GROUP BY GROUPING SETS ((), (channel)) ORDER BY 1
"""
_LEAST_COHORT: Final = 200


def table_checks(subject: Subject) -> Iterator[Finding]:
    """All of them; those that need a world are left out of data that is none's."""
    yield from _sizes(subject)
    yield _none(subject, "keys: ads, campaigns, creatives and channels fit", _OF_CAMPAIGN, "users")
    yield _none(subject, "keys: channels are known", _CHANNELS, "users")
    yield from _sums(subject)
    yield from _derived(subject)
    for name, query in _IMPOSSIBLE.items():
        yield _none(subject, f"impossible: {name}", query, "rows")
    yield _retention(subject)


def _none(subject: Subject, check: str, query: str, what: str) -> Finding:
    zone = subject.workspace.time_zone
    today = subject.now.astimezone(subject.workspace.zone).date()
    found = subject.number(query, zone=zone, today=today)
    return judged(check, is_good=found == 0, detail=f"{found:,} {what} are wrong")


def _sizes(subject: Subject) -> Iterator[Finding]:
    world = subject.world
    if world is None:
        return
    expected = {
        "users": world.users, "sessions": world.sessions, "ad-days": ALL_ADS * world.days,
        "days without ads": world.days, "hidden truths": world.users,
    }  # fmt: skip
    for name, query in _SIZES.items():
        found = subject.number(query)
        yield judged(
            f"rows: {name}", is_good=found == expected[name],
            detail=f"{found:,} of {expected[name]:,}",
        )  # fmt: skip


def _sums(subject: Subject) -> Iterator[Finding]:
    yield _none(subject, "sums: organic installs are the organic users", _ORGANIC, "days")
    if subject.world is not None:
        missing = subject.rows(_REVENUE)[0][0]
        yield judged(
            "sums: revenue of ads is that of their users",
            is_good=missing == 0,
            detail=f"{missing:,.2f} apart",
        )


def _derived(subject: Subject) -> Iterator[Finding]:
    """What is derived is what would be derived now."""
    query = refresh_sql.DIFFERENT.format(sessions="", installs="")
    yield _none(subject, "sums: users are as their sessions say", query, "users")
    rates = rates_told(subject.workspace, subject.now)
    days = sum(
        subject.number(
            refresh_sql.COHORTS_DIFFERENT.format(key=key, installs=""), level=level, rates=rates
        )
        for level, key in refresh_sql.LEVELS
    )
    yield judged(
        "sums: cohorts of ads are their users", is_good=days == 0, detail=f"{days:,} days are wrong"
    )


def _retention(subject: Subject) -> Finding:
    check = "retention falls with the days"
    rows = [row for row in subject.rows(_RETENTION) if row[1] >= _LEAST_COHORT]
    if not rows:
        return skipped(check, f"no channel has {_LEAST_COHORT} users of thirty days")
    rising = [name for name, _, *days in rows if not days[0] >= days[1] >= days[2]]
    shown = ", ".join(
        f"{name} {'/'.join(f'{share(day / users)}' for day in days)}" for name, users, *days in rows
    )
    return judged(check, is_good=not rising, detail=shown)
