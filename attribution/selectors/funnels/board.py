"""All that a funnel's page shows of one question; its files show the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from attribution.models import FunnelAlert, FunnelDefinition
from attribution.selectors.funnels.filters import NONE, TITLES, FunnelQuery, label_of
from attribution.selectors.funnels.results import (
    bars_of,
    breakdown_of,
    times_of,
    trend_of,
    values_of,
)
from attribution.selectors.funnels.shapes import Bars, FunnelView, Line, StepBar, TimeBar, share
from workspaces.boards import Kpi, change_of
from workspaces.charts import LineChart, files_of, line_chart
from workspaces.formats import money, plain
from workspaces.reports.shapes import Bar, BarChart, BarPanel, Chart, Table

MOST_ALERTS: Final = 10
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


@dataclass(frozen=True)
class StepRow:
    """One step as the page shows it; widths are of a hundred."""

    bar: StepBar
    before: StepBar
    width: float
    width_before: float
    change: str
    median: str
    p90: str
    revenue: str
    is_worst: bool


@dataclass(frozen=True)
class KeyRow:
    """One key of the breakdown."""

    label: str
    entered: str
    completed: str
    rate: float | None
    worst: str
    drop_off: float | None
    revenue: str
    per_order: str


@dataclass(frozen=True)
class TimeRow:
    """How many took so long."""

    label: str
    text: str
    width: float


@dataclass(frozen=True)
class Choice:
    """One filter: its values with what people read, and the chosen one."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


@dataclass(frozen=True)
class AlertRow:
    """An alert, told with its step's name."""

    step: str
    rate: float
    expected: float
    raised_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True)
class FunnelBoard:
    """The page's figures."""

    bars: Bars
    kpis: list[Kpi]
    steps: list[StepRow]
    charts: list[LineChart]
    keys: list[KeyRow]
    times: list[TimeRow]
    choices: list[Choice]


def duration(seconds: float | None) -> str:
    """A time as people say it: ``45 s``, ``2.5 h``; a dash for none."""
    if seconds is None:
        return "–"
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{plain(Decimal(str(round(seconds / length, 1))))} {unit}"
    return f"{round(seconds)} s"


