"""Recommended budget: the shares as a ring, and the amounts beside what was spent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from mlops.engine.boards.pictures.shapes import BudgetShare, Caption, ThemeName, Write
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
from workspaces.reports.drawing import font, words

_BAR_IN: Final = 0.62
_SCALE_IN: Final = 0.45
_RING_IN: Final = 2.7
# Narrower slices have no room for their figure.
_LEAST_WRITTEN: Final = 0.06


def budget_png(
    shares: Sequence[BudgetShare], caption: Caption, money: Write, theme: ThemeName
) -> bytes:
    """Draw the ring on the left and a pair of bars for each channel on the right."""
    inside = max(_BAR_IN * len(shares) + _SCALE_IN, _RING_IN)
    height = TOP_IN + inside + FOOT_IN
    with canvas(caption, theme, height) as (figure, look):
        foot = FOOT_IN / height
        ring = figure.add_axes((0.01, foot, 0.3, inside / height))
        _draw_ring(ring, shares, money, look)
        bars = figure.add_axes(
            (0.46, foot + _SCALE_IN / height, 0.44, (inside - _SCALE_IN) / height)
        )
        _draw_bars(bars, shares, money, look)
        scale(bars, "x", money, ticks=4)
        handles = [Patch(color=look.accent), Patch(color=look.line, ec=look.calm)]
        names = ["recommended (the channel's colour)", "spent in the last 30 days"]
        legend(figure, handles, names, look, height)
        return png_of(figure)


def _draw_ring(axes: Axes, shares: Sequence[BudgetShare], money: Write, look: Look) -> None:
    total = sum(share.wanted for share in shares)
    _, _, percents = axes.pie(
        [share.wanted for share in shares], colors=look.colours(len(shares)), startangle=90,
        counterclock=False, pctdistance=0.81, radius=1.05,
        autopct=lambda pct: f"{pct:.0f} %" if pct >= _LEAST_WRITTEN * 100 else "",
        wedgeprops={"width": 0.42, "edgecolor": look.paper, "linewidth": 2},
    )  # fmt: skip
    for text in percents:
        text.set(color=look.paper, fontproperties=font(9, is_bold=True))
    write(axes, 0, 0.09, money(total), look.ink, size=11, is_bold=True, across="center")
    write(axes, 0, -0.12, "in all", look.muted, across="center")


def _draw_bars(axes: Axes, shares: Sequence[BudgetShare], money: Write, look: Look) -> None:
    labels = [words(folded(share.label)) for share in shares]
    sns.barplot(
        x=[share.wanted for share in shares], y=labels, hue=labels,
        palette=look.colours(len(shares)), orient="h", width=0.4, saturation=1, legend=False,
        errorbar=None, ax=axes,
    )  # fmt: skip
    places = range(len(shares))
    for bar in axes.patches:
        if isinstance(bar, Rectangle):
            bar.set_y(bar.get_y() - 0.18)
    axes.barh(
        [place + 0.2 for place in places], [share.now for share in shares], height=0.26,
        color=look.line, edgecolor=look.calm, linewidth=0.6,
    )  # fmt: skip
    longest = max((max(share.now, share.wanted) for share in shares), default=0) or 1.0
    axes.set_xlim(0, longest * 1.02)
    for place, share in enumerate(shares):
        write(
            axes, share.wanted + 0.02 * longest, place - 0.18, money(share.wanted), look.ink,
            is_bold=True,
        )  # fmt: skip
        write(axes, share.now + 0.02 * longest, place + 0.2, money(share.now), look.muted, size=8)
