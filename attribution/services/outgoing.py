"""Conversions that go back to platforms: put into line where they happen, and again by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction

from attribution.models import (
    Conversion,
    ConversionDestination,
    Deal,
    OutgoingConversion,
    OutgoingName,
    OutgoingState,
)
from attribution.selectors.revenue import current_values
from attribution.services.deal_effects import DealMoved, worth_of
from attribution.services.taking_back import next_event_id, take_back
from workspaces.models import User
from workspaces.services.accounts import require_admin

PURCHASE_TYPE: Final = "purchase"


def queue_conversion(*, conversion: Conversion, now: datetime) -> int:
    """Put a conversion into line for each destination that is switched on; returns how many.

    Called in the transaction that records it; without consent nothing is put there.
    """
    is_purchase = conversion.type == PURCHASE_TYPE
    return _queue(
        conversion,
        event_id=conversion.conversion_id,
        name=OutgoingName.PURCHASE if is_purchase else OutgoingName.LEAD,
        value=conversion.value,
        currency=conversion.currency,
        happened_at=conversion.converted_at,
        now=now,
    )


def queue_deal(change: DealMoved, now: datetime) -> None:
    """Put a stage of a deal into line: Purchase with all it is worth when won, else Lead.

    A Lead carries what the stage added, so that the leads of a deal add up to what it is worth. A
    deal that lost value takes back what it told before.
    """
    deal = change.deal
    conversion = Conversion.objects.filter(
        workspace=change.workspace, conversion_id=deal.conversion_id
    ).first()
    if change.increment < 0:
        take_back(change, now)
    stage = current_values(workspace=change.workspace, now=now).stage(change.to_stage)
    is_won = stage is not None and stage.outcome == "won"
    value = worth_of(deal, now) if is_won else change.increment
    if conversion is None or value <= 0:
        return
    _queue(
        conversion,
        event_id=f"deal:{deal.public_id}:{change.to_stage}",
        name=OutgoingName.PURCHASE if is_won else OutgoingName.LEAD,
        value=value,
        currency=change.workspace.currency,
        happened_at=change.at,
        deal=deal,
        now=now,
    )


def _queue(
    conversion: Conversion,
    *,
    event_id: str,
    name: OutgoingName,
    value: Decimal,
    currency: str,
    happened_at: datetime,
    now: datetime,
    deal: Deal | None = None,
) -> int:
    if not conversion.has_consent:
        return 0
    destinations = ConversionDestination.objects.filter(
        workspace=conversion.workspace, is_enabled=True
    )
    ids = [
        (destination, next_event_id(destination, event_id, now) if deal else event_id)
        for destination in destinations
    ]
    rows = [
        OutgoingConversion(
            workspace=conversion.workspace,
            destination=destination,
            conversion=conversion,
            deal=deal,
            event_id=told_as,
            event_name=name,
            value=value,
            currency=currency,
            happened_at=happened_at,
            expires_at=happened_at + timedelta(days=destination.window_days),
            # A sender's clock may run ahead a little; platforms take nothing from the future.
            next_attempt_at=max(now, happened_at),
            created_at=now,
        )
        for destination, told_as in ids
        if told_as
    ]
    OutgoingConversion.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


@transaction.atomic
def send_again(*, rows: Iterable[OutgoingConversion], by: User, now: datetime) -> int:
    """Put refused and failed ones into line again, under their ids; returns how many.

    What is too late by now stays where it is: sending it would spoil a batch.

    Raises
    ------
    NotPermittedError : ``by`` is no admin
    """
    found = list(rows)
    for workspace in {row.workspace for row in found}:
        require_admin(user=by, workspace=workspace)
    again = OutgoingConversion.objects.filter(
        pk__in=[row.pk for row in found], state=OutgoingState.REJECTED, expires_at__gt=now
    )
    return again.update(
        state=OutgoingState.PENDING,
        attempts=0,
        next_attempt_at=now,
        settled_at=None,
        goes_alone=False,
        last_error="",
    )
