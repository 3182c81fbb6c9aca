"""Webhooks in: verify the raw call, store its events once, answer. Work on them comes later."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from celery import current_app
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from workspaces import crypto
from workspaces.inbound.base import Batch, Call, ForgedError, Provider, UnreadableError
from workspaces.inbound.registry import consumers_of, provider_of
from workspaces.models import Connection, InboundEvent, InboundState, User, Workspace
from workspaces.services.accounts import require_admin
from workspaces.services.refusals import RefusedError

logger = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 1024 * 1024
#: A message to a worker that was lost is sent again after so long; beat looks, too.
_WAKE_S: Final = 2
#: What comes within so long is treated together: a run costs the same for one event as for ten.
_GATHERS_S: Final = 0.25


class NotAcceptedError(Exception):
    """Unknown address or a signature that does not fit; nobody outside learns which."""


class InboundRefusedError(RefusedError):
    """An event is not in a state to be run again."""


@dataclass(frozen=True)
class Receipt:
    """What came of a call. ``connection_id``: whose events somebody waits for, else ``None``."""

    provider: Provider
    events: int
    dropped: int
    connection_id: int | None


def receive(*, provider: str, connection: UUID, call: Call, now: datetime) -> Receipt:
    """Store the events of a verified call; those that are known already change nothing.

    A paused connection keeps receiving, because a sender that is turned away gives up after hours
    and then forgets. Its events wait until it is resumed.

    Raises
    ------
    NotAcceptedError : unknown sender or connection, no secret, forged, stale or from the future
    UnreadableError : verified, but not what its sender promises
    """
    sender, row, secret = _open(provider, connection)
    try:
        sender.verify(call, secret, now=now)
    except ForgedError as error:
        raise _refused(row, str(error)) from None
    batch = _split(sender, call, secret)
    if batch.dropped:
        logger.warning(
            "inbound events of foreign accounts dropped",
            extra={"connection": row.pk, "dropped": batch.dropped},
        )
    take_in(connection=row, batch=batch, now=now)
    is_awaited = bool(batch.events and consumers_of(provider))
    return Receipt(sender, len(batch.events), batch.dropped, row.pk if is_awaited else None)


def body_limit(*, provider: str, connection: UUID) -> int:
    """How large a call may be; addresses that nobody has get no more than the usual."""
    sender = provider_of(provider)
    if sender is None or sender.max_body_bytes <= MAX_BODY_BYTES:
        return MAX_BODY_BYTES
    is_known = _open_connections().filter(public_id=connection, kind=provider).exists()
    return sender.max_body_bytes if is_known else MAX_BODY_BYTES


def challenge(*, provider: str, connection: UUID, call: Call) -> str:
    """Answer the handshake by which a sender asks whether the address is ours.

    Raises
    ------
    NotAcceptedError : as for ``receive``; also a sender that has no handshake
    """
    sender, row, secret = _open(provider, connection)
    try:
        text = sender.challenge(call, secret)
    except ForgedError as error:
        raise _refused(row, str(error)) from None
    if text is None:
        raise NotAcceptedError
    return text


def _open_connections() -> QuerySet[Connection]:
    return Connection.objects.filter(workspace__in=Workspace.objects.open())


def _open(provider: str, public_id: UUID) -> tuple[Provider, Connection, dict[str, str]]:
    sender = provider_of(provider)
    row = _open_connections().filter(public_id=public_id, kind=provider).first()
    if sender is None or row is None:
        logger.info("webhook of an unknown connection", extra={"provider": provider[:20]})
        raise NotAcceptedError
    try:
        return sender, row, crypto.decrypt(row.secret)
    except crypto.SecretUnreadableError as error:
        logger.exception("webhook not verifiable", extra={"connection": row.pk})
        raise NotAcceptedError from error


def _refused(row: Connection, why: str) -> NotAcceptedError:
    logger.info("webhook refused", extra={"connection": row.pk, "why": why})
    return NotAcceptedError()


def _split(sender: Provider, call: Call, secret: dict[str, str]) -> Batch:
    try:
        return sender.split(call, secret)
    except RecursionError:
        # Just shallow enough to be read, too deep to be written.
        raise UnreadableError("The JSON is nested too deeply.") from None


def take_in(*, connection: Connection, batch: Batch, now: datetime) -> None:
    """Store events, each once; what a repeat brings changes nothing."""
    rows = [
        InboundEvent(
            connection=connection,
            dedup_key=event.dedup_key,
            kind=event.kind,
            body=event.body,
            received_at=now,
            position=position,
        )
        for position, event in enumerate(batch.events)
    ]
    # Two calls with the same events in another order would wait for each other's keys in a ring.
    rows.sort(key=lambda row: row.dedup_key)
    InboundEvent.objects.bulk_create(rows, ignore_conflicts=True)


def nudge(*, connection_id: int) -> str:
    """Shorten the wait; returns the task's id. Without a broker beat finds the events later."""
    task_id = str(uuid4())
    transaction.on_commit(lambda: _send(connection_id, task_id))
    return task_id


