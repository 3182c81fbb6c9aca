"""What a plan will bring: deliveries, opens, clicks and complaints, with 80 % intervals.

Campaigns differ from each other more than chance would have it, so rates come from a
beta-binomial model over past campaigns, shrunk to defaults of the channel where these are few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

INTERVAL: Final = (0.1, 0.9)
MEASURES: Final = ("delivered", "opened", "clicked", "complained")
DRAWS: Final = 4_000
_SPREAD: Final = 0.8  # of a channel's true rate around its default, in logits
_LIKENESS_SPREAD: Final = 1.0  # of how alike campaigns are, in logarithms
_STEPS: Final = 61
_LIKENESSES: Final = np.exp(np.linspace(np.log(3), np.log(30_000), 25))


@dataclass(frozen=True)
class Default:
    """What is believed of a rate before there are data; ours, from experience, not measured.

    Attributes
    ----------
    rate : of the messages sent (delivered) or delivered (the others)
    likeness : how alike campaigns are, as the trials that one is worth (a + b of its beta)
    """

    rate: float
    likeness: float


def _defaults(
    delivered: float, opened: float | None, clicked: float, complained: float
) -> dict[str, Default]:
    found = {
        "delivered": Default(delivered, 60),
        "clicked": Default(clicked, 60),
        "complained": Default(complained, 1_500),
    }
    return found if opened is None else {**found, "opened": Default(opened, 30)}


# A channel without receipts of reading has no 'opened'.
DEFAULTS: Final = {
    "email": _defaults(0.97, 0.25, 0.03, 0.0004),
    "sms": _defaults(0.95, None, 0.06, 0.001),
    "whatsapp": _defaults(0.95, 0.70, 0.10, 0.001),
    "instagram": _defaults(0.93, 0.55, 0.08, 0.001),
    "facebook": _defaults(0.93, 0.50, 0.07, 0.001),
    "linkedin": _defaults(0.95, 0.45, 0.05, 0.0005),
    "twitter": _defaults(0.85, 0.40, 0.03, 0.002),
    "chat": _defaults(0.98, 0.60, 0.10, 0.0005),
}


@dataclass(frozen=True)
class Past:
    """Counts of past campaigns of a channel, the most alike first if they are chosen.

    Attributes
    ----------
    sent, delivered, opened, clicked, complained : (campaigns,) messages, each once
    """

    sent: IntArray
    delivered: IntArray
    opened: IntArray
    clicked: IntArray
    complained: IntArray


NO_PAST: Final = Past(*(np.zeros(0, dtype=np.int64),) * 5)


@dataclass(frozen=True)
class Expected:
    """A count to be expected.

    Attributes
    ----------
    mean : of the draws
    low, high : 80 % of such campaigns end between them
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Part:
    """What a plan sends on one channel."""

    channel: str
    recipients: int
    past: Past = NO_PAST


@dataclass(frozen=True)
class Forecast:
    """What a plan will bring.

    Attributes
    ----------
    parts : measure → count, in the order of the parts; a channel lacks what it cannot measure
    total : measure → count over all parts
    seed : of the draws
    """

    parts: tuple[Mapping[str, Expected], ...]
    total: Mapping[str, Expected]
    seed: int


def forecast(parts: Sequence[Part], *, seed: int, draws: int = DRAWS) -> Forecast:
    """Say what a plan will bring.

    Parameters
    ----------
    parts : a channel, its recipients and its past campaigns
    seed : of the draws
    draws : more are smoother

    Returns
    -------
    Forecast

    Raises
    ------
    ValueError : unknown channel, recipients below 0, counts that contradict each other
    """
    rng = np.random.default_rng(seed)
    drawn = [_part(part, draws, rng) for part in parts]
    total: dict[str, FloatArray] = {}
    for of_part in drawn:
        for measure, values in of_part.items():
            total[measure] = total.get(measure, np.zeros(draws)) + values
    return Forecast(
        tuple({measure: _expected(values) for measure, values in part.items()} for part in drawn),
        {measure: _expected(values) for measure, values in total.items()},
        seed,
    )


