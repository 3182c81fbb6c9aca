"""The ML dashboards as the page shows them: cards with their tables, and one table in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy

from campaigns.selectors.channels import Channels, channels_of
from mlops.models import MLDashboard, SyncRun, Theme
from mlops.selectors.boards import BOARDS, Board, Standing, pictures_of, rows_of, shown_rows
from workspaces.boards import UP, Head, Place, heads_of
from workspaces.models import Workspace
from workspaces.periods import page_number
from workspaces.reports.shapes import Pairs, Table

PAGE_ROWS: Final = 45
Cells = list[tuple[str, str]]


@dataclass(frozen=True)
class Line:
    """One row: whose it is, of which day, and its figures in words."""

    label: str
    day: Any
    cells: Cells


@dataclass(frozen=True)
class Card:
    """One dashboard: its pictures and the rows behind them, of days the newest alone."""

    board: Board
    light: MLDashboard | None
    dark: MLDashboard | None
    lines: list[Line]

    @property
    def day(self) -> Any:
        """Day of the rows, where they are of days."""
        return self.lines[0].day if self.lines else None


@dataclass(frozen=True)
class Page:
    """All four, and how the sync behind them stands."""

    standing: Standing
    cards: list[Card]

    @property
    def has_figures(self) -> bool:
        """Whether the current batch has anything to show."""
        run = self.standing.current
        return run is not None and run.figures_until is not None


@dataclass(frozen=True)
class FullTable:
    """Rows of one dashboard in the order asked for, a page of them."""

    heads: list[Head]
    lines: list[Line]
    place: Place


def page_of(workspace: Workspace, standing: Standing) -> Page:
    """Read the four cards; three queries."""
    if standing.current is None:
        return Page(standing, [])
    names, pictures = channels_of(workspace), pictures_of(workspace)
    rows = shown_rows(workspace, standing.current)
    return Page(
        standing,
        [
            Card(
                board,
                pictures.get((board.type, Theme.LIGHT)),
                pictures.get((board.type, Theme.DARK)),
                [_line(board, row, names, workspace.currency) for row in rows[board.name]],
            )
            for board in BOARDS.values()
        ],
    )


def card_of(workspace: Workspace, board: Board) -> tuple[MLDashboard | None, MLDashboard | None]:
    """Light and dark picture of one."""
    pictures = pictures_of(workspace)
    return pictures.get((board.type, Theme.LIGHT)), pictures.get((board.type, Theme.DARK))


def _line(board: Board, row: Any, names: Channels, currency: str) -> Line:
    return Line(
        label=names.label(row.channel),
        day=row.date if board.has_days else None,
        cells=[(column.label, column.text(row, currency)) for column in board.columns],
    )


def table_of(workspace: Workspace, board: Board, given: Mapping[str, str]) -> FullTable:
    """Read a page of one dashboard's rows; ``sort`` names a column, ``page`` a page."""
    name, is_rising, rows = _sorted(workspace, board, given.get("sort", ""))
    asked = page_number(given.get("page", ""))
    place = Place.of(asked, size=PAGE_ROWS, total=rows.count())
    names, cut = channels_of(workspace), rows[place.start : place.start + place.size]
    texts = {"date": "Day", "key": "Channel"} if board.has_days else {"key": "Channel"}
    return FullTable(
        heads=heads_of(texts, board.columns, name, is_rising=is_rising),
        lines=[_line(board, row, names, workspace.currency) for row in cut],
        place=place,
    )


def _sorted(workspace: Workspace, board: Board, sort: str) -> tuple[str, bool, QuerySet[Any]]:
    """Rows in the order asked for: as stored, days newest first, where nothing is."""
    name, is_rising = sort.removesuffix(UP), sort.endswith(UP)
    rows = rows_of(workspace, board)
    known = {column.name for column in board.columns}
    if name == "key":
        column = "channel"
    elif name in known or (board.has_days and name == "date"):
        column = name
    elif board.has_days:
        name, is_rising, column = "date", False, "date"
    else:
        return "", False, rows
    order = OrderBy(F(column), descending=not is_rising, nulls_last=True)
    return name, is_rising, rows.order_by(order, "pk")


def sheet_of(workspace: Workspace, board: Board) -> Table:
    """All rows of a dashboard, for a file."""
    names, currency = channels_of(workspace), workspace.currency
    days = ("Day",) if board.has_days else ()
    return Table(
        title=board.title,
        head=(*days, "Channel", *(column.head(currency) for column in board.columns)),
        rows=tuple(
            (
                *((row.date.isoformat(),) if board.has_days else ()),
                names.label(row.channel),
                *(column.cell(row) for column in board.columns),
            )
            for row in rows_of(workspace, board)
        ),
        texts=frozenset({0, 1} if board.has_days else {0}),
    )


def words_of(workspace: Workspace, run: SyncRun | None) -> Pairs:
    """What a file's rows are of."""
    made_at = run.finished_at if run else None
    shown = f"{made_at.astimezone(workspace.zone):%Y-%m-%d %H:%M}" if made_at else "not yet"
    pairs = [("Workspace", workspace.name), ("Currency", workspace.currency), ("Made", shown)]
    if run and run.figures_until:
        pairs.append(("Figures up to", run.figures_until.isoformat()))
    return tuple(pairs)
