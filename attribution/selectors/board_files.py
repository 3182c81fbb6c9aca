"""The attribution page as files: tables for sheets, charts, and the report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from attribution.models import CreditLevel
from attribution.selectors.board_filters import BoardFilters
from attribution.selectors.board_page import BoardPage
from attribution.selectors.board_rows import Row
from attribution.selectors.halo import file_of
from workspaces.formats import money, percent, plain, times
from workspaces.models import Workspace
from workspaces.reports.shapes import (
    Bar,
    BarChart,
    BarPanel,
    Chart,
    HeatCell,
    HeatChart,
    Report,
    Table,
)

CHARTS: Final = ("models", "touches", "times", "countries", "halo")
_DRAWN_ROWS: Final = 12  # as many as the page draws
_STRONGEST: Final = 4  # of the levels of `heat_of`


def filters_in_words(filters: BoardFilters, workspace: Workspace) -> tuple[tuple[str, str], ...]:
    """The question by name, for the head of a file."""
    compared = "the period before" if filters.is_compared else "nothing"
    return (*filters.words, ("Compared with", compared), ("Currency", workspace.currency))


def sheets_of(page: BoardPage | None, filters: BoardFilters, currency: str) -> list[Table]:
    """Rows as shown, the credits first; figures are not rounded."""
    tables = [_credits(page.rows if page else [], filters, currency)]
    if page is None or filters.level != CreditLevel.CHANNEL:
        return tables
    return [*tables, _paths(page, currency), *_counts(page), *_countries(page)]


def charts_of(page: BoardPage | None, filters: BoardFilters) -> dict[str, Chart]:
    """Charts that have something to show, by the name in their address."""
    if page is None or not page.board.conversions:
        return {}
    found: dict[str, Chart | None] = {
        "models": _models_chart(page.rows),
        "touches": _counts_chart("Touches before a conversion", page.lengths),
        "times": _counts_chart("Time from the first touch", page.times),
        "countries": _heat_chart(page, filters),
        "halo": file_of(page.halo, "conversions") if page.halo else None,
    }
    return {name: chart for name, chart in found.items() if chart}


def report_of(
    page: BoardPage, filters: BoardFilters, workspace: Workspace, now: datetime
) -> Report:
    """The page on paper; what it says is written as on the page."""
    currency = workspace.currency
    tables = [_shown(page, filters, currency)]
    if page.paths:
        tables.append(_shown_paths(page, currency))
    return Report(
        title="Attribution",
        workspace=workspace.name,
        made_at=now.astimezone(workspace.zone),
        filters=filters_in_words(filters, workspace),
        figures=_figures(page, currency) if filters.channel is None else (),
        tables=tuple(tables),
        charts=tuple(charts_of(page, filters).values()),
        notes=_notes(page),
    )


def _credits(rows: Sequence[Row], filters: BoardFilters, currency: str) -> Table:
    models = [model.name for model in filters.models]
    head = (
        CreditLevel(filters.level).label, "Part of", *models, "Spread", f"Revenue ({currency})",
        f"Spend ({currency})", f"Cost each ({currency})", "ROAS", "ROI", "Low", "High", "Before",
        "In words",
    )  # fmt: skip
    return Table(
        "Attribution",
        head,
        tuple(
            (
                row.label, row.note, *(count for _, count in row.cells), row.spread,
                row.line.revenue, row.line.cost, row.line.cost_per_conversion, row.line.roas,
                row.line.roi, row.line.conversions_low, row.line.conversions_high, row.previous,
                row.words,
            )
            for row in rows
        ),
    )  # fmt: skip


def _paths(page: BoardPage, currency: str) -> Table:
    return Table(
        "Top paths",
        ("Path", "Conversions", "Journeys", f"Revenue ({currency})"),
        tuple(
            (_path(path), path["conversions"], path["journeys"], Decimal(path["revenue"]))
            for path in page.paths
        ),
    )


def _path(path: dict[str, Any]) -> str:
    steps = " \u203a ".join(path["steps"])
    return f"{steps} and {path['more']} more" if path["more"] else steps


def _counts(page: BoardPage) -> list[Table]:
    return [
        Table(
            title,
            (head, "Conversions", "Share"),
            tuple((row["label"], row["conversions"], row["share"]) for row in counts),
        )
        for title, head, counts in (
            ("Touches", "Touches before a conversion", page.lengths),
            ("Times", "Time from the first touch", page.times),
        )
    ]


def _countries(page: BoardPage) -> list[Table]:
    if not page.heat:
        return []
    rows = tuple((row.label, *(cell.roas for cell in row.cells)) for row in page.heat)
    return [Table("ROAS by country", ("Channel", *page.countries), rows)]


def _shown(page: BoardPage, filters: BoardFilters, currency: str) -> Table:
    focus = filters.focus.name if filters.focus else ""
    before = ("Before",) if page.before else ()
    title = {
        CreditLevel.CHANNEL: "Channels",
        CreditLevel.CAMPAIGN: "Campaigns",
        CreditLevel.AD: "Ads",
    }[CreditLevel(filters.level)]
    return Table(
        f"{title}: widest disagreement first",
        ("Who", "Where the models stand", focus, *before, "Revenue", "Spend", "Cost each", "ROAS"),
        tuple(_shown_row(row, page, currency) for row in page.rows),
        texts=frozenset({0, 1}),
    )


def _shown_row(row: Row, page: BoardPage, currency: str) -> tuple[str, ...]:
    line = row.line
    who = f"{row.label} ({row.note})" if row.note else row.label
    low, high = line.conversions_low, line.conversions_high
    count = _one_place(line.conversions)
    if low is not None and high is not None:
        count = f"{count} ({_one_place(low)}–{_one_place(high)})"
    before = _one_place(row.previous)
    if row.change is not None:
        before = f"{before} ({percent(row.change)})"
    return (
        who, row.words, count, *((before,) if page.before else ()), money(line.revenue, currency),
        _money(line.cost, currency), _money(line.cost_per_conversion, currency), _times(line.roas),
    )  # fmt: skip


def _shown_paths(page: BoardPage, currency: str) -> Table:
    rows = tuple(
        (
            _path(path), plain(Decimal(path["conversions"])), plain(Decimal(path["journeys"])),
            money(Decimal(path["revenue"]), currency),
        )
        for path in page.paths
    )  # fmt: skip
    return Table("Top paths", ("Path", "Conversions", "Journeys", "Revenue"), rows)


def _figures(page: BoardPage, currency: str) -> tuple[tuple[str, str], ...]:
    board = page.board
    converted = page.share_converted
    return (
        ("Conversions", _one_place(board.conversions)),
        ("Revenue", money(board.revenue, currency)),
        ("Spend", _money(board.cost, currency)),
        ("ROAS", _times(page.roas)),
        ("Journeys that converted", "–" if converted is None else f"{converted * 100:.2f} %"),
        ("Touches before a conversion", _one_place(board.mean_touches)),
        ("Hours to convert", _one_place(board.mean_hours)),
    )


def _notes(page: BoardPage) -> tuple[str, ...]:
    board = page.board
    notes = [
        "Every model shares the same conversions out; only the shares differ. No model proves that"
        " a channel caused a sale: where they are far apart, run a test.",
        "Touches count up to 30 days before a conversion.",
    ]
    if page.change_words:
        notes.insert(0, f"Conversions: {page.change_words}.")
    if board.without_rate:
        notes.append(f"Without money, as an exchange rate is missing: {board.without_rate}.")
    if not board.is_stored:
        notes.append("Counted for this report; intervals come with the runs of the night.")
    if page.halo and page.halo.why_not:
        notes.append(f"Halo: {page.halo.why_not}")
    return tuple(notes)


def _models_chart(rows: Sequence[Row]) -> BarChart | None:
    shown = rows[:_DRAWN_ROWS]
    left = len(rows) - len(shown)
    panels = tuple(
        BarPanel(
            row.label,
            tuple(
                Bar(bar.name, bar.value, bar.text, bar.value_low, bar.value_high, bar.is_focus)
                for bar in row.bars
            ),
        )
        for row in shown
    )
    note = f"{left} more with less disagreement are in the table." if left else ""
    return BarChart("Conversions by model", panels, note) if panels else None


def _counts_chart(title: str, counts: Sequence[dict[str, Any]]) -> BarChart | None:
    bars = tuple(
        Bar(
            row["label"], row["conversions"],
            f"{plain(Decimal(row['conversions']))} ({row['share'] * 100:.0f} %)", is_focus=True,
        )
        for row in counts
    )  # fmt: skip
    return BarChart(title, (BarPanel("Conversions", bars),)) if bars else None


def _heat_chart(page: BoardPage, filters: BoardFilters) -> HeatChart | None:
    rows = tuple(
        (
            row.label,
            tuple(HeatCell(_times(cell.roas), cell.level / _STRONGEST) for cell in row.cells),
        )
        for row in page.heat
    )
    note = (
        f"By {filters.focus.name if filters.focus else ''}. A channel's spend is split by where its"
        " touches came from."
    )
    if not rows:
        return None
    return HeatChart("ROAS by channel and country", tuple(page.countries), rows, note)


def _money(value: Decimal | None, currency: str) -> str:
    return "–" if value is None else money(value, currency)


def _times(value: Decimal | float | None) -> str:
    return "–" if value is None else times(value)


def _one_place(value: float | None) -> str:
    return "–" if value is None else plain(Decimal(str(round(value, 1))))
