"""What a deal is worth while it moves through the pipeline, and what its moves are worth.

A stage change is worth the value of the new stage less that of the old one, so the changes of a
deal add up to its present value, in whatever order and however often they were told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from campaigns.metrics import roas

ZERO = Decimal(0)
ONE = Decimal(1)
Outcome = Literal["open", "won", "lost"]


@dataclass(frozen=True)
class Stage:
    """One stage of a pipeline: what a deal in it is worth, and how sure that is."""

    key: str
    label: str
    order: int
    value: Decimal
    confidence: Decimal
    description: str = ""
    outcome: Outcome = "open"


@dataclass(frozen=True)
class StageValues:
    """Stages of a pipeline with the figures they were set from."""

    stages: tuple[Stage, ...]
    average_deal_value: Decimal
    sales_cycle_days: Decimal
    win_rate: Decimal

    def stage(self, key: str) -> Stage | None:
        """Stage of that key, if there is one."""
        return next((stage for stage in self.stages if stage.key == key), None)


@dataclass(frozen=True)
class Worth:
    """What a deal is worth in a stage. A stage that is not configured is worth nothing."""

    value: Decimal
    confidence: Decimal
    is_known: bool


@dataclass(frozen=True)
class Increment:
    """What one stage change is worth."""

    stage_from: str
    stage_to: str
    standing_value: Decimal
    amount: Decimal
    confidence: Decimal
    is_known: bool
    reason: str


@dataclass(frozen=True)
class Move:
    """A deal was seen to enter a stage; ``deal_amount`` is the deal's real amount, if known."""

    stage: str
    at: datetime
    source_event: str
    deal_amount: Decimal | None = None


@dataclass(frozen=True)
class PipelineRoas:
    """Pipeline value of an ad set against its spend."""

    pipeline_value: Decimal
    pipeline_roas: Decimal | None
    avg_confidence: Decimal


@dataclass(frozen=True)
class ImpliedConversion:
    """Shares of deals that the values of a stage take for granted."""

    key: str
    to_won: Decimal | None
    to_next: Decimal | None


def stage_worth(values: StageValues, stage: str, deal_amount: Decimal | None = None) -> Worth:
    """Value of a deal in a stage; a won deal of known amount is worth that amount for sure.

    Parameters
    ----------
    values : the workspace's stages
    stage : key of a stage; empty stands for 'no deal yet'
    deal_amount : real amount of the deal, in the workspace's currency

    Returns
    -------
    value 0 and confidence 0 where the stage is empty or unknown
    """
    if not stage:
        return Worth(ZERO, ZERO, is_known=True)
    found = values.stage(stage)
    if found is None:
        return Worth(ZERO, ZERO, is_known=False)
    if found.outcome == "won" and deal_amount is not None:
        return Worth(deal_amount, ONE, is_known=True)
    return Worth(found.value, found.confidence, is_known=True)


def stage_increment(
    values: StageValues,
    *,
    stage_to: str,
    stage_from: str = "",
    deal_amount: Decimal | None = None,
) -> Increment:
    """Worth of one stage change: value of the new stage less value of the old one.

    Parameters
    ----------
    values : the workspace's stages
    stage_to, stage_from : keys of stages; an empty ``stage_from`` stands for a new deal
    deal_amount : real amount, used where ``stage_to`` is won

    Raises
    ------
    ValueError : ``stage_to`` is empty or ``deal_amount`` is negative
    """
    if not stage_to:
        raise ValueError("stage_to is empty")
    if deal_amount is not None and deal_amount < 0:
        raise ValueError(f"deal_amount is negative: {deal_amount}")
    before, after = stage_worth(values, stage_from), stage_worth(values, stage_to, deal_amount)
    amount = after.value - before.value
    return Increment(
        stage_from=stage_from,
        stage_to=stage_to,
        standing_value=after.value,
        amount=amount,
        confidence=after.confidence,
        is_known=before.is_known and after.is_known,
        reason=_reason(values, stage_from, stage_to, deal_amount),
    )


def _reason(
    values: StageValues, stage_from: str, stage_to: str, deal_amount: Decimal | None
) -> str:
    for key in (stage_to, stage_from):
        if key and values.stage(key) is None:
            return f"The stage {key!r} is not configured, so it counts as 0."
    target = values.stage(stage_to)
    if target is not None and target.outcome == "lost":
        return "The deal was lost: what it was worth so far is taken back."
    if target is not None and target.outcome == "won" and deal_amount is not None:
        return "The deal was won for a known amount, which takes the place of the stage's value."
    if not stage_from:
        return f"A new deal, worth the value of {stage_to!r}."
    return f"Value of {stage_to!r} less value of {stage_from!r}."


