"""What the noise is like, found by turns with the most likely curves."""

from __future__ import annotations

import numpy as np

from campaigns.engine.response.baseline import Calendar
from campaigns.engine.response.posterior import Baseline, Noise, Posterior
from campaigns.engine.response.sampling import top
from campaigns.engine.response.series import Series
from campaigns.engine.response.transforms import FloatArray

LIKENESSES = np.arange(0.0, 0.95, 0.1)
KNOT_SDS = np.array([0.01, 0.02, 0.04, 0.08, 0.16])
FIRST_NOISE = Noise(0.3, 0.04, 0.1)
ROUNDS = 3
ROUND_SEARCH, LAST_SEARCH = 12, 40


def likely_noise(series: Series, calendar: Calendar, rest: FloatArray, sd: float) -> Noise:
    """Find the likeness of steps and the restlessness of the level that explain a path best.

    Parameters
    ----------
    series, calendar : of the fit
    rest : (n_steps,) outcome less the channels' response, in mean outcomes
    sd : first guess of the noise, in mean outcomes

    Returns
    -------
    noise with the greatest marginal likelihood among LIKENESSES × KNOT_SDS
    """
    best, found = -np.inf, FIRST_NOISE
    for likeness in LIKENESSES:
        for knot_sd in KNOT_SDS:
            baseline = Baseline(calendar, series.controls, Noise(likeness, knot_sd, sd))
            squares = float(baseline.unexplained(rest[:, None])[0][0])
            value = -0.5 * len(rest) * np.log(squares) - baseline.log_size
            if value > best:
                best = value
                left = float(np.sqrt(squares / len(rest)))
                found = Noise(float(likeness), float(knot_sd), left)
    return found


def settle(series: Series, calendar: Calendar) -> tuple[Posterior, FloatArray]:
    """Noise and the most likely curves by turns, until they agree.

    Parameters
    ----------
    series : with an outcome that varies and some spend
    calendar : of the series

    Returns
    -------
    the posterior given the noise, (4 · n_channels,) its top
    """
    posterior = Posterior(series, calendar, FIRST_NOISE)
    point = posterior.centre.ravel()
    for _ in range(ROUNDS):
        point = top(posterior.value_and_slope, posterior.precision, point, ROUND_SEARCH)
        rest = posterior.rest(point[None])[:, 0]
        noise = likely_noise(series, calendar, rest, posterior.baseline.noise.sd)
        posterior = Posterior(series, calendar, noise)
    point = top(posterior.value_and_slope, posterior.precision, point, LAST_SEARCH)
    return posterior, point
