"""Charts as figures and PNG, by matplotlib's objects.

``pyplot`` is never touched: it keeps figures for the whole process, and the web serves many people
from one. The font is the one that comes with matplotlib, so a file looks the same everywhere.
Import this where a file is made, not at the top of a page: matplotlib costs a web worker 40 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, singledispatch
from io import BytesIO
from math import ceil, nan
from pathlib import Path
from typing import Any, Final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, FigureBase
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.layout_engine import ConstrainedLayoutEngine

from workspaces.reports.shapes import Bar, BarChart, Chart, DaysChart, DotChart, HeatChart

ACCENT, CALM, INK, MUTED, LINE = "#7e22ce", "#c9b8dd", "#1f2937", "#6b7280", "#d1d5db"
WIDTH_IN: Final = 11.0
_DPI: Final = 144
_COLUMNS: Final = 3
# A panel's width is one: names, bars, and what is written behind them.
_LABEL_SHARE: Final = 0.34
_BAR_SHARE: Final = 0.48
_LABEL_SIGNS: Final = 19
_TITLE_SIGNS: Final = 42
_HEAD_ROWS: Final = 1.8
_MISSING: Final = "\u25a1"
_DARK: Final = 0.55  # strength from which white letters read better


def png_of(chart: Chart) -> bytes:
    """One chart with its title and note; the same chart gives the same bytes."""
    margins = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    figure = Figure(figsize=(WIDTH_IN, height_of(chart)), layout=margins)
    FigureCanvasAgg(figure)
    figure.suptitle(words(chart.title), fontproperties=font(13, is_bold=True), color=INK)
    draw(chart, figure)
    if chart.note:
        figure.supxlabel(words(chart.note), fontproperties=font(8), color=MUTED)
    target = BytesIO()
    # Without this the file says which version of matplotlib made it.
    figure.savefig(target, format="png", dpi=_DPI, metadata={"Software": None})
    return target.getvalue()


def height_of(chart: Chart) -> float:
    """Inches that a chart needs at the usual width."""
    if isinstance(chart, BarChart):
        longest = max((len(panel.bars) for panel in chart.panels), default=1)
        return 1.0 + _grid_rows(chart) * (0.5 + 0.19 * longest)
    if isinstance(chart, HeatChart):
        return 1.6 + 0.34 * len(chart.rows)
    if isinstance(chart, DaysChart):
        return 0.9 + 2.1 * ceil(len(chart.panels) / _COLUMNS)
    return 5.5


@cache
def font(size: float, *, is_bold: bool = False) -> FontProperties:
    """The font that comes with matplotlib, never one of the machine."""
    return FontProperties(fname=str(_font_file(is_bold=is_bold)), size=size)


def _font_file(*, is_bold: bool) -> Path:
    name = "DejaVuSans-Bold.ttf" if is_bold else "DejaVuSans.ttf"
    return Path(matplotlib.get_data_path(), "fonts", "ttf", name)


@cache
def _known() -> frozenset[int]:
    return frozenset(get_font(str(_font_file(is_bold=True))).get_charmap())


def words(text: str) -> str:
    """Text as it is drawn: dollars are no mathematics, signs that the font lacks are a box."""
    drawn = "".join(sign if ord(sign) in _known() or sign == "\n" else _MISSING for sign in text)
    return drawn.replace("$", r"\$")


@singledispatch
def draw(chart: Any, figure: FigureBase) -> None:
    """Draw a chart into a figure, or a part of one."""
    raise TypeError(f"{type(chart).__name__} is no chart that can be drawn")


def _grid_rows(chart: BarChart) -> int:
    return ceil(len(chart.panels) / min(_COLUMNS, len(chart.panels) or 1))


@draw.register
def _bars(chart: BarChart, figure: FigureBase) -> None:
    """All panels in one pair of axes: one pair for each takes twice as long."""
    columns = min(_COLUMNS, len(chart.panels) or 1)
    longest = max((len(panel.bars) for panel in chart.panels), default=1)
    bars = [bar for panel in chart.panels for bar in panel.bars]
    scale = _BAR_SHARE / (max((max(bar.value, bar.high or 0.0) for bar in bars), default=0) or 1)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(0, columns)
    axes.set_ylim(_grid_rows(chart) * (longest + _HEAD_ROWS), 0)
    for place, panel in enumerate(chart.panels):
        left, top = place % columns, place // columns * (longest + _HEAD_ROWS)
        title = _short(panel.title, _TITLE_SIGNS * _COLUMNS // columns)
        _sign(axes, left, top + 0.9, title, size=9, is_bold=True)
        _bar_panel(axes, panel.bars, left, top + _HEAD_ROWS, scale)


def _bar_panel(axes: Axes, bars: Sequence[Bar], left: float, top: float, scale: float) -> None:
    zero = left + _LABEL_SHARE
    places = [top + n + 0.4 for n in range(len(bars))]
    colours = [ACCENT if bar.is_focus else CALM for bar in bars]
    widths = [max(bar.value, 0.0) * scale for bar in bars]
    axes.barh(places, widths, left=zero, color=colours, height=0.7)
    axes.vlines(zero, top - 0.1, top + len(bars) - 0.1, color=LINE, linewidth=0.8)
    for place, bar, width in zip(places, bars, widths, strict=True):
        end = zero + max(width, (bar.high or 0.0) * scale) + 0.015
        _sign(axes, zero - 0.015, place, _short(bar.label, _LABEL_SIGNS), align="right")
        _sign(axes, end, place, bar.text)
    known = [
        (place, zero + bar.low * scale, zero + bar.high * scale)
        for place, bar in zip(places, bars, strict=True)
        if bar.low is not None and bar.high is not None
    ]
    if known:
        axes.hlines(*zip(*known, strict=True), color=INK, linewidth=1.0)


def _sign(
    axes: Axes, x: float, y: float, text: str, *, size: float = 8, is_bold: bool = False,
    align: str = "left",
) -> None:  # fmt: skip
    """Text at a place that is known, so the layout need not measure it."""
    axes.text(
        x, y, words(text), va="center", ha=align, color=INK, in_layout=False,
        fontproperties=font(size, is_bold=is_bold),
    )  # fmt: skip


def _short(text: str, signs: int) -> str:
    return text if len(text) <= signs else f"{text[: signs - 1]}…"


@draw.register
def _dots(chart: DotChart, figure: FigureBase) -> None:
    axes = figure.subplots()
    if chart.band:
        across, low, high = zip(*chart.band, strict=True)
        axes.fill_between(across, low, high, color=ACCENT, alpha=0.15, linewidth=0)
    if chart.now is not None:
        axes.axvline(chart.now, color=INK, linewidth=0.8, linestyle="--")
    axes.plot([x for x, _ in chart.dots], [y for _, y in chart.dots], "o", color=CALM)
    if chart.curve:
        axes.plot([x for x, _ in chart.curve], [y for _, y in chart.curve], color=ACCENT)
    axes.set_xlabel(words(chart.across), fontproperties=font(9), color=INK)
    axes.set_ylabel(words(chart.upwards), fontproperties=font(9), color=INK)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=min(0.0, *(y for _, y in chart.dots), 0.0))
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(font(8))
    axes.grid(color=LINE, linewidth=0.5)
    _frame(axes, left=True, bottom=True)


@draw.register
def _days(chart: DaysChart, figure: FigureBase) -> None:
    columns = min(_COLUMNS, len(chart.panels) or 1)
    grid = figure.subplots(max(1, ceil(len(chart.panels) / columns)), columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, panel in zip(grid.flat, chart.panels, strict=False):
        known = [value if value is not None else nan for value in panel.values]
        axes.set_axis_on()
        axes.plot(range(len(chart.days)), known, color=ACCENT, linewidth=1.2)
        if panel.band:
            low, high = zip(*(one or (nan, nan) for one in panel.band), strict=True)
            axes.fill_between(range(len(low)), low, high, color=ACCENT, alpha=0.2, linewidth=0)
        axes.set_title(words(panel.title), fontproperties=font(9, is_bold=True), loc="left")
        axes.set_ylim(bottom=min(0.0, *(value for value in known if value == value), 0.0))
        ends = (0, len(chart.days) - 1)
        axes.set_xticks(ends, [f"{chart.days[end]:%d %b %Y}" for end in ends])
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(font(7))
        axes.grid(axis="y", color=LINE, linewidth=0.5)
        _frame(axes, left=True, bottom=True)


@draw.register
def _heat(chart: HeatChart, figure: FigureBase) -> None:
    axes = figure.subplots()
    strengths = [[cell.strength for cell in cells] for _, cells in chart.rows]
    axes.imshow(strengths, cmap="Purples", vmin=0.0, vmax=1.2, aspect="auto")
    axes.set_xticks(
        range(len(chart.columns)), [words(name) for name in chart.columns], fontproperties=font(9)
    )
    axes.set_yticks(
        range(len(chart.rows)), [words(label) for label, _ in chart.rows], fontproperties=font(9)
    )
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for y, (_, cells) in enumerate(chart.rows):
        for x, cell in enumerate(cells):
            colour = "white" if cell.strength > _DARK else INK
            axes.text(
                x, y, words(cell.text), ha="center", va="center", color=colour,
                fontproperties=font(8),
            )  # fmt: skip
    _frame(axes)


def _frame(axes: Axes, *, left: bool = False, bottom: bool = False) -> None:
    for side, is_shown in {"left": left, "bottom": bottom, "top": False, "right": False}.items():
        axes.spines[side].set_visible(is_shown)
        axes.spines[side].set_color(LINE)
    axes.tick_params(color=LINE, labelcolor=INK)
