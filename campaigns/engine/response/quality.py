"""How well curves foretell, and the points of a chart that shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from campaigns.engine.response.baseline import EXPECTED_LEVEL, Calendar
from campaigns.engine.response.model import Quality, ResponseModel
from campaigns.engine.response.noise import LAST_SEARCH
from campaigns.engine.response.posterior import OPENING_DAYS, Posterior
from campaigns.engine.response.sampling import top
from campaigns.engine.response.series import WEEK, Series
from campaigns.engine.response.transforms import FloatArray, carryover, response

HELD_OUT_SHARE = 0.15
LEAST_HELD_OUT, MOST_HELD_OUT = 7, 56
CHART_POINTS = 41
FARTHEST = 2.0
CHART_DRAWS = 200
BAND = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class ChannelCurve:
    """One channel's curve with its figures, to be drawn.

    Attributes
    ----------
    channel : name
    spend : (n_points,) money per step, from nothing to twice the greatest adstock
    low, middle, high : (n_points,) units per step at that spend kept up, P10, P50, P90
    data_spend : (n_steps,) adstock of each step of the figures, in money
    data_units : (n_steps,) what is left of the outcome for the channel: its own response by the
        middle curve plus the step's error; may lie below 0
    """

    channel: str
    spend: FloatArray
    low: FloatArray
    middle: FloatArray
    high: FloatArray
    data_spend: FloatArray
    data_units: FloatArray


def expected(posterior: Posterior, point: FloatArray, series: Series, start: int) -> FloatArray:
    """Foretell the later steps of a series by the most likely curves.

    Parameters
    ----------
    posterior : fitted on the steps before start
    point : (4 · n_channels,) its top
    series : the longer one, with the spend and controls of the steps to foretell
    start : first step to foretell

    Returns
    -------
    (n_steps − start,) units
    """
    theta = point.reshape(-1, 4)
    decay, half, slope = 1 / (1 + np.exp(-theta[:, 1])), np.exp(theta[:, 2]), np.exp(theta[:, 3])
    stock = carryover(series.spend / posterior.usual, decay, posterior.before)
    paid = response(stock, np.exp(theta[:, 0]), half, slope).sum(axis=1)
    rest = posterior.rest(point[None])
    weights = posterior.baseline.coefficients(rest, np.zeros(1), None)[0]
    columns = posterior.calendar.columns(start, series.steps, series.controls[start:])
    level = columns @ weights + EXPECTED_LEVEL
    return np.asarray(posterior.scale * np.maximum(paid[start:] + level, 0.0))


def held_out(series: Series, posterior: Posterior, point: FloatArray, *, mixing: float) -> Quality:
    """Fit again without the last steps and foretell them.

    Parameters
    ----------
    series : all of it
    posterior, point : of the fit on all of it; the new search starts there, the noise is kept
    mixing : of the chains

    Returns
    -------
    errors over at most 8 weeks, at most 15 % of the steps
    """
    held = int(np.clip(HELD_OUT_SHARE * series.steps, LEAST_HELD_OUT, MOST_HELD_OUT))
    start = series.steps - held
    early = series.part(0, start)
    actual = series.outcome[start:]
    again = Posterior(early, Calendar.of(early), posterior.baseline.noise)
    best = top(again.value_and_slope, again.precision, point, LAST_SEARCH)
    told = expected(again, best, series, start)
    week = WEEK if series.step_days == 1 else 1
    naive = np.resize(series.outcome[start - week : start], held)
    inside = posterior.rest(point[None])
    squares, _ = posterior.baseline.unexplained(inside)
    spread = float(((posterior.outcome - posterior.outcome.mean()) ** 2).sum())
    return Quality(
        steps=held,
        mape=_mape(actual, told),
        naive_mape=_mape(actual, naive),
        total_error=float(told.sum() / actual.sum() - 1) if actual.any() else None,
        r_squared=1 - float(squares[0]) / spread,
        likeness=posterior.baseline.noise.likeness,
        mixing=mixing,
    )


def _mape(actual: FloatArray, told: FloatArray) -> float | None:
    counted = actual > 0
    if not counted.any():
        return None
    return float(np.mean(np.abs(told[counted] / actual[counted] - 1)))


def contributions(model: ResponseModel, series: Series) -> FloatArray:
    """Sum what each channel brought over all steps of the figures.

    Parameters
    ----------
    model : the curves
    series : the figures they were fitted on

    Returns
    -------
    (n_draws, n_channels) units
    """
    return np.asarray(_paths(model, series)[1].sum(axis=0))


def _paths(model: ResponseModel, series: Series) -> tuple[FloatArray, FloatArray]:
    """Adstock in usual spends and response in units; (n_steps, n_draws, n_channels) each."""
    decay = 1 / (1 + np.exp(-model.curves[..., 1]))
    half, slope = np.exp(model.curves[..., 2]), np.exp(model.curves[..., 3])
    spent = (series.spend / model.usual)[:, None, :]
    opening = spent[: OPENING_DAYS // series.step_days].mean(axis=0)
    stock = carryover(spent, decay, opening)
    units = response(stock, np.exp(model.curves[..., 0]), half, slope)
    return stock, np.asarray(model.scale * units)


def curves_with_data(model: ResponseModel, series: Series) -> tuple[ChannelCurve, ...]:
    """Gather what a chart of each channel shows.

    Parameters
    ----------
    model : the curves
    series : the figures they were fitted on

    Returns
    -------
    one per channel, in the order of the model
    """
    few = model.thinned(CHART_DRAWS)
    stock, paths = _paths(few, series)
    columns = few.calendar.columns(0, series.steps, series.controls)
    level = few.scale * columns @ few.baseline.T
    error = series.outcome - (paths.sum(axis=2) + level).mean(axis=1)
    return tuple(
        _channel_curve(few, number, stock[..., number].mean(axis=1), paths[..., number], error)
        for number in range(len(few.channels))
    )


def _channel_curve(
    model: ResponseModel, number: int, stock: FloatArray, paths: FloatArray, error: FloatArray
) -> ChannelCurve:
    shares = np.linspace(0.0, FARTHEST, CHART_POINTS) * max(float(stock.max()), 1.0)
    spend = np.outer(shares, model.usual)
    low, middle, high = np.quantile(model.steady(spend)[..., number], BAND, axis=1)
    return ChannelCurve(
        channel=model.channels[number],
        spend=spend[:, number],
        low=low,
        middle=middle,
        high=high,
        data_spend=stock * model.usual[number],
        data_units=paths.mean(axis=1) + error,
    )
