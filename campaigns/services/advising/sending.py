"""A recommendation goes to approval: its shares become pending changes of budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from campaigns.engine.advice.moves import factors
from campaigns.models import Recommendation, RecommendationSending
from campaigns.selectors.advice import LiveBudget, live_budgets
from workspaces.gate import GateError, Proposer
from workspaces.services.locks import lock_names
from workspaces.services.proposing import propose
from workspaces.services.refusals import RefusedError

# A kind is known to the gate by its name; handlers stand above services.
_KIND: Final = "ad_change"
LASTS: Final = timedelta(days=7)
_MOST: Final = 200
_CENT: Final = Decimal("0.01")


class SendingRefusedError(RefusedError):
    """The recommendation cannot go to approval; the text says why."""


@dataclass(frozen=True)
class Sent:
    """A sending; ``is_new`` is false for one that was there already."""

    sending: RecommendationSending
    is_new: bool


@transaction.atomic
def send_to_approval(*, recommendation: Recommendation, proposer: Proposer, now: datetime) -> Sent:
    """Propose the budgets that a recommendation's shares ask for, as one bundle, once.

    All live daily budgets of a channel move by one factor, and the sum of all stays. The safety
    policy cuts each to the step that it allows. What cannot be proposed is left out, with why.

    Raises
    ------
    NotAllowedError : the person may not propose
    SendingRefusedError : it is too old, or nothing of it can be proposed
    """
    lock_names([f"recommendation:{recommendation.pk}"])
    known = RecommendationSending.objects.filter(recommendation=recommendation).first()
    if known is not None:
        return Sent(known, is_new=False)
    if recommendation.created_at < now - LASTS:
        raise SendingRefusedError(
            f"Its figures are older than {LASTS.days} days. Make a new one and send that."
        )
    moves = _moves(recommendation, now)
    left_out = [
        {"budget": budget.entity.name, "why": why}
        for budget, factor in moves
        if (why := _propose(recommendation, budget, factor, proposer, now))
    ]
    if len(left_out) == len(moves):
        raise SendingRefusedError(_nothing(left_out))
    sending = RecommendationSending.objects.create(
        recommendation=recommendation,
        workspace_id=recommendation.workspace_id,
        sent_by=proposer.user,
        sent_by_label=proposer.label[:200],
        sent_at=now,
        left_out=left_out,
    )
    return Sent(sending, is_new=True)


def _nothing(left_out: list[dict[str, str]]) -> str:
    if not left_out:
        return (
            "It moves no live daily budget: the shares stay as they are, or no budget of these"
            " channels is known here."
        )
    first = left_out[0]
    return f"No change could be proposed. {first['budget']}: {first['why']}"


def _moves(recommendation: Recommendation, now: datetime) -> list[tuple[LiveBudget, Decimal]]:
    """Budgets that move, the largest first, each with its factor."""
    budgets = live_budgets(workspace=recommendation.workspace, now=now)
    sums: dict[str, float] = {}
    for budget in budgets:
        amount = float(budget.in_workspace_currency or 0)
        sums[budget.channel] = sums.get(budget.channel, 0.0) + amount
    wanted = recommendation.recommendations["recommendations"]["budget_allocation"]
    moved = factors(current=recommendation.evidence["shares"], wanted=wanted, budgets=sums)
    return [
        (budget, Decimal(repr(moved[budget.channel])))
        for budget in budgets
        # Without a rate nobody can say how much of the money it is.
        if budget.channel in moved and budget.in_workspace_currency is not None
    ][:_MOST]


def _propose(
    recommendation: Recommendation,
    budget: LiveBudget,
    factor: Decimal,
    proposer: Proposer,
    now: datetime,
) -> str:
    """Why a budget could not be proposed; empty when it was."""
    request = {
        "account": str(budget.entity.account.public_id),
        "entity_type": str(budget.entity_type),
        "entity": str(budget.entity.public_id),
        "change_type": "budget",
        "value": str((budget.amount * factor).quantize(_CENT)),
    }
    try:
        propose(
            workspace=recommendation.workspace,
            kind=_KIND,
            request=request,
            proposer=proposer,
            reason=_reason(recommendation, budget.channel),
            evidence={"recommendation": _evidence(recommendation, budget.channel)},
            bundle_id=recommendation.public_id,
            idempotency_key=f"recommendation:{recommendation.public_id}:{budget.entity.public_id}",
            now=now,
        )
    except GateError as error:
        if error.status == 403:
            raise
        return str(error)
    return ""


def _shares(recommendation: Recommendation, channel: str) -> tuple[float, float]:
    current: Mapping[str, float] = recommendation.evidence["shares"]
    wanted = recommendation.recommendations["recommendations"]["budget_allocation"]
    return current[channel] * 100, wanted[channel] * 100


def _reason(recommendation: Recommendation, channel: str) -> str:
    before, after = _shares(recommendation, channel)
    day = f"{recommendation.created_at:%Y-%m-%d}"
    return (
        f"Recommendation of {day} ({recommendation.written_by}): the share of {channel} goes from"
        f" {before:.1f} % to {after:.1f} %. {recommendation.summary}"
    )


def _evidence(recommendation: Recommendation, channel: str) -> dict[str, Any]:
    before, after = _shares(recommendation, channel)
    return {
        "written_by": recommendation.written_by,
        "made_at": recommendation.created_at.isoformat(),
        "channel": channel,
        "share_now_pct": round(before, 1),
        "share_recommended_pct": round(after, 1),
        "id": str(recommendation.public_id),
    }
