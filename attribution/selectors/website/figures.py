"""Sums of the daily figures of websites: in total, by day, and by one dimension."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Self

from django.db import connection
from django.db.models import QuerySet, Sum

from attribution.models import WebDay
from workspaces.periods import Period

Dimension = WebDay.Dimension
#: What a dimension is ranked by, where it is not sessions.
MEASURES: Final = {Dimension.PAGE: "page_views", Dimension.EVENT: "events"}


@dataclass(frozen=True)
class Figures:
    """Sums over days; a visitor counts once on each day that he came."""

    visitors: int = 0
    sessions: int = 0
    page_views: int = 0
    events: int = 0
    entries: int = 0
    exits: int = 0
    bounces: int = 0
    seconds: float = 0
    scroll_sum: int = 0
    conversions: int = 0
    value: Decimal = Decimal(0)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Read sums that a query made."""
        sums: dict[str, Any] = {one.name: row[f"sum_{one.name}"] for one in fields(cls)}
        return cls(**{name: value for name, value in sums.items() if value is not None})

    def __add__(self, other: Figures) -> Figures:
        names = [one.name for one in fields(self)]
        return Figures(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def bounce_rate(self) -> float | None:
        """Share of sessions that ended where they began, with nothing done."""
        return self.bounces / self.sessions if self.sessions else None

    @property
    def session_seconds(self) -> float | None:
        """Engaged time of a session."""
        return self.seconds / self.sessions if self.sessions else None

    @property
    def view_seconds(self) -> float | None:
        """Engaged time of a page view."""
        return self.seconds / self.page_views if self.page_views else None

    @property
    def conversion_rate(self) -> float | None:
        """Conversions for each session."""
        return self.conversions / self.sessions if self.sessions else None

    @property
    def exit_rate(self) -> float | None:
        """Share of page views that were the last of their session."""
        return self.exits / self.page_views if self.page_views else None

    @property
    def scroll(self) -> float | None:
        """Mean depth that a page view reached, 0 to 1."""
        return self.scroll_sum / self.page_views / 100 if self.page_views else None


_SUMS: Final = {f"sum_{one.name}": Sum(one.name) for one in fields(Figures)}
_ADDED: Final = ", ".join(f"sum({one.name}) AS sum_{one.name}" for one in fields(Figures))
# Django puts windows over sums into GROUP BY, which PostgreSQL refuses.
_TOP: Final = f"""
SELECT * FROM (
    SELECT k.*, count(*) OVER (PARTITION BY dimension) AS keys,
           row_number() OVER (PARTITION BY dimension ORDER BY CASE dimension
               {"".join(f"WHEN '{d.value}' THEN sum_{one} " for d, one in MEASURES.items())}
               ELSE sum_sessions END DESC, key) AS place
      FROM (SELECT dimension, key, {_ADDED}
              FROM attribution_webday
             WHERE site_id = ANY(%(sites)s) AND dimension = ANY(%(dimensions)s)
               AND day BETWEEN %(since)s AND %(until)s
             GROUP BY dimension, key) k) ranked
 WHERE place <= %(limit)s ORDER BY dimension, place
"""  # noqa: S608  # names of our own fields


@dataclass(frozen=True)
class Keyed:
    """Figures of one key of a dimension, and how many keys that has."""

    key: str
    figures: Figures
    keys: int


def by_day(sites: list[int], since: date, until: date) -> dict[date, Figures]:
    """Totals of every day, also of those on which nothing happened."""
    rows = _days(sites, Period(since, until)).filter(dimension=Dimension.TOTAL)
    found = {row["day"]: Figures.of(row) for row in _sums(rows, "day")}
    count = (until - since).days + 1
    days = [since + timedelta(days=number) for number in range(count)]
    return {day: found.get(day, Figures()) for day in days}


def total_of(figures: Iterable[Figures]) -> Figures:
    """All of them together."""
    return sum(figures, Figures())


def top_of(
    sites: list[int], period: Period, dimensions: Iterable[str], *, limit: int
) -> dict[str, list[Keyed]]:
    """The largest keys of several dimensions, in one query."""
    asked: dict[str, Any] = {
        "sites": sites, "since": period.since, "until": period.until,
        "dimensions": [str(name) for name in dimensions], "limit": limit,
    }  # fmt: skip
    found: dict[str, list[Keyed]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_TOP, asked)
        names = [column.name for column in cursor.description]
        for values in cursor.fetchall():
            row = dict(zip(names, values, strict=True))
            keyed = Keyed(row["key"], Figures.of(row), row["keys"])
            found.setdefault(row["dimension"], []).append(keyed)
    return found


def keys_of(
    sites: list[int], period: Period, dimension: str, *, search: str = ""
) -> QuerySet[WebDay, dict[str, Any]]:
    """Sums of one dimension by key, to be sorted and cut."""
    days = _days(sites, period).filter(dimension=dimension)
    return _sums(days.filter(key__icontains=search) if search else days)


def figures_of(
    sites: list[int], period: Period, dimension: str, keys: Iterable[str]
) -> dict[str, Figures]:
    """Sums of some keys, those without a row left out."""
    rows = _sums(_days(sites, period).filter(dimension=dimension, key__in=list(keys)))
    return {row["key"]: Figures.of(row) for row in rows}


def _days(sites: list[int], period: Period) -> QuerySet[WebDay]:
    return WebDay.objects.filter(
        site__in=sites, day__gte=period.since, day__lte=period.until
    ).order_by()


def _sums(rows: QuerySet[WebDay], *keys: str) -> QuerySet[WebDay, dict[str, Any]]:
    split: QuerySet[WebDay, dict[str, Any]] = rows.values(*(keys or ("dimension", "key")))
    return split.annotate(**_SUMS)
