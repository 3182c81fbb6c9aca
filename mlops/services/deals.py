"""What deals teach: their value goes to the sampler, and a good step may ask for more budget."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from attribution.services.deal_effects import DealMoved
from campaigns.models import Ad, ChangeType, DeliveryStatus
from campaigns.selectors.subjects import Subject, subject_of
from mlops.arm_names import budget_owner
from mlops.engine.deal_raise import budget_raise
from mlops.services.sampling import record_feedback
from workspaces.gate import GateError, Proposer, RequestError
from workspaces.models import Proposal
from workspaces.services.proposing import propose

logger = logging.getLogger(__name__)

KIND: Final = "ad_change"
RULE: Final = "deal progress"
# A deal that is read late (the first sync reads years of them) says nothing of the ad of today.
FRESH: Final = timedelta(days=14)
_CENT = Decimal("0.01")
_SURE = Decimal("0.0001")
_LONGEST = 200


def learn_from_deal(change: DealMoved, now: datetime) -> None:
    """Take a stage change over: once into the sampler's ledger, and maybe into a proposal."""
    if change.ad is None or not change.increment:
        return
    subject = _subject(change.ad)
    record_feedback(
        workspace=change.workspace,
        arm=subject.key if subject else str(change.ad.public_id),
        event_id=event_id_of(change),
        spend=Decimal(0),
        pipeline_value=change.increment,
        source="deal",
        now=min(change.at, now),
    )
    if subject is not None:
        propose_raise(change=change, subject=subject, now=now)


def propose_raise(*, change: DealMoved, subject: Subject, now: datetime) -> Proposal | None:
    """Propose more budget for a deal's ad, once per stage change; ``None`` where nothing is due.

    What the gate cannot take (a person's change is open, no step is allowed) is left out and
    logged.
    """
    share = budget_raise(
        change.increment,
        stage_confidence=change.stage_confidence,
        attribution_confidence=change.attribution_confidence,
    )
    budget = subject.current
    if share is None or not isinstance(budget, Decimal) or budget <= 0:
        return None
    if subject.entity.status != DeliveryStatus.ACTIVE or now - change.at > FRESH:
        return None
    key = event_id_of(change)
    confidence = (change.stage_confidence * change.attribution_confidence).quantize(_SURE)
    proposer = Proposer.rule(RULE, confidence=confidence)
    # Not left to the gate's key alone: the budget may have moved since, and with it the request.
    if Proposal.objects.filter(
        workspace=change.workspace, kind=KIND, proposer_key=proposer.key, idempotency_key=key
    ).exists():
        return None
    try:
        return propose(
            workspace=change.workspace,
            kind=KIND,
            request=_request(subject, budget * (1 + share)),
            proposer=proposer,
            reason=_reason(change, share),
            evidence={"deal": _evidence(change, share)},
            idempotency_key=key,
            now=now,
        )
    except GateError as error:
        logger.info("not proposed", extra={"deal": change.deal.pk, "why": str(error)})
        return None


def event_id_of(change: DealMoved) -> str:
    """Id under which a stage change is learnt from once."""
    told = f"deal:{change.deal.source}:{change.deal.portal}:{change.source_event}"
    if len(told) <= _LONGEST:
        return told
    return f"deal:{hashlib.sha256(told.encode()).hexdigest()}"


def _subject(ad: Ad) -> Subject | None:
    """Budget that an ad spends; ``None`` where it is not known."""
    try:
        return subject_of(budget_owner(ad), ChangeType.BUDGET)
    except RequestError:
        return None


def _request(subject: Subject, value: Decimal) -> dict[str, Any]:
    return {
        "account": str(subject.account.public_id),
        "entity_type": str(subject.entity_type),
        "entity": str(subject.entity.public_id),
        "change_type": str(ChangeType.BUDGET),
        "value": f"{value.quantize(_CENT):f}",
    }


def _reason(change: DealMoved, share: Decimal) -> str:
    name = change.ad.name if change.ad else ""
    return (
        f"A deal of “{name}” moved on to {change.to_stage}: {change.increment:+,.2f}"
        f" {change.workspace.currency} of pipeline value, so its budget may rise by"
        f" {100 * share:.2f} %."
    )


def _evidence(change: DealMoved, share: Decimal) -> dict[str, Any]:
    """What the person who signs should see of the deal."""
    return {
        "deal": change.deal.external_id,
        "ad": change.ad.name if change.ad else "",
        "from_stage": change.from_stage or None,
        "to_stage": change.to_stage,
        "increment": f"{change.increment:.2f}",
        "stage_confidence": float(change.stage_confidence),
        "attribution_confidence": float(change.attribution_confidence),
        "raise_pct": float(100 * share),
        "moved_at": change.at.isoformat(),
    }
