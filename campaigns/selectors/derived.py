"""What performance says about campaigns and creatives, computed for whole accounts at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection
from django.db.models import Case, DateField, F, OuterRef, Subquery, Value, When

from campaigns.engine.fatigue import BASE_DAYS, RECENT_DAYS, DailyRate, ctr_has_fallen
from campaigns.models import AdAccount, DailyPerformance

Newest = dict[int, date]

SCORE_DAYS: Final = 30
SCORE_LEAST_IMPRESSIONS: Final = 1_000
SCORE_LEAST_CREATIVES: Final = 5
SCORE_MEANS: Final = "percentile of CTR × CVR among the account's creatives of its format"
NO_SCORE: Final = (
    f"Not scored: it takes {SCORE_LEAST_IMPRESSIONS:,} impressions in {SCORE_DAYS} days,"
    f" conversions, and {SCORE_LEAST_CREATIVES} creatives of the format that have as many."
)


def newest_days(accounts: Collection[AdAccount], *, now: datetime) -> Newest:
    """Newest full reporting day of each account's delivery; accounts that never did are left out.

    As for effects, an account that rests is judged by what it did before.
    """
    if not accounts:
        return {}
    zones = {account.time_zone for account in accounts}
    today = Case(
        *(
            When(time_zone=zone, then=Value(now.astimezone(ZoneInfo(zone)).date()))
            for zone in sorted(zones)
        ),
        output_field=DateField(),
    )
    delivered = DailyPerformance.objects.filter(
        account=OuterRef("pk"),
        level=OuterRef("summing_level"),
        day__lt=OuterRef("today"),
        impressions__gt=0,
    ).order_by("-day")
    rows = (
        AdAccount.objects.filter(pk__in=[account.pk for account in accounts])
        .annotate(today=today)
        .annotate(newest=Subquery(delivered.values("day")[:1]))
        .exclude(newest=None)
        .values_list("pk", F("newest"))
    )
    return dict(rows)


def fatigued_campaigns(newest: Newest) -> list[int]:
    """Campaigns whose click-through rate of the last week fell below their own three before."""
    sums: dict[int, dict[bool, tuple[float, ...]]] = {}
    for campaign, is_recent, *figures in _click_days(newest):
        sums.setdefault(campaign, {})[is_recent] = tuple(map(float, figures))
    both = {campaign: windows for campaign, windows in sums.items() if len(windows) == 2}
    recent, base = (
        DailyRate(*np.array([windows[window] for windows in both.values()]).reshape(-1, 4).T)
        for window in (True, False)
    )
    fallen = ctr_has_fallen(recent, base)
    return [campaign for campaign, is_fallen in zip(both, fallen, strict=True) if is_fallen]


def _click_days(newest: Newest) -> list[tuple[int, bool, int, int, int, float]]:
    """Sums over the days of both windows: days, clicks, impressions, clicks² / impressions."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH ending AS (
              SELECT * FROM unnest(%s::bigint[], %s::date[]) AS e (account_id, newest)
            ), days AS (
              SELECT p.campaign_id, p.day > e.newest - %s AS is_recent,
                     sum(p.clicks) AS clicks, sum(p.impressions) AS impressions
              FROM ending e
              JOIN campaigns_adaccount a ON a.id = e.account_id
              JOIN campaigns_dailyperformance p
                ON p.account_id = a.id AND p.level = a.summing_level
               AND p.day > e.newest - %s AND p.day <= e.newest
              GROUP BY p.campaign_id, p.day, e.newest
              HAVING sum(p.impressions) > 0)
            SELECT campaign_id, is_recent, count(*), sum(clicks), sum(impressions),
                   sum(clicks::float8 ^ 2 / impressions::float8)
            FROM days GROUP BY 1, 2 ORDER BY 1, 2""",
            [list(newest), list(newest.values()), RECENT_DAYS, RECENT_DAYS + BASE_DAYS],
        )
        return list(cursor.fetchall())
