"""What to do with a test now: ship, stop, or go on, by the rule signed at its start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from experiments.engine.statistics import GATE
from experiments.engine.verdicts import (
    Reading,
    Rule,
    does_harm,
    is_complete,
    is_settled,
    is_worse,
    suffers,
    toward_better,
    verdicts,
)

Action = Literal[
    "ship", "stop_harm", "stop_futility", "stop_time_up", "keep_running", "gated"
]  # fmt: skip


class Code(StrEnum):
    """Why; the words for people are made where they are shown."""

    SAMPLE_RATIO = "sample_ratio"  # units are not split as they should be: believe nothing
    PRIMARY_HARMED = "primary_harmed"  # the always-valid interval lies on the wrong side of 0
    GUARDRAIL_HARMED = "guardrail_harmed"  # that of a guardrail lies beyond what is tolerated
    TOO_FEW_UNITS = "too_few_units"
    TOO_FEW_DAYS = "too_few_days"
    BOUND_CLEARED = "bound_cleared"  # the always-valid interval lies on the right side of 0
    SHOWN_AT_PLANNED_SIZE = "shown_at_planned_size"
    BELOW_MINIMUM = "below_minimum"  # the always-valid interval excludes the effect worth having
    NOTHING_SHOWN = "nothing_shown"  # the planned size is reached
    TIME_UP = "time_up"
    NOT_CLEARED = "not_cleared"
    BEFORE_PLANNED_SIZE = "before_planned_size"
    NOT_COMPUTABLE = "not_computable"


@dataclass(frozen=True)
class Progress:
    """How far a test has come.

    Attributes
    ----------
    days : full days run
    control_units : exposed to the control
    sample_ratio_p : of the sequential check of the split
    """

    days: int
    control_units: int
    sample_ratio_p: float = 1.0


@dataclass(frozen=True)
class Decision:
    """What to do.

    Attributes
    ----------
    action : 'ship', one of 'stop_…', 'keep_running' or 'gated' (show no results)
    variant : that is shipped or does harm; None where it concerns all
    codes : why
    guardrails : keys of those that are harmed
    """

    action: Action
    variant: str | None
    codes: tuple[Code, ...]
    guardrails: tuple[str, ...] = ()


def decide(readings: Sequence[Reading], rule: Rule, progress: Progress) -> Decision:
    """Decide by the rule; the same input gives the same answer.

    Only 'always_valid' ships before the planned size: the other methods' error holds there
    alone. Harm and futility are always judged by the always-valid interval, so looking daily
    costs nothing: a variant that is as good as the control is stopped for harm with at most
    probability alpha, and so is one that reaches the minimum effect stopped for futility.
    Conditional power was not taken: it supposes a size fixed before, which an always-valid test
    does not have, and an effect, which nobody knows.

    Parameters
    ----------
    readings : one for each variant but the control
    rule : as signed
    progress : of the test

    Returns
    -------
    Decision

    Raises
    ------
    ValueError : no variant, or a minimum effect that is not above 0
    """
    if not readings:
        raise ValueError("readings must hold a variant besides the control")
    if not (math.isfinite(rule.minimum_effect) and rule.minimum_effect > 0):
        raise ValueError(f"minimum_effect must be above 0, got {rule.minimum_effect}")
    if progress.sample_ratio_p < GATE:
        return Decision("gated", None, (Code.SAMPLE_RATIO,))
    if min(progress.control_units, *(one.units for one in readings)) < rule.least_units:
        return Decision("keep_running", None, (Code.TOO_FEW_UNITS,))
    harmed = [found for one in readings if (found := _harm(one, rule))]
    shipped = _shipped(readings, rule, progress)
    if shipped is not None:
        return shipped
    if harmed:
        return harmed[0]
    return _unfinished(readings, rule, progress)


def cost_of_waiting(
    effect: float, daily_units: float, treatment_share: float, *, value: float = 1.0
) -> float:
    """Estimate what another day of the test costs: units that do not get the better variant.

    Parameters
    ----------
    effect : absolute, of the primary metric, toward better; below 0 where the control is better
    daily_units : that come into the test a day
    treatment_share : of them that get the treatment, in [0, 1]
    value : money that one of the metric is worth

    Returns
    -------
    money a day, at least 0

    Raises
    ------
    ValueError : a share outside [0, 1], or a negative number of units
    """
    if not (0 <= treatment_share <= 1 and daily_units >= 0):
        raise ValueError(
            f"treatment_share {treatment_share} must lie in [0, 1], daily_units {daily_units}"
            " must be at least 0"
        )
    worse = 1 - treatment_share if effect > 0 else treatment_share
    return abs(effect) * worse * daily_units * value


def _harm(reading: Reading, rule: Rule) -> Decision | None:
    suffering = tuple(one.key for one in reading.guardrails if suffers(one))
    codes = ((Code.PRIMARY_HARMED,) if is_worse(reading.bound, rule) else ()) + (
        (Code.GUARDRAIL_HARMED,) if suffering else ()
    )
    return Decision("stop_harm", reading.variant, codes, suffering) if codes else None


def _units(readings: Sequence[Reading], progress: Progress) -> list[int]:
    return [progress.control_units, *(one.units for one in readings)]


def _shipped(readings: Sequence[Reading], rule: Rule, progress: Progress) -> Decision | None:
    if progress.days < rule.min_days:
        return None
    may_speak = is_settled(_units(readings, progress), rule, progress.days)
    told = verdicts(readings, rule, is_settled=may_speak)
    better = [
        one
        for one, (found, _) in zip(readings, told, strict=True)
        if found == "better" and not does_harm(one, rule)
    ]
    if not better:
        return None
    best = max(
        better,
        key=lambda one: toward_better(one.primary, more_is_better=rule.more_is_better)[0],
    )
    is_early = rule.method == "always_valid"
    code = Code.BOUND_CLEARED if is_early else Code.SHOWN_AT_PLANNED_SIZE
    return Decision("ship", best.variant, (code,))


def _unfinished(readings: Sequence[Reading], rule: Rule, progress: Progress) -> Decision:
    """Nothing is shown: stop, or go on."""
    if progress.days < rule.min_days:
        return Decision("keep_running", None, (Code.TOO_FEW_DAYS,))
    highs = [toward_better(one.lift, more_is_better=rule.more_is_better)[2] for one in readings]
    if max(highs) < rule.minimum_effect:
        return Decision("stop_futility", None, (Code.BELOW_MINIMUM,))
    if progress.days >= rule.max_days:
        return Decision("stop_time_up", None, (Code.TIME_UP,))
    if rule.method == "always_valid":
        return Decision("keep_running", None, (Code.NOT_CLEARED, *_unknown(readings)))
    if is_complete(_units(readings, progress), rule, progress.days):
        return Decision("stop_futility", None, (Code.NOTHING_SHOWN,))
    return Decision("keep_running", None, (Code.BEFORE_PLANNED_SIZE, *_unknown(readings)))


def _unknown(readings: Sequence[Reading]) -> tuple[Code, ...]:
    return (Code.NOT_COMPUTABLE,) if any(one.primary.not_computable for one in readings) else ()