def wake(*, connection_id: int, in_s: float = _GATHERS_S) -> None:
    """Shorten the wait, with one message to a worker for all that comes until it begins.

    Fifty calls a second would else be fifty tasks, which do little each or find nothing to do.
    """
    transaction.on_commit(lambda: _wake(connection_id, in_s))


def begin(*, connection_id: int) -> None:
    """Say that a worker looks now: what comes from here on needs another message."""
    with suppress(RedisError):
        cache.delete(_woken(connection_id))


def _wake(connection_id: int, in_s: float) -> None:
    try:
        is_first = cache.add(_woken(connection_id), 1, timeout=_WAKE_S)
    except RedisError:
        is_first = True
    if is_first:
        _send(connection_id, str(uuid4()), countdown=in_s)


def _woken(connection_id: int) -> str:
    return f"inbound-woken:{connection_id}"


def _send(connection_id: int, task_id: str, countdown: float | None = None) -> None:
    try:
        current_app.send_task(
            "workspaces.process_inbound",
            kwargs={"connection_id": connection_id},
            task_id=task_id,
            countdown=countdown,
            retry=False,
            # A sender who must be answered in seconds would wait for a store that nobody reads.
            ignore_result=True,
        )
    except OperationalError:
        logger.warning("webhook events wait for beat; the broker does not answer")


@transaction.atomic
def run_again(*, event: InboundEvent, by: User) -> InboundEvent:
    """Put a failed event back into the line, with all its attempts before it.

    Raises
    ------
    NotPermittedError : ``by`` is no admin
    InboundRefusedError : it has not failed
    """
    require_admin(user=by, workspace=event.connection.workspace)
    current = InboundEvent.objects.select_for_update().get(pk=event.pk)
    if current.state != InboundState.FAILED:
        raise InboundRefusedError(
            f"Event {current.pk} is {current.get_state_display().lower()}; only failed ones can be"
            " run again."
        )
    current.state, current.processed_at = InboundState.RECEIVED, None
    current.attempts, current.next_attempt_at = 0, None
    current.save(update_fields=["state", "processed_at", "attempts", "next_attempt_at"])
    return current


def empty_events(*, workspace_id: int, texts: Collection[str], now: datetime) -> int:
    """Empty events of a workspace that hold one of these texts; returns how many.

    The rows stay until their time of storage is over, so that a repeat of one is known.
    """
    found = Q(pk__in=[])
    for text in texts:
        found |= Q(body__icontains=text)
    rows = InboundEvent.objects.filter(found, connection__workspace=workspace_id)
    return rows.update(
        body="", error="", state=InboundState.DONE, processed_at=Coalesce("processed_at", now),
        leased_until=None, next_attempt_at=None,
    )  # fmt: skip
