"""Conversions that did not last: taken back where a platform can, else noted with the reason.

A reversal is a row of its own that points at what it takes back, so the list shows both and a
repetition changes nothing. A deal that comes back lets what was told stand again.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from attribution.conversions_back.events import Target
from attribution.conversions_back.retractions import (
    TAKES_BACK_DAYS,
    TOO_OLD,
    WHY_NOT,
    GoogleRetractor,
)
from attribution.engine.synthetic_revenue import StageValues, stage_worth
from attribution.models import (
    ConversionDestination,
    OutgoingConversion,
    OutgoingName,
    OutgoingState,
)
from attribution.selectors.revenue import current_values
from attribution.services import sending_back
from attribution.services.deal_effects import DealMoved, worth_of
from campaigns.platform_access import GOOGLE_VERSION, client_of
from workspaces.platforms.errors import PlatformError

_COUNTS_OR_MAY: Final = (OutgoingState.PENDING, OutgoingState.SENT, OutgoingState.ACCEPTED)


def take_back(change: DealMoved, now: datetime) -> None:
    """Take back what a deal told and is not worth any more."""
    told = (
        OutgoingConversion.objects.filter(
            workspace=change.workspace, deal=change.deal, state__in=_COUNTS_OR_MAY, retracts=None
        )
        .select_for_update(of=("self",))
        .select_related("destination")
        .order_by("pk")
    )
    values = current_values(workspace=change.workspace, now=now)
    worth = worth_of(change.deal, now)
    why = f"The deal moved to {change.to_stage or 'nowhere'} on {change.at:%Y-%m-%d}"
    for row in told:
        if not _stands(row, change, values, worth):
            _take_back_one(row, why, change.at, now)


def _stands(
    row: OutgoingConversion, change: DealMoved, values: StageValues, worth: Decimal
) -> bool:
    """Whether a deal is still worth what a row told: that stage, or one below the present one."""
    if not worth:
        return False
    stage = row.event_id.removeprefix(f"deal:{change.deal.public_id}:").partition(":")[0]
    if stage == change.to_stage:
        return True
    is_lead = row.event_name == OutgoingName.LEAD
    return is_lead and stage_worth(values, stage).value <= worth


def _take_back_one(row: OutgoingConversion, why: str, at: datetime, now: datetime) -> None:
    was_waiting = row.state == OutgoingState.PENDING
    if was_waiting:
        sending_back.end(row, OutgoingState.WITHDRAWN, f"{why}, before this was sent.", now)
    if was_waiting and not row.attempts:
        return
    # A try whose answer was lost may have counted.
    row.note = f"{why}, after this was sent."
    row.save(update_fields=["note"])
    state, words, expires_at = _way_back(row, now)
    is_open = state == OutgoingState.PENDING
    fresh = {
        "state": state, "last_error": words, "expires_at": expires_at, "happened_at": at,
        "next_attempt_at": max(now, at) if is_open else None,
        "settled_at": None if is_open else now, "attempts": 0, "note": why,
    }  # fmt: skip
    retraction, is_new = OutgoingConversion.objects.get_or_create(
        retracts=row,
        defaults={
            "workspace_id": row.workspace_id, "destination": row.destination,
            "conversion_id": row.conversion_id, "deal_id": row.deal_id,
            "event_id": f"retract:{row.event_id}"[:200], "event_name": OutgoingName.RETRACTION,
            "value": row.value, "currency": row.currency, "created_at": now, **fresh,
        },
    )  # fmt: skip
    if not is_new and retraction.state == OutgoingState.WITHDRAWN:
        OutgoingConversion.objects.filter(pk=retraction.pk).update(**fresh)


def _way_back(row: OutgoingConversion, now: datetime) -> tuple[OutgoingState, str, datetime]:
    """State of a new reversal, why if there is none, and until when it can be sent."""
    platform = row.destination.platform
    days = TAKES_BACK_DAYS.get(platform)
    if days is None:
        return OutgoingState.IMPOSSIBLE, WHY_NOT[platform], now + timedelta(days=1)
    expires_at = row.happened_at + timedelta(days=days)
    if expires_at <= now:
        return OutgoingState.IMPOSSIBLE, TOO_OLD, now + timedelta(days=1)
    return OutgoingState.PENDING, "", expires_at


def next_event_id(destination: ConversionDestination, event_id: str, now: datetime) -> str | None:
    """Id under which a stage of a deal is told there now; ``None``: what was told stands.

    A platform counts an id once, so what it took back is told anew under another one.
    """
    told = list(
        OutgoingConversion.objects.filter(destination=destination, retracts=None)
        .filter(Q(event_id=event_id) | Q(event_id__startswith=f"{event_id}:"))
        .order_by("pk")
    )
    if not told:
        return event_id
    newest = told[-1]
    retraction = OutgoingConversion.objects.select_for_update().filter(retracts=newest).first()
    if retraction and _may_have_worked(retraction):
        return f"{event_id}:{len(told) + 1}"
    if retraction and retraction.state != OutgoingState.WITHDRAWN:
        words = "The deal came back before this was sent."
        sending_back.end(retraction, OutgoingState.WITHDRAWN, words, now)
        OutgoingConversion.objects.filter(pk=newest.pk).update(note="")
    OutgoingConversion.objects.filter(pk=newest.pk, state=OutgoingState.WITHDRAWN).update(
        state=OutgoingState.PENDING, settled_at=None, next_attempt_at=now, attempts=0,
        last_error="", note="",
    )  # fmt: skip
    return None


def _may_have_worked(retraction: OutgoingConversion) -> bool:
    is_tried = retraction.state == OutgoingState.PENDING and retraction.attempts > 0
    return is_tried or retraction.state == OutgoingState.ACCEPTED


def retract_due(*, destination_id: int, now: datetime, rng: random.Random) -> int:
    """Send the reversal that is due first; returns how many were looked at."""
    destination = ConversionDestination.objects.select_related("connection").get(pk=destination_id)
    if not _due(destination, now).exists():
        return 0
    try:
        retractor = _retractor_of(destination)
    except PlatformError as error:
        until = now + sending_back.WAIT_FOR_PERSON
        return sending_back.put_off(_due(destination, now), until, error.message)
    try:
        return _retract_one(destination, retractor, now, rng)
    finally:
        retractor.close()


def _due(destination: ConversionDestination, now: datetime) -> QuerySet[OutgoingConversion]:
    return OutgoingConversion.objects.filter(
        destination=destination,
        state=OutgoingState.PENDING,
        retracts__isnull=False,
        next_attempt_at__lte=now,
    )


def _retractor_of(destination: ConversionDestination) -> GoogleRetractor:
    client = client_of(
        destination.platform,
        credentials=sending_back.credentials_of(destination),
        base_url=destination.connection.base_url,
        allow_loopback=settings.ALLOW_SANDBOX,
    )
    target = Target(dataset_id=destination.dataset_id, account_id=destination.account_id)
    return GoogleRetractor(client, target, api_version=GOOGLE_VERSION)


def _retract_one(
    destination: ConversionDestination,
    retractor: GoogleRetractor,
    now: datetime,
    rng: random.Random,
) -> int:
    row = _claim(destination, retractor, now)
    if row is None or row.retracts is None:
        return 0
    try:
        receipt = retractor.retract(retractor.payload(row.retracts.event_id, row.happened_at))
    except PlatformError as error:
        sending_back.failed(destination, [row], error, now, rng)
    else:
        sending_back.told([row], receipt, now)
        OutgoingConversion.objects.filter(pk=row.pk).update(note=receipt.words[:300] or row.note)
    _tell_original(row, now)
    return 1


@transaction.atomic
def _claim(
    destination: ConversionDestination, retractor: GoogleRetractor, now: datetime
) -> OutgoingConversion | None:
    """Take the reversal that is due first, of what is decided and counts."""
    sending_back.expire(destination, now)
    due = _due(destination, now)
    sending_back.put_off(
        due.filter(retracts__state=OutgoingState.SENT), now + sending_back.ASK_AGAIN,
        "It waits until the platform has decided on the conversion.",
    )  # fmt: skip
    due.filter(retracts__state__in=[OutgoingState.REJECTED, OutgoingState.EXPIRED]).update(
        state=OutgoingState.WITHDRAWN, settled_at=now, next_attempt_at=None,
        last_error="It never counted there.",
    )  # fmt: skip
    row = (
        due.select_for_update(skip_locked=True, of=("self",))
        .select_related("retracts")
        .order_by("next_attempt_at", "pk")
        .first()
    )
    if row is None or row.retracts is None:
        return None
    payload = retractor.payload(row.retracts.event_id, row.happened_at)
    sending_back.lease(row, payload, now)
    return row


def _tell_original(row: OutgoingConversion, now: datetime) -> None:
    """Say at the conversion what became of taking it back."""
    row.refresh_from_db()
    original = OutgoingConversion.objects.filter(retraction=row)
    if row.state == OutgoingState.ACCEPTED:
        original.update(
            state=OutgoingState.WITHDRAWN, settled_at=now, next_attempt_at=None, note=row.note
        )
    elif row.state == OutgoingState.REJECTED:
        original.update(note=f"It could not be taken back: {row.last_error}"[:300])
