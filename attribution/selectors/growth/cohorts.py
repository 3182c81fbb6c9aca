"""Cohorts of an app's users: by channel, by country of one, by week of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import F, QuerySet
from django.db.models.functions import TruncWeek

from attribution.models import AppCohort, InstallSource
from attribution.selectors.growth.app_use import SUMS, Users, of_channel, whole_channel
from attribution.selectors.growth.figures import Figures, Measure
from campaigns import metrics
from campaigns.selectors.insight.query import InsightQuery
from workspaces.boards import UP, Head, Kpi, heads_of
from workspaces.formats import money
from workspaces.periods import Period
from workspaces.reports.shapes import Cell, Table

MEASURES: Final = (
    Measure("users", "Users", "count", hint="who installed in the period"),
    Measure("d1", "D1", "share", hint="came back on day 1, of those who are old enough"),
    Measure("d7", "D7", "share", hint="came back on day 7, of those who are old enough"),
    Measure("d30", "D30", "share", hint="came back on day 30, of those who are old enough"),
    Measure("payer_rate", "Payers so far", "share", hint="of all users", so_far=True),
    Measure("arpu", "ARPU so far", "money", hint=metrics.arpu.formula, so_far=True),
    Measure("arppu", "ARPPU so far", "money", hint=metrics.arppu.formula, so_far=True),
    Measure("ltv", "LTV 180", "money",
            hint="value of 180 days, of users whose value is known or was stated"),
)  # fmt: skip
LEVELS: Final = {"channel": "Channel", "country": "Country", "week": "Week"}
_UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class CohortLine:
    """Users of one channel, country or week; ``drill`` asks for what is below it."""

    key: str
    label: str
    users: Users
    drill: dict[str, str]
    cells: list[tuple[str, str]]


@dataclass(frozen=True)
class Side:
    """Users that ads brought, or others, and their share of all."""

    label: str
    users: int
    revenue: Decimal
    users_share: Decimal | None
    revenue_share: Decimal | None
    revenue_text: str

    @property
    def users_width(self) -> float:
        """Of its bar."""
        return float(100 * (self.users_share or 0))

    @property
    def revenue_width(self) -> float:
        """Of its bar."""
        return float(100 * (self.revenue_share or 0))


@dataclass(frozen=True)
class CohortBoard:
    """The page's figures."""

    query: InsightQuery
    level: str
    figures: Figures
    lines: list[CohortLine]
    sides: list[Side]

    @property
    def known_until(self) -> date | None:
        """The newest day that anybody installed on."""
        return max(self.figures.days, default=None)

    @property
    def kpis(self) -> list[Kpi]:
        """The page's cards."""
        return self.figures.kpis()

    @property
    def title(self) -> str:
        """What rows are."""
        return LEVELS[self.level]

    @property
    def heads(self) -> list[Head]:
        """Of the table."""
        name, is_rising = _order(self.query.sort, self.level)
        return heads_of({"key": self.title}, MEASURES, name, is_rising=is_rising)


def cohorts_of(query: InsightQuery) -> CohortBoard:
    """Figures of a question; two queries. A campaign is not looked at."""
    level = "channel" if not query.channel else "week" if query.country else "country"
    found = _by_key(_rows(query, query.period), level)
    days = _by_day_and_source(query, Period(query.period.before.since, query.period.until))
    before = _within(days, query.period.before) if query.is_compared else None
    own = {key: users for key, users in days.items() if key[0] in query.period}
    total = Users.all_of(own.values())
    currency = query.workspace.currency
    by_day: dict[date, Users] = {}
    for (day, _), users in sorted(own.items()):
        by_day[day] = by_day.get(day, Users()) + users
    return CohortBoard(
        query=query,
        level=level,
        figures=Figures(MEASURES, total, before, by_day, currency),
        lines=_sorted([_line(query, level, key, users) for key, users in found.items()],
                      query.sort, level),
        sides=[_side(source, own, total, currency) for source in InstallSource],
    )  # fmt: skip


