"""A signal's action as proposals: whoever clicks proposes, the gate decides."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from campaigns.models import AdSet, Campaign, DeliveryStatus, EntityType, Signal, SignalType
from campaigns.selectors.channel_days import channel_days
from campaigns.selectors.signal_actions import (
    Budget,
    daily_budgets,
    spent_since,
    worn_ads,
    worst_ad_sets,
)
from workspaces.gate import GateError, Proposer
from workspaces.ids import uuid7
from workspaces.models import Proposal, Workspace
from workspaces.periods import Period, yesterday_of
from workspaces.services.proposing import propose
from workspaces.services.refusals import RefusedError

KIND: Final = "ad_change"
MORE: Final = Decimal("0.15")
# Budgets are cut by nine tenths at most: less than that is a pause, which nobody asked for.
LEAST_FACTOR: Final = Decimal("0.10")
MOST_CHANGES: Final = 50


class SignalClosedError(RefusedError):
    """The signal offers no action that could be proposed now."""


@dataclass(frozen=True)
class Wish:
    """One change that a signal asks for."""

    entity_type: EntityType
    entity_id: str
    change_type: str
    value: str

    def as_request(self) -> dict[str, Any]:
        """Body of the proposal."""
        return {
            "entity_type": str(self.entity_type),
            "entity": self.entity_id,
            "change_type": self.change_type,
            "value": self.value,
        }


def propose_action(*, signal: Signal, by: Proposer, now: datetime) -> list[Proposal]:
    """Propose what the signal recommends, as one bundle; a repeat returns the same proposals.

    What the gate refuses is left out, unless it refuses all.

    Raises
    ------
    SignalClosedError : the event is over, or its action is none that a change of an ad could make
    GateError : the person may not propose, or no change could be planned
    """
    if signal.resolved_at is not None:
        raise SignalClosedError("This event is over; there is nothing left to do about it.")
    plan = PLANS.get(SignalType(signal.type))
    if plan is None:
        raise SignalClosedError(
            f"This takes more than a change of an ad: {signal.recommended_action}"
        )
    wishes = plan(signal, yesterday_of(signal.workspace, now))[:MOST_CHANGES]
    bundle, made, refused = uuid7(), [], []
    for wish in wishes:
        try:
            made.append(_propose(signal, wish, by, now, bundle))
        except GateError as error:
            refused.append(error)
    if not made and refused:
        raise refused[0]
    return made


def _propose(signal: Signal, wish: Wish, by: Proposer, now: datetime, bundle: Any) -> Proposal:
    return propose(
        workspace=signal.workspace,
        kind=KIND,
        request=wish.as_request(),
        proposer=by,
        reason=f"{signal.title}. {signal.description}",
        evidence={"signal": str(signal.public_id), "predicted_impact": signal.predicted_impact},
        now=now,
        idempotency_key=f"signal:{signal.pk}:{wish.entity_id}:{wish.change_type}:{wish.value}",
        bundle_id=bundle,
    )


def _to_the_strong(signal: Signal, until: date) -> list[Wish]:
    """15 % more for the channel, taken from the one whose installs are dearest."""
    budgets = daily_budgets(signal.workspace, on=until)
    own = [one for one in budgets if one.channel == signal.channel]
    others = {one.channel for one in budgets} - {signal.channel}
    weakest = _weakest(signal.workspace, others, until)
    giving = [one for one in budgets if one.channel == weakest]
    if not own or not giving:
        raise SignalClosedError(
            "No other channel with a daily budget of its own could give, or this one has none."
        )
    raised = sum((one.home_amount for one in own), Decimal(0)) * MORE
    factor = max(LEAST_FACTOR, 1 - raised / sum((one.home_amount for one in giving), Decimal(0)))
    return [*_scaled(own, 1 + MORE), *_scaled(giving, factor)]


def _weakest(workspace: Workspace, channels: set[str], until: date) -> str:
    """Channel with the dearest installs, or conversions, of four weeks."""
    costs = {}
    for own in channel_days(workspace, Period.ending(until, 28)):
        got = own.installs.sum() or own.conversions.sum()
        if own.key in channels and own.currency == workspace.currency and own.spend.any():
            costs[own.key] = own.spend.sum() / got if got else float("inf")
    return max(sorted(costs), key=lambda key: costs[key], default="")


def _scaled(budgets: list[Budget], factor: Decimal) -> list[Wish]:
    return [
        Wish(
            one.entity_type,
            str(one.owner.public_id),
            "budget",
            f"{(one.amount * factor).quantize(Decimal('0.01'))}",
        )
        for one in budgets
    ]


def _onto_plan(signal: Signal, until: date) -> list[Wish]:
    """All daily budgets by one factor, so that the month's spend is what they add up to."""
    budgets = daily_budgets(signal.workspace, on=until)
    planned = sum((one.home_amount for one in budgets), Decimal(0))
    length = calendar.monthrange(until.year, until.month)[1]
    left = length - until.day
    if not planned or not left:
        raise SignalClosedError(
            "The month is over, or no running campaign has a daily budget that could be cut."
        )
    spent = spent_since(signal.workspace, Period(until.replace(day=1), until))
    factor = (planned * length - spent) / (planned * left)
    if factor >= 1:
        raise SignalClosedError("At the budgets in force the month lands on plan already.")
    return _scaled(budgets, max(LEAST_FACTOR, factor))


def _pause_worn(signal: Signal, until: date) -> list[Wish]:
    worn = worn_ads(signal.workspace, signal.channel, until=until)
    if not worn:
        raise SignalClosedError("No single running ad is clicked less than it was; look at them.")
    return [_pause(EntityType.AD, str(ad.public_id)) for ad in worn]


def _pause_worst(signal: Signal, until: date) -> list[Wish]:
    worst = worst_ad_sets(signal.workspace, signal.channel, until=until)
    if not worst:
        raise SignalClosedError("There are too few running ad groups to pause the worst of them.")
    return [_pause(EntityType.ADSET, str(one.public_id)) for one in worst]


def _pause(kind: EntityType, public_id: str) -> Wish:
    return Wish(kind, public_id, "status", DeliveryStatus.PAUSED)


def _back_to_signed(signal: Signal, _until: date) -> list[Wish]:
    facts = signal.metrics
    model: type[Campaign] | type[AdSet] = (
        Campaign if facts["entity_type"] == EntityType.CAMPAIGN else AdSet
    )
    entity = model._default_manager.get(workspace=signal.workspace, pk=facts["entity_id"])
    kind = EntityType(facts["entity_type"])
    return [Wish(kind, str(entity.public_id), facts["change_type"], str(facts["signed"]))]


PLANS: Final[dict[SignalType, Callable[[Signal, date], list[Wish]]]] = {
    SignalType.BREAKTHROUGH: _to_the_strong,
    SignalType.OVERRUN: _onto_plan,
    SignalType.FATIGUE: _pause_worn,
    SignalType.EXHAUSTED: _pause_worn,
    SignalType.COMPETITOR: _pause_worst,
    SignalType.DRIFT: _back_to_signed,
}
# Types whose action changes of ads could make.
ACTIONABLE: Final = frozenset(PLANS)
