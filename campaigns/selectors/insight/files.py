"""What dashboards hand out as files, by name; other apps add theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from campaigns.selectors.insight import overview, paid_media
from campaigns.selectors.insight.query import InsightQuery
from workspaces.models import Workspace
from workspaces.reports.shapes import Cell, Chart, DaysChart, DaysPanel, Pairs, Report, Table

SheetsOf = Callable[[InsightQuery], list[Table]]
ChartsOf = Callable[[InsightQuery], dict[str, Chart]]
SHEETS: dict[str, SheetsOf] = {
    "overview": overview.sheets_of,
    "paid-media": paid_media.sheets_of,
}
#: Charts of a page, each by its own name.
CHARTS: dict[str, ChartsOf] = {
    "overview": overview.charts_of,
    "paid-media": paid_media.charts_of,
}


def register_files(name: str, sheets_of: SheetsOf, charts_of: ChartsOf | None = None) -> None:
    """Make the tables and charts of a dashboard known by the name of its page."""
    SHEETS[name] = sheets_of
    if charts_of:
        CHARTS[name] = charts_of


def chart_of(title: str, tables: Sequence[Table]) -> DaysChart | None:
    """Each figure of the table of days as a small chart; none where a dashboard has no days."""
    found = (table.printed for table in tables if table.title == "Days" and table.rows)
    by_day = next(found, None)
    if by_day is None:
        return None
    columns = list(zip(*by_day.rows, strict=True))
    return DaysChart(
        title=title,
        days=tuple(date.fromisoformat(str(day)) for day in columns[0]),
        panels=tuple(
            DaysPanel(head, tuple(_number(cell) for cell in column))
            for head, column in zip(by_day.head[1:], columns[1:], strict=True)
            if any(cell is not None for cell in column)
        ),
    )


def report_of(
    title: str, workspace: Workspace, words: Pairs, tables: Sequence[Table], now: datetime
) -> Report:
    """A dashboard on paper: what was asked, its tables, its days as charts."""
    chart = chart_of(title, tables)
    return Report(
        title=title,
        workspace=workspace.name,
        made_at=now.astimezone(workspace.zone),
        filters=words,
        tables=tuple(table.printed for table in tables),
        charts=(chart,) if chart else (),
    )


def _number(cell: Cell) -> float | None:
    return None if cell is None or isinstance(cell, str) else float(cell)
