"""Days of performance as arrays, by the owner of a budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.db.models import Max, OuterRef, QuerySet, Subquery, Sum

from campaigns.models import AdAccount, DailyPerformance
from workspaces.models import BusinessMode

FloatArray = npt.NDArray[np.float64]

MEASURES = ("impressions", "clicks", "spend", "conversions", "revenue", "pipeline_value")


@dataclass(frozen=True)
class OwnerSeries:
    """Daily measures of one owner and of the account's other owners of the same level.

    ``days`` are consecutive reporting days; a measure is (d,) for the owner and (k, d) for the
    k others; days without a row are zero. Amounts are in the account's currency.
    """

    days: tuple[date, ...]
    own: dict[str, FloatArray]
    others: dict[str, FloatArray]
    other_ids: tuple[int, ...]

    def last(self, count: int) -> OwnerSeries:
        """The same with the newest ``count`` days only."""
        return OwnerSeries(
            self.days[-count:],
            {name: row[-count:] for name, row in self.own.items()},
            {name: rows[:, -count:] for name, rows in self.others.items()},
            self.other_ids,
        )


def value_metric(account: AdAccount) -> str:
    """What counts as the return of an account: pipeline value, revenue, or clicks."""
    if not account.has_usable_conversions:
        return "clicks"
    is_pipeline = account.workspace.mode == BusinessMode.PIPELINE
    return "pipeline_value" if is_pipeline else "revenue"


def owner_series(
    *, account: AdAccount, level: str, owner_ids: tuple[int, ...], since: date, until: date
) -> OwnerSeries:
    """Read the days from ``since`` to ``until`` (both included).

    The range is cut to the days that the account has at all, so that a young account does not
    look like one that sold nothing. ``level`` is ``campaign`` or ``ad_set``.
    """
    group = "ad_set_id" if level == "ad_set" else "campaign_id"
    rows = list(
        DailyPerformance.objects.filter(
            account=account, level=account.summing_level, day__gte=since, day__lte=until
        )
        .exclude(**{group: None})
        .values(group, "day")
        .annotate(**{name: Sum(name) for name in MEASURES})
        .order_by(group, "day")
    )
    if not rows:
        return _empty()
    first, last = min(row["day"] for row in rows), max(row["day"] for row in rows)
    days = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
    other_ids = tuple(sorted({row[group] for row in rows} - set(owner_ids)))
    index = {owner: place for place, owner in enumerate(other_ids, start=1)}
    grid = {name: np.zeros((len(other_ids) + 1, len(days))) for name in MEASURES}
    for row in rows:
        place, column = index.get(row[group], 0), (row["day"] - first).days
        for name in MEASURES:
            grid[name][place, column] += float(row[name])
    return OwnerSeries(
        days,
        {name: values[0] for name, values in grid.items()},
        {name: values[1:] for name, values in grid.items()},
        other_ids,
    )


def _empty() -> OwnerSeries:
    none = np.zeros(0)
    return OwnerSeries(
        (), dict.fromkeys(MEASURES, none), dict.fromkeys(MEASURES, np.zeros((0, 0))), ()
    )


def newest_delivery(account: AdAccount, *, now: datetime) -> date:
    """Newest full reporting day on which the account delivered; yesterday when it never did.

    Histories end here: an account that rested for a month is judged by what it did before.
    """
    today = now.astimezone(ZoneInfo(account.time_zone)).date()
    newest: date | None = DailyPerformance.objects.filter(
        account=account, level=account.summing_level, day__lt=today, impressions__gt=0
    ).aggregate(day=Max("day"))["day"]
    return newest or today - timedelta(days=1)


def performance_known_until(account: AdAccount) -> datetime | None:
    """Moment up to which an account's performance is known: a past day's end, or the last sync."""
    rows = DailyPerformance.objects.filter(account=account, level=account.summing_level)
    newest = rows.order_by("-day", "-fetched_at").values_list("day", "fetched_at").first()
    return _end_of(account, *newest) if newest else None


def known_until(accounts: QuerySet[AdAccount]) -> list[tuple[AdAccount, datetime | None]]:
    """Accounts in their order, each with the moment up to which its performance is known."""
    newest = DailyPerformance.objects.filter(
        account=OuterRef("pk"), level=OuterRef("summing_level")
    ).order_by("-day", "-fetched_at")
    rows = accounts.annotate(
        newest_day=Subquery(newest.values("day")[:1]),
        newest_fetched=Subquery(newest.values("fetched_at")[:1]),
    )
    return [
        (row, _end_of(row, row.newest_day, row.newest_fetched) if row.newest_day else None)
        for row in rows
    ]


def _end_of(account: AdAccount, day: date, fetched: datetime) -> datetime:
    zone = ZoneInfo(account.time_zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    # Today's row is known only up to when it was fetched.
    return min(end, fetched) if account.connection_id and account.last_sync_at else end
