"""The ledger of stage changes, and where deals stand by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from attribution.engine.synthetic_revenue import StageValues
from attribution.models import Deal, StageChange, StageMapping
from attribution.selectors.revenue import current_values, stage_keys
from campaigns.models import Ad
from workspaces.models import Workspace
from workspaces.services.locks import lock_names
from workspaces.services.refusals import RefusedError


class OtherStageChangeError(RefusedError):
    """The event is in the ledger with another deal, stage or moment."""


@dataclass(frozen=True)
class DealRef:
    """A deal as its source names it."""

    source: str
    external_id: str
    portal: str = ""


@dataclass(frozen=True)
class SeenMove:
    """A deal was seen to enter a stage, in the source's own words."""

    source_event: str
    stage: str
    at: datetime
    pipeline: str = ""
    label: str = ""


@dataclass(frozen=True)
class KnownAmount:
    """The deal's real amount, in the workspace's currency, as of a moment."""

    amount: Decimal
    at: datetime


@dataclass(frozen=True)
class Recorded:
    """The deal as it stands now, and the source events of the moves that were new."""

    deal: Deal
    new_events: frozenset[str] = frozenset()

    @property
    def new_moves(self) -> int:
        """How many moves were new."""
        return len(self.new_events)


@transaction.atomic
def record_moves(
    *,
    workspace: Workspace,
    deal: DealRef,
    moves: Sequence[SeenMove],
    now: datetime,
    amount: KnownAmount | None = None,
    ad: Ad | None = None,
) -> Recorded:
    """Append what was seen of a deal and derive where it stands.

    The same events again, in any order, change nothing.

    Raises
    ------
    NoStageValuesError : the workspace has not said what its stages are worth
    OtherStageChangeError : an event stands in the ledger with other facts
    """
    values = current_values(workspace=workspace, now=now)
    row = _locked(workspace, deal)
    new = _append(row, deal, moves, now)
    if amount is not None:
        _take_amount(row, amount)
    if ad is not None:
        row.ad = ad
    _note_stages(workspace, deal, moves, values, now)
    project(row, values)
    return Recorded(row, new)


def _locked(workspace: Workspace, ref: DealRef) -> Deal:
    lock_names([f"deal:{workspace.pk}:{ref.source}:{ref.portal}:{ref.external_id}"])
    row, _ = Deal.objects.get_or_create(
        workspace=workspace, source=ref.source, portal=ref.portal, external_id=ref.external_id
    )
    return row


def _append(deal: Deal, ref: DealRef, moves: Sequence[SeenMove], now: datetime) -> frozenset[str]:
    """Append moves whose events are new; returns these events."""
    once = {move.source_event: move for move in moves}
    standing = {
        row.source_event: row
        for row in StageChange.objects.filter(
            workspace=deal.workspace, source=ref.source, source_event__in=once
        )
    }
    for move in moves:
        _refuse_other(deal, move, standing.get(move.source_event), once[move.source_event])
    new = [move for event, move in once.items() if event not in standing]
    StageChange.objects.bulk_create(
        StageChange(
            deal=deal,
            workspace=deal.workspace,
            source=ref.source,
            source_event=move.source_event,
            pipeline=move.pipeline,
            stage=move.stage,
            at=move.at,
            recorded_at=now,
        )
        for move in new
    )
    return frozenset(move.source_event for move in new)


def _refuse_other(deal: Deal, move: SeenMove, row: StageChange | None, twin: SeenMove) -> None:
    told = (deal.pk, move.pipeline, move.stage, move.at)
    stands = (row.deal_id, row.pipeline, row.stage, row.at) if row else told
    again = (deal.pk, twin.pipeline, twin.stage, twin.at)
    if told != stands or told != again:
        raise OtherStageChangeError(
            f"The event {move.source_event!r} is in the ledger with other facts; send a correction"
            " as an event of its own."
        )


def _take_amount(deal: Deal, known: KnownAmount) -> None:
    """Keep the newest amount; of two of one moment the larger, so that order does not matter."""
    standing = (deal.amount_at, deal.amount) if deal.amount_at is not None else None
    if standing is None or (known.at, known.amount) > standing:
        deal.amount, deal.amount_at = known.amount, known.at


def _note_stages(
    workspace: Workspace,
    ref: DealRef,
    moves: Sequence[SeenMove],
    values: StageValues,
    now: datetime,
) -> None:
    """List stages that nobody has mapped yet, so that a person can."""
    known = stage_keys(
        workspace=workspace,
        source=ref.source,
        portal=ref.portal,
        keys=[stage.key for stage in values.stages],
    )
    unknown = {
        (move.pipeline, move.stage): move.label
        for move in moves
        if (move.pipeline, move.stage) not in known
    }
    StageMapping.objects.bulk_create(
        [
            StageMapping(
                workspace=workspace,
                source=ref.source,
                portal=ref.portal,
                pipeline=pipeline,
                stage=stage,
                label=label,
                first_seen_at=now,
            )
            for (pipeline, stage), label in unknown.items()
        ],
        ignore_conflicts=True,
    )


def project(deal: Deal, values: StageValues) -> None:
    """Derive where a deal stands from its newest stage change."""
    newest = deal.stage_changes.order_by("-at", "-source_event").first()
    if newest is not None:
        keys = stage_keys(
            workspace=deal.workspace,
            source=deal.source,
            portal=deal.portal,
            keys=[stage.key for stage in values.stages],
        )
        deal.stage = keys.get((newest.pipeline, newest.stage), "")
        deal.moved_at = newest.at
    deal.save(update_fields=["stage", "moved_at", "amount", "amount_at", "ad", "updated_at"])
