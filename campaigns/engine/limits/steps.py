"""Numbers fixed when a proposal is made: the step, the fuzz, the delay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

import numpy as np

from campaigns.engine.limits.base import Limits
from campaigns.engine.limits.pace import (
    BudgetOwner,
    first_moment_for,
    velocity_range,
    window,
)


@dataclass(frozen=True)
class Step:
    """The part of a wanted budget that one proposal may carry.

    Attributes
    ----------
    value : budget to propose, account currency, a multiple of the money step
    wanted : where the whole plan ends, after the amount limits
    not_before : moment from which velocity allows `value`; None when it does now
    rest_at : earliest moment for the next step, when this one runs as soon as it may;
        None when nothing is left
    sentence : the plan in words, for the person who signs
    """

    value: Decimal
    wanted: Decimal
    not_before: dt.datetime | None
    rest_at: dt.datetime | None
    sentence: str


def round_towards(value: Decimal, anchor: Decimal, step: Decimal) -> Decimal:
    """Round to a multiple of the money step, towards `anchor`, so no limit is passed.

    Parameters
    ----------
    value, anchor : amounts
    step : smallest amount that the platform accepts in this currency, above 0

    Returns
    -------
    the multiple of `step` next to `value` on the side of `anchor`; `anchor` itself when
    no multiple lies between the two
    """
    rounding = ROUND_FLOOR if value >= anchor else ROUND_CEILING
    rounded = (value / step).to_integral_value(rounding) * step
    passed_anchor = rounded < anchor if value >= anchor else rounded > anchor
    return anchor if passed_anchor else rounded


def _clip(value: Decimal, low: Decimal, high: Decimal) -> Decimal:
    return max(low, min(value, high))


def _within_amounts(owner: BudgetOwner, limits: Limits, rate: Decimal | None) -> Decimal:
    """Return the wanted budget inside the smallest and largest one; never past the live one."""
    if rate is None:
        return owner.target
    wanted = owner.target
    if wanted > owner.live and limits.max_daily_budget is not None:
        wanted = max(owner.live, min(wanted, limits.max_daily_budget / rate))
    if wanted < owner.live:
        wanted = min(owner.live, max(wanted, limits.min_daily_budget / rate))
    return wanted


def _one_step_range(
    owner: BudgetOwner, siblings: Sequence[BudgetOwner], now: dt.datetime, limits: Limits
) -> tuple[Decimal, Decimal]:
    """Return what one step can ever carry: an empty window, the siblings' claims through.

    What the window allows now may be wider: it is measured from its start, so the way back to
    where the budget stood an hour ago is free.
    """
    settled = [BudgetOwner(live=item.target, target=item.target) for item in siblings]
    bare = BudgetOwner(live=owner.live, target=owner.target)
    low, high = velocity_range(bare, siblings=settled, now=now, limits=limits)
    low_now, high_now = velocity_range(owner, siblings=siblings, now=now, limits=limits)
    if low_now <= owner.live <= high_now:
        low, high = min(low, low_now), max(high, high_now)
    share = limits.max_change_pct / 100
    return max(low, owner.live * (1 - share)), min(high, owner.live * (1 + share))


def _percent(value: Decimal, base: Decimal) -> str:
    pct = (value - base) * 100 / base
    return f"{pct:+.1f}".removesuffix(".0") + " %"


def _sentence(step: tuple[Decimal, Decimal, Decimal], at: str, rest_at: str | None) -> str:
    live, value, wanted = step
    if value == live:
        return "The budget cannot move by a whole money step."
    first = f"{_percent(value, live)} {at}"
    if rest_at is None:
        return f"{first}."
    return f"{first}; the other {_percent(wanted, value)} will be proposed at {rest_at}."


def step_allowed(
    owner: BudgetOwner,
    *,
    siblings: Sequence[BudgetOwner] = (),
    money_step: Decimal,
    rate: Decimal | None,
    now: dt.datetime,
    zone: ZoneInfo,
    limits: Limits,
) -> Step:
    """Cut a wanted budget to what one step may carry, and say when the rest follows.

    Only what no waiting would allow is cut (velocity on an empty window, the largest
    change per decision); what is merely too early keeps its amount and gets a moment.

    Parameters
    ----------
    owner : live budget, wanted budget (`target`) and completed changes, account currency
    siblings : the campaign's other ad sets, whose sum is limited too
    money_step : smallest amount the platform accepts, above 0
    rate : workspace currency per account currency, for the amount limits; None: not applied
    now : aware moment
    zone : the workspace's zone, for the sentence
    limits : policy

    Returns
    -------
    Step : its `value` equals the live budget when nothing can move

    Raises
    ------
    ValueError : live budget or money step not above 0
    """
    if owner.live <= 0:
        raise ValueError(f"owner.live must be above 0 to take a step from it, got {owner.live}")
    if money_step <= 0:
        raise ValueError(f"money_step must be above 0, got {money_step}")
    wanted = round_towards(_within_amounts(owner, limits, rate), owner.live, money_step)
    low, high = _one_step_range(owner, siblings, now, limits)
    value = round_towards(_clip(wanted, low, high), owner.live, money_step)
    start = now
    if value != owner.live:
        stepping = replace(owner, target=value)
        start = first_moment_for(stepping, siblings=siblings, now=now, limits=limits) or now
    rest_at = start + window(limits) if value not in {owner.live, wanted} else None

    def clock(moment: dt.datetime) -> str:
        return moment.astimezone(zone).strftime("%H:%M")

    return Step(
        value=value,
        wanted=wanted,
        not_before=start if start > now else None,
        rest_at=rest_at,
        sentence=_sentence(
            (owner.live, value, wanted),
            "now" if start <= now else f"at {clock(start)}",
            None if rest_at is None else clock(rest_at),
        ),
    )


def draw_fuzz(
    rng: np.random.Generator,
    value: Decimal,
    pct: Decimal,
    *,
    money_step: Decimal = Decimal("0.01"),
) -> Decimal:
    """Draw the amount to propose, uniform within +-`pct` percent of `value`.

    Parameters
    ----------
    rng : seeded generator, drawn from once per proposal (not at all for 0 %)
    value : amount before fuzz
    pct : half width in percent
    money_step : the draw is rounded to it, towards `value`

    Returns
    -------
    Decimal within the range

    Raises
    ------
    ValueError : `pct` is negative
    """
    if pct < 0:
        raise ValueError(f"pct must be at least 0, got {pct}")
    if pct == 0:
        return value
    share = Decimal(repr(float(rng.uniform(-1, 1)))) * pct / 100
    return round_towards(value * (1 + share), value, money_step)


def draw_jitter_ms(rng: np.random.Generator, limits: Limits) -> int:
    """Delay before the call in milliseconds, uniform over the policy's range.

    Parameters
    ----------
    rng : seeded generator
    limits : policy

    Returns
    -------
    whole milliseconds, both ends included
    """
    return int(rng.integers(limits.jitter_min_ms, limits.jitter_max_ms, endpoint=True))
