"""Answers to what one address wrote: to that address, whatever else is known of the person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from outreach.engine.channels import Purpose as PurposeCode
from outreach.models import ChannelPolicy, ContactPoint, MessageStatus, OutreachMessage
from outreach.services.sending.composing import FILES
from outreach.services.sending.judging import ANSWERS_WITHIN, Decision, purpose_of
from outreach.services.sending.keys import dedup_key
from outreach.services.sending.lanes import open_lanes
from outreach.services.sending.single import Text, judged_all, message_for

_TAKEN_BACK = "Taken back before it went out."


def schedule_reply(
    *,
    point: ContactPoint,
    text: Text,
    key: str,
    proof: Mapping[str, Any],
    thread_ids: Sequence[str],
    send_at: datetime,
    now: datetime,
    files: Sequence[Mapping[str, str]] = (),
) -> OutreachMessage:
    """Let an answer wait for its moment; whether it may go is asked then. Who may, asks the caller.

    ``key`` is the same for every try to send the same answer; ``thread_ids`` are ids of the mails
    that it answers, the nearest first; ``files`` of a mail have a name, a type and the place where
    they are kept.
    """
    told = {**proof, **({"thread_ids": list(thread_ids)} if thread_ids else {})}
    message = message_for(point.contact, point, text, told, send_at)
    if files:
        message.variables = {FILES: [dict(one) for one in files]}
    message.is_reply = True
    # Long after they wrote it is a service message like any other, with its caps.
    message.is_reply = purpose_of(message, send_at) == PurposeCode.REPLY
    message.expires_at = send_at + ANSWERS_WITHIN
    message.dedup_key = dedup_key(
        workspace=point.workspace, contact=point.contact_id, campaign=f"reply-{key}", step=None,
        attempt=1, at=send_at,
    )  # fmt: skip
    message.save()
    return message


def would_send(*, point: ContactPoint, now: datetime) -> Decision | None:
    """What would become of an answer to an address now; ``None``: its channel is off."""
    return would_send_all(points=[point], now=now)[point.pk]


def would_send_all(
    *, points: Sequence[ContactPoint], now: datetime
) -> dict[int, Decision | None]:  # fmt: skip
    """The same of many addresses, each as if it were alone; by address."""
    lanes: defaultdict[tuple[int, str], dict[int, ContactPoint]] = defaultdict(dict)
    for point in points:
        lanes[point.workspace_id, point.channel][point.pk] = point
    found: dict[int, Decision | None] = {}
    for lane in lanes.values():
        found |= zip(lane, _would_send(list(lane.values()), now), strict=True)
    return found


def _would_send(points: Sequence[ContactPoint], now: datetime) -> Sequence[Decision | None]:
    """What would become of answers to addresses of one channel."""
    policy = policy_of(points[0])
    if policy is None:
        return [None] * len(points)
    messages = []
    for number, point in enumerate(points, start=1):
        point.contact.workspace = policy.workspace
        message = message_for(point.contact, point, Text(text="…"), {}, now)
        # Never stored: a key of no row tells one from the other.
        message.pk, message.is_reply = -number, True
        messages.append(message)
    return judged_all(messages, policy, now)


def policy_of(point: ContactPoint) -> ChannelPolicy | None:
    """Rules of the channel of an address, where it is on and connected."""
    policies = ChannelPolicy.objects.filter(
        workspace=point.workspace_id, channel=point.channel, is_on=True
    ).select_related("workspace__outreach_policy", "connection")
    return next((lane.policy for lane in open_lanes(policies)), None)


def recall(*, message: OutreachMessage) -> bool:
    """Take back a message that nobody has begun to send; whether that was in time."""
    waiting = OutreachMessage.objects.filter(
        pk=message.pk, status__in=(MessageStatus.PENDING, MessageStatus.SCHEDULED)
    )
    return bool(
        waiting.update(status=MessageStatus.CANCELLED, refusal_reason=_TAKEN_BACK, claimed_by="")
    )