def increments_of(values: StageValues, moves: Iterable[Move]) -> list[Increment]:
    """Increments of one deal, in the order of time; they add up to its present value.

    Parameters
    ----------
    values : the workspace's stages
    moves : what was seen of the deal, in any order, with repetitions

    Returns
    -------
    one increment per distinct ``source_event``, by time and then by event id
    """
    once = {move.source_event: move for move in moves}
    ordered = sorted(once.values(), key=lambda move: (move.at, move.source_event))
    found: list[Increment] = []
    before, stage_from, knew = ZERO, "", True
    for move in ordered:
        after = stage_worth(values, move.stage, move.deal_amount)
        found.append(
            Increment(
                stage_from=stage_from,
                stage_to=move.stage,
                standing_value=after.value,
                amount=after.value - before,
                confidence=after.confidence,
                is_known=knew and after.is_known,
                reason=_reason(values, stage_from, move.stage, move.deal_amount),
            )
        )
        before, stage_from, knew = after.value, move.stage, after.is_known
    return found


def average_confidence(increments: Iterable[Increment]) -> Decimal:
    """Confidence weighted by increment; 0 when the increments add up to 0 or less."""
    pairs = [(increment.amount, increment.confidence) for increment in increments]
    total = sum((amount for amount, _ in pairs), ZERO)
    if total <= 0:
        return ZERO
    return sum((amount * confidence for amount, confidence in pairs), ZERO) / total


def ad_pipeline_roas(increments: Sequence[Increment], spend: Decimal) -> PipelineRoas:
    """Pipeline value credited to an ad, against what the ad spent.

    Parameters
    ----------
    increments : stage changes credited to the ad
    spend : the ad's spend, in the same currency

    Returns
    -------
    ``pipeline_roas`` is ``None`` without spend

    Raises
    ------
    ValueError : ``spend`` is negative
    """
    if spend < 0:
        raise ValueError(f"spend is negative: {spend}")
    total = sum((increment.amount for increment in increments), ZERO)
    ratio = roas(total, spend)
    return PipelineRoas(total, ratio, average_confidence(increments))


def implied_conversion(values: StageValues) -> list[ImpliedConversion]:
    """Which shares of deals the values take for granted: a value is a chance times an amount.

    Returns
    -------
    per stage that is not lost, by order: its value over the average deal, and over the next stage
    """
    rows = [stage for stage in _by_order(values.stages) if stage.outcome != "lost"]
    following: list[Stage | None] = [*rows[1:], None]
    return [
        ImpliedConversion(
            key=stage.key,
            to_won=_share(stage.value, values.average_deal_value),
            to_next=_share(stage.value, after.value) if after else None,
        )
        for stage, after in zip(rows, following, strict=True)
    ]


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return part / whole if whole else None


def _by_order(stages: Iterable[Stage]) -> list[Stage]:
    return sorted(stages, key=lambda stage: stage.order)


def problems_of(values: StageValues) -> dict[str, str]:
    """Say what is wrong with a set of stage values, by field; empty when all is well.

    Values must not fall along the order of the stages, lost ones excepted, which are worth 0.
    """
    found = _problems_of_figures(values)
    keys = [stage.key for stage in values.stages]
    if not keys:
        found["stages"] = "Name at least one stage."
    if len(set(keys)) < len(keys) or len({stage.order for stage in values.stages}) < len(keys):
        found["stages"] = "Every stage needs a key and a place in the order of its own."
    if sum(stage.outcome == "won" for stage in values.stages) != 1:
        found.setdefault("stages", "Exactly one stage must be the won one.")
    for stage in values.stages:
        if problem := _problem_of_stage(stage):
            found[f"stages.{stage.key}"] = problem
    return {**found, **_falls(values)}


def _problems_of_figures(values: StageValues) -> dict[str, str]:
    found = {}
    if values.average_deal_value < 0:
        found["average_deal_value"] = "The average deal is worth 0 or more."
    if values.sales_cycle_days < 0:
        found["sales_cycle_days"] = "A sales cycle takes 0 days or more."
    if not ZERO <= values.win_rate <= ONE:
        found["win_rate"] = "The win rate is a share between 0 and 1."
    return found


def _problem_of_stage(stage: Stage) -> str:
    if not stage.key:
        return "A stage needs a key."
    if stage.value < 0:
        return "A stage is worth 0 or more."
    if not ZERO <= stage.confidence <= ONE:
        return "Confidence is a share between 0 and 1."
    if stage.outcome == "lost" and stage.value:
        return "A lost deal is worth 0."
    return ""


def _falls(values: StageValues) -> dict[str, str]:
    rows = [stage for stage in _by_order(values.stages) if stage.outcome != "lost"]
    return {
        f"stages.{after.key}": (
            f"{after.label or after.key} is worth less than {before.label or before.key} before"
            " it; values must not fall along the pipeline."
        )
        for before, after in pairwise(rows)
        if after.value < before.value
    }
