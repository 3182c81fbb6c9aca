"""Colours, letters and the canvas that all pictures share; of matplotlib, without ``pyplot``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from typing import Any, Final, Literal

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

from mlops.engine.boards.pictures.shapes import Caption, ThemeName, Write
from workspaces.reports.drawing import font, words

Side = Literal["x", "y"]

WIDTH_IN: Final = 10.0
DPI: Final = 120
# Inches above the axes for title, line below it and legend; and below them for the note.
TOP_IN: Final = 0.95
FOOT_IN: Final = 0.55
_SIDE_IN: Final = 0.25
_NOTE_SIGNS: Final = 160
_NAME_SIGNS: Final = 15
_COLOURS: Final = 200


@dataclass(frozen=True)
class Look:
    """Colours of a theme: those of the pages' cards, and one for each channel."""

    paper: str
    ink: str
    muted: str
    line: str
    calm: str
    accent: str
    channels: tuple[str, ...]

    def colours(self, count: int) -> list[str]:
        """One for each channel, from the first again where there are more."""
        return [self.channels[n % len(self.channels)] for n in range(count)]


LOOKS: Final[dict[ThemeName, Look]] = {
    "light": Look(
        "#ffffff", "#101828", "#4a5565", "#e5e7eb", "#99a1af", "#8200db",
        ("#8200db", "#0f766e", "#c2410c", "#1d4ed8", "#be185d", "#4d7c0f", "#a16207", "#475569"),
    ),
    "dark": Look(
        "#101828", "#f3f4f6", "#99a1af", "#364153", "#6a7282", "#c27aff",
        ("#c27aff", "#2dd4bf", "#fb923c", "#60a5fa", "#f472b6", "#a3e635", "#facc15", "#cbd5e1"),
    ),
}  # fmt: skip


@contextmanager
def canvas(caption: Caption, theme: ThemeName, height_in: float) -> Iterator[tuple[Figure, Look]]:
    """Open a figure in seaborn's white style and our colours, with its words around it."""
    look = LOOKS[theme]
    rules: dict[str, Any] = {
        "axes.edgecolor": look.line, "axes.labelcolor": look.muted, "axes.facecolor": look.paper,
        "grid.color": look.line, "text.color": look.ink, "xtick.color": look.muted,
        "ytick.color": look.muted, "grid.linewidth": 0.6, "patch.edgecolor": look.paper,
    }  # fmt: skip
    # Whole pixels, or the last row is half of one.
    height_in = ceil(height_in * DPI) / DPI
    with mpl.rc_context(sns.axes_style("white", rc=rules)):
        figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, facecolor=look.paper)
        _write_around(figure, caption, look, height_in)
        yield figure, look


def _write_around(figure: Figure, caption: Caption, look: Look, height_in: float) -> None:
    left = _SIDE_IN / WIDTH_IN
    figure.text(
        left, 1 - 0.22 / height_in, words(caption.title), va="top", color=look.ink,
        fontproperties=font(14, is_bold=True),
    )  # fmt: skip
    figure.text(
        1 - left, 1 - 0.26 / height_in, words(caption.workspace), va="top", ha="right",
        color=look.accent, fontproperties=font(10, is_bold=True),
    )  # fmt: skip
    figure.text(
        left, 0.14 / height_in, words(_folded(caption.note)), va="bottom", color=look.muted,
        fontproperties=font(8.5), linespacing=1.35,
    )  # fmt: skip


def _folded(note: str) -> str:
    """Fold a note into two lines at most."""
    if len(note) <= _NOTE_SIGNS:
        return note
    first = note.rfind(" ", 0, _NOTE_SIGNS)
    rest = note[first + 1 :]
    return f"{note[:first]}\n{rest if len(rest) <= _NOTE_SIGNS else rest[: _NOTE_SIGNS - 1] + '…'}"


def folded(name: str) -> str:
    """Write a channel's name in two lines where it is long."""
    lines = textwrap.wrap(name, _NAME_SIGNS, max_lines=2, placeholder="…")
    return "\n".join(lines)


def write(
    axes: Axes, x: float, y: float, text: str, colour: str, *, size: float = 9.5,
    is_bold: bool = False, is_share: bool = False, across: str = "left",
) -> None:  # fmt: skip
    """Write at a place: of the axes' own figures, or as shares of their width and height."""
    axes.text(
        x, y, words(text), color=colour, ha=across, va="center", clip_on=False,
        fontproperties=font(size, is_bold=is_bold),
        transform=axes.transAxes if is_share else axes.transData,
    )  # fmt: skip


def legend(
    figure: Figure, handles: Sequence[Any], names: Sequence[str], look: Look, height_in: float
) -> None:
    """Place one legend for the whole picture, in the line below its title."""
    figure.legend(
        handles, [words(name) for name in names], loc="upper left", ncols=len(names),
        bbox_to_anchor=((_SIDE_IN - 0.08) / WIDTH_IN, 1 - 0.52 / height_in), frameon=False,
        prop=font(9), labelcolor=look.muted, handlelength=1.6, columnspacing=1.6, borderpad=0.2,
    )  # fmt: skip


def scale(axes: Axes, side: Side | None, texts: Write, *, ticks: int = 6, title: str = "") -> None:
    """Write the values of one side, with lines through the axes; all letters become ours."""
    sides: dict[Side, Axis] = {"x": axes.xaxis, "y": axes.yaxis}
    for name, axis in sides.items():
        if name == side:
            axis.set_major_locator(MaxNLocator(ticks))
            axis.set_major_formatter(FuncFormatter(lambda value, _place: words(texts(value))))
            axes.grid(axis=name)
        for label in axis.get_ticklabels():
            label.set_fontproperties(font(8.5 if name == side else 9.5))
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.set_xlabel(title, fontproperties=font(8.5))
    axes.set_ylabel("")
    sns.despine(ax=axes, left=True, bottom=True)


def png_of(figure: Figure) -> bytes:
    """Bytes of a figure; the same figure gives the same bytes.

    A palette makes a third of the bytes: the pictures of every batch are stored.
    """
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]  # the library's
    drawn_on = canvas.buffer_rgba()  # type: ignore[no-untyped-call]  # the library's
    drawn = Image.fromarray(np.asarray(drawn_on)).convert("RGB")
    few = drawn.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    target = BytesIO()
    few.save(target, format="png")
    return target.getvalue()
