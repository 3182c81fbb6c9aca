"""A recommendation goes to approval: its shares become pending changes of budgets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from campaigns.engine.advice.moves import factors
from campaigns.models import Recommendation, RecommendationSending
from campaigns.selectors.channels import Channels, channels_of
from campaigns.services.budget_bundles import Cause, SendingRefusedError, Sent, send_bundle
from workspaces.gate import Proposer

__all__ = ["SendingRefusedError", "Sent", "send_to_approval"]

_NOTHING: Final = (
    "It moves no live daily budget: the shares stay as they are, or no budget of these channels is"
    " known here."
)


def send_to_approval(*, recommendation: Recommendation, proposer: Proposer, now: datetime) -> Sent:
    """Propose the budgets that a recommendation's shares ask for, as one bundle, once.

    The sum of all budgets stays.

    Raises
    ------
    NotAllowedError : the person may not propose
    SendingRefusedError : it is too old, or nothing of it can be proposed
    """
    cause = Cause(
        row=recommendation,
        name="recommendation",
        sendings=RecommendationSending,
        factors=partial(_factors, recommendation),
        reason=partial(_reason, recommendation, channels_of(recommendation.workspace)),
        evidence=partial(_evidence, recommendation),
        nothing=_NOTHING,
    )
    return send_bundle(cause=cause, proposer=proposer, now=now)


def _factors(recommendation: Recommendation, budgets: Mapping[str, float]) -> dict[str, float]:
    wanted = recommendation.recommendations["recommendations"]["budget_allocation"]
    return factors(current=recommendation.evidence["shares"], wanted=wanted, budgets=budgets)


def _shares(recommendation: Recommendation, channel: str) -> tuple[float, float]:
    current: Mapping[str, float] = recommendation.evidence["shares"]
    wanted = recommendation.recommendations["recommendations"]["budget_allocation"]
    return current[channel] * 100, wanted[channel] * 100


def _reason(recommendation: Recommendation, channels: Channels, channel: str) -> str:
    before, after = _shares(recommendation, channel)
    day = f"{recommendation.created_at:%Y-%m-%d}"
    return (
        f"Recommendation of {day} ({recommendation.written_by}): the share of"
        f" {channels.label(channel)} goes from {before:.1f} % to {after:.1f} %."
        f" {recommendation.summary}"
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
