"""All that the website page shows of one question; its files show the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from django.db.models import Q

from attribution.models import Site, WebDay, WebEvent, WebSession
from attribution.selectors.website.columns import (
    COLUMNS,
    TITLES,
    columns_of,
    label_of,
    measure_of,
    order_of,
)
from attribution.selectors.website.figures import (
    Figures,
    Keyed,
    by_day,
    figures_of,
    keys_of,
    top_of,
    total_of,
)
from attribution.selectors.website.filters import WebFilters
from workspaces.boards import Head, Kpi, Place, change_of, heads_of
from workspaces.charts import LineChart, files_of, line_chart
from workspaces.formats import plain
from workspaces.reports.shapes import Chart, Table

CARD_ROWS: Final = 6
PAGE_ROWS: Final = 50
FILE_ROWS: Final = 5_000
NEWEST: Final = 10
LIVE: Final = timedelta(minutes=5)
_KPIS: Final = (
    "visitors", "sessions", "page_views", "bounce_rate", "session_seconds", "conversions", "value",
)  # fmt: skip
_CHARTS: Final = ("visitors", "sessions", "conversions")
# Where the admin's list of sessions finds a row's key.
_SESSION_FIELDS: Final = {
    "channel": "channel", "source": "source", "campaign": "campaign", "landing": "landing_page",
    "device": "device", "browser": "browser", "os": "os", "country": "country",
    "customer": "customer_type",
}  # fmt: skip


@dataclass(frozen=True)
class CardRow:
    """One key in a card."""

    label: str
    text: str
    width: float


@dataclass(frozen=True)
class Card:
    """The largest keys of a dimension."""

    dimension: str
    title: str
    measure: str
    rows: list[CardRow]
    more: int


@dataclass(frozen=True)
class Row:
    """One key in a table; `sessions` is the query of the admin's list that shows them."""

    label: str
    cells: list[tuple[str, str]]
    change: str
    sessions: str


@dataclass(frozen=True)
class WebTable:
    """One dimension, searched, sorted and cut."""

    dimension: str
    title: str
    heads: list[Head]
    rows: list[Row]
    place: Place


@dataclass(frozen=True)
class WebBoard:
    """The page's figures."""

    total: Figures
    kpis: list[Kpi]
    charts: list[LineChart]
    cards: list[Card] = field(default_factory=list)
    table: WebTable | None = None
    newest: list[WebSession] = field(default_factory=list)


def has_figures(sites: Sequence[int]) -> bool:
    """Whether anything was ever counted."""
    return WebDay.objects.filter(site__in=sites, dimension=WebDay.Dimension.TOTAL).exists()


def live_visitors(sites: Sequence[int], now: datetime) -> int:
    """Visitors of whom an event came in the last five minutes."""
    since = now - LIVE
    # The day bounds the partitions that are looked into: a browser's clock may be off by one.
    recent = Q(day__gte=(since - timedelta(days=1)).date(), received_at__gte=since)
    rows = WebEvent.objects.filter(recent, site__in=sites, at__gte=since)
    return rows.values("visitor_key").distinct().count()


def board_of(filters: WebFilters) -> WebBoard:
    """Figures of a question, from the rollups of days only."""
    since = filters.period.before.since if filters.is_compared else filters.period.since
    days = by_day(filters.asked_sites, since, filters.period.until)
    own = {day: figures for day, figures in days.items() if day >= filters.period.since}
    total = total_of(own.values())
    before = total_of(figures for day, figures in days.items() if day < filters.period.since)
    currency = filters.workspace.currency
    return WebBoard(
        total=total,
        kpis=[COLUMNS[name].kpi(total, before, currency) for name in _KPIS],
        charts=_charts(own),
        cards=[] if filters.dimension else _cards(filters),
        table=_table(filters) if filters.dimension else None,
        newest=[] if filters.dimension else _newest(filters),
    )


def charts_of(filters: WebFilters) -> dict[str, Chart]:
    """Charts of the page as files draw them."""
    period = filters.period
    return files_of(_charts(by_day(filters.asked_sites, period.since, period.until)))


def _charts(days: Mapping[date, Figures]) -> list[LineChart]:
    return [
        line_chart(
            title=COLUMNS[name].label,
            days=list(days),
            values=[float(getattr(figures, name)) for figures in days.values()],
            width=440,
            name=name,
        )
        for name in _CHARTS
    ]


