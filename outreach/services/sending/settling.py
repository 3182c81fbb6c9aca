"""How calls end: one transaction writes what the provider said of a batch."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import pgbulk
from django.db import transaction
from django.db.models import F

from outreach.engine.channels import Channel
from outreach.engine.laws import DEFAULT_LAWS, Outside
from outreach.engine.refusals import Refusal, refused_as
from outreach.models import (
    ContactPoint,
    MessageStatus,
    OutreachMessage,
    OutreachTask,
    TaskReason,
)
from outreach.platforms.base import RECIPIENT, Sent
from outreach.services.consequences import follow
from outreach.services.sending.barring import Refused, bar
from outreach.services.sending.calling import Answer
from outreach.services.sending.claiming import link_of
from outreach.services.sending.falling_back import fall_back
from outreach.services.sending.lanes import Lane
from workspaces.backoff import backoff
from workspaces.models import Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.services.connections import record_use

logger = logging.getLogger(__name__)

MOST_TRIES: Final = 5
#: When a call whose answer was lost is asked after.
ASK_AFTER: Final = timedelta(seconds=30)
_LOGIN_WAIT: Final = timedelta(minutes=5)
_RNG = random.SystemRandom()
_SAVED: Final = [
    "status", "send_at", "claimed_by", "lease_until", "call_sent_at", "is_unsure", "tries",
    "sent_at", "failed_at", "provider", "provider_message_id", "error_kind", "error",
]  # fmt: skip
#: Nothing was sent, and nothing is wrong with the message: it waits and costs no try.
_WAITS: Final = (ErrorKind.THROTTLED, ErrorKind.ENTITY_LIMIT, ErrorKind.AUTH)


def settle(*, lane: Lane, answers: Sequence[Answer], now: datetime, can_tell: bool) -> None:
    """Write what the provider said.

    ``can_tell`` says whether the provider can be asked, or called again, about a message whose
    answer was lost; where it cannot, a person decides.
    """
    with transaction.atomic():
        locked = lock_messages(answer.claimed.message.pk for answer in answers)
        sent, changed, hard, refused = [], [], [], []
        for answer in answers:
            claimed = answer.claimed.message
            message = locked[claimed.pk]
            message.workspace = lane.workspace
            if isinstance(answer.told, Sent):
                sent += _settle_sent(message, answer.told, answer.provider, now)
            elif not _is_ours(message, claimed):
                continue
            elif _settle_error(message, answer.told, answer.provider, now, can_tell=can_tell):
                hard.append(message)
            if isinstance(answer.told, PlatformError):
                refused += _refused(message, answer.told)
            changed.append(message)
        pgbulk.update(OutreachMessage, changed, _SAVED)
        failed = [one for one in changed if one.status == MessageStatus.FAILED]
        note_sent(lane.workspace, sent, failed=failed, now=now)
        note_unsure([message for message in changed if message.is_unsure])
        hand_over([message for message in changed if message.status == MessageStatus.PENDING])
        bar(workspace=lane.workspace, refused=refused, now=now)
        fall_back(messages=hard, now=now)
    _tell_connection(lane, answers, now)


def lock_messages(ids: Iterable[int]) -> dict[int, OutreachMessage]:
    """Lock messages in one order; by id."""
    rows = (
        OutreachMessage.objects.select_for_update(of=("self",))
        .select_related("point", "contact__person", "campaign")
        .defer("html", "text", "variables")
        .filter(pk__in=list(ids))
        .order_by("pk")
    )
    return {row.pk: row for row in rows}


def _is_ours(message: OutreachMessage, claimed: OutreachMessage) -> bool:
    """Whether nobody took it over meanwhile, and no news of it came before the answer."""
    return (
        message.status == MessageStatus.SENDING
        and message.claimed_by == claimed.claimed_by
        and message.call_sent_at == claimed.call_sent_at
    )


def _settle_sent(
    message: OutreachMessage, told: Sent, provider: str, now: datetime
) -> list[OutreachMessage]:
    """Note a success, however late; those that count as sent from now on."""
    message.provider, message.provider_message_id = provider, told.provider_message_id[:200]
    is_told = message.sent_at is not None or message.status == MessageStatus.FAILED
    if is_told:  # its news was faster
        return []
    if message.status == MessageStatus.CANCELLED:  # it stays so, and what went out counts
        message.sent_at = now
        return [message]
    if message.status == MessageStatus.SCHEDULED:
        # Put back while the answer was on its way: through the states that every message takes.
        rows = OutreachMessage.objects.filter(pk=message.pk)
        rows.update(status=MessageStatus.SENDING, lease_until=now)
    mark_sent(message, now)
    return [message]


def mark_sent(message: OutreachMessage, now: datetime) -> None:
    """Put a message on sent; the caller saves and counts it."""
    message.status, message.is_unsure = MessageStatus.SENT, False
    message.sent_at = message.sent_at or now
    message.claimed_by, message.lease_until = "", None
    message.error_kind = message.error = ""


def _settle_error(
    message: OutreachMessage, error: PlatformError, provider: str, now: datetime, *, can_tell: bool
) -> bool:
    """Note what went wrong; whether it is for good, and another channel's turn."""
    message.provider = provider
    message.error_kind, message.error = error.kind, error.message[:500]
    if error.kind == ErrorKind.UNKNOWN:
        _keep_open(message, now, can_tell=can_tell)
        return False
    message.call_sent_at = None
    if error.kind in _WAITS:
        wait = timedelta(seconds=error.retry_after_s) if error.retry_after_s else _LOGIN_WAIT
        reschedule(message, now + wait)
        return False
    message.tries += 1
    if error.kind == ErrorKind.TRANSIENT and message.tries < MOST_TRIES:
        reschedule(message, now + backoff(message.tries, _RNG))
        return False
    message.claimed_by, message.lease_until = "", None
    if _may_be_answered(message, error, now):
        message.status = MessageStatus.PENDING
        return False
    message.status, message.failed_at = MessageStatus.FAILED, now
    return error.field == RECIPIENT and error.kind != ErrorKind.POLICY


