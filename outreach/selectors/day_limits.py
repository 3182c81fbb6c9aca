"""How much of a day's limit the channels of a workspace have used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Final

from django.db.models import Count, Q, Sum

from outreach.engine.channels import Channel
from outreach.engine.day_limits import DayLimit, day_limit
from outreach.models import ChannelPolicy, MessageDay, MessageStatus, OutreachMessage
from outreach.selectors.laws import channel_of
from workspaces.models import Workspace

#: A person sends there, whom no provider counts.
BY_HAND: Final = (Channel.LINKEDIN, Channel.CHAT)


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


def channel_days(
    workspace: Workspace,
    policies: Mapping[str, ChannelPolicy],
    channels: Iterable[Channel],
    starts_at: datetime | None,
    now: datetime,
) -> dict[Channel, DayLimit]:
    """Limits by day of those channels that have one, from the day on that something begins."""
    today = now.astimezone(workspace.zone).date()
    found: dict[Channel, DayLimit] = {
        channel: DayLimit(policy.daily_limit, policy.warms_up_since)
        for channel in channels
        if (policy := policies.get(channel.key)) is not None and channel not in BY_HAND
    }
    limits: dict[Channel, DayLimit] = {
        channel: one for channel, one in found.items() if one.left(channel, today, 1) != [None]
    }
    begins = max(now, starts_at) if starts_at else now
    if not limits or begins.astimezone(workspace.zone).date() > today:
        return limits
    used = used_today(workspace, now)
    return {channel: replace(one, used=used[channel.key]) for channel, one in limits.items()}


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