def sheets_of(filters: WebFilters) -> list[Table]:
    """Tables of the page as files show them; the one that is shown comes first."""
    currency = filters.workspace.currency
    days = by_day(filters.asked_sites, filters.period.since, filters.period.until)
    columns = [COLUMNS[name] for name in (*_KPIS, "conversion_rate")]
    heads = tuple(column.head(currency) for column in columns)
    daily = Table(
        "Days",
        ("Day", *heads),
        tuple(
            (day.isoformat(), *(column.cell(figures) for column in columns))
            for day, figures in days.items()
        ),
    )
    if filters.dimension:
        rows = keys_of(
            filters.asked_sites, filters.period, filters.dimension, search=filters.search
        ).order_by(*order_of(filters.dimension, filters.sort)[0])[:FILE_ROWS]
        found = [Keyed(row["key"], Figures.of(row), 0) for row in rows]
        return [_sheet(filters.dimension, found, currency), daily]
    tops = top_of(filters.asked_sites, filters.period, TITLES, limit=FILE_ROWS)
    return [daily, *(_sheet(name, tops.get(name, []), currency) for name in TITLES)]


def _sheet(dimension: str, rows: list[Keyed], currency: str) -> Table:
    columns = columns_of(dimension)
    title = TITLES[WebDay.Dimension(dimension)]
    return Table(
        title,
        (WebDay.Dimension(dimension).label, *(column.head(currency) for column in columns)),
        tuple(
            (label_of(dimension, row.key), *(column.cell(row.figures) for column in columns))
            for row in rows
        ),
    )


def _cards(filters: WebFilters) -> list[Card]:
    names = [name for name in TITLES if name != WebDay.Dimension.HOUR]
    tops = top_of(filters.asked_sites, filters.period, names, limit=CARD_ROWS)
    return [_card(name, tops.get(name, [])) for name in names]


def _card(dimension: str, rows: list[Keyed]) -> Card:
    measure = measure_of(dimension)
    counts = [int(getattr(row.figures, measure.name)) for row in rows]
    most = max(counts, default=0) or 1
    return Card(
        dimension=dimension,
        title=TITLES[WebDay.Dimension(dimension)],
        measure=measure.label.lower(),
        rows=[
            CardRow(label_of(dimension, row.key), plain(Decimal(count)), 100 * count / most)
            for row, count in zip(rows, counts, strict=True)
        ],
        more=rows[0].keys - len(rows) if rows else 0,
    )  # fmt: skip


def _table(filters: WebFilters) -> WebTable:
    dimension, sites = filters.dimension, filters.asked_sites
    order, current, is_rising = order_of(dimension, filters.sort)
    rows = keys_of(sites, filters.period, dimension, search=filters.search)
    place = Place.of(filters.number, size=PAGE_ROWS, total=rows.count())
    cut = rows.order_by(*order)[place.start : place.start + place.size]
    shown = {row["key"]: Figures.of(row) for row in cut}
    before = (
        figures_of(sites, filters.period.before, dimension, shown)
        if filters.is_compared and shown
        else {}
    )
    key = {"key": str(WebDay.Dimension(dimension).label)}
    return WebTable(
        dimension=dimension,
        title=TITLES[WebDay.Dimension(dimension)],
        heads=heads_of(key, columns_of(dimension), current, is_rising=is_rising),
        rows=[_row(filters, key, figures, before.get(key)) for key, figures in shown.items()],
        place=place,
    )


def _row(filters: WebFilters, key: str, figures: Figures, before: Figures | None) -> Row:
    dimension, currency = filters.dimension, filters.workspace.currency
    measure = measure_of(dimension).name
    return Row(
        label=label_of(dimension, key),
        cells=[(column.label, column.text(figures, currency)) for column in columns_of(dimension)],
        change=change_of(getattr(figures, measure), getattr(before, measure)) if before else "",
        sessions=_sessions(filters, key),
    )


def _sessions(filters: WebFilters, key: str) -> str:
    """Query of the admin's list of sessions; '' where it cannot find them."""
    name = _SESSION_FIELDS.get(filters.dimension)
    if name is None or not key:
        return ""
    pairs = {
        name: key,
        "local_day__gte": filters.period.since.isoformat(),
        "local_day__lte": filters.period.until.isoformat(),
    }
    if filters.site:
        pairs["site__id__exact"] = str(filters.site.pk)
    return urlencode(pairs)


def _newest(filters: WebFilters) -> list[WebSession]:
    rows = WebSession.objects.filter(
        workspace=filters.workspace, site__in=filters.asked_sites
    ).select_related("visitor", "site")
    return list(rows.order_by("-started_at", "-pk")[:NEWEST])


def awaited_site(filters: WebFilters) -> Site | None:
    """The site whose first event is waited for: the chosen one, else the newest."""
    return filters.site or max(filters.sites, key=lambda site: site.pk, default=None)
