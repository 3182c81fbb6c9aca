"""What every check speaks: the policy, the change and the verdict."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Verdict = Literal["passed", "deferred", "blocked", "warning", "not_applicable"]
ChangeType = Literal["budget", "status", "bid"]
BlackoutWindow = tuple[int, dt.time, dt.time]

DAYS_A_WEEK = 7
MAX_FUZZ_PCT = 3


@dataclass(frozen=True)
class Check:
    """Verdict of one safety check, in words a person can act on.

    Attributes
    ----------
    name : the row of the policy table that judged
    verdict : passed | deferred | blocked | warning | not_applicable
    why : one sentence
    not_before : aware moment from which the check would pass; only when deferred
    """

    name: str
    verdict: Verdict
    why: str
    not_before: dt.datetime | None = None

    def __post_init__(self) -> None:
        if (self.verdict == "deferred") != (self.not_before is not None):
            raise ValueError(f"not_before belongs to deferred checks only, got {self!r}")

    @property
    def holds(self) -> bool:
        """Whether the change may not run now."""
        return self.verdict in {"deferred", "blocked"}


@dataclass(frozen=True)
class Change:
    """Facts of one change that the checks read.

    Attributes
    ----------
    change_type : budget | status | bid
    before, after : daily budget or bid in the account's currency; None for a status
    pauses : the change stops delivery (pause, archive, delete)
    puts_back : it undoes an executed change, to the very value that stood before
    rate : units of workspace currency per unit of account currency; None when no
        exchange rate is known, then no amount is compared
    daily_spend : mean spend per day in the account's currency; None when unknown
    confidence : probability that the effect has the predicted sign; None without prediction
    """

    change_type: ChangeType
    before: Decimal | None = None
    after: Decimal | None = None
    pauses: bool = False
    puts_back: bool = False
    rate: Decimal | None = Decimal(1)
    daily_spend: Decimal | None = None
    confidence: float | None = None

    def __post_init__(self) -> None:
        if self.change_type != "status" and (self.before is None or self.after is None):
            raise ValueError(f"before and after are needed for a {self.change_type} change")
        for name in ("before", "after", "daily_spend"):
            value: Decimal | None = getattr(self, name)
            if value is not None and not (value.is_finite() and value >= 0):
                raise ValueError(f"{name} must be a finite amount of at least 0, got {value}")
        if self.rate is not None and not (self.rate.is_finite() and self.rate > 0):
            raise ValueError(f"rate must be above 0, got {self.rate}")
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise ValueError(f"confidence must be in [0, 1], got {self.confidence}")

    @property
    def change_pct(self) -> Decimal | None:
        """Signed change in percent of `before`; None for a status or from zero."""
        if not self.before or self.after is None:
            return None
        return (self.after - self.before) * 100 / self.before

    def exceeds_pct(self, pct: Decimal) -> bool:
        """Whether |change| is above `pct`; compared without division, so edges are exact."""
        if self.before is None or self.after is None:
            return False
        return abs(self.after - self.before) * 100 > self.before * pct

    def in_workspace_currency(self, amount: Decimal | None) -> Decimal | None:
        """Convert an amount of the account's currency; None when it cannot be."""
        return None if amount is None or self.rate is None else amount * self.rate


