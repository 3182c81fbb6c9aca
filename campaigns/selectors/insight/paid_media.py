"""The paid-media page: what every channel, campaign, ad set, ad and creative cost and brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, F, QuerySet, Value, Window
from django.db.models.functions import Coalesce, NullIf

from campaigns.models import DailyPerformance
from campaigns.selectors.channel_days import ChannelKey, channel_key
from campaigns.selectors.insight.amounts import (
    Amounts,
    Rates,
    by_day,
    converted,
    rate_of,
    rates_for,
    rows_of,
    summed,
)
from campaigns.selectors.insight.charts import chart_of
from campaigns.selectors.insight.columns import COLUMNS, order_of, texts_of
from campaigns.selectors.insight.query import InsightQuery
from campaigns.selectors.insight.reported import is_reported, reported, unreported
from workspaces.boards import Column, Head, Kpi, Place, change_of, heads_of
from workspaces.charts import LineChart, files_of, line_chart
from workspaces.periods import Period
from workspaces.reports.shapes import Chart, Table

PAGE_ROWS: Final = 25
FILE_ROWS: Final = 5_000
_ZERO: Final = Decimal(0)


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
# What ads bring where nobody installs anything.
_CHARTS_OF_CONVERSIONS: Final = ("spend", "conversions", "cpa", "roas", "pipeline_roas")


@dataclass(frozen=True)
class Row:
    """One thing that was advertised; `trend` is its spend by day."""

    key: Any
    label: str
    public_id: UUID | None
    amounts: Amounts
    change: str
    trend: LineChart


@dataclass(frozen=True)
class PaidTable:
    """Rows of one level, searched, sorted and cut; with the figures that are reported."""

    level: Level
    columns: list[Column]
    heads: list[Head]
    rows: list[Row]
    place: Place
    currency: str

    @property
    def lines(self) -> list[tuple[Row, list[tuple[str, str]]]]:
        """Rows with the names of their cells and what they say."""
        names = [column.name for column in self.columns]
        return [(row, texts_of(names, row.amounts, self.currency)) for row in self.rows]


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
    total, before = _totals(query, days)
    currency = query.workspace.currency
    return PaidBoard(
        total=total,
        before=before if query.is_compared else None,
        kpis=[column.kpi(total, before, currency) for column in _told(_KPIS, total, before)],
        charts=_charts(query, days),
        table=_table(query, rates, _told(SHOWN, total, before)),
        missing_rates=rates.missing,
    )


def rows_by(query: InsightQuery, level: Level, rates: Rates) -> QuerySet[DailyPerformance, Any]:
    """Sums of one level, searched and sorted; a campaign's say its channel."""
    names: dict[str, F | ChannelKey] = {"group": F(level.key)}
    if level.public_id:
        names["public_id"] = F(level.public_id)
    if level.key == "campaign_id":
        names["channel"] = channel_key()
    order, _, _ = order_of(query.sort)
    rows: Any = _rows_of(query, rates, level, query.period).exclude(**{level.key: None})
    rows = rows.annotate(label=level.label)  # which is not in the type
    if query.search:
        rows = rows.filter(label__icontains=query.search)
    return summed(rows.values("label", **names), rates).order_by(*order, F("group").asc())


def _rows_of(
    query: InsightQuery, rates: Rates, level: Level, period: Period
) -> QuerySet[DailyPerformance]:
    rows = rows_of(query, rates, period)
    # Only where it is asked for: to know it, rows are joined to their campaigns and accounts.
    return rows.alias(channel_key=channel_key()) if level.key == "channel_key" else rows


def sheets_of(query: InsightQuery) -> list[Table]:
    """Tables of the page as files show them."""
    rates = rates_for(query.workspace, query.period)
    level, currency = level_of(query), query.workspace.currency
    heads = tuple(COLUMNS[name].head(currency) for name in SHOWN)
    days = by_day(query, rates)
    quiet = unreported([COLUMNS[name] for name in SHOWN], *_totals(query, days), first=1)
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
            unreported=quiet,
        ),
        Table(
            "Days",
            ("Day", *heads),
            tuple(
                (day.isoformat(), *_cells(amounts))
                for day, amounts in days.items()
                if day >= query.period.since
            ),
            unreported=quiet,
        ),
    ]


