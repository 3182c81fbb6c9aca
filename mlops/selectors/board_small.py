"""The ML dashboards for a narrow screen: small charts of each channel, from the stored rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from campaigns.selectors.channels import Channels, channels_of
from mlops.selectors.boards import Board, rows_of
from workspaces.boards import NOTHING, Column
from workspaces.charts import LineChart, line_chart
from workspaces.models import Workspace

_WIDE: Final = 320
_HIGH: Final = 90
_WHOLE: Final = 100


@dataclass(frozen=True)
class _Bars:
    """What bars are drawn of: the value, what stands below it, the ends of its interval."""

    value: str
    note: str
    ends: tuple[str, ...] = ()

    @property
    def drawn(self) -> tuple[str, ...]:
        """All that the scale has to hold."""
        return (self.value, *self.ends)


_BARS: Final = {
    "roi-forecast": _Bars("roi_forecast", "{low} to {high}", ("low", "high")),
    "budget-recommendations": _Bars("recommended_budget", "{spend} in the last 30 days"),
}


@dataclass(frozen=True)
class SmallBar:
    """One channel's bar, in hundredths of the scale; its interval where there is one."""

    label: str
    text: str
    note: str
    x: float
    width: float
    is_below: bool
    ends: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Small:
    """What a narrow screen shows of a dashboard: bars, or lines of each channel."""

    bars: tuple[SmallBar, ...] = ()
    charts: tuple[LineChart, ...] = ()
    channels: tuple[str, ...] = ()  # of the charts


@dataclass(frozen=True)
class _Scale:
    """Hundredths of the width, from the least to the greatest value and always with zero."""

    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float | None]) -> _Scale:
        """The scale that holds some values."""
        known = [0.0, *(value for value in values if value is not None)]
        return cls(min(known), max(known))

    def place(self, value: float | None) -> float | None:
        """Where a value stands."""
        if value is None:
            return None
        return _WHOLE * (value - self.least) / ((self.most - self.least) or 1.0)


def small_of(workspace: Workspace, board: Board) -> Small:
    """Read it: the rows and the names of channels, two queries."""
    rows, names = list(rows_of(workspace, board)), channels_of(workspace)
    if board.has_days:
        lines = list(_lines(board, rows, names))
        return Small(charts=tuple(one for _, one in lines), channels=tuple(of for of, _ in lines))
    drawn = [row for row in rows if _number(row, _BARS[board.name].value) is not None]
    return Small(bars=tuple(_bars(board, drawn, names, workspace.currency)))


def _bars(board: Board, rows: list[Any], names: Channels, currency: str) -> Iterator[SmallBar]:
    form = _BARS[board.name]
    scale = _Scale.of(_number(row, name) for row in rows for name in form.drawn)
    zero = scale.place(0.0) or 0.0
    for row in rows:
        said = {column.name: column.text(row, currency) for column in board.columns}
        end = scale.place(_number(row, form.value)) or 0.0
        note = form.note.format(**said)
        yield SmallBar(
            label=names.label(row.channel),
            text=said[form.value],
            note="" if NOTHING in note else note,
            x=min(zero, end),
            width=abs(end - zero),
            is_below=end < zero,
            ends=tuple(scale.place(_number(row, name)) for name in form.drawn[1:]),
        )


def _lines(board: Board, rows: list[Any], names: Channels) -> Iterator[tuple[str, LineChart]]:
    """Of each channel the actual and the predicted line of both figures."""
    days = sorted({row.date for row in rows})
    found = {(row.channel, row.date): row for row in rows}
    figures = list(zip(board.columns[::2], board.columns[1::2], strict=True))
    for channel in dict.fromkeys(row.channel for row in rows):
        own = [found.get((channel, day)) for day in days]
        for actual, predicted in figures:
            drawn = line_chart(
                title=f"{names.label(channel)}: {actual.label}",
                days=days,
                values=[_value(row, actual) for row in own],
                beside=[_value(row, predicted) for row in own],
                suffix="" if actual.kind == "count" else " %",
                width=_WIDE,
                height=_HIGH,
            )
            yield channel, drawn


def _number(row: Any, name: str) -> float | None:
    known = getattr(row, name)
    return None if known is None else float(known)


def _value(row: Any, column: Column) -> float | None:
    known = None if row is None else _number(row, column.name)
    return known if known is None or column.kind == "count" else _WHOLE * known
