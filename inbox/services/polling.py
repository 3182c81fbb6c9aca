"""Mailboxes that we look into ourselves: what came since is stored raw, then read like any mail.

The row of a mailbox is the queue: whoever moves its next time forward holds it. A mail is stored in
the transaction that moves the place on, so a poll that was killed is simply made again; a mail that
was stored before is known by its bytes, and one that was kept by its Message-ID.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F

from inbox.models import Mailbox
from inbox.platforms.imap import build
from inbox.platforms.mailbox import Fetched, Place, RawMail
from inbox.platforms.mailbox import Mailbox as Client
from inbox.services.mail_events import IMAP, KIND
from outreach.engine.mail_addresses import addresses_in
from workspaces import crypto
from workspaces.inbound.base import Batch, Event
from workspaces.models import Connection, ConnectionStatus, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.roles import Role
from workspaces.services.connections import record_use
from workspaces.services.inbound import nudge, take_in
from workspaces.services.notices import notify

#: What is older than that at the time of connecting stays in the mailbox.
LOOKS_BACK: Final = timedelta(days=7)
EVERY: Final = timedelta(seconds=30)
#: Longer than its task may run: a lapsed lease is a dead worker's.
LEASE: Final = timedelta(minutes=6)
_BACKOFF_CAP: Final = timedelta(hours=1)
_MB: Final = 1024 * 1024

Open = Callable[[Mapping[str, str]], Client]


def open_mailbox(secret: Mapping[str, str]) -> Client:
    """Return the mailbox of a connection; it is called with the first question."""
    return build(secret, allow_loopback=settings.ALLOW_SANDBOX)


def due_mailboxes(*, now: datetime) -> list[int]:
    """Connections whose mailbox is to be looked into now; new ones get their row."""
    active = Connection.objects.filter(
        kind=IMAP, status=ConnectionStatus.ACTIVE, workspace__in=Workspace.objects.open()
    )
    Mailbox.objects.bulk_create(
        (
            Mailbox(
                connection=one, workspace_id=one.workspace_id, next_at=now,
                since=(one.created_at - LOOKS_BACK).date(),
            )
            for one in active.filter(mailbox=None)
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    rows = Mailbox.objects.filter(connection__in=active.values("pk"), next_at__lte=now)
    return list(rows.order_by("next_at", "pk").values_list("pk", flat=True))


def poll(*, connection_id: int, now: datetime, open_: Open = open_mailbox) -> bool:
    """Look into a mailbox once; whether there is more to fetch at once.

    A second worker finds it taken and ends.
    """
    mailbox = _claimed(connection_id, now)
    if mailbox is None:
        return False
    try:
        fetched = _fetched(mailbox, open_)
    except PlatformError as error:
        _note_failure(mailbox, error, now)
        return False
    _store(mailbox, fetched, now)
    return fetched.has_more


def _claimed(connection_id: int, now: datetime) -> Mailbox | None:
    rows = Mailbox.objects.filter(
        pk=connection_id, next_at__lte=now, connection__status=ConnectionStatus.ACTIVE
    )
    if not rows.update(next_at=now + LEASE):
        return None
    return Mailbox.objects.select_related("connection__workspace").get(pk=connection_id)


def _fetched(mailbox: Mailbox, open_: Open) -> Fetched:
    try:
        client = open_(crypto.decrypt(mailbox.connection.secret))
    except crypto.SecretUnreadableError as error:
        raise PlatformError(ErrorKind.AUTH, str(error)) from error
    try:
        place = Place(mailbox.uid_validity, mailbox.uid)
        return client.fetch_since(place, not_before=mailbox.since)
    finally:
        client.close()


@transaction.atomic
def _store(mailbox: Mailbox, fetched: Fetched, now: datetime) -> None:
    """Store mails and move the place on, both or neither."""
    connection = mailbox.connection
    events = tuple(_event(one) for one in fetched.mails if one.content is not None)
    if events:
        take_in(connection=connection, batch=Batch(events), now=now)
        nudge(connection_id=connection.pk)
    for one in fetched.mails:
        if one.content is None:
            _tell_large(connection, one, fetched.place, now)
    Mailbox.objects.filter(pk=mailbox.pk).update(
        uid_validity=fetched.place.uid_validity, uid=fetched.place.uid, polled_at=now, failures=0,
        error="", next_at=now if fetched.has_more else now + EVERY,
    )  # fmt: skip
    record_use(connection=connection, now=now)


def _event(mail: RawMail) -> Event:
    content = mail.content or b""
    body = {
        "provider": IMAP, "raw": base64.b64encode(content).decode("ascii"),
        "arrived_at": mail.arrived_at.isoformat() if mail.arrived_at else None,
        # So that an erasure finds it.
        "addresses": addresses_in(content),
    }  # fmt: skip
    # UIDs are given anew now and then; the bytes of a mail stay.
    return Event(f"mail:{hashlib.sha256(content).hexdigest()}", KIND, json.dumps(body))


def _tell_large(connection: Connection, mail: RawMail, place: Place, now: datetime) -> None:
    notify(
        workspace=connection.workspace, rank=Role.AGENT.rank, topic="inbox", now=now,
        title=f"A mail in {connection.name} is too large to be read here"[:200],
        body=f"It has {mail.size / _MB:,.0f} MB. Open it in the mailbox itself and answer there.",
        dedup_key=f"inbox-large-mail:{connection.pk}:{place.uid_validity}:{mail.uid}",
    )  # fmt: skip


def _note_failure(mailbox: Mailbox, error: PlatformError, now: datetime) -> None:
    """Keep what went wrong, and come back later; a wrong password waits for a new one."""
    connection = mailbox.connection
    needs_login = error.kind == ErrorKind.AUTH
    with transaction.atomic():
        Mailbox.objects.filter(pk=mailbox.pk).update(
            failures=F("failures") + 1, error=error.message[:500],
            next_at=now + _wait(mailbox.failures, error),
        )  # fmt: skip
        record_use(connection=connection, now=now, error=error.message, needs_login=needs_login)
        if needs_login:
            notify(
                workspace=connection.workspace, rank=Role.ADMIN.rank, topic="inbox", now=now,
                title=f"The mailbox {connection.name} does not open any more"[:200],
                body=f"{error.message} Until then no mail of it comes in.",
                dedup_key=f"inbox-mailbox:{connection.pk}:{now.date()}",
            )  # fmt: skip


def _wait(failures: int, error: PlatformError) -> timedelta:
    """Twice as long after each failure; what failed together does not come back together."""
    if error.kind == ErrorKind.AUTH:
        return EVERY
    told = timedelta(seconds=error.retry_after_s or 0)
    most = min(EVERY * 2.0 ** min(failures + 1, 10), _BACKOFF_CAP)
    jitter = random.uniform(0.5, 1.0)  # noqa: S311  # spreads retries, no secret
    return max(told, most * jitter)
