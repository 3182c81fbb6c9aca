"""What the sampler is told and what it answers."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from mlops.engine.maturity import DelayCurve
from mlops.engine.posterior import MAX_COUNT
from mlops.engine.scoring import DecayForm

Mode = Literal["pipeline", "direct"]
Decision = Literal["kill", "scale", "maintain"]
Binding = Literal[
    "none",
    "min_budget",
    "max_decrease",
    "max_increase",
    "headroom_low",
    "headroom_high",
    "decision",
    "money_step",
]


@dataclass(frozen=True)
class AdState:
    """Figures of one arm: whatever owns a budget (ad set, campaign, Google budget).

    Attributes
    ----------
    ad_id : id of the arm
    impressions, clicks : counts
    spend, pipeline_value, cash_revenue : amounts in the currency of the budgets; a value of
        None says that this kind of revenue is not known
    age_hours : since the first delivery
    daily_budget : the real one, on the platform now
    frequency : impressions per person reached; None when the platform gives none
    last_updated : aware moment up to which the figures run
    conversions_usable : false when revenue figures exist but mean nothing (test values)
    is_learning : the platform reports a learning phase
    min_budget, max_budget : what the velocity limit allows at this moment; None: no such limit
    conversions : number behind the revenue, for the width of intervals; None when unknown
    window_hours : length of the trailing period that the figures cover; None: since the start
    """

    ad_id: str
    impressions: float
    clicks: float
    spend: float
    pipeline_value: float | None
    cash_revenue: float | None
    age_hours: float
    daily_budget: float
    frequency: float | None = None
    last_updated: dt.datetime | None = None
    conversions_usable: bool = True
    is_learning: bool = False
    min_budget: float | None = None
    max_budget: float | None = None
    conversions: float | None = None
    window_hours: float | None = None

    def __post_init__(self) -> None:
        for name in (
            "impressions", "clicks", "spend", "pipeline_value", "cash_revenue", "age_hours",
            "daily_budget", "frequency", "min_budget", "max_budget", "conversions",
            "window_hours",
        ):  # fmt: skip
            value: float | None = getattr(self, name)
            optional = name in _OPTIONAL
            if value is None and optional:
                continue
            if value is None or not (math.isfinite(value) and value >= 0):
                raise ValueError(
                    f"{name} of ad {self.ad_id!r} must be finite and at least 0, got {value}"
                )
        if None not in (self.min_budget, self.max_budget) and self.min_budget > self.max_budget:  # type: ignore[operator]  # neither is None here
            raise ValueError(f"min_budget of ad {self.ad_id!r} is above its max_budget")
        if self.last_updated is not None and self.last_updated.tzinfo is None:
            raise ValueError(f"last_updated of ad {self.ad_id!r} must carry a time zone")

    @property
    def covered_hours(self) -> float:
        """Hours of delivery that the figures cover."""
        return (
            self.age_hours if self.window_hours is None else min(self.age_hours, self.window_hours)
        )

    def revenue(self, mode: Mode) -> float | None:
        """Revenue that this mode counts; None when it is not known."""
        if not self.conversions_usable:
            return None
        return self.pipeline_value if mode == "pipeline" else self.cash_revenue


_OPTIONAL = {
    "pipeline_value", "cash_revenue", "frequency", "min_budget", "max_budget", "conversions",
    "window_hours",
}  # fmt: skip


class PolicyOptions(TypedDict, total=False):
    """Keyword arguments of the sampler; see `SamplerPolicy`."""

    ignorance_zone_days: float
    ignorance_zone_spend: float
    ignorance_rule: Literal["or", "and"]
    min_spend_for_kill: float
    kill_pipeline_roas: float
    scale_pipeline_roas: float
    roas_threshold: float
    max_budget_change: float
    min_budget: float
    confidence_threshold: float
    decay_form: DecayForm
    min_impressions_for_decision: float
    most_evidence: float
    delay_curve: DelayCurve | None
    money_step: float | None
    policy_version: str


@dataclass(frozen=True)
class SamplerPolicy:
    """Numbers a person may set, and what was learned about delays.

    Attributes
    ----------
    ignorance_zone_days, ignorance_zone_spend, ignorance_rule : no kill while age is below the
        days *or* spend below the amount ('and': while both are)
    min_spend_for_kill : spend below which an arm is neither killed nor scaled
    kill_pipeline_roas, scale_pipeline_roas : kill strictly below, scale strictly above
    roas_threshold : healthy line of the direct mode
    max_budget_change : largest change per decision, share of the present budget
    min_budget : floor per arm and day
    confidence_threshold : below it a proposal carries a warning
    decay_form : 'frequency' or 'impressions'
    min_impressions_for_decision : below it an arm is neither killed nor scaled
    most_evidence : largest count that an arm's evidence may have; a smaller one spreads the shares
        over more of the near-best arms
    delay_curve : learned arrival of revenue; None: revenue counts as it stands
    money_step : smallest amount the platform accepts; None: budgets are not rounded
    policy_version : name of this policy, kept with every allocation
    """

    ignorance_zone_days: float = 2.0
    ignorance_zone_spend: float = 100.0
    ignorance_rule: Literal["or", "and"] = "or"
    min_spend_for_kill: float = 200.0
    kill_pipeline_roas: float = 0.5
    scale_pipeline_roas: float = 3.0
    roas_threshold: float = 2.0
    max_budget_change: float = 0.50
    min_budget: float = 1.0
    confidence_threshold: float = 0.70
    decay_form: DecayForm = "frequency"
    min_impressions_for_decision: float = 100.0
    most_evidence: float = MAX_COUNT
    delay_curve: DelayCurve | None = None
    money_step: float | None = None
    policy_version: str = "default"

    def __post_init__(self) -> None:
        for name in (
            "ignorance_zone_days", "ignorance_zone_spend", "min_spend_for_kill",
            "kill_pipeline_roas", "scale_pipeline_roas", "roas_threshold", "min_budget",
            "min_impressions_for_decision", "most_evidence",
        ):  # fmt: skip
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be finite and at least 0, got {value}")
        for name in ("max_budget_change", "confidence_threshold"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {getattr(self, name)}")
        if self.ignorance_rule not in {"or", "and"}:
            raise ValueError(f"ignorance_rule must be or or and, got {self.ignorance_rule!r}")
        if self.decay_form not in {"frequency", "impressions"}:
            raise ValueError(f"decay_form must be frequency or impressions: {self.decay_form!r}")
        if self.scale_pipeline_roas <= self.kill_pipeline_roas:
            raise ValueError(
                f"scale_pipeline_roas {self.scale_pipeline_roas} must be above "
                f"kill_pipeline_roas {self.kill_pipeline_roas}"
            )
        if self.money_step is not None and not self.money_step > 0:
            raise ValueError(f"money_step must be above 0, got {self.money_step}")


@dataclass(frozen=True)
class AllocationItem:
    """Recommendation for one arm.

    Attributes
    ----------
    current_budget, recommended_budget : per day
    change_percentage : of the present budget; None when that is zero
    decision : kill and scale are proposals of their own; an unsigned kill keeps a budget
    confidence : in [0, 1]
    reason : why this decision, one sentence
    propensity : probability that this arm is the best one, which is the share it was due
    alpha, beta : Beta posterior of the score
    draw : one draw from it, by the seed of the allocation
    weight : share of the total that it got
    binding : the constraint that kept the budget from what it was due
    metrics : figures behind the decision, by name
    warnings : sentences
    explanation : posterior, draw, weight and binding constraint in words
    """

    ad_id: str
    current_budget: float
    recommended_budget: float
    change_percentage: float | None
    decision: Decision
    confidence: float
    reason: str
    propensity: float
    alpha: float
    beta: float
    draw: float
    weight: float
    binding: Binding
    metrics: Mapping[str, float | None]
    warnings: tuple[str, ...]
    explanation: str


@dataclass(frozen=True)
class Allocation:
    """Recommended budgets of all arms; their sum and `unallocated` make the total.

    Attributes
    ----------
    items : in the order in which the arms were given
    unallocated : what the upper bounds left over; negative where the lower bounds need
        more than the total
    drawn : the arm with the highest draw, whose propensity is the logged one
    """

    items: tuple[AllocationItem, ...]
    total_budget: float
    unallocated: float
    seed: int
    mode: Mode
    policy_version: str
    drawn: str | None = None
    warnings: tuple[str, ...] = field(default=())
