"""What is to happen to channels becomes pending changes of their live budgets: one bundle, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from campaigns.models import DeliveryStatus, Recommendation, Scenario
from campaigns.models.sendings import Sending
from campaigns.selectors.advice import LiveBudget, budgets_by_channel, live_budgets
from campaigns.selectors.channels import channels_of
from workspaces.gate import GateError, Proposer
from workspaces.services.locks import lock_names
from workspaces.services.proposing import propose
from workspaces.services.refusals import RefusedError

# A kind is known to the gate by its name; handlers stand above services.
_KIND: Final = "ad_change"
LASTS: Final = timedelta(days=7)
_MOST: Final = 200
_CENT: Final = Decimal("0.01")
_IDLE: Final = "No live daily budget of this channel is known here; change it on its platform."


class SendingRefusedError(RefusedError):
    """It cannot go to approval; the text says why."""


@dataclass(frozen=True)
class Sent:
    """A sending; ``is_new`` is false for one that was there already."""

    sending: Sending
    is_new: bool


@dataclass(frozen=True)
class Cause:
    """What asks for the changes, and what it says of each channel that moves.

    Attributes
    ----------
    row : its public id is that of the bundle
    name : its field of the sending, and the heading of its evidence
    sendings : where it is kept that it was sent
    factors : sums of live budgets by channel -> factor by channel; those without one stay
    nothing : what to say when no live budget moves
    """

    row: Recommendation | Scenario
    name: str
    sendings: type[Sending]
    factors: Callable[[Mapping[str, float]], Mapping[str, float]]
    reason: Callable[[str], str]
    evidence: Callable[[str], dict[str, Any]]
    nothing: str


@transaction.atomic
def send_bundle(*, cause: Cause, proposer: Proposer, now: datetime) -> Sent:
    """Propose the budgets that a cause asks for, as one bundle, once.

    All live daily budgets of a channel move by one factor; the ones that are live now count. The
    safety policy cuts each to the step that it allows. What cannot be proposed is left out, with
    why; a budget that comes down to nothing is a pause.

    Raises
    ------
    NotAllowedError : the person may not propose
    SendingRefusedError : it is too old, or nothing of it can be proposed
    """
    row = cause.row
    lock_names([f"{cause.name}:{row.pk}"])
    known = cause.sendings._default_manager.filter(**{cause.name: row}).first()
    if known is not None:
        return Sent(known, is_new=False)
    if row.created_at < now - LASTS:
        raise SendingRefusedError(
            f"Its figures are older than {LASTS.days} days. Make a new one and send that."
        )
    moves, left_out = _moves(cause, now)
    refused = [
        {"budget": budget.entity.name, "why": why}
        for budget, factor in moves
        if (why := _propose(cause, budget, factor, proposer, now))
    ]
    if len(refused) == len(moves):
        raise SendingRefusedError(_refusal(refused) or cause.nothing)
    sending = cause.sendings._default_manager.create(
        **{cause.name: row},
        workspace_id=row.workspace_id,
        sent_by=proposer.user,
        sent_by_label=proposer.label[:200],
        sent_at=now,
        left_out=[*refused, *left_out],
    )
    return Sent(sending, is_new=True)


def _refusal(refused: list[dict[str, str]]) -> str:
    if not refused:
        return ""
    first = refused[0]
    return f"No change could be proposed. {first['budget']}: {first['why']}"


def _moves(
    cause: Cause, now: datetime
) -> tuple[list[tuple[LiveBudget, Decimal]], list[dict[str, str]]]:
    """Budgets that move, the largest first, each with its factor; and channels without any."""
    budgets = live_budgets(workspace=cause.row.workspace, now=now)
    moved = cause.factors(budgets_by_channel(budgets))
    moves = [
        (budget, Decimal(repr(moved[budget.channel])))
        for budget in budgets
        # Without a rate nobody can say how much of the money it is.
        if budget.channel in moved and budget.in_workspace_currency is not None
    ][:_MOST]
    idle = sorted(set(moved) - {budget.channel for budget in budgets})
    channels = channels_of(cause.row.workspace)
    return moves, [{"budget": channels.label(channel), "why": _IDLE} for channel in idle]


def _propose(
    cause: Cause, budget: LiveBudget, factor: Decimal, proposer: Proposer, now: datetime
) -> str:
    """Why a budget could not be proposed; empty when it was."""
    row, entity = cause.row, budget.entity
    value = (budget.amount * factor).quantize(_CENT)
    request = {
        "account": str(entity.account.public_id),
        "entity_type": str(budget.entity_type),
        "entity": str(entity.public_id),
        "change_type": "budget" if value else "status",
        "value": str(value) if value else str(DeliveryStatus.PAUSED),
    }
    try:
        propose(
            workspace=row.workspace,
            kind=_KIND,
            request=request,
            proposer=proposer,
            reason=cause.reason(budget.channel),
            evidence={cause.name: cause.evidence(budget.channel)},
            bundle_id=row.public_id,
            idempotency_key=f"{cause.name}:{row.public_id}:{entity.public_id}",
            now=now,
        )
    except GateError as error:
        if error.status == 403:
            raise
        return str(error)
    return ""
