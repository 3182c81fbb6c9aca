"""The overview: whether advertising earns what it costs, in total and by channel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from campaigns.selectors.channel_days import channel_key
from campaigns.selectors.insight.amounts import (
    Amounts,
    Rates,
    rates_for,
    rows_of,
    summed,
)
from campaigns.selectors.insight.charts import chart_of
from campaigns.selectors.insight.columns import COLUMNS, texts_of
from campaigns.selectors.insight.query import InsightQuery
from campaigns.selectors.insight.reported import is_reported, reported, unreported
from workspaces.boards import NOTHING, Column, Kpi, change_of
from workspaces.charts import LineChart, files_of
from workspaces.periods import Period
from workspaces.reports.shapes import Chart, Table

MOST_CHARTS: Final = 6
SHOWN: Final = (
    "spend", "revenue", "roi", "roas", "clicks", "cvr", "conversions", "cpa", "impressions",
)  # fmt: skip
PIPELINE: Final = ("pipeline_value", "pipeline_roas")
_KPIS: Final = ("roi", "cvr", "clicks", "cpa")


@dataclass(frozen=True)
class ChannelLine:
    """A channel in the period; ``avg_roi`` is the plain mean over its campaigns with cost."""

    channel: str
    campaigns: int
    amounts: Amounts
    before: Amounts
    avg_roi: Decimal | None


@dataclass(frozen=True)
class Overview:
    """Figures of all campaigns that a question is about.

    ``avg_roi`` is the plain mean over campaigns with cost; every other ratio is that of the sums.
    """

    query: InsightQuery
    total: Amounts
    before: Amounts
    campaigns: int
    avg_roi: Decimal | None
    channels: list[ChannelLine]
    days: dict[str, dict[date, Amounts]]
    missing_rates: tuple[str, ...]

    @property
    def top_channel(self) -> ChannelLine | None:
        """The channel with the highest ROI, or pipeline ROAS where leads are counted."""
        return max(self._judged, key=self._return_of, default=None)

    @property
    def worst_channel(self) -> ChannelLine | None:
        """The channel with the lowest."""
        return min(self._judged, key=self._return_of, default=None)

    @property
    def _judged(self) -> list[ChannelLine]:
        return [line for line in self.channels if self._measured(line.amounts) is not None]

    def _measured(self, amounts: Amounts) -> Decimal | None:
        found: Decimal | None = getattr(amounts, self.query.measure)
        return found

    def _return_of(self, line: ChannelLine) -> Decimal:
        return self._measured(line.amounts) or Decimal(0)

    @property
    def kpis(self) -> list[Kpi]:
        """The page's cards."""
        currency, top = self.query.workspace.currency, self.top_channel
        measure = COLUMNS[self.query.measure]
        shown = self._reported(dict.fromkeys((measure.name, *_KPIS)))
        cards = [column.kpi(self.total, self.before, currency) for column in shown]
        if not self.has_return:
            return cards
        note = f"{measure.label} {measure.text(top.amounts, currency)}" if top else ""
        name = self.query.channels.label(top.channel) if top else NOTHING
        return [*cards, Kpi("Top channel", name, note, f"By {measure.label}")]

    @property
    def has_return(self) -> bool:
        """Whether what tells a good channel is reported at all."""
        return is_reported(COLUMNS[self.query.measure], self.total, self.before)

    @property
    def columns(self) -> list[Column]:
        """Columns of the table of channels, those of figures that are reported."""
        return self._reported(shown_of(self.query))

    def _reported(self, names: Iterable[str]) -> list[Column]:
        return reported([COLUMNS[name] for name in names], self.total, self.before)

    @property
    def lines(self) -> list[tuple[ChannelLine, list[tuple[str, str]], str]]:
        """Channels with their cells, and how their return moved."""
        currency = self.query.workspace.currency
        names = [column.name for column in self.columns]
        return [
            (
                line,
                texts_of(names, line.amounts, currency),
                change_of(self._measured(line.amounts), self._measured(line.before)),
            )
            for line in self.channels
        ]

    @property
    def charts(self) -> list[LineChart]:
        """Return by day of the channels that most was spent on; else cost of a conversion."""
        currency, measure = self.query.workspace.currency, self._drawn
        return [
            chart_of(
                measure.name, self.days[line.channel], currency,
                title=f"{measure.label}, {self.query.channels.label(line.channel)}",
                name=f"{measure.name}-{line.channel}",
            )
            for line in self.channels[:MOST_CHARTS]
        ]  # fmt: skip

    @property
    def _drawn(self) -> Column:
        if self.has_return:
            return COLUMNS[self.query.measure]
        return COLUMNS["cpa" if self.total.conversions else "spend"]


