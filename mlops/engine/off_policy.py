"""What another policy would have earned, estimated from what was logged under this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]

LEVEL: Final = 0.95
LEAST_ROUNDS: Final = 30
# Rounds that are left in effect once weights are unequal; fewer say next to nothing.
LEAST_EFFECTIVE: Final = 15.0
# Of the other policy's choices, the share that this one never made.
MOST_UNCOVERED: Final = 0.05
_SLACK = 1e-9


class NoSupportError(ValueError):
    """The log says too little of the other policy; the text says what is missing."""


@dataclass(frozen=True)
class Log:
    """Choices that were made, each with the probability with which it was, in rounds.

    A round is what is alike for both policies (the figures that both saw); rounds are independent.
    A unit is a choice made in it. Where one choice was drawn in a round it has weight 1; where a
    sum of money was spread, each arm is a unit with the share of the money that it got as weight,
    and that share is also its propensity: a unit of money went there with that probability.

    Attributes
    ----------
    round_of : (n_units,) index of the round, 0 to n_rounds − 1
    weight : (n_units,) share of its round, above 0
    reward : (n_units,) what it brought, per unit of the round
    propensity : (n_units,) probability of the choice under the policy that logged, in (0, 1]
    target : (n_units,) probability of the same choice under the other policy, in [0, 1]
    predicted : (n_units,) reward that a model expected of the choice, made without its outcome
    predicted_target : (n_rounds,) reward that the model expects under the other policy
    uncovered : (n_rounds,) probability, under the other policy, of choices that could not be logged
    """

    round_of: npt.NDArray[np.int64]
    weight: FloatArray
    reward: FloatArray
    propensity: FloatArray
    target: FloatArray
    predicted: FloatArray
    predicted_target: FloatArray
    uncovered: FloatArray

    def __post_init__(self) -> None:
        """Refuse what no policy can have logged.

        Raises
        ------
        ValueError : names the field
        """
        units, rounds = len(self.round_of), len(self.predicted_target)
        for name in ("weight", "reward", "propensity", "target", "predicted"):
            if len(getattr(self, name)) != units:
                raise ValueError(f"{name} has {len(getattr(self, name))} units, not {units}")
        if len(self.uncovered) != rounds:
            raise ValueError(f"uncovered has {len(self.uncovered)} rounds, not {rounds}")
        if units and not 0 <= self.round_of.min() <= self.round_of.max() < rounds:
            raise ValueError(f"round_of names rounds beyond the {rounds} that there are")
        for name, values in (("weight", self.weight), ("propensity", self.propensity)):
            if not ((values > 0) & (values <= 1 + _SLACK)).all():
                raise ValueError(f"{name} must be above 0 and at most 1")
        if not ((self.target >= 0) & (self.target <= 1 + _SLACK)).all():
            raise ValueError("target must be from 0 to 1")

    @property
    def rounds(self) -> int:
        """Number of rounds."""
        return len(self.predicted_target)

    @property
    def ratio(self) -> FloatArray:
        """(n_units,) how much more often the other policy makes the choice."""
        return self.target / self.propensity

    def per_round(self, values: FloatArray) -> FloatArray:
        """Sum (n_units,) values, times their weights, by round."""
        sums = np.bincount(self.round_of, self.weight * values, minlength=self.rounds)
        return np.asarray(sums, dtype=np.float64)

    @property
    def effective_rounds(self) -> float:
        """Rounds of equal weight that would say as much (Kish)."""
        squares = float(self.per_round(self.ratio**2).sum())
        return float(self.per_round(self.ratio).sum()) ** 2 / squares if squares else 0.0


@dataclass(frozen=True)
class Estimate:
    """A value with its interval."""

    value: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies in the interval."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Evaluation:
    """What another policy would have brought per round, estimated in three ways.

    Attributes
    ----------
    logged : what the policy that logged brought
    ips : by inverse propensities
    snips : the same, normalised by its own weights
    doubly_robust : by a model, its errors weighed by inverse propensities
    gain, ips_gain, snips_gain : of the doubly robust estimate and of the two others over what was
        logged, round by round
    rounds, effective_rounds : how many there are, and how many they are worth
    uncovered : share of the other policy's choices that were never logged
    """

    logged: Estimate
    ips: Estimate
    snips: Estimate
    doubly_robust: Estimate
    gain: Estimate
    ips_gain: Estimate
    snips_gain: Estimate
    rounds: int
    effective_rounds: float
    uncovered: float


def evaluate(log: Log, *, level: float = LEVEL) -> Evaluation:
    """Estimate what the other policy would have brought.

    Parameters
    ----------
    log : choices with both policies' probabilities
    level : of the intervals, which rest on the spread between rounds (Student's t)

    Raises
    ------
    NoSupportError : too few rounds, too few in effect, or choices that were never logged

    References
    ----------
    Horvitz, Thompson (1952), JASA 47(260). Swaminathan, Joachims (2015), The Self-Normalized
    Estimator for Counterfactual Learning. Dudík, Langford, Li (2011), Doubly Robust Policy
    Evaluation and Learning, eq. 3.
    """
    _require_support(log)
    ratio = log.ratio
    weighted, mass = log.per_round(ratio * log.reward), log.per_round(ratio)
    robust = log.predicted_target + log.per_round(ratio * (log.reward - log.predicted))
    logged = log.per_round(log.reward)
    ratio_of_sums = float(weighted.sum() / mass.sum())
    # Linearised: the ratio of two means moves as this mean does.
    normalised = ratio_of_sums + (weighted - ratio_of_sums * mass) / mass.mean()
    return Evaluation(
        logged=_estimate(logged, level),
        ips=_estimate(weighted, level),
        snips=_estimate(normalised, level),
        doubly_robust=_estimate(robust, level),
        gain=_estimate(robust - logged, level),
        ips_gain=_estimate(weighted - logged, level),
        snips_gain=_estimate(normalised - logged, level),
        rounds=log.rounds,
        effective_rounds=log.effective_rounds,
        uncovered=float(log.uncovered.mean()),
    )


def _require_support(log: Log) -> None:
    if log.rounds < LEAST_ROUNDS:
        raise NoSupportError(
            f"There are {log.rounds} rounds whose outcome is known; {LEAST_ROUNDS} are the least."
        )
    uncovered = float(log.uncovered.mean())
    if uncovered > MOST_UNCOVERED:
        raise NoSupportError(
            f"{100 * uncovered:.0f} % of what the other policy would do was never done, so nobody"
            f" can know what it brings; {100 * MOST_UNCOVERED:.0f} % is the most."
        )
    if log.effective_rounds < LEAST_EFFECTIVE:
        raise NoSupportError(
            f"The policies differ so much that {log.rounds} rounds say as much as"
            f" {log.effective_rounds:.0f}; {LEAST_EFFECTIVE:.0f} are the least."
        )


def _estimate(values: FloatArray, level: float) -> Estimate:
    mean, error = float(values.mean()), float(values.std(ddof=1)) / float(np.sqrt(len(values)))
    width = float(special.stdtrit(len(values) - 1, (1 + level) / 2)) * error
    return Estimate(mean, mean - width, mean + width)
