"""The last look before a call: what may still go is marked as called, the rest goes back or ends.

Locks are taken in one order by everybody who settles, marks or hears: wishes of a contact
(``outreach-consent:``), messages by their key, counts of days, addresses by their key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from outreach.models import (
    CampaignStatus,
    ChannelPolicy,
    Halt,
    MessageStatus,
    OutreachMessage,
    OutreachTask,
    PlanStatus,
)
from outreach.services.sending.claiming import Claimed, may_go
from outreach.services.sending.judging import refused_now
from outreach.services.sending.lanes import Lane, sending_domain
from workspaces.models import Workspace

STOPPED: Final = "Its campaign was stopped before it went out."


def hold(messages: Iterable[int]) -> None:
    """Lock messages that are settled and marked together, in the order in which all do it."""
    rows = OutreachMessage.objects.filter(pk__in=list(messages)).order_by("pk")
    list(rows.select_for_update(of=("self",)).values_list("pk", flat=True))


def mark(lane: Lane, claimed: Sequence[Claimed], now: datetime) -> list[Claimed]:
    """Write down that these are about to be called, but for what was stopped or left meanwhile."""
    owned = OutreachMessage.objects.filter(
        status=MessageStatus.SENDING,
        claimed_by=claimed[0].message.claimed_by,
        pk__in=[one.message.pk for one in claimed],
    )
    free = set(
        owned.filter(
            may_go(), _is_open(lane), workspace__kill_switch=False, lease_until__gt=now
        ).values_list("pk", flat=True)
    )
    going = [one.message for one in claimed if one.message.pk in free]
    refused = refused_now(going, lane_policy=lane.policy, now=now)
    for message in going:
        if decision := refused.get(message.pk):
            owned.filter(pk=message.pk).update(
                status=MessageStatus.CANCELLED, claimed_by="", lease_until=None,
                refusal_reason=decision.words,
                proof={**message.proof, "refused": decision.reason},
            )  # fmt: skip
    if len(free) < len(claimed):
        _put_back(owned.exclude(pk__in=free))
    free -= refused.keys()
    OutreachMessage.objects.filter(pk__in=free).update(call_sent_at=now)
    marked = [one for one in claimed if one.message.pk in free]
    for one in marked:
        one.message.call_sent_at = now
    return marked


def end_stopped(*, now: datetime) -> int:
    """End what waits of campaigns that were stopped and plans that were replaced; how many.

    A message that was on its way when that happened comes back later than everybody else's.
    """
    tasks = OutreachTask.objects.filter(
        done_at=None, message__sent_at=None, workspace__in=Workspace.objects.open()
    )
    pending = tasks.filter(message__status=MessageStatus.PENDING).values("message")
    waiting = Q(status=MessageStatus.SCHEDULED) | Q(pk__in=pending)
    ended = OutreachMessage.objects.filter(
        waiting, pk__in=_over().values("pk"), workspace__in=Workspace.objects.open()
    ).update(status=MessageStatus.CANCELLED, refusal_reason=STOPPED)
    tasks.filter(message__status=MessageStatus.CANCELLED).update(done_at=now, is_sent=False)
    return ended


def _over() -> QuerySet[OutreachMessage]:
    """Messages that nothing will send any more, whoever resumes what."""
    is_over = Q(plan__status=PlanStatus.SUPERSEDED) | Q(campaign__status=CampaignStatus.COMPLETED)
    return OutreachMessage.objects.filter(is_over).exclude(may_go())


def _put_back(owned: QuerySet[OutreachMessage]) -> None:
    """Give up what is not called: for good where its campaign is over, else until it goes on."""
    given_up = {"claimed_by": "", "lease_until": None}
    owned.filter(pk__in=_over().values("pk")).update(
        status=MessageStatus.CANCELLED, refusal_reason=STOPPED, **given_up
    )
    owned.update(status=MessageStatus.SCHEDULED, **given_up)


def _is_open(lane: Lane) -> Q:
    """Whether the channel is on and nothing halts it, as of now and not of the claim."""
    scopes = {"", sending_domain(lane.policy.sender)}
    where = {"workspace": OuterRef("workspace"), "channel": OuterRef("channel")}
    is_on = Exists(ChannelPolicy.objects.filter(is_on=True, **where))
    halted = Exists(Halt.objects.filter(lifted_at=None, scope__in=scopes, **where))
    return Q(is_on) & ~Q(halted)
