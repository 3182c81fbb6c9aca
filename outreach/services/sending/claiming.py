"""Taking due messages of a lane: judged, written, leased. Nothing has left the house by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pgbulk
from django.db import transaction
from django.db.models import Q, QuerySet

from outreach.models import (
    CampaignStatus,
    MessageStatus,
    OutreachMessage,
    OutreachPolicy,
    OutreachTask,
    PlanStatus,
    TaskReason,
    TemplateVersion,
)
from outreach.platforms.base import Outgoing
from outreach.services.sending.composing import Links, TextError, outgoing_of, write
from outreach.services.sending.day_limits import hold_back
from outreach.services.sending.judging import Decision, judge
from outreach.services.sending.lanes import Lane
from outreach.services.sending.paying import Purse
from workspaces.services.locks import lock_names

#: Longer than a batch can take, whatever the provider does; a dead worker's ends at once.
LEASE: Final = timedelta(minutes=10)
_CLAIMED: Final = [
    "status", "send_at", "claimed_by", "lease_until", "refusal_reason", "error_kind", "error",
    "failed_at", "subject", "text", "html", "content_sha256", "proof", "cost",
]  # fmt: skip


@dataclass(frozen=True)
class Claimed:
    """A message that may go out now, and as what."""

    message: OutreachMessage
    outgoing: Outgoing


def claim(*, lane: Lane, worker: str, now: datetime, limit: int) -> tuple[list[Claimed], int]:
    """Take up to ``limit`` due messages; those that may go now, and how many were looked at."""
    with transaction.atomic():
        due = _first_of_each(_due(lane, now)[:limit])
        if not due:
            return [], 0
        # Two messages to one person are judged one after the other, whoever holds them.
        lock_names(f"outreach:contact:{message.contact_id}" for message in due)
        versions = _versions(due)
        policy = policy_of(lane)
        for message in due:
            message.workspace = lane.workspace
        decisions = judge(due, lane_policy=lane.policy, policy=policy, versions=versions, now=now)
        decisions = hold_back(lane, due, decisions, now)
        links, purse = Links(lane.workspace), Purse(policy)
        written = [
            message
            for message, decision in zip(due, decisions, strict=True)
            if _apply(message, decision, now)
            and _write(message, versions.get(message.version_id or 0), policy, links, now)
        ]
        claimed = []
        # After all texts: who waits for another's new link must not hold a budget.
        for message in written:
            if purse.pay(message, lane.policy):
                message.claimed_by, message.lease_until = worker, now + LEASE
                message.status = MessageStatus.SENDING
                version = versions.get(message.version_id or 0)
                outgoing = outgoing_of(message, policy=lane.policy, version=version)
                claimed.append(Claimed(message, outgoing))
        pgbulk.update(OutreachMessage, due, _CLAIMED)
        _hand_over(due, decisions)
    return claimed, len(due)


def policy_of(lane: Lane) -> OutreachPolicy:
    """Rules of the workspace; the shipped ones where it has none."""
    found = OutreachPolicy.objects.filter(workspace=lane.workspace).first()
    return found or OutreachPolicy(workspace=lane.workspace)


def may_go() -> Q:
    """Messages that nothing above them stops: no campaign, or one that runs by a plan that does.

    A plan that is through still has its second tries: the next channel, hours after the last row.
    So has a campaign that came to its end by itself; one that was stopped says why.
    """
    runs = Q(
        campaign__status=CampaignStatus.ACTIVE,
        plan__status__in=[PlanStatus.ACTIVE, PlanStatus.DONE],
    )
    is_through = Q(campaign__status=CampaignStatus.COMPLETED, campaign__paused_reason="")
    return Q(campaign=None) | runs | (is_through & Q(plan__status=PlanStatus.DONE))


def _due(lane: Lane, now: datetime) -> QuerySet[OutreachMessage]:
    return (
        OutreachMessage.objects.filter(
            may_go(), workspace=lane.workspace, channel=lane.channel,
            status=MessageStatus.SCHEDULED, send_at__lte=now, workspace__kill_switch=False,
        )
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("contact", "point")
        .order_by("send_at", "pk")
    )  # fmt: skip


def _first_of_each(messages: QuerySet[OutreachMessage]) -> list[OutreachMessage]:
    """Leave a second message to a person for the next turn: it is judged after the first."""
    found: dict[int, OutreachMessage] = {}
    for message in messages:
        found.setdefault(message.contact_id, message)
    return list(found.values())


def _versions(messages: Sequence[OutreachMessage]) -> dict[int, TemplateVersion]:
    # Read by themselves: joined, one long text would come back with every message.
    wanted = {message.version_id for message in messages if message.version_id}
    return TemplateVersion.objects.select_related("template").in_bulk(wanted)


def _apply(message: OutreachMessage, decision: Decision, now: datetime) -> bool:
    """Put a decision on a message; whether it is to be written."""
    message.refusal_reason = decision.words
    if decision.what == "wait":
        message.send_at = decision.at or message.send_at
        return False
    message.proof = {**(decision.proof or message.proof)}
    if decision.what == "drop":
        message.status = MessageStatus.CANCELLED
        message.proof["refused"] = decision.reason
        return False
    if decision.what == "task":
        message.status = MessageStatus.PENDING
    return True


def _write(
    message: OutreachMessage,
    version: TemplateVersion | None,
    policy: OutreachPolicy,
    links: Links,
    now: datetime,
) -> bool:
    """Write a message; whether a machine sends it now."""
    try:
        write(message, version, policy, links)
    except TextError as error:
        message.status, message.failed_at = MessageStatus.FAILED, now
        message.error_kind, message.error = "text", str(error)[:500]
    return message.status == MessageStatus.SCHEDULED


def _hand_over(messages: Sequence[OutreachMessage], decisions: Sequence[Decision]) -> None:
    OutreachTask.objects.bulk_create(
        (
            OutreachTask(
                workspace_id=message.workspace_id,
                message=message,
                reason=_task_reason(message),
                link=link_of(message),
                due_at=decision.at or message.expires_at,
            )
            for message, decision in zip(messages, decisions, strict=True)
            if decision.what == "task" and message.status == MessageStatus.PENDING
        ),
        ignore_conflicts=True,
    )


def _task_reason(message: OutreachMessage) -> TaskReason:
    return TaskReason.ASSISTED if message.channel == "linkedin" else TaskReason.WINDOW_CLOSED


def link_of(message: OutreachMessage) -> str:
    """Where a person sends it by hand; empty where there is no such page."""
    address = message.point.address
    if message.channel == "linkedin":
        return (
            address
            if address.startswith("https://www.linkedin.com/")
            else (f"https://www.linkedin.com/in/{address.removeprefix('urn:li:person:')}/")
        )
    if message.channel == "instagram":
        return "https://www.instagram.com/direct/inbox/"
    if message.channel == "facebook":
        return "https://business.facebook.com/latest/inbox/"
    return ""