def sheets_of(query: InsightQuery) -> list[Table]:
    """Tables of the page as files show them, the rows first."""
    board = cohorts_of(query)
    heads = tuple(measure.head(query.workspace.currency) for measure in MEASURES)
    rows = tuple((line.label, *_cells(line.users)) for line in board.lines)
    sides = tuple(
        (side.label, side.users, side.users_share, side.revenue, side.revenue_share)
        for side in board.sides
    )
    revenue = f"Revenue ({query.workspace.currency})"
    return [
        Table("Cohorts", (board.title, *heads), rows),
        Table("By ads and organic", ("", "Users", "Users (share)", revenue, "Revenue (share)"),
              sides),
        board.figures.tables()[0],
    ]  # fmt: skip


def _rows(query: InsightQuery, period: Period) -> QuerySet[AppCohort]:
    rows = AppCohort.objects.filter(
        workspace=query.workspace, installed_on__gte=period.since, installed_on__lte=period.until
    )
    if query.channel:
        rows = of_channel(rows, query.channel)
    if query.country:
        rows = rows.filter(country="" if query.country == _UNKNOWN else query.country)
    return rows


def _by_key(rows: QuerySet[AppCohort], level: str) -> dict[str, Users]:
    keys = {"channel": whole_channel(), "country": F("country"), "week": TruncWeek("installed_on")}
    found: Any = rows.annotate(group=keys[level]).values("group").annotate(**SUMS).order_by()
    return {str(row["group"]) or _UNKNOWN: Users.of(row) for row in found}


def _by_day_and_source(query: InsightQuery, period: Period) -> dict[tuple[date, str], Users]:
    rows: Any = _rows(query, period).values("installed_on", "source").annotate(**SUMS).order_by()
    return {(row["installed_on"], row["source"]): Users.of(row) for row in rows}


def _within(days: Mapping[tuple[date, str], Users], period: Period) -> Users:
    return Users.all_of(users for (day, _), users in days.items() if day in period)


def _line(query: InsightQuery, level: str, key: str, users: Users) -> CohortLine:
    label = query.channels.label(key) if level == "channel" else key
    drill = {} if level == "week" else {level: key}
    currency = query.workspace.currency
    cells = [(measure.label, measure.text(users, currency)) for measure in MEASURES]
    return CohortLine(key, label, users, drill, cells)


def _side(
    source: InstallSource, days: Mapping[tuple[date, str], Users], total: Users, currency: str
) -> Side:
    own = Users.all_of(users for (_, name), users in days.items() if name == source)
    return Side(
        label=source.label,
        users=own.users,
        revenue=own.revenue,
        users_share=Decimal(own.users) / total.users if total.users else None,
        revenue_share=own.revenue / total.revenue if total.revenue else None,
        revenue_text=money(own.revenue, currency),
    )


def _order(sort: str, level: str) -> tuple[str, bool]:
    """Column that rows are sorted by, and whether it rises; weeks follow each other."""
    name = sort.removesuffix(UP)
    if name in {"key", *(measure.name for measure in MEASURES)}:
        return name, sort.endswith(UP)
    return ("key", True) if level == "week" else ("users", False)


def _sorted(lines: list[CohortLine], sort: str, level: str) -> list[CohortLine]:
    name, is_rising = _order(sort, level)
    if name == "key":
        return sorted(lines, key=lambda line: line.label, reverse=not is_rising)
    known = [line for line in lines if getattr(line.users, name) is not None]
    rest = [line for line in lines if getattr(line.users, name) is None]
    by_label = sorted(known, key=lambda line: line.label)
    first = sorted(by_label, key=lambda line: getattr(line.users, name), reverse=not is_rising)
    return [*first, *rest]


def _cells(users: Users) -> tuple[Cell, ...]:
    return tuple(measure.cell(users) for measure in MEASURES)
