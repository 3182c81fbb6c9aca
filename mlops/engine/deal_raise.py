"""By how much a deal that moves on may raise the budget of the ad that brought it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class RaiseRule:
    """Numbers of the rule; shares are 0 to 1.

    Attributes
    ----------
    min_increment, min_stage_confidence, min_attribution_confidence : each must be exceeded
    base, most_more : the least raise, and what a sure stage and a full increment add to it
    sureness : how much faster than the stage's confidence sureness grows
    full_increment : increment that counts in full, in the workspace's currency
    """

    min_increment: Decimal = Decimal(1000)
    min_stage_confidence: Decimal = Decimal("0.70")
    min_attribution_confidence: Decimal = Decimal("0.60")
    base: Decimal = Decimal("0.05")
    most_more: Decimal = Decimal("0.10")
    sureness: Decimal = Decimal("1.5")
    full_increment: Decimal = Decimal(10_000)


def budget_raise(
    increment: Decimal,
    *,
    stage_confidence: Decimal,
    attribution_confidence: Decimal,
    rule: RaiseRule | None = None,
) -> Decimal | None:
    """Share by which a budget may rise after a deal gained value.

    Parameters
    ----------
    increment : value that the stage change added, in the workspace's currency
    stage_confidence : how sure the value of the stage is, 0 to 1
    attribution_confidence : how sure it is that the deal came from the ad, 0 to 1
    rule : numbers of the rule; the usual ones when left out

    Returns
    -------
    share of the present budget, 0.05 to 0.15 by the usual numbers; None where the rule asks
    for nothing

    Raises
    ------
    ValueError : a confidence lies outside of 0 to 1
    """
    rule = rule or RaiseRule()
    for name, value in (
        ("stage_confidence", stage_confidence),
        ("attribution_confidence", attribution_confidence),
    ):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be in [0, 1], got {value}")
    if not (
        increment > rule.min_increment
        and stage_confidence > rule.min_stage_confidence
        and attribution_confidence > rule.min_attribution_confidence
    ):
        return None
    sure = min(rule.sureness * stage_confidence, Decimal(1))
    size = min(increment / rule.full_increment, Decimal(1))
    return rule.base + rule.most_more * sure * size
