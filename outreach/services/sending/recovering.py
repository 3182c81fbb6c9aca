"""What dead workers and lost answers left: asked after, called again, or a person's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import pgbulk
from django.db import transaction

from outreach.models import ChannelPolicy, MessageStatus, OutreachMessage, TemplateVersion
from outreach.platforms.base import Found, Sender, Sent
from outreach.services.sending.calling import Answer, Senders
from outreach.services.sending.claiming import LEASE, Claimed
from outreach.services.sending.composing import outgoing_of
from outreach.services.sending.lanes import Lane
from outreach.services.sending.settling import (
    ASK_AFTER,
    make_unsure,
    note_unsure,
    reschedule,
    settle,
)
from workspaces.away import AWAY
from workspaces.ids import uuid7
from workspaces.models import ConnectionStatus, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.services.leases import end_as_soon_as_possible

BATCH: Final = 100
#: A provider forgets its keys after a day; before that nobody calls again any more.
KEY_HOLDS: Final = timedelta(hours=20)
#: When nobody could be asked for so long, a person looks.
ASK_FOR: Final = timedelta(hours=24)
_SAVED: Final = [
    "status", "send_at", "claimed_by", "lease_until", "call_sent_at", "is_unsure",
]  # fmt: skip


def recover(*, worker: str, senders: Senders, now: datetime, clock: Callable[[], datetime]) -> int:
    """Finish what lapsed; how many messages were looked at.

    ``clock`` is asked while the database is away.
    """
    owner, looked_at = f"{worker}#{uuid7()}", 0
    try:
        while lapsed := _take_over(owner, now):
            looked_at += len(lapsed)
            for lane, claimed in _by_lane(lapsed):
                _finish(lane, claimed, senders, now)
    except AWAY:
        hand_over(owner, clock=clock)
        raise
    return looked_at


def hand_over(owner: str, *, clock: Callable[[], datetime]) -> int:
    """Let ``recover`` have what an owner could not settle for want of a server; how many."""
    held = OutreachMessage.objects.filter(status=MessageStatus.SENDING, claimed_by=owner)
    return end_as_soon_as_possible(held, whole=LEASE, clock=clock)


def end_leases_of_the_dead(*, is_gone: Callable[[str], bool], now: datetime) -> int:
    """End the leases of workers that are known to be dead; how many messages they held."""
    held = OutreachMessage.objects.filter(
        status=MessageStatus.SENDING,
        is_unsure=False,
        lease_until__gt=now,
        workspace__in=Workspace.objects.open(),
    ).exclude(claimed_by="")
    dead = [
        name
        for name in held.values_list("claimed_by", flat=True).distinct()
        if is_gone(name.rpartition("#")[0])
    ]
    return held.filter(claimed_by__in=dead).update(lease_until=now) if dead else 0


@transaction.atomic
def _take_over(worker: str, now: datetime) -> list[OutreachMessage]:
    """Take lapsed messages; those that were never called go back by themselves."""
    lapsed = list(
        OutreachMessage.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("contact", "point", "workspace")
        .filter(
            status=MessageStatus.SENDING,
            is_unsure=False,
            lease_until__lte=now,
            workspace__in=Workspace.objects.open(),
        )
        .order_by("lease_until", "pk")[:BATCH]
    )
    for message in lapsed:
        if message.call_sent_at is None:
            reschedule(message, message.send_at)
        else:
            message.claimed_by, message.lease_until = worker, now + LEASE
    pgbulk.update(OutreachMessage, lapsed, _SAVED)
    return [one for one in lapsed if one.status == MessageStatus.SENDING]


def _by_lane(
    messages: Sequence[OutreachMessage],
) -> list[tuple[Lane | None, list[OutreachMessage]]]:
    wanted = {(one.workspace_id, one.channel): one for one in messages}
    policies = ChannelPolicy.objects.select_related("workspace", "connection").filter(
        workspace__in={workspace for workspace, _ in wanted},
        channel__in={channel for _, channel in wanted},
    )
    lanes = {(one.workspace_id, one.channel): Lane(one) for one in policies}
    return [
        (lanes.get(key), [one for one in messages if (one.workspace_id, one.channel) == key])
        for key in sorted(wanted)
    ]


def _finish(
    lane: Lane | None, messages: list[OutreachMessage], senders: Senders, now: datetime
) -> None:
    connection = lane.connection if lane else None
    if lane is None or connection is None or connection.status != ConnectionStatus.ACTIVE:
        _leave([(message, "unknown") for message in messages], now)
        return
    try:
        sender = senders.first(connection)
    except PlatformError:
        _leave([(message, "unknown") for message in messages], now)
        return
    if sender.can_look_up:
        _look_up(lane, messages, sender, now)
    elif sender.is_idempotent:
        _call_again(lane, messages, senders, now)
    else:
        _leave([(message, "unsupported") for message in messages], now)


def _claimed(lane: Lane, messages: Sequence[OutreachMessage]) -> list[Claimed]:
    versions = TemplateVersion.objects.select_related("template").in_bulk(
        {one.version_id for one in messages if one.version_id}
    )
    for message in messages:
        message.workspace = lane.workspace
    return [
        Claimed(
            one, outgoing_of(one, policy=lane.policy, version=versions.get(one.version_id or 0))
        )
        for one in messages
    ]


def _call_again(
    lane: Lane, messages: list[OutreachMessage], senders: Senders, now: datetime
) -> None:
    """Make the same call with the same key: it has one effect, and this time an answer."""
    is_old = [now - one.call_sent_at > KEY_HOLDS for one in messages if one.call_sent_at]
    _leave([(m, "unsupported") for m, old in zip(messages, is_old, strict=True) if old], now)
    fresh = [m for m, old in zip(messages, is_old, strict=True) if not old]
    if fresh and lane.connection is not None:
        answers = senders.call(lane.connection, _claimed(lane, fresh))
        settle(lane=lane, answers=[_as_open(one) for one in answers], now=now, can_tell=True)


def _as_open(answer: Answer) -> Answer:
    """An error that says nothing of the first call leaves it open: that one may be out."""
    told = answer.told
    waits = (ErrorKind.TRANSIENT, ErrorKind.THROTTLED, ErrorKind.AUTH, ErrorKind.ENTITY_LIMIT)
    if isinstance(told, PlatformError) and told.kind in waits:
        told = PlatformError(ErrorKind.UNKNOWN, told.message, retry_after_s=told.retry_after_s)
    return Answer(answer.claimed, answer.provider, told)


def _look_up(lane: Lane, messages: list[OutreachMessage], sender: Sender, now: datetime) -> None:
    """Ask after each, one by one: an answer that another message has is not this one's."""
    left: list[tuple[OutreachMessage, str]] = []
    for claimed in _claimed(lane, messages):
        found = _found(claimed, sender)
        if found.state == "sent":
            told = Sent(found.provider_message_id)
            answer = Answer(claimed, sender.name, told)
            settle(lane=lane, answers=[answer], now=now, can_tell=True)
        else:
            left.append((claimed.message, _state(claimed.message, found, sender, now)))
    _leave(left, now)


