"""The paid-media page: what every channel, campaign, ad set, ad and creative cost and brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, F, FloatField, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, NullIf

from campaigns.models import DailyPerformance
from campaigns.selectors.insight.amounts import (
    Amounts,
    Rates,
    by_day,
    converted,
    rate_of,
    rates_for,
    rows_of,
    summed,
    total_of,
)
from campaigns.selectors.insight.charts import chart_of
from campaigns.selectors.insight.columns import COLUMNS, order_of, texts_of
from campaigns.selectors.insight.query import InsightQuery
from workspaces.boards import Head, Kpi, change_of, sort_link
from workspaces.charts import LineChart, line_chart
from workspaces.reports.shapes import Table

PAGE_ROWS: Final = 25
FILE_ROWS: Final = 5_000


@dataclass(frozen=True)
class Level:
    """What rows are: `key`, `label` and `public_id` are looked up from a performance row."""

    name: str
    title: str
    one: str
    key: str
    label: F | Coalesce
    public_id: str = ""
    entity_type: str = ""


# As a creative calls itself.
_CREATIVE: Final = Coalesce(
    NullIf(F("ad__creative__headline"), Value("")), F("ad__creative__external_id")
)
LEVELS: Final = {
    level.name: level
    for level in (
        Level("channel", "Channels", "Channel", "channel_key", F("channel_key")),
        Level("campaign", "Campaigns", "Campaign", "campaign_id", F("campaign__name"),
              "campaign__public_id", "campaign"),
        Level("ad_set", "Ad sets", "Ad set", "ad_set_id", F("ad_set__name"), "ad_set__public_id",
              "adset"),
        Level("ad", "Ads", "Ad", "ad_id", F("ad__name"), "ad__public_id", "ad"),
        Level("creative", "Creatives", "Creative", "ad__creative_id", _CREATIVE),
    )
}  # fmt: skip
SHOWN: Final = (
    "spend", "impressions", "clicks", "installs", "conversions", "revenue", "cpi", "ctr", "cvr",
    "cpm", "cpc", "cpa", "roas", "pipeline_roas",
)  # fmt: skip
_KPIS: Final = ("spend", "installs", "cpi", "conversions", "cpa", "ctr", "roas", "pipeline_roas")
_CHARTS: Final = ("spend", "installs", "cpi", "roas")


@dataclass(frozen=True)
class Row:
    """One thing that was advertised; `trend` is its spend by day."""

    key: Any
    label: str
    channel: str
    public_id: UUID | None
    amounts: Amounts
    change: str
    trend: LineChart | None


@dataclass(frozen=True)
class PaidTable:
    """Rows of one level, searched, sorted and cut."""

    level: Level
    heads: list[Head]
    rows: list[Row]
    count: int
    first: int
    number: int
    currency: str

    @property
    def lines(self) -> list[tuple[Row, list[tuple[str, str]]]]:
        """Rows with the names of their cells and what they say."""
        return [(row, texts_of(SHOWN, row.amounts, self.currency)) for row in self.rows]

    @property
    def last(self) -> int:
        """Place of the last row shown."""
        return self.first + len(self.rows) - 1

    @property
    def later(self) -> int | None:
        """Number of the next page."""
        return self.number + 1 if self.last < self.count else None

    @property
    def earlier(self) -> int | None:
        """Number of the page before."""
        return self.number - 1 if self.number > 1 else None


@dataclass(frozen=True)
class PaidBoard:
    """The page's figures."""

    total: Amounts
    before: Amounts | None
    kpis: list[Kpi]
    charts: list[LineChart]
    table: PaidTable
    missing_rates: tuple[str, ...]

    @property
    def has_figures(self) -> bool:
        """Whether anything ran in the period."""
        return self.total != Amounts()


def level_of(query: InsightQuery) -> Level:
    """Level of the table that is asked for."""
    return LEVELS.get(query.level, LEVELS["channel"])


def board_of(query: InsightQuery) -> PaidBoard:
    """Figures of a question."""
    rates = rates_for(query.workspace, query.period)
    days = by_day(query, rates)
    own = {day: amounts for day, amounts in days.items() if day >= query.period.since}
    total = total_of(own.values())
    before = total_of(days[day] for day in days if day < query.period.since)
    currency = query.workspace.currency
    return PaidBoard(
        total=total,
        before=before if query.is_compared else None,
        kpis=[COLUMNS[name].kpi(total, before, currency) for name in _KPIS],
        charts=[chart_of(name, own, currency) for name in _CHARTS],
        table=_table(query, rates),
        missing_rates=rates.missing,
    )


