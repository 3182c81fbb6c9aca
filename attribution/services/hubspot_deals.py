"""Deals of HubSpot into the ledger: the same rows whether a webhook, a sync or a replay came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from attribution.hubspot.reading import ContactSeen, DealSeen, milliseconds
from attribution.hubspot.stages import STOCK_PIPELINE, stock_key
from attribution.models import Conversion, Deal, StageChange, StageMapping
from attribution.selectors.revenue import ZERO, current_values
from attribution.services import deal_effects
from attribution.services.hubspot_origin import SOURCE, ad_of, record_origin
from attribution.services.ledger import (
    DealRef,
    KnownAmount,
    Recorded,
    SeenMove,
    record_moves,
)
from campaigns.models import Ad
from workspaces.models import Workspace
from workspaces.selectors import convert
from workspaces.services.locks import lock_names


@dataclass(frozen=True)
class Portal:
    """A portal of HubSpot as a workspace's source of deals; labels of its stages where known."""

    workspace: Workspace
    id: str
    labels: Mapping[tuple[str, str], str]

    def ref(self, deal_id: str) -> DealRef:
        """Name of a deal in the ledger."""
        return DealRef(SOURCE, deal_id, self.id)

    def deal(self, deal_id: str) -> Deal | None:
        """Our row of a deal."""
        return Deal.objects.filter(
            workspace=self.workspace, source=SOURCE, portal=self.id, external_id=deal_id
        ).first()

    def lock(self) -> None:
        """One at a time for the deals of a portal: merges and deletions touch several."""
        lock_names([f"deals:{self.workspace.pk}:{SOURCE}:{self.id}"])


@transaction.atomic
def take_deal(
    *, portal: Portal, deal: DealSeen, contacts: Sequence[ContactSeen], now: datetime
) -> Recorded:
    """Bring the ledger up to what was read of a deal, and tell of what is new.

    Raises
    ------
    NoStageValuesError : the workspace has not said what its stages are worth
    TrackingError : the deal was made in the future
    """
    portal.lock()
    standing = portal.deal(deal.id)
    before = deal_effects.worth_of(standing, now) if standing else ZERO
    was_deleted = _bring_back(standing)
    recorded = _record(portal, deal, _origin(portal, deal, contacts, now), now)
    if recorded.new_events and not was_deleted:
        deal_effects.moved(deal=recorded.deal, moves=recorded.new_events, now=now)
    else:
        # Brought back, or won for another amount than was known.
        deal_effects.revalued(
            deal=recorded.deal,
            from_stage="" if was_deleted or standing is None else standing.stage,
            before=before,
            source_event=_event_of(portal, deal.id, "worth", str(milliseconds(deal.modified_at))),
            at=deal.modified_at,
            now=now,
        )
    return recorded


@transaction.atomic
def merge_deals(
    *, portal: Portal, deal: DealSeen, absorbed: Sequence[str], at: datetime, now: datetime
) -> Recorded:
    """Let one deal stand for several that were merged into it; only the difference is told."""
    portal.lock()
    standing = portal.deal(deal.id)
    olds = [row for one in absorbed if one != deal.id and (row := portal.deal(one))]
    before = sum((deal_effects.worth_of(row, now) for row in olds), ZERO)
    before += deal_effects.worth_of(standing, now) if standing else ZERO
    from_stage = next((row.stage for row in [standing, *olds] if row), "")
    ad = next((row.ad for row in [standing, *olds] if row and row.ad), None)
    recorded = _record(portal, deal, ad, now)
    Deal.objects.filter(pk__in=[row.pk for row in olds], merged_into=None).update(
        merged_into=recorded.deal
    )
    names = "+".join(sorted(row.external_id for row in olds))
    deal_effects.revalued(
        deal=recorded.deal, from_stage=from_stage, before=before, at=at, now=now,
        source_event=_event_of(portal, deal.id, "merged", names)[:200],
    )  # fmt: skip
    return recorded


@transaction.atomic
def delete_deal(*, portal: Portal, deal_id: str, at: datetime, now: datetime) -> None:
    """Stop counting a deal that was deleted; its ledger stays."""
    portal.lock()
    row = portal.deal(deal_id)
    if row is None or row.deleted_at is not None:
        return
    before, from_stage = deal_effects.worth_of(row, now), row.stage
    row.deleted_at = at
    row.save(update_fields=["deleted_at", "updated_at"])
    deal_effects.revalued(
        deal=row, from_stage=from_stage, before=before, at=at, now=now,
        source_event=f"{_event_of(portal, deal_id, 'deleted')}:{milliseconds(at)}",
    )  # fmt: skip


