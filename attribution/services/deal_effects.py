"""What follows when the value of a deal changes: the world is told, and who else asked.

The increments told of a deal add up to its present value, in whatever order its moves were seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import takewhile
from typing import Any

from django.db.models import Max

from attribution.engine.synthetic_revenue import stage_worth
from attribution.models import Conversion, Deal
from attribution.selectors.revenue import ZERO, current_values, increments_of_deal
from campaigns.models import Ad
from workspaces.models import Workspace
from workspaces.services.webhooks_out import publish


@dataclass(frozen=True)
class DealMoved:
    """A deal is worth more or less than before, by ``increment`` in the workspace's currency.

    Stages are ours, as the CRM calls them where nobody mapped them, empty for 'not there'.
    ``source_event`` is unique to the change; the same change may be told again under it. ``at`` is
    when the deal moved, which may be long ago. Without an ad there is no attribution confidence.
    """

    workspace: Workspace
    deal: Deal
    from_stage: str
    to_stage: str
    increment: Decimal
    stage_confidence: Decimal
    attribution_confidence: Decimal
    ad: Ad | None
    source_event: str
    at: datetime


# Called in the transaction that writes the ledger, so it may write and must not call outside.
Listener = Callable[[DealMoved, datetime], None]

_listeners: list[Listener] = []


def on_deal_moved(listener: Listener) -> None:
    """Call ``listener(change, now)`` for each change; registered once, in ``ready()``."""
    if listener not in _listeners:
        _listeners.append(listener)


def moved(*, deal: Deal, moves: Collection[str], now: datetime) -> list[DealMoved]:
    """Tell of moves that are new in a deal's ledger, by their source events.

    A move from before one that was known already changes nothing of what the deal is worth now,
    so it is history only and nobody is told.
    """
    values = current_values(workspace=deal.workspace, now=now)
    rows = sorted(deal.stage_changes.all(), key=lambda row: (row.at, row.source_event))
    pairs = list(zip(rows, increments_of_deal(deal, values), strict=True))
    newest = list(takewhile(lambda pair: pair[0].source_event in moves, reversed(pairs)))
    confidence = _attribution_confidence(deal)
    changes = [
        DealMoved(
            workspace=deal.workspace,
            deal=deal,
            from_stage=increment.stage_from,
            to_stage=increment.stage_to,
            increment=increment.amount,
            stage_confidence=increment.confidence,
            attribution_confidence=confidence,
            ad=deal.ad,
            source_event=row.source_event,
            at=row.at,
        )
        for row, increment in reversed(newest)
    ]
    _tell(changes, now)
    return changes


def worth_of(deal: Deal, now: datetime) -> Decimal:
    """What a deal is worth now; nothing once it is deleted or merged into another."""
    if deal.deleted_at is not None or deal.merged_into_id is not None:
        return ZERO
    values = current_values(workspace=deal.workspace, now=now)
    return stage_worth(values, deal.stage, deal.amount).value


def revalued(
    *,
    deal: Deal,
    from_stage: str,
    before: Decimal,
    source_event: str,
    at: datetime,
    now: datetime,
) -> DealMoved | None:
    """Tell that a deal is worth something else though it did not move: deleted, or merged."""
    values = current_values(workspace=deal.workspace, now=now)
    increment = worth_of(deal, now) - before
    to_stage = deal.stage if deal.deleted_at is None else ""
    if not increment and from_stage == to_stage:
        return None
    change = DealMoved(
        workspace=deal.workspace,
        deal=deal,
        from_stage=from_stage,
        to_stage=to_stage,
        increment=increment,
        stage_confidence=stage_worth(values, to_stage, deal.amount).confidence,
        attribution_confidence=_attribution_confidence(deal),
        ad=deal.ad,
        source_event=source_event,
        at=at,
    )
    _tell([change], now)
    return change


def _attribution_confidence(deal: Deal) -> Decimal:
    """How sure it is that the deal came from its ad: as sure as its conversion is."""
    if deal.ad_id is None:
        return ZERO
    own = [deal, *Deal.objects.filter(merged_into=deal)]
    found = Conversion.objects.filter(
        workspace=deal.workspace,
        conversion_id__in=[one.conversion_id for one in own],
        ad=deal.ad_id,
    ).aggregate(surest=Max("confidence"))["surest"]
    return ZERO if found is None else found


def _tell(changes: list[DealMoved], now: datetime) -> None:
    for change in changes:
        publish(
            workspace=change.workspace,
            event_type="deal.stage_changed",
            event_id=f"{change.deal.public_id}:{_digest(change.source_event)}",
            data=_public(change),
            now=now,
        )
        for listener in _listeners:
            listener(change, now)


def _digest(source_event: str) -> str:
    return hashlib.sha256(source_event.encode()).hexdigest()[:24]


def _public(change: DealMoved) -> dict[str, Any]:
    """What a webhook says of a change."""
    deal = change.deal
    return {
        "deal_id": str(deal.public_id),
        "source": deal.source,
        "portal": deal.portal,
        "external_id": deal.external_id,
        "from_stage": change.from_stage or None,
        "to_stage": change.to_stage or None,
        "increment": f"{change.increment:f}",
        "currency": change.workspace.currency,
        "stage_confidence": float(change.stage_confidence),
        "attribution_confidence": float(change.attribution_confidence),
        "ad_id": str(change.ad.public_id) if change.ad else None,
        "moved_at": change.at.isoformat(),
    }
