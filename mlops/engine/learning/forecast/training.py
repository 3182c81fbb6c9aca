"""Training and judging forecasters over rolling origins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mlops.engine.learning import metrics
from mlops.engine.learning.campaign_days import Panel
from mlops.engine.learning.drift import CALIBRATION, REFERENCE, calibration_groups, reference_of
from mlops.engine.learning.forecast import KIND, smoothing
from mlops.engine.learning.forecast.intervals import learn_widths
from mlops.engine.learning.forecast.model import (
    METHODS,
    ForecastModel,
    Method,
    Net,
    smoothed_all,
)
from mlops.engine.learning.forecast.net import Scales
from mlops.engine.learning.forecast.references import MSTL, NAIVE, NAMES, references
from mlops.engine.learning.forecast.watched import results_of_week, watched
from mlops.engine.learning.forecast.windows import (
    AHEAD_DAYS,
    LEAST_DAYS,
    QUANTILES,
    TARGETS,
    Origins,
    Windows,
    ahead_of,
    naive_errors,
    origins_of,
    squeezed,
    stretched,
    target_days,
    windows_of,
)
from mlops.engine.learning.shapes import JUDGED_FROM, FloatArray, TooFewError, Trained
from workspaces import formats

#: Of the seasonal naive forecast's error and of MSTL's; shares that intervals may cover.
AGAINST_NAIVE: Final = 0.8
AGAINST_MSTL: Final = 1.05
COVERED: Final = (0.76, 0.84)
_WEEK: Final = 7
_CHOOSING_DAYS: Final = 14
_STOPPING_DAYS: Final = 7
_MANY_DAYS: Final = 120
#: Days that are learnt from at least.
_FIRST_DAYS: Final = 7
_MOST_ROWS: Final = 40_000
_FEWEST: Final = 30
_FURTHEST_BACK: Final = 365


@dataclass(frozen=True)
class Settings:
    """How a training goes."""

    seed: int = 0
    epochs: int = 60  # at most
    patience: int = 6
    judged_series: int = 40  # ETS and MSTL are fitted to so many at most
    progress: Callable[[float], None] = lambda share: None


@dataclass(frozen=True)
class Plan:
    """First days ahead, by what they are for: none of a part sees a day of a later part."""

    learning: npt.NDArray[np.int64]
    stopping: npt.NDArray[np.int64]
    choosing: npt.NDArray[np.int64]
    judging: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """Rows of a part of the plan, with what came."""

    origins: Origins
    windows: Windows
    ahead: FloatArray

    @property
    def came(self) -> FloatArray:
        """(rows, targets, 7) what came, squeezed."""
        return squeezed(self.ahead, self.windows.scale)


def plan_of(days: int) -> Plan:
    """Divide the days of a panel.

    Raises
    ------
    TooFewError : they are
    """
    tests = 4 if days >= _MANY_DAYS else 3
    judging = days - _WEEK * np.arange(tests, 0, -1)
    choosing = np.arange(judging[0] - AHEAD_DAYS - _CHOOSING_DAYS, judging[0] - AHEAD_DAYS) + 1
    stopping = np.arange(choosing[0] - AHEAD_DAYS - _STOPPING_DAYS, choosing[0] - AHEAD_DAYS) + 1
    last = int(stopping[0]) - AHEAD_DAYS
    lacking = LEAST_DAYS + _FIRST_DAYS - 1 - last
    if lacking > 0:
        raise TooFewError(
            f"{days} days are known; {days + lacking} are needed to learn from some and judge on"
            " others. Take a longer time."
        )
    return Plan(np.arange(LEAST_DAYS, last + 1), stopping, choosing, judging)


def train(panel: Panel, settings: Settings | None = None, plan: Plan | None = None) -> Trained:
    """Learn to forecast, choose by newer days, judge on the newest.

    Smoothing, a net upon it, and the mean of both are compared on days that neither learnt from;
    the best one is judged on later ones against last value, seasonal naive, ETS and MSTL.

    Parameters
    ----------
    panel : of campaigns
    settings : seed, epochs, series to judge on and a call for progress (0 to 1)
    plan : which days are for what, else by `plan_of`

    Raises
    ------
    TooFewError : days or campaigns
    """
    settings = settings or Settings()
    targets, plan = target_days(panel), plan or plan_of(panel.days.size)
    learning = _part(panel, targets, _thinned(plan.learning, len(panel)))
    stopping, choosing = (_part(panel, targets, days) for days in (plan.stopping, plan.choosing))
    _check_amount(learning, choosing)
    models = _fitted(learning, stopping, settings)
    settings.progress(0.6)
    errors = {
        name: mase(model.forecast(choosing.windows)[..., 1], choosing, targets)
        for name, model in models.items()
    }
    chosen = min(METHODS, key=lambda name: errors[name])
    told = models[chosen].squeezed(choosing.windows)
    model = _with(models[chosen], learn_widths(told, choosing.came))
    judging = _judged(_part(panel, targets, plan.judging), settings)
    found = measures(model.forecast(judging.windows), judging, targets)
    plain = _plain(judging, targets, settings)
    is_better, verdict = judge(found, plain, chosen)
    return Trained(
        kind=KIND,
        artefact=model.artefact(),
        features=model.features,
        levels=model.levels,
        metrics=found,
        baselines=plain,
        is_better=is_better,
        verdict=verdict,
        card={
            **_card(model, errors, models, judging, targets),
            JUDGED_FROM: str(panel.days[plan.judging[0]]),
            **_watched(learning, model, judging),
        },
        seed=settings.seed,
        rows=len(learning.origins),
        held_out=len(judging.origins),
    )


def judge(
    found: dict[str, float], plain: dict[str, dict[str, float]], method: str
) -> tuple[bool, str]:
    """Say whether it errs enough less than the naive, no more than MSTL, and its intervals hold."""
    error, naive, mstl = found["mase"], plain[NAIVE]["mase"], plain[MSTL]["mase"]
    told = (
        f"{method[0].upper()}{method[1:]}: MASE {error:.3f}; {NAIVE} {naive:.3f}, {MSTL} {mstl:.3f}"
    )
    if error > AGAINST_NAIVE * naive:
        return False, (
            f"{told}. It must be {formats.share(1 - AGAINST_NAIVE)} below the {NAIVE} forecast."
        )
    if error > AGAINST_MSTL * mstl:
        return False, f"{told}. It may be {formats.share(AGAINST_MSTL - 1)} above {MSTL} at most."
    if not COVERED[0] <= found["coverage"] <= COVERED[1]:
        return False, (
            f"{told}. Its 80 % intervals hold {formats.share(found['coverage'])} of what came."
        )
    return True, f"{told}. Its 80 % intervals hold {formats.share(found['coverage'])} of what came."


def measures(told: FloatArray, part: Part, targets: FloatArray) -> dict[str, float]:
    """Measures of (rows, targets, 7, 3) forecasts; MASE and coverage decide."""
    middle, some = told[..., 1], part.ahead > 0
    off = np.abs(middle - part.ahead)
    apart = [slice(n, n + 1) for n in range(len(TARGETS))]
    return {
        "mase": mase(middle, part, targets),
        "coverage": _covered(told, part.ahead),
        "mape": float(np.mean(off[some] / part.ahead[some])),
        **{
            f"mase_{name}": mase(middle[:, own], part, targets, own)
            for name, own in zip(TARGETS, apart, strict=True)
            if _is_known(part.ahead[:, own])
        },
        **{
            f"coverage_{name}": _covered(told[:, own], part.ahead[:, own])
            for name, own in zip(TARGETS, apart, strict=True)
            if _is_known(part.ahead[:, own])
        },
    }


def _is_known(ahead: FloatArray) -> bool:
    return not np.isnan(ahead).all()


def _covered(told: FloatArray, ahead: FloatArray) -> float:
    known = ~np.isnan(ahead)
    return metrics.coverage(ahead[known], told[..., 0][known], told[..., 2][known])


def mase(middle: FloatArray, part: Part, targets: FloatArray, chosen: slice = slice(None)) -> float:
    """Mean absolute error over that of repeating the week before, within each series' past.

    Parameters
    ----------
    middle : (rows, targets, 7) forecasts
    part : what came
    targets : (series, targets, days) of the panel
    chosen : targets that ``middle`` is of

    References
    ----------
    Hyndman and Koehler (2006), Int. J. of Forecasting 22(4), 679-688, eq. (8).
    """
    off = _mean(np.abs(middle - part.ahead[:, chosen]))
    ratio = off / naive_errors(targets[:, chosen], part.origins)
    found = ratio[np.isfinite(ratio)]
    return float(found.mean()) if found.size else float("inf")


def _fitted(learning: Part, stopping: Part, settings: Settings) -> dict[Method, ForecastModel]:
    from mlops.engine.learning.forecast import net_training

    drawn, came = learning.windows.scaled, learning.came
    parameters = tuple(
        smoothing.choose(drawn[:, n], came[:, n], settings.seed) for n in range(len(TARGETS))
    )
    settings.progress(0.2)
    scales = Scales.learn(learning.windows.inputs)
    known, stop = (
        net_training.Sample(
            scales(part.windows.inputs), smoothed_all(part.windows, parameters), part.came
        )
        for part in (learning, stopping)
    )
    weights = net_training.train(
        known, stop, seed=settings.seed, epochs=settings.epochs, patience=settings.patience
    )
    net, widths = Net(weights, scales), np.ones((len(TARGETS), AHEAD_DAYS, 2))
    return {
        "smoothing": ForecastModel("smoothing", parameters, widths),
        "LSTM": ForecastModel("LSTM", parameters, widths, net),
        "mean of both": ForecastModel("mean of both", parameters, widths, net),
    }


def _with(model: ForecastModel, widths: FloatArray) -> ForecastModel:
    return ForecastModel(model.method, model.parameters, widths, model.net)


def _plain(judging: Part, targets: FloatArray, settings: Settings) -> dict[str, dict[str, float]]:
    """Measures of the plain forecasts, each of which sees all days before its own."""
    shape = (*judging.ahead.shape, len(QUANTILES))
    told = {name: np.zeros(shape) for name in NAMES}
    rows = zip(judging.origins.series, judging.origins.origin, strict=True)
    for row, (series, origin) in enumerate(rows):
        past = targets[series, :, max(0, origin - _FURTHEST_BACK) : origin]
        drawn = squeezed(past, judging.windows.scale[row])
        for target, history in enumerate(drawn):
            if (~np.isnan(history)).sum() < LEAST_DAYS:
                for forecasts in told.values():
                    forecasts[row, target] = np.nan
                continue
            for name, forecast in references(history).items():
                told[name][row, target] = forecast
        settings.progress(0.6 + 0.4 * (row + 1) / len(judging.origins))
    scale = judging.windows.scale
    return {
        name: measures(
            np.stack([stretched(one[..., n], scale) for n in range(3)], axis=-1), judging, targets
        )
        for name, one in told.items()
    }


def _part(panel: Panel, targets: FloatArray, days: npt.NDArray[np.int64]) -> Part:
    origins = origins_of(panel, days)
    return Part(origins, windows_of(origins.rows), ahead_of(targets, origins))


def _judged(part: Part, settings: Settings) -> Part:
    """Rows of no more series than ETS and MSTL can be fitted to, of which there are days enough."""
    series = np.unique(part.origins.series)
    if series.size > settings.judged_series:
        rng = np.random.default_rng(settings.seed)
        series = rng.choice(series, settings.judged_series, replace=False)
    # Of what was never seen nobody can be asked to forecast it.
    seen = (~np.isnan(part.windows.history)).sum(axis=2) >= LEAST_DAYS
    chosen = np.isin(part.origins.series, series)
    ahead = np.where(seen[:, :, None], part.ahead, np.nan)
    return _where(Part(part.origins, part.windows, ahead), chosen)


def _where(part: Part, chosen: npt.NDArray[np.bool_]) -> Part:
    origins = part.origins.where(chosen)
    return Part(origins, windows_of(origins.rows), part.ahead[chosen])


def _thinned(days: npt.NDArray[np.int64], series: int) -> npt.NDArray[np.int64]:
    """As many days as give rows enough, spread evenly."""
    step = -(-days.size * series // _MOST_ROWS)
    return days[::-1][::step][::-1]


def _mean(values: FloatArray) -> FloatArray:
    """Mean of what is known of the last axis; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    found: FloatArray = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return found


