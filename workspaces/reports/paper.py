"""Reports as PDF: A4 lying, the question on every first page, tables broken where they must."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Final

from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from workspaces.reports.drawing import INK, LINE, MUTED, draw, font, words
from workspaces.reports.shapes import Cell, Chart, Report, Table

PAGE_IN: Final = (11.69, 8.27)
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.6, 11.09, 7.75, 0.6
_LINE_IN: Final = 0.155
_GAP_IN: Final = 0.07
_ROOM: Final = 150  # signs of eight points across a page
_WIDEST: Final = 60
_NARROWEST: Final = 6

Page = Callable[[Figure], None]


def pdf_of(report: Report) -> bytes:
    """The whole report; the same report gives the same bytes."""
    target = BytesIO()
    pages = list(pages_of(report))
    facts = {"Title": report.title, "Creator": "Countersign", "CreationDate": report.made_at}
    with PdfPages(target, metadata=facts) as document:
        for number, page in enumerate(pages, start=1):
            figure = Figure(figsize=PAGE_IN)
            FigureCanvasPdf(figure)
            page(figure)
            _foot(figure, report, number, len(pages))
            document.savefig(figure)
    return target.getvalue()


def pages_of(report: Report) -> Iterator[Page]:
    """Cover, tables, charts: each can be drawn into an empty figure."""
    yield partial(_cover, report=report)
    for table in report.tables:
        yield from (partial(_table, table=table, part=part) for part in parts_of(table))
    yield from (partial(_chart, chart=chart) for chart in report.charts)


@dataclass(frozen=True)
class Column:
    """Where a column stands, in inches, and how many signs fit into it."""

    at: float
    signs: int
    is_text: bool


@dataclass(frozen=True)
class Part:
    """Rows of a table that fit on one page, wrapped, under its head."""

    head: list[list[str]]
    rows: list[list[list[str]]]
    columns: list[Column]
    is_first: bool


def columns_of(table: Table) -> list[Column]:
    """Widths by what stands in a column; the widest give way until all fit."""
    cells = [table.head, *table.rows]
    signs = [
        min(max(_NARROWEST, *(len(_text(row[n])) for row in cells)), _WIDEST)
        for n in range(len(table.head))
    ]
    while sum(signs) + 2 * len(signs) > _ROOM and max(signs) > _NARROWEST:
        signs[signs.index(max(signs))] -= 1
    sign_in = (_RIGHT - _LEFT) / _ROOM
    columns, at = [], _LEFT
    for n, width in enumerate(signs):
        is_text = n in table.texts
        columns.append(Column(at if is_text else at + width * sign_in, width, is_text))
        at += (width + 2) * sign_in
    return columns


def parts_of(table: Table) -> Iterator[Part]:
    """Break a table into pages."""
    columns = columns_of(table)
    head = _wrapped(table.head, columns)
    room, rows, is_first = _room(head), list[list[list[str]]](), True
    for row in (_wrapped(row, columns) for row in table.rows):
        if rows and _height(row) > room:
            yield Part(head, rows, columns, is_first)
            room, rows, is_first = _room(head), [], False
        rows.append(row)
        room -= _height(row)
    yield Part(head, rows, columns, is_first)


def _room(head: list[list[str]]) -> float:
    return _TOP - _BOTTOM - 0.7 - _height(head)


def _wrapped(row: Sequence[Cell], columns: Sequence[Column]) -> list[list[str]]:
    return [
        textwrap.wrap(_text(cell), column.signs) or [""]
        for cell, column in zip(row, columns, strict=True)
    ]


def _height(row: list[list[str]]) -> float:
    return max(len(lines) for lines in row) * _LINE_IN + _GAP_IN


def _text(cell: Cell) -> str:
    return "–" if cell is None else str(cell)


def _cover(figure: Figure, *, report: Report) -> None:
    _write(figure, _LEFT, _TOP, report.title, 20, is_bold=True)
    _write(figure, _LEFT, _TOP - 0.32, report.workspace, 11, colour=MUTED)
    y = _TOP - 0.85
    for name, value in report.filters:
        _write(figure, _LEFT, y, name, 10, colour=MUTED)
        _write(figure, _LEFT + 1.7, y, value, 10)
        y -= 0.24
    y -= 0.35
    for place, (name, value) in enumerate(report.figures):
        x, row = _LEFT + (place % 4) * 2.65, place // 4
        _write(figure, x, y - row * 0.95, name, 9, colour=MUTED)
        _write(figure, x, y - row * 0.95 - 0.33, value, 17, is_bold=True)
    y -= (len(report.figures) + 3) // 4 * 0.95 + 0.1
    for note in report.notes:
        for line in textwrap.wrap(note, 135):
            _write(figure, _LEFT, y, line, 9, colour=MUTED)
            y -= 0.19


def _table(figure: Figure, *, table: Table, part: Part) -> None:
    title = table.title if part.is_first else f"{table.title}, continued"
    _write(figure, _LEFT, _TOP, title, 13, is_bold=True)
    y = _row(figure, part.head, part.columns, _TOP - 0.35, is_bold=True)
    _rule(figure, y)
    for row in part.rows:
        y = _row(figure, row, part.columns, y)
    if table.note:
        _write(figure, _LEFT, _BOTTOM - 0.1, table.note, 8, colour=MUTED)


def _row(
    figure: Figure,
    row: list[list[str]],
    columns: Sequence[Column],
    y: float,
    *,
    is_bold: bool = False,
) -> float:
    """Write one row from ``y`` downwards; returns where the next one begins."""
    for column, lines in zip(columns, row, strict=True):
        for place, line in enumerate(lines):
            _write(
                figure, column.at, y - place * _LINE_IN, line, 7.5, is_bold=is_bold,
                align="left" if column.is_text else "right",
            )  # fmt: skip
    return y - _height(row)


def _chart(figure: Figure, *, chart: Chart) -> None:
    _write(figure, _LEFT, _TOP, chart.title, 13, is_bold=True)
    if chart.note:
        _write(figure, _LEFT, _BOTTOM - 0.1, chart.note, 8, colour=MUTED)
    width, height = PAGE_IN
    room = (
        _LEFT / width,
        (_BOTTOM + 0.15) / height,
        (_RIGHT - _LEFT) / width,
        (_TOP - _BOTTOM - 0.35) / height,
    )
    figure.set_layout_engine(ConstrainedLayoutEngine(rect=room))
    draw(chart, figure)


def _foot(figure: Figure, report: Report, number: int, count: int) -> None:
    made = f"{report.title} · {report.workspace} · {report.made_at:%Y-%m-%d %H:%M %Z}"
    _write(figure, _LEFT, 0.3, made, 7.5, colour=MUTED)
    _write(figure, _RIGHT, 0.3, f"{number} / {count}", 7.5, colour=MUTED, align="right")


def _rule(figure: Figure, y: float) -> None:
    width, height = PAGE_IN
    at = (y + _LINE_IN * 0.9) / height
    figure.add_artist(Line2D([_LEFT / width, _RIGHT / width], [at, at], color=LINE, linewidth=0.8))


def _write(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    is_bold: bool = False,
    colour: str = INK,
    align: str = "left",
) -> None:
    """Text at a place in inches from the lower left corner."""
    width, height = PAGE_IN
    figure.text(
        x / width, y / height, words(text), color=colour, ha=align,
        fontproperties=font(size, is_bold=is_bold),
    )  # fmt: skip