@dataclass(frozen=True)
class Limits:
    """One version of the safety policy, as plain values.

    Amounts (`min_daily_budget`, `auto_max_increase`, `four_eyes_result`, ...) are in the
    workspace's currency, per day where they are budgets or spend. `_pct` is 0-100, `_h`
    hours, `_ms` milliseconds, `confidence` 0-1. None means: no such limit.

    Attributes
    ----------
    blackout_weekly : windows (weekday 0 = Monday, start, end) in workspace time; an end at
        or before the start lies on the next day
    blackout_dates : whole days in workspace time
    max_budget_change, kill_pipeline_roas, ... : the sampler's numbers, kept here so that
        one versioned policy holds everything a person may set

    Raises
    ------
    ValueError : a value is outside its range; the message names it
    """

    jitter_min_ms: int = 3_000
    jitter_max_ms: int = 18_000
    fuzz_pct: Decimal = Decimal(0)
    rate_campaign_hour: int = 15
    rate_workspace_day: int = 100
    platform_rate_hour: int = 4
    velocity_pct: Decimal = Decimal(20)
    velocity_window_h: Decimal = Decimal(6)
    min_daily_budget: Decimal = Decimal(1)
    max_daily_budget: Decimal | None = None
    max_workspace_daily_total: Decimal | None = None
    max_change_pct: Decimal = Decimal(50)
    learning_mode: Literal["block", "warning"] = "block"
    learning_edit_pct: Decimal = Decimal(20)
    freshness_h: Decimal = Decimal(24)
    blackout_weekly: tuple[BlackoutWindow, ...] = ()
    blackout_dates: tuple[dt.date, ...] = ()
    drift_pct: Decimal = Decimal(1)
    auto_approve_enabled: bool = False
    auto_max_change_pct: Decimal = Decimal(10)
    auto_max_increase: Decimal = Decimal(100)
    auto_max_result: Decimal = Decimal(500)
    auto_min_confidence: float = 0.85
    four_eyes_result: Decimal = Decimal(1_000)
    high_pause_spend: Decimal = Decimal(100)
    high_change_pct: Decimal = Decimal(30)
    medium_change_pct: Decimal = Decimal(10)
    medium_confidence: float = 0.70
    expiry_h: Decimal = Decimal(24)
    ignorance_zone_days: float = 2.0
    ignorance_zone_spend: Decimal = Decimal(100)
    ignorance_rule: Literal["or", "and"] = "or"
    min_spend_for_kill: Decimal = Decimal(200)
    kill_pipeline_roas: float = 0.5
    scale_pipeline_roas: float = 3.0
    roas_threshold: float = 2.0
    max_budget_change: float = 0.50
    confidence_threshold: float = 0.70
    decay_form: Literal["frequency", "impressions"] = "frequency"

    def __post_init__(self) -> None:
        for name in _NOT_NEGATIVE:
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise ValueError(f"{name} must be at least 0, got {value}")
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("medium_confidence", "auto_min_confidence", "confidence_threshold"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {getattr(self, name)}")
        _validate_choices(self)
        _validate_relations(self)


_NOT_NEGATIVE = (
    "jitter_min_ms", "max_daily_budget", "max_workspace_daily_total", "min_daily_budget",
    "max_change_pct", "learning_edit_pct", "drift_pct", "auto_max_change_pct",
    "auto_max_increase", "auto_max_result", "four_eyes_result", "high_pause_spend",
    "high_change_pct", "medium_change_pct", "ignorance_zone_days", "ignorance_zone_spend",
    "min_spend_for_kill", "kill_pipeline_roas", "roas_threshold", "rate_campaign_hour",
    "rate_workspace_day", "platform_rate_hour", "velocity_pct", "max_budget_change",
)  # fmt: skip
_POSITIVE = ("velocity_window_h", "freshness_h", "expiry_h")


def _validate_choices(limits: Limits) -> None:
    if limits.learning_mode not in {"block", "warning"}:
        raise ValueError(f"learning_mode must be block or warning, got {limits.learning_mode!r}")
    if limits.ignorance_rule not in {"or", "and"}:
        raise ValueError(f"ignorance_rule must be or or and, got {limits.ignorance_rule!r}")
    if limits.decay_form not in {"frequency", "impressions"}:
        raise ValueError(f"decay_form must be frequency or impressions, got {limits.decay_form!r}")
    for weekday, _start, _end in limits.blackout_weekly:
        if weekday not in range(DAYS_A_WEEK):
            raise ValueError(f"blackout_weekly: weekday must be 0-6 (0 = Monday), got {weekday}")


def _validate_relations(limits: Limits) -> None:
    if limits.jitter_max_ms < limits.jitter_min_ms:
        raise ValueError(
            f"jitter_max_ms {limits.jitter_max_ms} is below jitter_min_ms {limits.jitter_min_ms}"
        )
    if not 0 <= limits.fuzz_pct <= MAX_FUZZ_PCT:
        raise ValueError(f"fuzz_pct must be in [0, {MAX_FUZZ_PCT}], got {limits.fuzz_pct}")
    if limits.max_daily_budget is not None and limits.max_daily_budget < limits.min_daily_budget:
        raise ValueError(
            f"max_daily_budget {limits.max_daily_budget} is below "
            f"min_daily_budget {limits.min_daily_budget}"
        )
    if limits.auto_min_confidence < limits.confidence_threshold:
        # A machine may not sign on less than a machine needs to propose.
        raise ValueError(
            f"auto_min_confidence {limits.auto_min_confidence} is below the sampler's "
            f"confidence_threshold {limits.confidence_threshold}"
        )
    if limits.scale_pipeline_roas <= limits.kill_pipeline_roas:
        raise ValueError(
            f"scale_pipeline_roas {limits.scale_pipeline_roas} must be above "
            f"kill_pipeline_roas {limits.kill_pipeline_roas}"
        )
