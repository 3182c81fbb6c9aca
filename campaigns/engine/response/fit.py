"""Response curves of all channels at once, from one workspace's own figures."""

from __future__ import annotations

import numpy as np

from campaigns.engine.response import priors, thin
from campaigns.engine.response.baseline import EXPECTED_LEVEL, Calendar
from campaigns.engine.response.model import ChannelFacts, Quality, ResponseModel
from campaigns.engine.response.noise import settle
from campaigns.engine.response.posterior import Baseline, Noise, Posterior
from campaigns.engine.response.quality import held_out
from campaigns.engine.response.sampling import sample
from campaigns.engine.response.series import Series
from campaigns.engine.response.transforms import FloatArray

DRAWS = 1_000
RECENT_DAYS = 84
PRESENT_DAYS = 28
# Of the prior variance of a channel's log return that its figures must have taken away.
LEAST_LEARNED = 0.25
# Of a prior model: like that of a day of a small account.
PRIOR_NOISE = Noise(0.3, 0.04, 0.15)


def fit_response(series: Series, *, seed: int = 0, draws: int = DRAWS) -> ResponseModel:
    """Curves of all channels of a series, or the stated priors where it is too thin.

    The outcome is a baseline (a level that wanders, weekday, season of the year where it came
    again, controls) plus, for each channel, a Hill curve of its geometric adstock, plus noise that
    is alike from step to step. Returns are positive by their logarithm. The baseline is integrated
    out exactly; the four parameters of each channel are drawn by Hamiltonian Monte Carlo.

    Parameters
    ----------
    series : spend per channel and one outcome, no step missing
    seed : of the draws
    draws : to keep, 1 or more

    Returns
    -------
    model whose `source` is "prior", with the reasons, where the series as a whole is too thin, and
    whose facts say the same of single channels

    Raises
    ------
    NoOutcomeError : the outcome never happened
    ValueError : draws below 1

    References
    ----------
    Jin, Wang, Sun, Chan, Koehler (2017), Bayesian Methods for Media Mix Modeling with Carryover
    and Shape Effects, Google Inc. Chan, Perry (2017), Challenges and Opportunities in Media Mix
    Modeling, Google Inc. Zhang et al. (2023), Media Mix Model Calibration With Bayesian Priors
    (lognormal priors of returns). O'Hagan, Forster (2004), Bayesian Inference, ch. 11 (baseline).
    """
    if draws < 1:
        raise ValueError(f"draws is {draws}: keep at least 1")
    reasons = thin.whole_reasons(series)
    if reasons:
        return prior_model(series, reasons, seed=seed, draws=draws)
    rng = np.random.default_rng(seed)
    calendar = Calendar.of(series)
    posterior, point = settle(series, calendar)
    found = sample(posterior.value_and_slope, point, posterior.precision(point), rng)
    flat = found.values.reshape(-1, posterior.size)
    flat = flat[np.linspace(0, len(flat) - 1, draws).round().astype(int)]
    rest = posterior.rest(flat)
    squares, _ = posterior.baseline.unexplained(rest)
    noise = np.sqrt(squares / rng.chisquare(series.steps, draws))
    coefficients = posterior.baseline.coefficients(rest, noise, rng)
    return _model(
        series,
        calendar,
        facts=_facts(series, flat.reshape(draws, -1, 4)),
        curves=flat.reshape(draws, -1, 4),
        coefficients=coefficients,
        noise=noise,
        structure=posterior.baseline.noise,
        quality=held_out(series, posterior, point, mixing=found.worst_mixing),
        seed=seed,
    )


def prior_model(
    series: Series, reasons: tuple[str, ...], *, seed: int = 0, draws: int = DRAWS
) -> ResponseModel:
    """Curves drawn from the stated priors, sized by the mean outcome and the mean spends.

    Parameters
    ----------
    series : with some outcome
    reasons : why nothing is learnt from it
    seed : of the draws
    draws : 1 or more

    Returns
    -------
    model whose source is "prior"
    """
    rng = np.random.default_rng(seed)
    calendar = Calendar.of(series)
    channels = len(series.channels)
    root = np.linalg.cholesky(priors.covariance(channels))
    flat = priors.centre(series).ravel() + rng.standard_normal((draws, 4 * channels)) @ root.T
    # Whatever the level may be, the whole is the outcome that is seen.
    level = Baseline(calendar, series.controls, PRIOR_NOISE)
    noise = np.full(draws, PRIOR_NOISE.sd)
    rest = Posterior(series, calendar, PRIOR_NOISE).rest(flat)
    return _model(
        series,
        calendar,
        facts=tuple(ChannelFacts(name, "prior", 0.0, reasons[0]) for name in series.channels),
        curves=flat.reshape(draws, channels, 4),
        coefficients=level.coefficients(rest, noise, rng),
        noise=noise,
        structure=PRIOR_NOISE,
        quality=Quality.none(),
        seed=seed,
        reasons=reasons,
    )


def _facts(series: Series, curves: FloatArray) -> tuple[ChannelFacts, ...]:
    prior = priors.LOG_RETURN_SD**2 + priors.LOG_ALL_SD**2
    learned = np.clip(1 - curves[..., 0].var(axis=0) / prior, 0.0, 1.0)
    told = zip(series.channels, learned, thin.channel_reasons(series), strict=True)
    return tuple(_fact(name, float(share), reason) for name, share, reason in told)


def _fact(name: str, learned: float, reason: str) -> ChannelFacts:
    if not reason and learned < LEAST_LEARNED:
        reason = (
            f"The figures of {{{name}}} vary too little against the noise to say much of its"
            " response: its curve is mostly the stated prior."
        )
    return ChannelFacts(name, "prior" if reason else "fitted", learned, reason)


def _model(
    series: Series,
    calendar: Calendar,
    *,
    facts: tuple[ChannelFacts, ...],
    curves: FloatArray,
    coefficients: FloatArray,
    noise: FloatArray,
    structure: Noise,
    quality: Quality,
    seed: int,
    reasons: tuple[str, ...] = (),
) -> ResponseModel:
    coefficients[:, 0] += EXPECTED_LEVEL
    return ResponseModel(
        facts=facts,
        source="prior" if reasons else "fitted",
        reasons=reasons,
        scale=float(series.outcome.mean()),
        usual=priors.usual_spend(series),
        recent=series.spend[-RECENT_DAYS // series.step_days :],
        present=series.spend[-PRESENT_DAYS // series.step_days :].mean(axis=0),
        curves=curves,
        baseline=coefficients,
        noise=noise,
        likeness=structure.likeness,
        knot_sd=structure.knot_sd,
        calendar=calendar,
        quality=quality,
        seed=seed,
    )