def window_words(seconds: int) -> str:
    """A window in its largest whole unit: ``7 days``."""
    sizes = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
    count, unit = next((seconds // size, unit) for size, unit in sizes if not seconds % size)
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def board_of(query: FunnelQuery) -> FunnelBoard:
    """Figures of a question."""
    view = query.view
    bars, before = bars_of(view), bars_of(view.previous)
    currency = view.funnel.workspace.currency
    return FunnelBoard(
        bars=bars,
        kpis=_kpis(bars, before, currency),
        steps=_steps(bars, before, currency),
        charts=_charts(trend_of(view)),
        keys=[_key_row(view, query.by, line, currency) for line in breakdown_of(view, query.by)],
        times=_times(times_of(view)),
        choices=_choices(query),
    )


def alerts_of(funnel: FunnelDefinition) -> list[AlertRow]:
    """The newest alerts of a funnel that ``with_alerts`` read, open ones first."""
    names = dict(enumerate(funnel.step_names, start=1))
    rows = [
        AlertRow(
            step=names.get(row["step"], f"Step {row['step']}"),
            rate=row["rate"],
            expected=row["expected"],
            raised_at=datetime.fromisoformat(row["raised_at"]),
            resolved_at=row["resolved_at"] and datetime.fromisoformat(row["resolved_at"]),
        )
        for row in funnel.alert_rows  # type: ignore[attr-defined]  # with_alerts put it there
    ]
    return sorted(rows, key=lambda row: row.resolved_at is not None)


def with_alerts(funnels: QuerySet[FunnelDefinition]) -> QuerySet[FunnelDefinition]:
    """Funnels with their newest alerts, in one query: a page has few to spare."""
    fields = ("step", "rate", "expected", "raised_at", "resolved_at")
    alerts = FunnelAlert.objects.filter(funnel=OuterRef("pk")).order_by("-raised_at", "-pk")
    rows = alerts.values(row=JSONObject(**{name: name for name in fields}))[:MOST_ALERTS]
    return funnels.annotate(alert_rows=ArraySubquery(rows))


def worst_of(names: Sequence[str], reached: Sequence[int]) -> tuple[str, float | None]:
    """The step that loses the largest share on the way to it, and that share."""
    lossy = [
        (1 - here / before, -place)
        for place, (before, here) in enumerate(pairwise(reached), start=1)
        if before
    ]
    if not lossy:
        return "–", None
    lost, place = max(lossy)
    return names[-place], lost


def sheets_of(query: FunnelQuery) -> list[Table]:
    """Tables of the page as files show them."""
    view, currency = query.view, query.view.funnel.workspace.currency
    names = view.funnel.step_names
    head = ("entered", "completed", "rate (share)", f"revenue ({currency})", *names)
    return [
        _step_sheet(bars_of(view), bars_of(view.previous)),
        Table("Days", ("Day", *head), tuple(_cells(line, line.key) for line in trend_of(view))),
        *(
            Table(
                f"By {TITLES[name].lower()}", (TITLES[name], *head),
                tuple(_cells(line, label_of(name, line.key)) for line in breakdown_of(view, name)),
            )
            for name in TITLES
        ),
        Table(
            "Time to convert", ("Took", "people"),
            tuple((row.label, row.people) for row in _time_labels(times_of(view))),
        ),
    ]  # fmt: skip


def charts_of(query: FunnelQuery) -> dict[str, Chart]:
    """Charts of the page as files draw them; its steps have none of a day."""
    return {"steps": chart_of(query), **files_of(_charts(trend_of(query.view)))}


def chart_of(query: FunnelQuery) -> BarChart:
    """Bars of this period and the one before, to be drawn as a picture."""
    view = query.view
    panels = [("This period", view), ("Period before", view.previous)]
    return BarChart(
        title=f"{view.funnel.name}: {view.period.since} to {view.period.until}",
        panels=tuple(BarPanel(title, _panel(bars_of(one))) for title, one in panels),
        note="People by the furthest step that they reached; rates are from the first step.",
    )


def _panel(bars: Bars) -> tuple[Bar, ...]:
    return tuple(
        Bar(
            f"{step.number}. {step.name}", float(step.reached),
            f"{step.reached:,} ({_percent(step.rate_from_first)})", is_focus=True,
        )
        for step in bars.steps
    )  # fmt: skip


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.1f} %"


def _step_sheet(bars: Bars, before: Bars) -> Table:
    head = (
        "Step", "people", "rate from step before (share)", "rate from first (share)", "lost",
        "drop-off (share)", "median from step before (seconds)", "90th percentile (seconds)",
        "people in the period before", "rate from step before in the period before (share)",
    )  # fmt: skip
    return Table(
        "Steps",
        head,
        tuple(
            (
                step.name, step.reached, step.rate_from_previous, step.rate_from_first,
                step.dropped, step.drop_off, step.median_seconds, step.p90_seconds,
                was.reached, was.rate_from_previous,
            )
            for step, was in zip(bars.steps, before.steps, strict=True)
        ),
    )  # fmt: skip


def _cells(line: Line, label: str) -> tuple[str | int | float | Decimal | None, ...]:
    rate = None if line.rate is None else round(line.rate, 6)
    return (label, line.entered, line.completed, rate, line.revenue, *line.reached)


def _kpis(bars: Bars, before: Bars, currency: str) -> list[Kpi]:
    def count(label: str, now: int, was: int) -> Kpi:
        return Kpi(label, plain(Decimal(now)), change_of(now, was))

    orders, were = bars.average_order_value, before.average_order_value
    return [
        count("Entered", bars.entered, before.entered),
        count("Completed", bars.completed, before.completed),
        Kpi("Rate", _percent(bars.rate), change_of(bars.rate, before.rate),
            "Share of those who entered that got to the last step"),
        Kpi("Revenue", money(bars.revenue, currency), change_of(bars.revenue, before.revenue),
            "Money of the last step"),
        Kpi("Per completion", "–" if orders is None else money(orders, currency),
            change_of(orders, were), "Revenue by those who completed"),
        Kpi("Time to convert", duration(bars.median_seconds),
            change_of(bars.median_seconds, before.median_seconds),
            "Median, from the first step to the last"),
    ]  # fmt: skip


def _steps(bars: Bars, before: Bars, currency: str) -> list[StepRow]:
    most = max(bars.entered, before.entered) or 1
    worst = bars.worst if bars.worst and bars.worst.dropped else None
    return [
        StepRow(
            bar=step,
            before=was,
            width=100 * step.reached / most,
            width_before=100 * was.reached / most,
            change=change_of(step.rate_from_previous, was.rate_from_previous)
            if step.number > 1 else change_of(step.reached, was.reached),
            median=duration(step.median_seconds),
            p90=duration(step.p90_seconds),
            revenue=money(bars.revenue, currency) if step is bars.steps[-1] else "–",
            is_worst=step is worst,
        )
        for step, was in zip(bars.steps, before.steps, strict=True)
    ]  # fmt: skip


def _charts(lines: list[Line]) -> list[LineChart]:
    days = [date.fromisoformat(line.key) for line in lines]
    rates = [None if line.rate is None else line.rate * 100 for line in lines]
    series: list[tuple[str, list[float | None], str]] = [
        ("Entered", [float(line.entered) for line in lines], ""),
        ("Completed", [float(line.completed) for line in lines], ""),
        ("Rate", rates, " %"),
    ]
    return [
        line_chart(
            title=title, days=days, values=values, suffix=suffix, width=440, name=title.lower()
        )
        for title, values, suffix in series
    ]


def _key_row(view: FunnelView, by: str, line: Line, currency: str) -> KeyRow:
    worst, lost = worst_of(view.funnel.step_names, line.reached)
    per_order = line.revenue / line.completed if line.completed else None
    return KeyRow(
        label=label_of(by, line.key),
        entered=plain(Decimal(line.entered)),
        completed=plain(Decimal(line.completed)),
        rate=line.rate,
        worst=worst if lost else "–",
        drop_off=lost,
        revenue=money(line.revenue, currency),
        per_order="–" if per_order is None else money(per_order, currency),
    )


@dataclass(frozen=True)
class _Took:
    label: str
    people: int


def _time_labels(bars: list[TimeBar]) -> list[_Took]:
    """Each bar between its own end and that of the bar before it."""
    found, start = [], 0
    for bar in bars:
        if bar.up_to_seconds is None:
            label = f"over {duration(start)}" if start else "any time"
        elif not start:
            label = f"up to {duration(bar.up_to_seconds)}"
        else:
            label = f"{duration(start)} to {duration(bar.up_to_seconds)}"
        found.append(_Took(label, bar.people))
        start = bar.up_to_seconds or start
    return found


def _times(bars: list[TimeBar]) -> list[TimeRow]:
    rows = _time_labels(bars)
    everybody = sum(row.people for row in rows)
    most = max((row.people for row in rows), default=0) or 1
    return [
        TimeRow(
            row.label,
            f"{plain(Decimal(row.people))} ({_percent(share(row.people, everybody))})",
            100 * row.people / most,
        )
        for row in rows
    ]


def _choices(query: FunnelQuery) -> list[Choice]:
    values = values_of(query.view)
    choices = []
    for name, asked in query.filters.items():
        keys = values[name]
        if asked is not None and asked not in keys:
            keys = [asked, *keys]
        if keys:
            options = [(key or NONE, label_of(name, key)) for key in keys]
            chosen = "" if asked is None else asked or NONE
            choices.append(Choice(name, TITLES[name], options, chosen))
    return choices