def _state(message: OutreachMessage, found: Found, sender: Sender, now: datetime) -> str:
    """Not found means not sent only once it would have been found."""
    called = message.call_sent_at
    is_early = called is not None and now - called < timedelta(seconds=sender.lag_s)
    return "unknown" if found.state == "not_sent" and is_early else found.state


def _found(claimed: Claimed, sender: Sender) -> Found:
    message = claimed.message
    assert message.call_sent_at is not None  # noqa: S101  # only such are asked after
    known = OutreachMessage.objects.filter(
        workspace=message.workspace_id, point=message.point_id
    ).exclude(provider_message_id="")
    try:
        return sender.look_up(
            claimed.outgoing, message.call_sent_at,
            frozenset(known.values_list("provider_message_id", flat=True)),
        )  # fmt: skip
    except PlatformError:
        return Found("unknown")


def _leave(messages: Sequence[tuple[OutreachMessage, str]], now: datetime) -> None:
    """Put back what is surely not out; ask again after what may be; else a person decides."""
    if not messages:
        return
    with transaction.atomic():
        ours = {message.pk: message.claimed_by for message, _ in messages}
        held = OutreachMessage.objects.select_for_update().filter(
            pk__in=ours, status=MessageStatus.SENDING
        )
        locked = {row.pk for row in held.order_by("pk") if row.claimed_by == ours[row.pk]}
        changed = [(one, state) for one, state in messages if one.pk in locked]
        for message, state in changed:
            called = message.call_sent_at or now
            if state == "not_sent":
                message.call_sent_at = None
                reschedule(message, now)
            elif state == "unknown" and now - called < ASK_FOR:
                message.claimed_by, message.lease_until = "", now + ASK_AFTER
            else:
                make_unsure(message)
        rows = [message for message, _ in changed]
        pgbulk.update(OutreachMessage, rows, _SAVED)
        note_unsure([message for message in rows if message.is_unsure])