def _card(
    model: ForecastModel,
    errors: dict[Method, float],
    models: dict[Method, ForecastModel],
    judging: Part,
    targets: FloatArray,
) -> dict[str, Any]:
    return {
        "what": f"{', '.join(TARGETS)} of the next {AHEAD_DAYS} days: low, middle and high.",
        "method": model.method,
        "error_when_chosen": errors,
        "error_when_judged": {
            name: mase(one.forecast(judging.windows)[..., 1], judging, targets)
            for name, one in models.items()
        },
        "smoothing": {
            name: own.as_json() for name, own in zip(TARGETS, model.parameters, strict=True)
        },
        "series_judged": int(np.unique(judging.origins.series).size),
    }


def _watched(learning: Part, model: ForecastModel, judging: Part) -> dict[str, Any]:
    """Keep what drift and calibration are told by, in few figures."""
    told = model.forecast(judging.windows)[..., 1].reshape(len(judging.origins), -1)
    week = results_of_week(told)
    came = results_of_week(judging.ahead.reshape(told.shape))
    known = ~np.isnan(came)
    return {
        REFERENCE: reference_of(watched(learning.origins.rows), week),
        CALIBRATION: calibration_groups(came[known], week[known]),
    }


def _check_amount(learning: Part, choosing: Part) -> None:
    for name, part in (("to learn from", learning), ("to choose by", choosing)):
        if len(part.origins) < _FEWEST:
            raise TooFewError(
                f"{len(part.origins)} days of campaigns {name}: at least {_FEWEST} are needed on"
                " which a campaign spends and has been running for two weeks. Take a longer time."
            )
