"""Risk of a change and whose signature it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from campaigns.engine.limits.base import Change, Check, Limits

RiskLevel = Literal["low", "medium", "high"]


@dataclass(frozen=True)
class Risk:
    """Risk level with its reason in words."""

    level: RiskLevel
    why: str


def _reason_for_high(change: Change, limits: Limits) -> str | None:
    if change.rate is None and (change.pauses or change.change_type == "budget"):
        return "No exchange rate: the amount at stake is not known."
    spend = change.in_workspace_currency(change.daily_spend)
    if change.pauses and spend is None:
        return "Stops something whose spend is not known."
    if change.pauses and spend is not None and spend >= limits.high_pause_spend:
        return f"Stops something that spends {spend:.2f} a day."
    if change.exceeds_pct(limits.high_change_pct):
        return f"Changes by more than {limits.high_change_pct:f} %."
    if _result_above(change, limits.four_eyes_result):
        return f"Results in more than {limits.four_eyes_result:f} a day."
    return None


def _result_above(change: Change, amount: Decimal) -> bool:
    result = change.in_workspace_currency(change.after)
    return change.change_type == "budget" and result is not None and result > amount


def risk(change: Change, *, limits: Limits) -> Risk:
    """Risk of a change: high, medium or low.

    Parameters
    ----------
    change : the change judged; amounts that cannot be compared count as high
    limits : policy

    Returns
    -------
    Risk : high for pausing what spends `high_pause_spend` a day or more, for a change
        above `high_change_pct`, or a result above `four_eyes_result`; medium for a change
        above `medium_change_pct` or a confidence below `medium_confidence` (or none)
    """
    high = _reason_for_high(change, limits)
    if high is not None:
        return Risk("high", high)
    if change.exceeds_pct(limits.medium_change_pct):
        return Risk("medium", f"Changes by more than {limits.medium_change_pct:f} %.")
    if change.confidence is None:
        return Risk("medium", "There is no prediction of its effect.")
    if change.confidence < limits.medium_confidence:
        return Risk("medium", f"Confidence is below {limits.medium_confidence:g}.")
    return Risk("low", "A small change with a confident prediction.")


def signatures_required(change: Change, *, limits: Limits) -> int:
    """Count the people who must sign: two for a large result or a high risk.

    Parameters
    ----------
    change : the change judged
    limits : policy

    Returns
    -------
    1 or 2
    """
    large = _result_above(change, limits.four_eyes_result)
    return 2 if large or risk(change, limits=limits).level == "high" else 1


def _reason_against(change: Change, checks: Sequence[Check], limits: Limits) -> str | None:
    """Sentence for the first rule that asks for a person; None when the policy may sign."""
    if change.change_type != "budget" or change.before is None or change.after is None:
        return "Only budget changes may be signed by the policy."
    result = change.in_workspace_currency(change.after)
    increase = change.in_workspace_currency(max(change.after - change.before, Decimal(0)))
    if result is None or increase is None:
        return "No exchange rate to the workspace's currency."
    if change.exceeds_pct(limits.auto_max_change_pct):
        return f"The change is above {limits.auto_max_change_pct:f} %."
    if increase > limits.auto_max_increase:
        return f"The increase is above {limits.auto_max_increase:f} a day."
    if result > limits.auto_max_result:
        return f"The result is above {limits.auto_max_result:f} a day."
    if change.confidence is None:
        return "There is no prediction of its effect."
    if change.confidence < limits.auto_min_confidence:
        return f"Confidence {change.confidence:.2f} is below {limits.auto_min_confidence:g}."
    failed = [check.name for check in checks if check.verdict not in {"passed", "not_applicable"}]
    return f"Not every check passed: {', '.join(failed)}." if failed else None


def auto_approve(change: Change, *, checks: Sequence[Check], limits: Limits) -> Check:
    """Whether the policy itself may sign.

    Parameters
    ----------
    change : the change judged; never a pause, a kill or a bid
    checks : verdicts of all other checks, each of which must have passed or not apply
    limits : policy; off by default

    Returns
    -------
    Check : passed (the policy signs), blocked (a person must) or not_applicable (off)
    """
    if not limits.auto_approve_enabled:
        return Check("auto_approve", "not_applicable", "Automatic approval is off.")
    against = _reason_against(change, checks, limits)
    if against is not None:
        return Check("auto_approve", "blocked", f"A person must sign. {against}")
    return Check("auto_approve", "passed", "Small, confident and within every limit.")
