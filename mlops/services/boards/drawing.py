"""The four charts of a batch, in both themes. Loads matplotlib: call it in a worker only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, get_args

import numpy as np

from campaigns.ledger import changes_by_channel
from mlops.engine.boards.pictures.shapes import (
    BudgetShare,
    Caption,
    FloatArray,
    ForecastBar,
    Lines,
    Measure,
    ThemeName,
)
from mlops.engine.boards.walk_forward import Walk
from mlops.models import BoardType
from mlops.selectors.board_days import SHOWN_DAYS, TYPICAL_DAYS, BoardDays
from mlops.services.boards.predicting import Predicted
from mlops.services.boards.wording import basis_of, count_text, money_text, points
from workspaces.formats import share
from workspaces.models import Workspace

#: More rows of panels than a screen shows; the tables have all channels.
MOST_DRAWN: Final = 8
_SHOWN: Final = slice(-SHOWN_DAYS, None)
_EACH_DAY: Final = "Each day is predicted from the days before it alone."


@dataclass(frozen=True)
class Picture:
    """A drawn chart, and what it shows in words."""

    type: BoardType
    theme: ThemeName
    png: bytes
    summary: str


@dataclass(frozen=True)
class _Chart:
    type: BoardType
    summary: str
    draw: Callable[[ThemeName], bytes]


def draw(*, workspace: Workspace, days: BoardDays, predicted: Predicted) -> Iterator[Picture]:
    """Draw all charts that have something to show, light and dark."""
    makers = (_roi_forecast, _roi_timeseries, _reach_ctr, _budget)
    for make in makers:
        chart = make(workspace, days, predicted)
        if chart is None:
            continue
        for theme in get_args(ThemeName):
            yield Picture(chart.type, theme, chart.draw(theme), chart.summary)


def _roi_forecast(workspace: Workspace, days: BoardDays, predicted: Predicted) -> _Chart | None:
    from mlops.engine.boards.pictures.forecast import forecast_png

    bars = [
        ForecastBar(days.labels[place], found.roi, found.low, found.high)
        for place in _drawn(predicted)
        if (found := predicted.forecasts.get(place))
    ]
    if not bars:
        return None
    note = f"{basis_of(predicted.model_version)} {_reach_of(days, predicted)}"
    caption = Caption("Expected ROI by channel", workspace.name, note)
    said = "; ".join(f"{bar.label} {share(bar.roi)}{_interval(bar)}" for bar in bars)
    return _Chart(
        BoardType.ROI_FORECAST,
        f"Expected ROI: {said}.",
        partial(forecast_png, bars, caption, share),
    )


def _interval(bar: ForecastBar) -> str:
    return f" ({share(bar.low)} to {share(bar.high)})" if np.isfinite(bar.low) else ""


def _roi_timeseries(workspace: Workspace, days: BoardDays, predicted: Predicted) -> _Chart:
    from mlops.engine.boards.pictures.lines import lines_png

    roas = _ratio(days.value, days.known_spend)
    roi = _measure("ROI", predicted, roas - 1, predicted.roas.predicted - 1, share)
    rate = _ratio(days.conversions, days.known_clicks)
    conversion = _measure(
        "Conversion rate", predicted, rate, predicted.conversion.predicted,
        partial(share, digits=1),
    )  # fmt: skip
    title = "ROI and conversion rate by day: actual and predicted"
    note = f"{_EACH_DAY} {_errors('ROI', predicted.roas)}{_reach_of(days, predicted)}"
    marks = _changes(workspace, days, predicted)
    lines = Lines(days.days[_SHOWN], _labels(days, predicted), roi, conversion, marks)
    return _Chart(
        BoardType.ROI_TIMESERIES, _lines_summary(title, lines, note),
        partial(lines_png, lines, Caption(title, workspace.name, note)),
    )  # fmt: skip


def _reach_ctr(workspace: Workspace, days: BoardDays, predicted: Predicted) -> _Chart:
    from mlops.engine.boards.pictures.lines import lines_png

    people = np.where(days.reach > 0, days.reach, np.nan)
    reach = _measure(
        "Reach, people a day", predicted, people, predicted.reach.predicted, count_text
    )
    rate = _ratio(days.clicks, days.impressions)
    ctr = _measure("CTR", predicted, rate, predicted.ctr.predicted, partial(share, digits=2))
    title = "Reach and CTR by day: actual and predicted"
    note = f"{_EACH_DAY} {_errors('CTR', predicted.ctr, decimals=2)}{_reach_of(days, predicted)}"
    marks = _changes(workspace, days, predicted)
    lines = Lines(days.days[_SHOWN], _labels(days, predicted), reach, ctr, marks)
    return _Chart(
        BoardType.REACH_CTR_TIMESERIES, _lines_summary(title, lines, note),
        partial(lines_png, lines, Caption(title, workspace.name, note)),
    )  # fmt: skip


def _budget(workspace: Workspace, days: BoardDays, predicted: Predicted) -> _Chart:
    from mlops.engine.boards.pictures.budget import budget_png

    shares = [
        BudgetShare(days.labels[own.channel], float(own.spend), float(own.recommended))
        for own in predicted.shares[:MOST_DRAWN]
    ]
    money = partial(money_text, currency=workspace.currency)
    total = money_text(float(predicted.total), currency=workspace.currency)
    title = f"Recommended budget: {total} for {TYPICAL_DAYS} days"
    note = (
        "By predicted ROAS × predicted conversion rate; each channel at least 5 %. "
        f"{' '.join((*predicted.notes, _reach_of(days, predicted)))}"
    )
    said = "; ".join(
        f"{own.label} {money(own.wanted)} instead of {money(own.now)}" for own in shares
    )
    return _Chart(
        BoardType.BUDGET_RECOMMENDATIONS, f"{title}: {said}.",
        partial(budget_png, shares, Caption(title, workspace.name, note), money),
    )  # fmt: skip


def _drawn(predicted: Predicted) -> list[int]:
    return list(predicted.channels[:MOST_DRAWN])


def _labels(days: BoardDays, predicted: Predicted) -> tuple[str, ...]:
    return tuple(days.labels[place] for place in _drawn(predicted))


def _changes(
    workspace: Workspace, days: BoardDays, predicted: Predicted
) -> tuple[tuple[int, ...], ...]:
    """Places of the shown days on which ads of each drawn channel were changed."""
    shown = days.days[_SHOWN]
    found = changes_by_channel(workspace, {}, shown[0], shown[-1])
    return tuple(
        tuple(n for n, day in enumerate(shown) if day in found.get(days.channels[place], {}))
        for place in _drawn(predicted)
    )


def _measure(
    title: str,
    predicted: Predicted,
    actual: FloatArray,
    guess: FloatArray,
    write: Callable[[float], str],
) -> Measure:
    places = _drawn(predicted)
    return Measure(title, actual[_SHOWN][:, places], guess[_SHOWN][:, places], write)


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    ratio = np.full(above.shape, np.nan)
    np.divide(above, below, out=ratio, where=below > 0)
    return ratio


def _errors(what: str, walk: Walk, *, decimals: int = 0) -> str:
    known = ~np.isnan(walk.error)
    if not known.any():
        return ""
    ours, plain = float(walk.error[known].mean()), float(walk.plain_error[known].mean())
    return (
        f"{what} was off by {points(ours, decimals)} on average; the same weekday of the week"
        f" before by {points(plain, decimals)}. "
    )


def _reach_of(days: BoardDays, predicted: Predicted) -> str:
    """Say up to which day figures were read, and how many channels are left out of the picture."""
    until = f"Figures up to {days.days[-1]:%d %b %Y}.".replace(" 0", " ")
    if len(predicted.channels) <= MOST_DRAWN:
        return until
    return f"{until} Drawn: the {MOST_DRAWN} channels with the most spend."


def _lines_summary(title: str, lines: Lines, note: str) -> str:
    last = []
    for place, label in enumerate(lines.labels):
        said = [
            f"{measure.title} {measure.write(float(value))}"
            for measure in (lines.left, lines.right)
            if np.isfinite(value := measure.actual[-1, place])
        ]
        last.append(f"{label}: {', '.join(said) or 'nothing reported'}")
    return f"{title}. On {lines.days[-1]}: {'; '.join(last)}. {note}"
