"""Sending conversions back: claim rows, call without a transaction, settle what was answered.

A row keeps its event id for ever, and platforms count an id once: a worker that dies between the
call and its record costs a repetition, never a second conversion.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from attribution.conversions_back.events import Event, JsonObject, Receipt, Sender, Target
from attribution.conversions_back.google import BASE_URL as GOOGLE_HOME
from attribution.conversions_back.google import GoogleSender
from attribution.conversions_back.linkedin import LinkedInSender
from attribution.conversions_back.meta import MetaSender
from attribution.conversions_back.tiktok import TikTokSender
from attribution.models import (
    BackPlatform,
    ConversionDestination,
    OutgoingConversion,
    OutgoingState,
)
from campaigns.platform_access import META_VERSION, client_of
from workspaces.crypto import SecretUnreadableError, decrypt
from workspaces.models import Connection, ConnectionStatus, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError

LEASE: Final = timedelta(minutes=5)  # longer than a call may take: a lapsed one is a dead worker
# The platform measures the age on arrival, and one event too old spoils its batch.
MARGIN: Final = timedelta(minutes=10)
MOST_ATTEMPTS: Final = 5
FIRST_DELAY_S: Final = 60
LONGEST_DELAY_S: Final = 3600
ASK_AGAIN: Final = timedelta(minutes=10)
WAIT_FOR_PERSON: Final = timedelta(hours=1)
STOP_AT_PCT: Final = 95.0
_REST: Final = timedelta(minutes=5)
_CLICK_IDS: Final = ("fbclid", "gclid", "gbraid", "wbraid", "ttclid", "li_fat_id")
_CRMS: Final = {"hubspot": "HubSpot"}
# A fault of the connection or of the destination, not of what is sent.
_OF_DESTINATION: Final = frozenset(
    {ErrorKind.AUTH, ErrorKind.PERMISSION, ErrorKind.GONE, ErrorKind.POLICY}
)
_STATUS_AFTER: Final = {
    ErrorKind.AUTH: ConnectionStatus.NEEDS_LOGIN,
    ErrorKind.POLICY: ConnectionStatus.STOPPED,
}


@dataclass(frozen=True)
class Claimed:
    """Rows of one call, with what is sent of each."""

    rows: list[OutgoingConversion]
    payloads: list[JsonObject]


def due_destinations(*, now: datetime) -> list[int]:
    """Destinations with something to send or to ask for."""
    rows = OutgoingConversion.objects.filter(
        state__in=[OutgoingState.PENDING, OutgoingState.SENT],
        next_attempt_at__lte=now,
        destination__is_enabled=True,
        destination__connection__status=ConnectionStatus.ACTIVE,
        workspace__in=Workspace.objects.open(),
    )
    return sorted(set(rows.values_list("destination", flat=True)))


def work_off(*, destination_id: int, now: datetime, rng: random.Random) -> int:
    """Ask for one batch, then send one; returns how many rows were looked at."""
    destination = ConversionDestination.objects.select_related("connection").get(pk=destination_id)
    try:
        sender = sender_of(destination)
    except PlatformError as error:
        return put_off(_due(destination, now), now + WAIT_FOR_PERSON, error.message)
    try:
        asked = _ask(destination, sender, now)
        claimed = claim(destination, sender, now)
        if claimed.rows:
            _send(destination, sender, claimed, now, rng)
    finally:
        sender.close()
    return asked + len(claimed.rows)


def sender_of(destination: ConversionDestination) -> Sender:
    """Sender with the credentials of a destination's connection.

    Raises
    ------
    PlatformError : the credentials cannot be read or used
    """
    credentials = credentials_of(destination)
    target = Target(
        dataset_id=destination.dataset_id,
        account_id=destination.account_id,
        login_account_id=credentials.get("login_customer_id", "").replace("-", ""),
        test_code=destination.test_code,
    )
    client = client_of(
        destination.platform,
        credentials=credentials,
        base_url=destination.connection.base_url,
        home=GOOGLE_HOME if destination.platform == BackPlatform.GOOGLE else "",
        allow_loopback=settings.ALLOW_SANDBOX,
    )
    if destination.platform == BackPlatform.GOOGLE:
        return GoogleSender(client, target)
    if destination.platform == BackPlatform.TIKTOK:
        return TikTokSender(client, target)
    if destination.platform == BackPlatform.LINKEDIN:
        return LinkedInSender(client, target)
    version = credentials.get("api_version") or META_VERSION
    return MetaSender(client, target, api_version=version)


def credentials_of(destination: ConversionDestination) -> dict[str, str]:
    """Credentials of a destination's connection.

    Raises
    ------
    PlatformError : they cannot be read
    """
    try:
        return decrypt(destination.connection.secret)
    except SecretUnreadableError as error:
        raise PlatformError(ErrorKind.AUTH, str(error)) from error


def event_of(row: OutgoingConversion) -> Event:
    """What is told of a row, from what is kept now."""
    kept, click = row.conversion, row.conversion.attributed_click

    def click_id(name: str) -> str:
        return getattr(kept, name) or (getattr(click, name) if click else "")

    return Event(
        event_id=row.event_id,
        name=row.event_name,  # type: ignore[arg-type]  # a constraint holds it to the names
        happened_at=row.happened_at,
        value=row.value,
        currency=row.currency,
        is_from_crm=row.deal_id is not None,
        crm_name=_CRMS.get(row.deal.source, "") if row.deal else "",
        email_hash=kept.email_hash,
        google_email_hash=kept.google_email_hash,
        # A hash that came as one may be of any spelling of the number.
        phone_hash=kept.phone_hash if kept.e164_phone_hash else "",
        e164_hash=kept.e164_phone_hash,
        clicked_at=kept.attributed_clicked_at,
        user_agent=kept.user_agent,
        page_url=kept.landing_page,
        fbc=kept.fbc,
        fbp=kept.fbp,
        ttp=kept.ttp,
        **{name: click_id(name) for name in _CLICK_IDS},
    )


def _due(destination: ConversionDestination, now: datetime) -> QuerySet[OutgoingConversion]:
    return OutgoingConversion.objects.filter(
        destination=destination,
        state=OutgoingState.PENDING,
        retracts=None,
        next_attempt_at__lte=now,
    )


@transaction.atomic
def claim(destination: ConversionDestination, sender: Sender, now: datetime) -> Claimed:
    """Take the rows of one call; what is too late or may not be told ends here."""
    expire(destination, now)
    rows = list(
        _due(destination, now)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("conversion__attributed_click", "deal")
        .order_by("next_attempt_at", "pk")[: sender.max_batch]
    )
    if rows and rows[0].goes_alone:
        rows = rows[:1]
    claimed = Claimed([], [])
    for row in (row for row in rows if len(rows) == 1 or not row.goes_alone):
        _claim_one(row, sender, claimed, now)
    return claimed


def expire(destination: ConversionDestination, now: datetime) -> None:
    """End what waits and is too late by now."""
    OutgoingConversion.objects.filter(
        destination=destination, state=OutgoingState.PENDING, expires_at__lte=now + MARGIN
    ).update(
        state=OutgoingState.EXPIRED,
        settled_at=now,
        next_attempt_at=None,
        last_error="It is older than the platform takes.",
    )


def _claim_one(row: OutgoingConversion, sender: Sender, claimed: Claimed, now: datetime) -> None:
    if not row.conversion.has_consent:
        return end(row, OutgoingState.REJECTED, "There is no consent any more; not sent.", now)
    payload = sender.payload(event_of(row))
    if payload is None:
        words = "Nothing is kept that this platform could recognise the person by; not sent."
        return end(row, OutgoingState.REJECTED, words, now)
    lease(row, payload, now)
    claimed.rows.append(row)
    claimed.payloads.append(payload)
    return None


def lease(row: OutgoingConversion, payload: JsonObject, now: datetime) -> None:
    """Begin a try: the row is ours for a while, and what is sent can be recognised later."""
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    row.payload_sha256 = hashlib.sha256(text.encode()).hexdigest()
    row.attempts += 1
    row.next_attempt_at = now + LEASE
    row.save(update_fields=["payload_sha256", "attempts", "next_attempt_at"])


def end(row: OutgoingConversion, state: OutgoingState, words: str, now: datetime) -> None:
    """Settle a row in a final state, with words."""
    row.state, row.last_error, row.settled_at, row.next_attempt_at = state, words[:500], now, None
    row.save(update_fields=["state", "last_error", "settled_at", "next_attempt_at"])


def _send(
    destination: ConversionDestination,
    sender: Sender,
    claimed: Claimed,
    now: datetime,
    rng: random.Random,
) -> None:
    try:
        receipt = sender.send(claimed.payloads)
    except PlatformError as error:
        failed(destination, claimed.rows, error, now, rng)
        return
    told(claimed.rows, receipt, now)
    if sender.usage.pct >= STOP_AT_PCT:
        rest = timedelta(seconds=sender.usage.reset_after_s or _REST.total_seconds())
        _put_off_all(destination, now + rest, "The platform's quota is nearly used up.")


def _still_ours(rows: Sequence[OutgoingConversion]) -> QuerySet[OutgoingConversion]:
    """Rows of a claim that no other worker has taken since: this one may have been too slow."""
    mine = Q()
    for row in rows:
        mine |= Q(pk=row.pk, attempts=row.attempts)
    return OutgoingConversion.objects.filter(mine, state=OutgoingState.PENDING)


def told(rows: Sequence[OutgoingConversion], receipt: Receipt, now: datetime) -> None:
    """Settle rows of a call that was answered."""
    is_final = receipt.verdict == "accepted"
    _still_ours(rows).update(
        state=OutgoingState.ACCEPTED if is_final else OutgoingState.SENT,
        request_id=receipt.request_id[:200],
        sent_at=now,
        settled_at=now if is_final else None,
        next_attempt_at=None if is_final else now + ASK_AGAIN,
        last_error="",
    )


@transaction.atomic
def failed(
    destination: ConversionDestination,
    rows: Sequence[OutgoingConversion],
    error: PlatformError,
    now: datetime,
    rng: random.Random,
) -> None:
    """Settle rows of a call that was refused, or whose answer is not known."""
    mine = _still_ours(rows)
    words = error.message[:500]
    if error.kind in _OF_DESTINATION:
        # Nothing is wrong with the rows: they wait for a person.
        _rest(destination, mine, now + WAIT_FOR_PERSON, words)
        _mark_connection(destination.connection, error, now)
    elif error.kind in (ErrorKind.THROTTLED, ErrorKind.ENTITY_LIMIT):
        wait = timedelta(seconds=error.retry_after_s) if error.retry_after_s else _REST
        _rest(destination, mine, now + wait, words)
    elif error.kind is ErrorKind.INVALID and len(rows) > 1:
        # One of them is bad: one by one the good ones get through.
        mine.update(
            attempts=F("attempts") - 1, goes_alone=True, next_attempt_at=now, last_error=words
        )
    elif error.kind is ErrorKind.INVALID:
        _reject(mine, words, now)
    else:
        _retry_or_give_up(rows, words, now, rng)


def _rest(
    destination: ConversionDestination,
    mine: QuerySet[OutgoingConversion],
    until: datetime,
    words: str,
) -> None:
    """Put a whole destination off; the rows of the call do not lose a try by it."""
    mine.update(attempts=F("attempts") - 1, next_attempt_at=until, last_error=words)
    _put_off_all(destination, until, words)


def put_off(rows: QuerySet[OutgoingConversion], until: datetime, words: str) -> int:
    """Let rows wait until then, and say why."""
    return rows.update(next_attempt_at=until, last_error=words[:500])


def _put_off_all(destination: ConversionDestination, until: datetime, words: str) -> None:
    waiting = OutgoingConversion.objects.filter(
        destination=destination, state=OutgoingState.PENDING, next_attempt_at__lt=until
    )
    put_off(waiting, until, words)


def _mark_connection(connection: Connection, error: PlatformError, now: datetime) -> None:
    active = Connection.objects.filter(pk=connection.pk, status=ConnectionStatus.ACTIVE)
    status = _STATUS_AFTER.get(error.kind, ConnectionStatus.ACTIVE)
    active.update(status=status, last_error=error.message, last_error_at=now)


def _reject(rows: QuerySet[OutgoingConversion], words: str, now: datetime) -> None:
    rows.update(
        state=OutgoingState.REJECTED, settled_at=now, next_attempt_at=None, last_error=words
    )


def _retry_or_give_up(
    rows: Sequence[OutgoingConversion], words: str, now: datetime, rng: random.Random
) -> None:
    """Try later, each batch as a whole: the answer was lost, or the platform has a fault."""
    spent = [row for row in rows if row.attempts >= MOST_ATTEMPTS]
    if spent:
        _reject(_still_ours(spent), f"{MOST_ATTEMPTS} tries failed. {words}"[:500], now)
    delay_s = rng.uniform(0, longest_delay_s(max(row.attempts for row in rows)))
    if left := [row for row in rows if row.attempts < MOST_ATTEMPTS]:
        put_off(_still_ours(left), now + timedelta(seconds=delay_s), words)


def longest_delay_s(attempt: int) -> int:
    """Longest wait after a try, of which a random part is waited."""
    return min(FIRST_DELAY_S << (attempt - 1), LONGEST_DELAY_S)


def _ask(destination: ConversionDestination, sender: Sender, now: datetime) -> int:
    """Ask what became of the batch that was sent longest ago."""
    sent = OutgoingConversion.objects.filter(destination=destination, state=OutgoingState.SENT)
    first = sent.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk").first()
    if first is None:
        return 0
    batch = sent.filter(request_id=first.request_id)
    # Before the call, so that a second worker finds it asked for.
    count: int = batch.update(next_attempt_at=now + ASK_AGAIN)
    try:
        receipt = sender.ask(first.request_id)
    except PlatformError as error:
        batch.update(last_error=error.message[:500])
        return count
    if receipt is None:
        return count
    if receipt.verdict == "accepted":
        batch.update(state=OutgoingState.ACCEPTED, settled_at=now, next_attempt_at=None)
    elif count > 1:
        batch.update(
            state=OutgoingState.PENDING,
            goes_alone=True,
            attempts=0,
            next_attempt_at=now,
            last_error=receipt.words[:500],
        )
    else:
        _reject(batch, receipt.words[:500], now)
    return count