def _meaning(message: OutreachMessage, error: PlatformError) -> Refusal | None:
    """What a refusal of the recipient means; none where it was another fault."""
    if error.field != RECIPIENT:
        return None
    return refused_as(message.provider, error.provider_code, error.provider_subcode, error.message)


def _may_be_answered(message: OutreachMessage, error: PlatformError, now: datetime) -> bool:
    """Whether the conversation is over for machines, and a person may still write."""
    law = DEFAULT_LAWS[Channel[message.channel.upper()]]
    wrote_at = message.point.last_inbound_at
    return (
        _meaning(message, error) == Refusal.WINDOW
        and law.outside == Outside.PERSON
        and wrote_at is not None
        and now < wrote_at + timedelta(seconds=law.person_window_s)
    )


def _refused(message: OutreachMessage, error: PlatformError) -> list[Refused]:
    """What follows for the address, where the refusal says so."""
    meaning = _meaning(message, error)
    is_over = message.status == MessageStatus.FAILED and meaning != Refusal.WINDOW
    if meaning is None or not is_over:
        return []
    return [Refused(message, meaning, error.provider_code, error.message)]


def reschedule(message: OutreachMessage, at: datetime) -> None:
    """Put a message back; nothing of it is out."""
    message.status, message.send_at = MessageStatus.SCHEDULED, at
    message.claimed_by, message.lease_until = "", None


def _keep_open(message: OutreachMessage, now: datetime, *, can_tell: bool) -> None:
    """It may be out: ask later, call again with its key, or leave it to a person."""
    message.tries += 1
    if can_tell and message.tries < MOST_TRIES:
        message.lease_until = now + ASK_AFTER
        message.claimed_by = ""
    else:
        make_unsure(message)


def make_unsure(message: OutreachMessage) -> None:
    """Leave a message that may be out to a person."""
    message.is_unsure = True
    message.claimed_by, message.lease_until = "", None


def note_sent(
    workspace: Workspace,
    messages: Sequence[OutreachMessage],
    *,
    now: datetime,
    failed: Sequence[OutreachMessage] = (),
) -> None:
    """Count messages that are sent from now on: by day, by address, as touches.

    Those that failed are counted by day along with them: who counts twice in one transaction
    may wait for somebody who waits for him.
    """
    told = [(message, ("sent",)) for message in messages]
    follow(workspace=workspace, told=[*told, *((one, ("failed",)) for one in failed)], now=now)
    if not messages:
        return
    points = sorted({message.point_id for message in messages})
    list(ContactPoint.objects.select_for_update().filter(pk__in=points).order_by("pk").values("pk"))
    ContactPoint.objects.filter(pk__in=points).update(sent=F("sent") + 1)
    OutreachTask.objects.filter(
        message__in=messages, done_at=None, reason=TaskReason.UNSURE
    ).update(done_at=messages[0].sent_at, is_sent=True)


def note_unsure(messages: Sequence[OutreachMessage]) -> None:
    """List what nobody can tell for a person."""
    OutreachTask.objects.bulk_create(
        (
            OutreachTask(
                workspace_id=message.workspace_id, message=message, reason=TaskReason.UNSURE
            )
            for message in messages
        ),
        ignore_conflicts=True,
    )


def hand_over(messages: Sequence[OutreachMessage]) -> None:
    """List what a person may still send, where no machine may."""
    OutreachTask.objects.bulk_create(
        (
            OutreachTask(
                workspace_id=message.workspace_id, message=message,
                reason=TaskReason.WINDOW_CLOSED, link=link_of(message), due_at=_closes(message),
            )
            for message in messages
        ),
        ignore_conflicts=True,
    )  # fmt: skip


def _closes(message: OutreachMessage) -> datetime | None:
    law, wrote_at = DEFAULT_LAWS[Channel[message.channel.upper()]], message.point.last_inbound_at
    return wrote_at + timedelta(seconds=law.person_window_s) if wrote_at else None


def _tell_connection(lane: Lane, answers: Sequence[Answer], now: datetime) -> None:
    """Pause what the provider wants paused; keep how the connection answered."""
    errors = [answer.told for answer in answers if isinstance(answer.told, PlatformError)]
    throttled = [one for one in errors if one.kind == ErrorKind.THROTTLED]
    if throttled:
        asked = [one.retry_after_s for one in throttled if one.retry_after_s is not None]
        lane.pause(max(asked, default=None))
    connection = lane.connection
    refused = next((one for one in errors if one.kind == ErrorKind.AUTH), None)
    if connection is not None and refused is not None:
        record_use(connection=connection, now=now, error=refused.message, needs_login=True)
    elif connection is not None and len(errors) < len(answers) and connection.last_error:
        record_use(connection=connection, now=now)