def unattributed(portal: Portal, deals: Sequence[str]) -> list[str]:
    """Deals of which no conversion is recorded yet: their contacts are worth asking for."""
    names = {_conversion_id(portal, one): one for one in deals}
    known = Conversion.objects.filter(workspace=portal.workspace, conversion_id__in=names)
    done = set(known.values_list("conversion_id", flat=True))
    return [one for name, one in names.items() if name not in done]


def _conversion_id(portal: Portal, deal_id: str) -> str:
    return f"{SOURCE}:{portal.id}:{deal_id}"


def _event_of(portal: Portal, deal_id: str, *parts: str) -> str:
    return ":".join((SOURCE, portal.id, deal_id, *parts))


def _bring_back(row: Deal | None) -> bool:
    """Count a deal again that can be read though it was deleted; whether it had been."""
    if row is None or row.deleted_at is None:
        return False
    row.deleted_at = None
    row.save(update_fields=["deleted_at", "updated_at"])
    return True


def _origin(
    portal: Portal, deal: DealSeen, contacts: Sequence[ContactSeen], now: datetime
) -> Ad | None:
    """Ad of the deal. One that was merged of others came from where they came from."""
    name = _conversion_id(portal, deal.id)
    found = Conversion.objects.filter(workspace=portal.workspace, conversion_id=name)
    row = found.select_related("ad").first()
    merged = Deal.objects.filter(
        workspace=portal.workspace, source=SOURCE, portal=portal.id,
        merged_into__external_id=deal.id,
    )  # fmt: skip
    if row is None and contacts and not merged.exists():
        row = record_origin(
            workspace=portal.workspace, portal=portal.id, deal=deal, conversion_id=name,
            contacts=contacts, now=now,
        )  # fmt: skip
    return ad_of(row) if row else None


def _record(portal: Portal, deal: DealSeen, ad: Ad | None, now: datetime) -> Recorded:
    _map_stock(portal, deal, now)
    moves = [
        SeenMove(
            source_event=_event_of(
                portal, deal.id, "dealstage", str(milliseconds(seen.at)), seen.stage
            ),
            stage=seen.stage,
            at=seen.at,
            pipeline=seen.pipeline,
            label=portal.labels.get((seen.pipeline, seen.stage), ""),
        )
        for seen in deal.stages
    ]
    return record_moves(
        workspace=portal.workspace,
        deal=portal.ref(deal.id),
        moves=_not_yet_seen(portal, moves),
        amount=_amount(portal.workspace, deal),
        ad=ad,
        now=now,
    )


def _not_yet_seen(portal: Portal, moves: Sequence[SeenMove]) -> list[SeenMove]:
    """Moves that the ledger lacks: what stands there stands, even if a pipeline is told anew."""
    standing = set(
        StageChange.objects.filter(
            workspace=portal.workspace,
            source=SOURCE,
            source_event__in=[move.source_event for move in moves],
        ).values_list("source_event", flat=True)
    )
    return [move for move in moves if move.source_event not in standing]


def _amount(workspace: Workspace, deal: DealSeen) -> KnownAmount | None:
    """Amount in the workspace's currency; not known where no rate is."""
    if deal.amount is None or deal.amount_at is None:
        return None
    currency = deal.currency or workspace.currency
    day = deal.amount_at.date()
    found = convert(workspace=workspace, amount=deal.amount, currency=currency, on=day)
    if found is None:
        return None
    return KnownAmount(found.quantize(Decimal("0.000001")), deal.amount_at)


def _map_stock(portal: Portal, deal: DealSeen, now: datetime) -> None:
    """Map stages of the stock pipeline that are seen for the first time."""
    seen = {one.stage for one in deal.stages if one.pipeline == STOCK_PIPELINE}
    known = StageMapping.objects.filter(
        workspace=portal.workspace, source=SOURCE, portal=portal.id, pipeline=STOCK_PIPELINE
    )
    new = seen - set(known.filter(stage__in=seen).values_list("stage", flat=True))
    if not new:
        return
    values = current_values(workspace=portal.workspace, now=now)
    StageMapping.objects.bulk_create(
        [
            StageMapping(
                workspace=portal.workspace,
                source=SOURCE,
                portal=portal.id,
                pipeline=STOCK_PIPELINE,
                stage=stage,
                label=portal.labels.get((STOCK_PIPELINE, stage), ""),
                stage_key=key,
                mapped_at=now,
                first_seen_at=now,
            )
            for stage in sorted(new)
            if (key := stock_key(STOCK_PIPELINE, stage, values))
        ],
        ignore_conflicts=True,
    )
