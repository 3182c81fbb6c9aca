"""Expected ROI of each channel: bars with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mlops.engine.boards.pictures.shapes import Caption, ForecastBar, ThemeName, Write
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
from workspaces.reports.drawing import words

_BAR_IN: Final = 0.52
_SCALE_IN: Final = 0.5
_ROOM: Final = 0.015


def forecast_png(
    bars: Sequence[ForecastBar], caption: Caption, percent: Write, theme: ThemeName
) -> bytes:
    """Draw the channels one below the other, in the order given; values in percent."""
    height = TOP_IN + _BAR_IN * len(bars) + _SCALE_IN + FOOT_IN
    with canvas(caption, theme, height) as (figure, look):
        axes = figure.add_axes(
            (0.16, (FOOT_IN + _SCALE_IN) / height, 0.73, _BAR_IN * len(bars) / height)
        )
        _draw_bars(axes, bars, look)
        _write_values(axes, bars, percent, look)
        scale(axes, "x", percent, title="ROI: (value − spend) / spend; 0 % is break-even")
        # Not only the colour of one channel: the swatch stands for all of them.
        swatch = Patch(color=look.calm)
        ends = Line2D([], [], color=look.ink, linewidth=1.6, marker="|", markersize=8)
        legend(figure, [swatch, ends], ["expected ROI", "80 % interval"], look, height)
        return png_of(figure)


def _draw_bars(axes: Axes, bars: Sequence[ForecastBar], look: Look) -> None:
    labels = [words(folded(bar.label)) for bar in bars]
    sns.barplot(
        x=[bar.roi for bar in bars], y=labels, hue=labels, palette=look.colours(len(bars)),
        orient="h", width=0.62, saturation=1, legend=False, errorbar=None, ax=axes,
    )  # fmt: skip
    for place, bar in enumerate(bars):
        if np.isfinite(bar.low):
            axes.plot(
                [bar.low, bar.high], [place, place], color=look.ink, linewidth=1.6, marker="|",
                markersize=9, markeredgewidth=1.6,
            )  # fmt: skip
    axes.axvline(0, color=look.muted, linewidth=1)


def _write_values(axes: Axes, bars: Sequence[ForecastBar], percent: Write, look: Look) -> None:
    ends = [np.nanmax([bar.roi, bar.high, 0.0]) for bar in bars]
    low = min(np.nanmin([bar.roi, bar.low, 0.0]) for bar in bars)
    wide = max(max(ends) - low, 0.1)
    axes.set_xlim(low - 0.03 * wide, max(ends) + 0.03 * wide)
    for place, (bar, end) in enumerate(zip(bars, ends, strict=True)):
        write(axes, end + _ROOM * wide, place, percent(bar.roi), look.ink, is_bold=True)
