"""Checks on the state of the thing that is changed: amounts, learning, age, freshness."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from campaigns.engine.limits.base import Change, Check, Limits

# Meta's own exit from learning, used only where the platform reports no state.
LEARNING_EVENTS = 50


def _outside(change: Change, amount: Decimal, total: Decimal | None, limits: Limits) -> str | None:
    """Sentence for the first amount limit that the result breaks, moving away from it."""
    assert change.before is not None  # noqa: S101  # a budget change always has both values
    assert change.after is not None  # noqa: S101
    # A step back towards a limit is never refused, else a budget outside could not return.
    grows, shrinks = change.after > change.before, change.after < change.before
    if shrinks and amount < limits.min_daily_budget:
        return f"{amount:f} a day is below the smallest budget, {limits.min_daily_budget:f}."
    if grows and limits.max_daily_budget is not None and amount > limits.max_daily_budget:
        return f"{amount:f} a day is above the largest budget, {limits.max_daily_budget:f}."
    cap = limits.max_workspace_daily_total
    if grows and cap is not None and total is not None and total > cap:
        return f"All budgets together would reach {total:f} a day; the limit is {cap:f}."
    return None


def bounds(change: Change, *, workspace_total_after: Decimal | None, limits: Limits) -> Check:
    """Size of the result and of the step.

    Parameters
    ----------
    change : the change judged; status changes have no bounds
    workspace_total_after : sum of all daily budgets once this change and every running
        claim are through, workspace currency; None when it is not known
    limits : policy

    Returns
    -------
    Check : blocked outside the limits; a warning where no exchange rate or no total
        allows the comparison
    """
    if change.change_type == "status":
        return Check("bounds", "not_applicable", "A status has no amount.")
    if change.exceeds_pct(limits.max_change_pct):
        why = f"The step is larger than {limits.max_change_pct:f} % per decision."
        return Check("bounds", "blocked", why)
    if change.change_type == "bid":
        return Check("bounds", "passed", "The step is within the limit per decision.")
    amount = change.in_workspace_currency(change.after)
    if amount is None:
        why = "No exchange rate to the workspace's currency: amounts could not be compared."
        return Check("bounds", "warning", why)
    broken = _outside(change, amount, workspace_total_after, limits)
    if broken is not None:
        return Check("bounds", "blocked", broken)
    if limits.max_workspace_daily_total is not None and workspace_total_after is None:
        return Check("bounds", "warning", "The workspace's daily total is not known.")
    return Check("bounds", "passed", "Amount and step are within the limits.")


def learning(
    change: Change,
    *,
    reported_learning: bool | None,
    events_7d: int | None = None,
    limits: Limits,
) -> Check:
    """Whether the change would disturb a learning phase.

    Parameters
    ----------
    change : the change judged
    reported_learning : the platform's own answer; None when it gives none
    events_7d : optimisation events of the last 7 days, read only without a report
    limits : policy

    Returns
    -------
    Check : kills and edits above `learning_edit_pct` are blocked or warned about while
        learning, by `learning_mode`; an undo is only warned about
    """
    is_learning = reported_learning
    if is_learning is None and events_7d is not None:
        is_learning = events_7d < LEARNING_EVENTS
    if is_learning is None:
        return Check("learning", "not_applicable", "The platform reports no learning phase.")
    if not is_learning:
        return Check("learning", "passed", "Not in a learning phase.")
    if not change.pauses and not change.exceeds_pct(limits.learning_edit_pct):
        return Check("learning", "passed", "In learning; the edit is small enough to leave it be.")
    if change.puts_back:
        # 120 to 96 is −20 % and may be done, 96 to 120 is +25 %: what was done can be undone.
        why = "Putting it back may start the learning phase anew."
        return Check("learning", "warning", why)
    what = "A pause" if change.pauses else f"An edit above {limits.learning_edit_pct:f} %"
    why = f"{what} would throw away the learning phase that is still running."
    return Check("learning", "blocked" if limits.learning_mode == "block" else "warning", why)


def ignorance(
    *,
    is_kill: bool,
    started_at: dt.datetime,
    spend: Decimal | None,
    now: dt.datetime,
    limits: Limits,
) -> Check:
    """Never kill what is too young or has spent too little to be known.

    Parameters
    ----------
    is_kill : the change stops delivery because of performance
    started_at : aware moment of first delivery
    spend : spend since then in workspace currency; None (no exchange rate) counts as too little
    now : aware moment
    limits : policy; `ignorance_rule` says whether days *or* spend, or both, must be short

    Returns
    -------
    Check : deferred where waiting for the age alone ends the zone, blocked where only
        more spend can
    """
    if not is_kill:
        return Check("ignorance", "not_applicable", "Only a kill is held back by ignorance.")
    known_at = started_at + dt.timedelta(days=limits.ignorance_zone_days)
    young, thin = now < known_at, spend is None or spend < limits.ignorance_zone_spend
    inside = (young or thin) if limits.ignorance_rule == "or" else (young and thin)
    if not inside:
        return Check("ignorance", "passed", "Old enough and spent enough to be judged.")
    if thin and limits.ignorance_rule == "or":
        why = f"Spent less than {limits.ignorance_zone_spend:f}: too little to judge it by."
        return Check("ignorance", "blocked", why)
    why = f"Younger than {limits.ignorance_zone_days:g} days: too early to judge it."
    return Check("ignorance", "deferred", why, known_at)


def freshness(
    *, performance_at: dt.datetime | None, automatic: bool, now: dt.datetime, limits: Limits
) -> Check:
    """Whether the figures behind the change are recent.

    Parameters
    ----------
    performance_at : aware moment up to which performance is known; None without any
    automatic : a machine decided; a person who looks may decide on old figures
    now : aware moment
    limits : policy

    Returns
    -------
    Check : blocked for a machine, a warning for a person
    """
    max_age = dt.timedelta(seconds=float(limits.freshness_h * 3_600))
    if performance_at is not None and now - performance_at <= max_age:
        return Check("freshness", "passed", f"Figures are younger than {limits.freshness_h:f} h.")
    why = f"Figures are older than {limits.freshness_h:f} h; sync the account first."
    if performance_at is None:
        why = "There are no performance figures; sync the account first."
    return Check("freshness", "blocked" if automatic else "warning", why)


def _amount(value: Decimal | str) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(value)


def drift(change: Change, *, planned: Decimal | str, live: Decimal | str, limits: Limits) -> Check:
    """Whether the live value is still the one that the signer saw.

    Parameters
    ----------
    change : the change judged
    planned : 'before' of the signed plan: an amount, or a status word
    live : the same value as the platform reports it now
    limits : policy

    Returns
    -------
    Check : blocked when the difference is above `drift_pct` (budgets, bids) or there is
        any (status); the proposal then needs a new plan
    """
    if change.change_type == "status":
        drifted = planned != live
    else:
        before, now_live = _amount(planned), _amount(live)
        drifted = abs(now_live - before) * 100 > abs(before) * limits.drift_pct
    if not drifted:
        return Check("drift", "passed", "The live value is the one that was signed for.")
    why = f"The live value is {live} and no longer {planned}; look at the new difference and sign."
    return Check("drift", "blocked", why)
