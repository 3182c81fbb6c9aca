"""How much of a day's limit the channels of a workspace have used."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, time

from django.db.models import Count, Q, Sum

from outreach.engine.day_limits import day_limit
from outreach.models import ChannelPolicy, MessageDay, MessageStatus, OutreachMessage
from outreach.selectors.laws import channel_of
from workspaces.models import Workspace


@dataclass(frozen=True)
class DayRoom:
    """A channel's limit of today, and what was sent or is being sent of it."""

    limit: int
    used: int

    @property
    def left(self) -> int:
        """How many more may leave today."""
        return max(0, self.limit - self.used)


def limit_of(policy: ChannelPolicy, now: datetime) -> int | None:
    """Messages that a channel may send today, by the workspace's day; ``None`` for no limit."""
    return day_limit(
        channel_of(policy.channel),
        own=policy.daily_limit,
        warms_up_since=policy.warms_up_since,
        today=now.astimezone(policy.workspace.zone).date(),
    )


def used_today(workspace: Workspace, now: datetime) -> Counter[str]:
    """Messages by channel that were sent today, or are out without an answer."""
    today = now.astimezone(workspace.zone).date()
    begun = datetime.combine(today, time(), workspace.zone)
    sent = MessageDay.objects.filter(workspace=workspace, day=today)
    found: Counter[str] = Counter(dict(sent.values_list("channel").annotate(Sum("sent"))))
    out = OutreachMessage.objects.filter(
        Q(call_sent_at=None) | Q(call_sent_at__gte=begun),
        workspace=workspace, status=MessageStatus.SENDING,
    )  # fmt: skip
    found.update(dict(out.order_by().values_list("channel").annotate(Count("pk"))))
    return found