def charts_of(query: InsightQuery) -> dict[str, Chart]:
    """Charts of the page as files draw them."""
    return files_of(_charts(query, by_day(query, rates_for(query.workspace, query.period))))


def _totals(query: InsightQuery, days: Mapping[date, Amounts]) -> tuple[Amounts, Amounts]:
    """Sums of the period and of the one before; nothing where that is not asked for."""
    return (
        Amounts.all_of(days[day] for day in days if day >= query.period.since),
        Amounts.all_of(days[day] for day in days if day < query.period.since),
    )


def _told(names: Iterable[str], total: Amounts, before: Amounts) -> list[Column]:
    return reported([COLUMNS[name] for name in names], total, before)


def _charts(query: InsightQuery, days: Mapping[date, Amounts]) -> list[LineChart]:
    totals = _totals(query, days)
    has_installs = is_reported(COLUMNS["installs"], *totals)
    own = {day: amounts for day, amounts in days.items() if day >= query.period.since}
    return [
        chart_of(column.name, own, query.workspace.currency)
        for column in _told(_CHARTS if has_installs else _CHARTS_OF_CONVERSIONS, *totals)
    ]


def _cells(amounts: Amounts) -> tuple[Any, ...]:
    return tuple(COLUMNS[name].cell(amounts) for name in SHOWN)


def _table(query: InsightQuery, rates: Rates, columns: list[Column]) -> PaidTable:
    level, currency = level_of(query), query.workspace.currency
    shown, place = _cut(rows_by(query, level, rates), query.number)
    spent = _spent(query, level, rates, [row["group"] for row in shown])
    days = (list(query.period.before), list(query.period))
    return PaidTable(
        level=level,
        columns=columns,
        heads=_heads(level, columns, query.sort),
        rows=[_row(row, query, days, spent.get(row["group"], {})) for row in shown],
        place=place,
        currency=currency,
    )


def _cut(rows: QuerySet[DailyPerformance, Any], number: int) -> tuple[list[Any], Place]:
    """Rows of a page, the last one at most, and where they lie among all of them."""
    counted = rows.annotate(count=Window(Count("*")))
    first = (number - 1) * PAGE_ROWS
    if shown := list(counted[first : first + PAGE_ROWS]):
        return shown, Place(number, PAGE_ROWS, shown[0]["count"])
    start = counted.first()
    return _cut(rows, -(-start["count"] // PAGE_ROWS)) if start else ([], Place(1, PAGE_ROWS, 0))


def _heads(level: Level, columns: Iterable[Column], sort: str) -> list[Head]:
    _, current, is_rising = order_of(sort)
    return heads_of({"key": level.one}, columns, current, is_rising=is_rising)


def _label(row: Any, query: InsightQuery) -> str:
    if level_of(query).name == "channel":
        return query.channels.label(row["label"])
    return row["label"] or "–"


def _row(
    row: Any,
    query: InsightQuery,
    days: tuple[list[date], list[date]],
    spent: Mapping[date, Decimal],
) -> Row:
    """A row with its spend on days of the period before and of the period."""
    amounts = Amounts.of(row)
    earlier, own = ([spent.get(day, _ZERO) for day in some] for some in days)
    return Row(
        key=row["group"],
        label=_label(row, query),
        public_id=row.get("public_id"),
        amounts=amounts,
        change=change_of(amounts.spend, sum(earlier)) if query.is_compared else "",
        # A small line of spend by day.
        trend=line_chart(
            title="Spend",
            days=days[1],
            values=[float(amount) for amount in own],
            currency=query.workspace.currency,
            width=120,
            height=28,
        ),
    )


def _spent(
    query: InsightQuery, level: Level, rates: Rates, keys: list[Any]
) -> dict[Any, dict[date, Decimal]]:
    """Spend of some rows by day: the period and, where it is compared, the one before."""
    since = query.period.before.since if query.is_compared else query.period.since
    rows = _rows_of(query, rates, level, Period(since, query.period.until))
    # Of channels nearly all are shown, and to ask for some the database takes longest.
    if level.key != "channel_key":
        rows = rows.filter(**{f"{level.key}__in": keys})
    found = rows.values_list("day", F(level.key)).annotate(sum=converted("spend", rate_of(rates)))
    spent: dict[Any, dict[date, Decimal]] = {}
    for day, key, amount in found.order_by():
        spent.setdefault(key, {})[day] = amount or _ZERO
    return spent
