"""What becomes of a practice: proven, to be tested, to be looked at again, given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np

from experiments.engine.practices.evidence import LEAST_LIFT, Estimate
from experiments.engine.practices.traits import FloatArray
from experiments.engine.words import percent

State = Literal[
    "hypothesis", "supported", "to_test", "rejected", "validated", "review", "deprecated"
]
AGAIN_AFTER: Final = timedelta(days=30)
SUPPORTED, TO_TEST = 0.7, 0.4
#: Fewer pieces than this say nothing about a rank.
LEAST_PIECES: Final = 20


@dataclass(frozen=True)
class Verdict:
    """A state, and why in a sentence."""

    state: State
    why: str


def rank_correlation(closeness: FloatArray, outcome: FloatArray) -> float | None:
    """Spearman's correlation between keeping a rule and doing well; ``None``: nothing can be said.

    Parameters
    ----------
    closeness : (n,) in [0, 1], NaN where it is not known
    outcome : (n,) the rate or value that is to be high

    Raises
    ------
    ValueError : the two differ in length
    """
    if closeness.shape != outcome.shape:
        raise ValueError(f"closeness and outcome differ: {closeness.shape} and {outcome.shape}")
    known = np.isfinite(closeness) & np.isfinite(outcome)
    left, right = closeness[known], outcome[known]
    if left.size < LEAST_PIECES or np.ptp(left) == 0 or np.ptp(right) == 0:
        return None
    from scipy.stats import spearmanr  # takes a second to load: few processes need it

    return float(spearmanr(left, right).statistic)


def judge_hypothesis(correlation: float | None) -> Verdict:
    """Hold what comes from outside against the workspace's own data."""
    if correlation is None:
        return Verdict("to_test", "Your own data does not say: a test is planned.")
    said = f"In your own data it goes with success by {correlation:.2f} (rank correlation)"
    if correlation > SUPPORTED:
        return Verdict("supported", f"{said}: supported.")
    if correlation >= TO_TEST:
        return Verdict("to_test", f"{said}: worth a test.")
    return Verdict("rejected", f"{said}: too little to go by.")


def judge_tested(
    estimate: Estimate, *, recent: Sequence[float], was_validated: bool, is_due: bool
) -> Verdict:
    """Judge a practice by its tests.

    ``recent`` are the effects of tests since it was last validated; a proven practice that is due
    again falls when they are below nothing, and is looked at when they are below 5 %.
    """
    if was_validated and is_due and recent:
        mean = sum(recent) / len(recent)
        if mean < 0:
            return Verdict("deprecated", f"Newer tests say {percent(mean)}: it no longer holds.")
        if mean < LEAST_LIFT:
            return Verdict("review", f"Newer tests say only {percent(mean)}: look at it again.")
    if estimate.is_proven:
        return Verdict(
            "validated",
            f"{_tests(estimate.tests)}, {estimate.units:,} people: {percent(estimate.effect)} "
            f"[{percent(estimate.low)}, {percent(estimate.high)}].",
        )
    if was_validated and estimate.effect < 0:
        return Verdict("deprecated", f"All tests together say {percent(estimate.effect)}.")
    if estimate.high < 0:
        return Verdict("rejected", f"Tests say {percent(estimate.effect)}: it does harm.")
    return Verdict("to_test", f"{_tests(estimate.tests)} so far do not prove it.")


def _tests(count: int) -> str:
    return f"{count} independent test" + ("" if count == 1 else "s")


def due_on(checked_on: date) -> date:
    """When a validated practice is looked at again."""
    return checked_on + AGAIN_AFTER