def rows_by(query: InsightQuery, level: Level, rates: Rates) -> QuerySet[DailyPerformance, Any]:
    """Sums of one level, searched and sorted."""
    names = {"group": F(level.key)}
    if level.public_id:
        names |= {"public_id": F(level.public_id), "channel": F("channel_key")}
    order, _, _ = order_of(query.sort)
    rows: Any = _searched(query, level)  # its annotation is not in the type
    rows = rows.values("label", **names)
    return summed(rows, rates).order_by(*order, F("group").asc())


def _searched(query: InsightQuery, level: Level) -> QuerySet[DailyPerformance, Any]:
    rows = rows_of(query, query.period).exclude(**{level.key: None}).annotate(label=level.label)
    return rows.filter(label__icontains=query.search) if query.search else rows


def sheets_of(query: InsightQuery) -> list[Table]:
    """Tables of the page as files show them."""
    rates = rates_for(query.workspace, query.period)
    level, currency = level_of(query), query.workspace.currency
    heads = tuple(COLUMNS[name].head(currency) for name in SHOWN)
    days = by_day(query, rates)
    note = f"Left out for want of an exchange rate: {', '.join(rates.missing)}."
    return [
        Table(
            level.title,
            (level.one, *heads),
            tuple(
                (_label(row, query), *_cells(Amounts.of(row)))
                for row in rows_by(query, level, rates)[:FILE_ROWS]
            ),
            note=note if rates.missing else "",
        ),
        Table(
            "Days",
            ("Day", *heads),
            tuple(
                (day.isoformat(), *_cells(amounts))
                for day, amounts in days.items()
                if day >= query.period.since
            ),
        ),
    ]


def _cells(amounts: Amounts) -> tuple[Any, ...]:
    return tuple(COLUMNS[name].cell(amounts) for name in SHOWN)


def _table(query: InsightQuery, rates: Rates) -> PaidTable:
    level, currency = level_of(query), query.workspace.currency
    rows = rows_by(query, level, rates)
    # Of the keys alone: to count the sums, all of them would be made.
    count = _searched(query, level).aggregate(count=Count(F(level.key), distinct=True))["count"]
    number = min(query.number, max(1, -(-count // PAGE_ROWS)))
    first = (number - 1) * PAGE_ROWS
    shown = list(rows[first : first + PAGE_ROWS])
    keys = [row["group"] for row in shown]
    before = _before(query, level, rates, keys) if query.is_compared and keys else {}
    trends = _trends(query, level, rates, keys) if keys else {}
    return PaidTable(
        level=level,
        heads=_heads(level, query.sort),
        rows=[
            _row(row, query, before.get(row["group"]), trends.get(row["group"])) for row in shown
        ],
        count=count,
        first=first + 1,
        number=number,
        currency=currency,
    )


def _heads(level: Level, sort: str) -> list[Head]:
    _, current, is_rising = order_of(sort)
    names = [("key", level.one, "", False)]
    names += [(name, COLUMNS[name].label, COLUMNS[name].hint, True) for name in SHOWN]
    aria = {current: "ascending" if is_rising else "descending"}
    return [
        Head(label, hint, sort_link(name, current, is_rising=is_rising), aria.get(name, "none"),
             is_number)
        for name, label, hint, is_number in names
    ]  # fmt: skip


def _label(row: Any, query: InsightQuery) -> str:
    if level_of(query).name == "channel":
        return query.channels.label(row["label"])
    return row["label"] or "–"


def _row(row: Any, query: InsightQuery, before: Amounts | None, trend: LineChart | None) -> Row:
    amounts = Amounts.of(row)
    return Row(
        key=row["group"],
        label=_label(row, query),
        channel=row.get("channel", row["label"]),
        public_id=row.get("public_id"),
        amounts=amounts,
        change=change_of(amounts.spend, before.spend) if before else "",
        trend=trend,
    )


def _before(query: InsightQuery, level: Level, rates: Rates, keys: list[Any]) -> dict[Any, Amounts]:
    rows = rows_of(query, query.period.before).filter(**{f"{level.key}__in": keys})
    found = summed(rows.values(group=F(level.key)), rates).order_by()
    return {row["group"]: Amounts.of(row) for row in found}


def _trends(
    query: InsightQuery, level: Level, rates: Rates, keys: list[Any]
) -> dict[Any, LineChart]:
    """Spend of each row by day, as a small line."""
    rows = rows_of(query, query.period).filter(**{f"{level.key}__in": keys})
    spend = Cast(converted("spend", rate_of(rates)), FloatField())
    spent: dict[Any, dict[date, float]] = {}
    found = rows.values_list("day", F(level.key)).annotate(amount=spend).order_by()
    for day, key, amount in found:
        spent.setdefault(key, {})[day] = amount or 0.0
    days = list(query.period)
    return {
        key: line_chart(
            title="Spend",
            days=days,
            values=[found.get(day, 0.0) for day in days],
            currency=query.workspace.currency,
            width=120,
            height=28,
        )
        for key, found in spent.items()
    }
