"""All that the attribution page shows of one question; its files show the same."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import partial
from typing import Any

from attribution.models import AttributionModel, CreditLevel, Touchpoint, channel_label
from attribution.selectors.board import Board, TooManyJourneysError, board_of, runs_of
from attribution.selectors.board_filters import BoardFilters
from attribution.selectors.board_rows import HeatRow, Row, heat_of, rows_of
from attribution.selectors.halo import HaloChart, HaloFound, chart_of, halo_of
from campaigns import metrics
from workspaces.formats import percent
from workspaces.models import Workspace


@dataclass(frozen=True)
class BoardPage:
    """The page's figures; shapes, countries and halo are those of its first level only."""

    board: Board
    before: Board | None
    rows: list[Row]
    change_words: str
    roas: Decimal | None
    share_converted: float | None
    paths: list[dict[str, Any]] = field(default_factory=list)
    lengths: list[dict[str, Any]] = field(default_factory=list)
    times: list[dict[str, Any]] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)
    heat: list[HeatRow] = field(default_factory=list)
    halo: HaloFound | None = None
    halo_chart: HaloChart | None = None

    @property
    def context(self) -> dict[str, Any]:
        """Everything by its name, for the template."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def page_of(workspace: Workspace, filters: BoardFilters) -> BoardPage | None:
    """Figures of a question; ``None`` where no touch of anybody is known.

    Raises
    ------
    TooManyJourneysError : it was not run, and is too much to count while somebody waits
    """
    if filters.focus is None:
        return None
    found = _boards(workspace, filters, filters.focus)
    if found is None:
        return None
    board, before = found
    around = _around(workspace, filters, board) if filters.level == CreditLevel.CHANNEL else {}
    return BoardPage(
        board=board,
        before=before,
        rows=rows_of(
            board, filters.focus, before=before, within=filters.within, channels=filters.channels
        ),
        change_words=_change(board, before),
        roas=None if board.cost is None else metrics.roas(board.revenue, board.cost),
        share_converted=board.conversions / board.journeys if board.journeys else None,
        **around,
    )


def _boards(
    workspace: Workspace, filters: BoardFilters, chosen: AttributionModel
) -> tuple[Board, Board | None] | None:
    """The period's board and that before it; ``None`` where nobody was touched at all."""
    period, of = filters.period, filters.conversion_type
    runs = runs_of(
        workspace=workspace, models=filters.models, level=filters.level, conversion_type=of,
        periods=[period, period.before] if filters.is_compared else [period],
    )  # fmt: skip
    names = {key: channel.name for key, channel in filters.channels.items()}
    ask = partial(
        board_of, workspace=workspace, level=filters.level, conversion_type=of, runs=runs,
        names=names,
    )  # fmt: skip
    focus = chosen if filters.level == CreditLevel.CHANNEL else None
    # A journey is of touches.
    is_known = any(run.journeys for run in runs)
    if not is_known and not Touchpoint.objects.filter(workspace=workspace).exists():
        return None
    board = ask(models=filters.models, period=period, focus=focus)
    if not filters.is_compared:
        return board, None
    try:
        before = ask(models=[chosen], period=period.before)
    except TooManyJourneysError:
        return board, None
    return board, before


def _change(board: Board, before: Board | None) -> str:
    if not before or not before.conversions:
        return ""
    change = Decimal(str((board.conversions / before.conversions - 1) * 100))
    return f"{percent(change)} against the period before"


def _around(workspace: Workspace, filters: BoardFilters, board: Board) -> dict[str, Any]:
    """What only the page's first level shows: shapes of journeys, countries, halo."""
    countries, heat = heat_of(board.regions)
    found = halo_of(workspace, filters.period)
    return {
        "paths": [
            {**path, "steps": [channel_label(name) for name in path["channels"]]}
            for path in board.shapes.get("paths", [])
        ],
        "lengths": _with_widths(board.shapes.get("lengths", [])),
        "times": _with_widths(board.shapes.get("times", [])),
        "countries": countries,
        "heat": heat,
        "halo": found,
        "halo_chart": chart_of(found),
    }


def _with_widths(counts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    most = max((row["conversions"] for row in counts), default=0) or 1
    total = sum(row["conversions"] for row in counts) or 1
    return [
        {**row, "width": 100 * row["conversions"] / most, "share": row["conversions"] / total}
        for row in counts
    ]