def shown_of(query: InsightQuery) -> tuple[str, ...]:
    """Columns of the table of channels, on the page and in files."""
    return (SHOWN[0], *PIPELINE, *SHOWN[1:]) if query.measure in PIPELINE else SHOWN


def overview_of(query: InsightQuery) -> Overview:
    """Figures of a question."""
    rates = rates_for(query.workspace, query.period)
    days = days_by_channel(query, rates)
    own = {name: _within(found, query.period) for name, found in days.items()}
    before = {name: Amounts.all_of(_within(found, query.period.before).values())
              for name, found in days.items()}  # fmt: skip
    rois = _campaign_rois(query, rates)
    lines = [
        ChannelLine(
            channel=name,
            campaigns=len(rois.get(name, [])),
            amounts=Amounts.all_of(found.values()),
            before=before[name],
            avg_roi=_mean(rois.get(name, [])),
        )
        for name, found in own.items()
    ]
    everything = [roi for found in rois.values() for roi in found]
    return Overview(
        query=query,
        total=Amounts.all_of(line.amounts for line in lines),
        before=Amounts.all_of(before.values()),
        campaigns=len(everything),
        avg_roi=_mean(everything),
        channels=sorted(
            (line for line in lines if line.campaigns), key=lambda line: -line.amounts.spend
        ),
        days=own,
        missing_rates=rates.missing,
    )


def days_by_channel(query: InsightQuery, rates: Rates) -> dict[str, dict[date, Amounts]]:
    """Sums of every channel by day: the period and the one before it."""
    period = Period(query.period.before.since, query.period.until)
    rows = summed(rows_of(query, rates, period).values("day", channel=channel_key()), rates)
    found: dict[str, dict[date, Amounts]] = {}
    for row in rows.order_by():
        if row["channel"] not in found:
            found[row["channel"]] = dict.fromkeys(period, Amounts())
        found[row["channel"]][row["day"]] = Amounts.of(row)
    return found


def sheets_of(query: InsightQuery) -> list[Table]:
    """Tables of the page as files show them."""
    overview = overview_of(query)
    currency, names = query.workspace.currency, shown_of(query)
    heads = tuple(COLUMNS[name].head(currency) for name in names)
    sums = (overview.total, overview.before)
    quiet = unreported([COLUMNS[name] for name in names], *sums, first=1)
    mean = unreported([COLUMNS["roi"]], *sums, first=len(names) + 2)
    days: dict[date, Amounts] = {
        day: Amounts.all_of(found[day] for found in overview.days.values()) for day in query.period
    }
    return [
        Table(
            "Channels", ("Channel", "campaigns", *heads, "mean ROI of campaigns (share)"),
            tuple(
                (
                    query.channels.label(line.channel), line.campaigns,
                    *_cells(names, line.amounts), line.avg_roi,
                )
                for line in overview.channels
            ),
            unreported=frozenset(place + 1 for place in quiet) | mean,
        ),
        Table(
            "Days", ("Day", *heads),
            tuple((day.isoformat(), *_cells(names, amounts)) for day, amounts in days.items()),
            unreported=quiet,
        ),
    ]  # fmt: skip


def charts_of(query: InsightQuery) -> dict[str, Chart]:
    """Charts of the page as files draw them."""
    return files_of(overview_of(query).charts)


def _cells(names: Iterable[str], amounts: Amounts) -> tuple[Any, ...]:
    return tuple(COLUMNS[name].cell(amounts) for name in names)


def _within(days: dict[date, Amounts], period: Period) -> dict[date, Amounts]:
    return {day: days[day] for day in period}


def _campaign_rois(query: InsightQuery, rates: Rates) -> dict[str, list[Decimal | None]]:
    """ROI of every campaign of the period by channel; ``None`` for one without cost."""
    rows = rows_of(query, rates, query.period).values("campaign_id", channel=channel_key())
    found: dict[str, list[Decimal | None]] = {}
    for row in summed(rows, rates, "known_spend", "revenue").order_by():
        found.setdefault(row["channel"], []).append(Amounts.of(row).roi)
    return found


def _mean(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) / len(known) if known else None