def _part(part: Part, draws: int, rng: np.random.Generator) -> dict[str, FloatArray]:
    defaults = DEFAULTS.get(part.channel)
    if defaults is None:
        raise ValueError(f"channel: {part.channel} is none of {', '.join(DEFAULTS)}")
    if part.recipients < 0:
        raise ValueError(f"recipients: {part.recipients}")
    past = part.past
    _check(past)
    rate = rate_draws(past.delivered, past.sent, defaults["delivered"], draws, rng)
    delivered = rng.binomial(part.recipients, rate)
    found = {"delivered": delivered.astype(np.float64)}
    for measure in MEASURES[1:]:
        if measure in defaults:
            events = getattr(past, measure)
            rate = rate_draws(events, past.delivered, defaults[measure], draws, rng)
            found[measure] = rng.binomial(delivered, rate).astype(np.float64)
    return found


def _check(past: Past) -> None:
    for measure in MEASURES:
        events = getattr(past, measure)
        tries = past.sent if measure == "delivered" else past.delivered
        if events.shape != tries.shape or events.ndim != 1:
            raise ValueError(f"{measure}: {events.shape} counts of {tries.shape}")
        if (events < 0).any() or (events > tries).any():
            raise ValueError(f"{measure}: counts are below 0 or more than there can be")


def rate_draws(
    events: IntArray, tries: IntArray, default: Default, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Draw the rate of a next campaign.

    The mean rate and the likeness of campaigns have a posterior over a grid (logit-normal and
    log-normal priors around the default); each draw takes one of both, then the campaign's rate.

    Parameters
    ----------
    events, tries : (campaigns,) counts of past ones
    default : belief before the data
    draws : how many
    rng : of the draws

    Returns
    -------
    (draws,) rates

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., section 5.3.
    """
    seen = tries > 0
    events, tries = events[seen], tries[seen]
    center = float(special.logit(default.rate))
    grid = np.linspace(center - 5 * _SPREAD, center + 5 * _SPREAD, _STEPS)
    for _ in range(2):  # coarse first, then where the posterior is
        weights = _posterior(grid, events, tries, default)
        of_rate = weights.sum(axis=1)
        mean = float(of_rate @ grid)
        width = max(float(np.sqrt(of_rate @ (grid - mean) ** 2)), (grid[1] - grid[0]) / 2)
        if _ == 0:
            grid = np.linspace(mean - 5 * width, mean + 5 * width, _STEPS)
    cell = rng.choice(weights.size, size=draws, p=weights.ravel())
    step = grid[1] - grid[0]
    logits = grid[cell // len(_LIKENESSES)] + rng.uniform(-0.5, 0.5, draws) * step
    likeness = _LIKENESSES[cell % len(_LIKENESSES)]
    mu = special.expit(logits)
    return np.asarray(rng.beta(mu * likeness, (1 - mu) * likeness), dtype=np.float64)


def _posterior(grid: FloatArray, events: IntArray, tries: IntArray, default: Default) -> FloatArray:
    """Weights of rate × likeness, adding up to one."""
    center = special.logit(default.rate)
    prior = (
        -0.5 * ((grid[:, None] - center) / _SPREAD) ** 2
        - 0.5 * (np.log(_LIKENESSES / default.likeness)[None, :] / _LIKENESS_SPREAD) ** 2
    )
    mu = special.expit(grid)[:, None, None]
    a, b = mu * _LIKENESSES[None, :, None], (1 - mu) * _LIKENESSES[None, :, None]
    likelihood = (
        special.betaln(a + events[None, None, :], b + (tries - events)[None, None, :])
        - special.betaln(a, b)
    ).sum(axis=2)
    log = prior + likelihood
    weights = np.exp(log - log.max())
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _expected(values: FloatArray) -> Expected:
    low, high = np.quantile(values, INTERVAL)
    return Expected(float(values.mean()), float(low), float(high))
