"""Two figures of each channel over days, actual and predicted: a row of panels for each channel."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from mlops.engine.boards.pictures.shapes import (
    Caption,
    FloatArray,
    Lines,
    Measure,
    ThemeName,
)
from mlops.engine.boards.pictures.style import (
    FOOT_IN,
    TOP_IN,
    Look,
    canvas,
    folded,
    legend,
    png_of,
    scale,
    write,
)

_ROW_IN: Final = 0.95
_GAP_IN: Final = 0.3
_HEAD_IN: Final = 0.3
_DATES_IN: Final = 0.3
_LEFTS: Final = (0.195, 0.63)
_WIDE: Final = 0.345
_DATES: Final = 4
# One day far off all others would press them into a straight line; it is cut, and the note says so.
_CUT: Final = 0.985
_CUT_ROOM: Final = 1.6


def lines_png(lines: Lines, caption: Caption, theme: ThemeName) -> bytes:
    """Draw a row of two panels for each channel, all over the same days."""
    rows = len(lines.labels)
    height = TOP_IN + _HEAD_IN + rows * (_ROW_IN + _GAP_IN) + _DATES_IN + FOOT_IN
    with canvas(caption, theme, height) as (figure, look):
        colours = look.colours(rows)
        for row, label in enumerate(lines.labels):
            top = TOP_IN + _HEAD_IN + row * (_ROW_IN + _GAP_IN)
            for left, measure in zip(_LEFTS, (lines.left, lines.right), strict=True):
                axes = figure.add_axes(
                    (left, 1 - (top + _ROW_IN) / height, _WIDE, _ROW_IN / height)
                )
                _draw(axes, measure, row, colours[row], look)
                for place in lines.changes[row] if lines.changes else ():
                    axes.axvline(place, **_mark(look))
                _date(axes, lines, is_last=row == rows - 1)
                if not row:
                    write(axes, 0, 1.24, measure.title, look.ink, is_bold=True, is_share=True)
                if left == _LEFTS[0]:
                    write(
                        axes, -0.47, 0.5, folded(label), colours[row], is_bold=True, is_share=True
                    )
        actual = Line2D([], [], color=look.calm, linewidth=1.4)
        predicted = Line2D([], [], color=look.accent, linewidth=1.8)
        told = {
            "actual": actual,
            "predicted from the days before (the channel's colour)": predicted,
        }
        if any(lines.changes):
            told["changes of its ads"] = Line2D([], [], **_mark(look))
        legend(figure, list(told.values()), list(told), look, height)
        return png_of(figure)


def _mark(look: Look) -> dict[str, Any]:
    """Draw a day with changes as a thin line behind those of the figures."""
    return {"color": look.muted, "linewidth": 0.8, "linestyle": (0, (2, 2)), "zorder": 1}


def _draw(axes: Axes, measure: Measure, row: int, colour: str, look: Look) -> None:
    days = np.arange(len(measure.actual))
    actual, predicted = measure.actual[:, row], measure.predicted[:, row]
    if np.isnan(actual).all():
        write(axes, 0.5, 0.5, "not reported", look.muted, is_share=True, across="center")
        axes.set_yticks([])
    else:
        # Plain lines: seaborn's own lineplot costs four times as much and draws the same.
        axes.plot(days, actual, color=look.calm, linewidth=1.2)
        axes.plot(days, predicted, color=colour, linewidth=1.6)
        axes.set_ylim(*_limits(actual, predicted))
        scale(axes, "y", measure.write, ticks=3)
    axes.set_xlim(0, len(days) - 1)
    sns.despine(ax=axes, left=True)


def _limits(actual: FloatArray, predicted: FloatArray) -> tuple[float, float]:
    known = np.concatenate([actual, predicted])
    known = known[~np.isnan(known)]
    low, usual, high = float(known.min()), float(np.quantile(known, _CUT)), float(known.max())
    top = high if high - low <= _CUT_ROOM * (usual - low) else usual + 0.1 * (usual - low)
    # What hardly moves is not blown up until its rounding shows.
    room = max(0.06 * (top - low), 0.05 * abs(top), 1e-6)
    return low - room, top + room


def _date(axes: Axes, lines: Lines, *, is_last: bool) -> None:
    places = np.linspace(0, len(lines.days) - 1, _DATES).round().astype(int)
    names = [f"{lines.days[place]:%d %b}".lstrip("0") if is_last else "" for place in places]
    axes.set_xticks(places, names)
    scale(axes, None, _no_words)
    first, *_, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")


def _no_words(_value: float) -> str:
    return ""
