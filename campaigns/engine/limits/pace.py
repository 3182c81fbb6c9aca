"""How often and how fast: call rates and the velocity of a budget."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from campaigns.engine.limits.base import Change, Check, Limits
from campaigns.engine.limits.calendar import local_midnight, next_local_midnight

HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class PastChange:
    """A completed change of one budget: when, from what, to what (account currency)."""

    completed_at: dt.datetime
    old: Decimal
    new: Decimal


@dataclass(frozen=True)
class BudgetOwner:
    """A budget, where it is going and where it was.

    Attributes
    ----------
    live : daily budget on the platform now, account currency
    target : daily budget after the change under judgement, or after a running claim on
        this owner; equal to `live` for an owner that nothing is changing
    past : completed changes, any order; those outside the window are ignored
    """

    live: Decimal
    target: Decimal
    past: tuple[PastChange, ...] = ()


def _first_slot(
    calls: Sequence[dt.datetime], running: int, limit: int, now: dt.datetime
) -> dt.datetime | None:
    """Moment at which one more call fits into a rolling hour; None when it fits now."""
    # A running claim may call at any moment, so it is counted as a call sent now.
    used = sorted([at for at in calls if at > now - HOUR] + [now] * running)
    if len(used) < limit:
        return None
    return (used[len(used) - limit] if limit else now) + HOUR


def rate(
    *,
    campaign_calls: Sequence[dt.datetime],
    campaign_running: int,
    workspace_calls: Sequence[dt.datetime],
    workspace_running: int,
    now: dt.datetime,
    zone: ZoneInfo,
    limits: Limits,
) -> Check:
    """Judge calls per campaign in a rolling hour and per workspace in a workspace day.

    Parameters
    ----------
    campaign_calls, workspace_calls : aware moments at which a call was sent, whatever
        became of it; older ones may be in the list
    campaign_running, workspace_running : running claims other than the one judged that
        have not sent their call yet
    now : aware moment
    zone : the workspace's zone, which cuts the day
    limits : policy

    Returns
    -------
    Check : deferred to the first moment at which both limits leave room
    """
    slot = _first_slot(campaign_calls, campaign_running, limits.rate_campaign_hour, now)
    began, midnight = local_midnight(now, zone), next_local_midnight(now, zone)
    sent_today = sum(began <= at < midnight for at in workspace_calls)
    if sent_today + workspace_running >= limits.rate_workspace_day:
        why = (
            f"{sent_today + workspace_running} of {limits.rate_workspace_day} changes of this "
            "workspace's day are used."
        )
        return Check("rate", "deferred", why, max(midnight, slot or midnight))
    if slot is not None:
        why = f"{limits.rate_campaign_hour} changes an hour are used for this campaign."
        return Check("rate", "deferred", why, slot)
    return Check("rate", "passed", "Within the changes allowed per hour and per day.")


def platform_rate(
    change: Change,
    *,
    calls: Sequence[dt.datetime],
    running: int,
    applies: bool,
    now: dt.datetime,
    limits: Limits,
) -> Check:
    """Budget changes of one ad set in a rolling hour, as the platform counts them.

    Parameters
    ----------
    change : the change judged
    calls : aware moments of budget calls sent for this ad set
    running : running claims on it that have not sent their call yet, without this one
    applies : the platform has such a limit (Meta has)
    now : aware moment
    limits : policy

    Returns
    -------
    Check : deferred to one hour after the call that must drop out
    """
    if change.change_type != "budget" or not applies:
        return Check("platform_rate", "not_applicable", "The platform sets no such limit here.")
    slot = _first_slot(calls, running, limits.platform_rate_hour, now)
    if slot is None:
        return Check("platform_rate", "passed", "Within the platform's budget changes per hour.")
    why = (
        f"{limits.platform_rate_hour} budget changes of this ad set in an hour; the platform "
        "would block the next one for an hour."
    )
    return Check("platform_rate", "deferred", why, slot)


def window(limits: Limits) -> dt.timedelta:
    """Length of the velocity window."""
    return dt.timedelta(seconds=float(limits.velocity_window_h * 3_600))


def _base(owner: BudgetOwner, now: dt.datetime, limits: Limits) -> Decimal:
    """Budget at the start of the window that ends now."""
    inside = [past for past in owner.past if past.completed_at > now - window(limits)]
    return min(inside, key=lambda past: past.completed_at).old if inside else owner.live


def _settled(owner: BudgetOwner, now: dt.datetime) -> BudgetOwner:
    """Return the owner as if its running claim completed now."""
    if owner.target == owner.live:
        return owner
    claim = PastChange(now, owner.live, owner.target)
    return BudgetOwner(owner.target, owner.target, (*owner.past, claim))


def _fits(owners: Sequence[BudgetOwner], now: dt.datetime, limits: Limits) -> bool:
    base = sum((_base(owner, now, limits) for owner in owners), Decimal(0))
    target = sum((owner.target for owner in owners), Decimal(0))
    return abs(target - base) * 100 <= base * limits.velocity_pct


def velocity(
    change: Change,
    owner: BudgetOwner,
    *,
    siblings: Sequence[BudgetOwner] = (),
    now: dt.datetime,
    limits: Limits,
) -> Check:
    """Speed of one budget and of its campaign's sum, against the start of the window.

    Parameters
    ----------
    change : the change judged; only budget changes have a velocity
    owner : its budget, with `target` = the value to be sent
    siblings : the other ad sets of the same campaign that own a budget
    now : aware moment
    limits : policy

    Returns
    -------
    Check : deferred to the moment when older changes have left the window far enough;
        blocked when the step is too large for an empty window too
    """
    if change.change_type != "budget":
        return Check("velocity", "not_applicable", "Only budgets have a velocity.")
    rule = f"{limits.velocity_pct:f} % in {limits.velocity_window_h:f} h"
    moment = first_moment_for(owner, siblings=siblings, now=now, limits=limits)
    if moment == now:
        return Check("velocity", "passed", f"The budget moves within {rule}.")
    what = "The campaign's ad sets together" if _fits([owner], now, limits) else "This budget"
    if moment is None:
        why = f"{what} would move more than {rule} in one step; make the step smaller."
        return Check("velocity", "blocked", why)
    why = f"{what} would move more than {rule}, counted from the start of the window."
    return Check("velocity", "deferred", why, moment)


def _window_moments(
    owners: Sequence[BudgetOwner], now: dt.datetime, limits: Limits
) -> list[dt.datetime]:
    """Moments after now at which a completed change drops out of the window."""
    ends = (past.completed_at + window(limits) for owner in owners for past in owner.past)
    return sorted(end for end in ends if end > now)


def velocity_range(
    owner: BudgetOwner,
    *,
    siblings: Sequence[BudgetOwner] = (),
    now: dt.datetime,
    limits: Limits,
) -> tuple[Decimal, Decimal]:
    """Smallest and largest budget that the velocity rule allows at one moment.

    Parameters
    ----------
    owner : the budget; its `target` is not read
    siblings : the other ad sets of the same campaign, when their sum is limited too
    now : aware moment
    limits : policy

    Returns
    -------
    (low, high) in account currency; low may lie above high when running claims on
    siblings have used up the sum
    """
    share = limits.velocity_pct / 100
    base = _base(owner, now, limits)
    low, high = base * (1 - share), base * (1 + share)
    if siblings:
        total = base + sum((_base(item, now, limits) for item in siblings), Decimal(0))
        others = sum((item.target for item in siblings), Decimal(0))
        low = max(low, total * (1 - share) - others)
        high = min(high, total * (1 + share) - others)
    return max(low, Decimal(0)), high


def first_moment_for(
    owner: BudgetOwner,
    *,
    siblings: Sequence[BudgetOwner] = (),
    now: dt.datetime,
    limits: Limits,
) -> dt.datetime | None:
    """Moment from which velocity allows the owner's target.

    Parameters
    ----------
    owner : the budget, with `target` = the value wanted
    siblings : the other ad sets of the same campaign
    now : aware moment
    limits : policy

    Returns
    -------
    `now`, a later moment, or None when no waiting is enough
    """
    groups = [[owner], [owner, *(_settled(item, now) for item in siblings)]]
    for moment in [now, *_window_moments(groups[1], now, limits)]:
        if all(_fits(group, moment, limits) for group in groups):
            return moment
    return None
