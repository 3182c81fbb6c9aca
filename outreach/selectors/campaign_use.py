"""What a campaign used of its money and messages: what went out, what waits, what is planned."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q, Sum
from django.utils.dateparse import parse_datetime

from outreach.engine.decisions import DAYS_AHEAD
from outreach.engine.pacing import Pace
from outreach.models import MessageDay, MessageStatus, OutreachCampaign, OutreachMessage
from outreach.models.messages import WAITING
from workspaces.gate import Json

_MICROS: Final = 1_000_000
#: Rows of plans that are signed and no message was made of yet, by day and channel.
_AHEAD: Final = """
SELECT (p.send_at AT TIME ZONE %(zone)s)::date, p.channel, count(*), sum(p.cost)
  FROM outreach_sendplan s
  JOIN outreach_plannedsend p ON p.plan_id = s.id AND p.outcome IN ('scheduled', 'queued')
 WHERE s.campaign_id = %(campaign)s AND s.status IN ('active', 'halted')
   AND (NOT s.taken ? p.wave::text
        OR (p.send_at, p.place) > ((s.taken -> p.wave::text ->> 0)::timestamptz,
                                   (s.taken -> p.wave::text ->> 1)::int))
 GROUP BY 1, 2
"""


@dataclass(frozen=True)
class DayUse:
    """Messages and money of a day."""

    messages: int = 0
    cost: Decimal = Decimal(0)

    def __add__(self, other: DayUse) -> DayUse:
        return DayUse(self.messages + other.messages, self.cost + other.cost)


@dataclass(frozen=True)
class Use:
    """Of a campaign: money by channel, days from today on, and what was spent before today."""

    by_channel: dict[str, Decimal]
    days: dict[date, DayUse]
    before: Decimal

    @property
    def spent(self) -> Decimal:
        """Spent and reserved in all."""
        return sum(self.by_channel.values(), Decimal(0))

    def on(self, day: date) -> DayUse:
        """What is used of a day."""
        return self.days.get(day, DayUse())


#: Of a campaign without limits nobody asks.
UNUSED: Final = Use({}, {}, Decimal(0))


def use_of(
    campaign: OutreachCampaign, now: datetime, *, waits: bool = True, planned: bool = True
) -> Use:
    """Count what went out; ``waits``: what waits too, ``planned``: rows without a message too.

    A plan that takes another's place leaves both out: they are cancelled for it.
    """
    zone = campaign.workspace.zone
    today = now.astimezone(zone).date()
    parts = _sent(campaign) + _waiting(campaign, zone, today, is_all=waits)
    if planned:
        parts += _ahead(campaign, zone, today)
    channels: defaultdict[str, Decimal] = defaultdict(Decimal)
    days: defaultdict[date, DayUse] = defaultdict(DayUse)
    before = Decimal(0)
    for day, channel, used in parts:
        channels[channel] += used.cost
        if day < today:
            before += used.cost
        else:
            days[day] += used
    return Use(dict(channels), dict(days), before)


_Part = tuple[date, str, DayUse]


def _sent(campaign: OutreachCampaign) -> list[_Part]:
    rows = MessageDay.objects.filter(workspace=campaign.workspace_id, campaign=campaign)
    sums = rows.values_list("day", "channel").annotate(Sum("sent"), Sum("cost"))
    return [(day, channel, DayUse(sent, cost)) for day, channel, sent, cost in sums]


def _waiting(
    campaign: OutreachCampaign, zone: ZoneInfo, today: date, *, is_all: bool
) -> list[_Part]:
    """Messages that are under way; those that are over their time go today."""
    among = WAITING if is_all else (MessageStatus.SENDING,)
    rows = OutreachMessage.objects.filter(campaign=campaign, status__in=among)
    tomorrow = _begin(today + timedelta(days=1), zone)
    sums = rows.values("channel").annotate(
        now=Count("pk", filter=Q(send_at__lt=tomorrow)),
        now_cost=Sum("cost", filter=Q(send_at__lt=tomorrow), default=Decimal(0)),
        later=Count("pk", filter=Q(send_at__gte=tomorrow)),
        later_cost=Sum("cost", filter=Q(send_at__gte=tomorrow), default=Decimal(0)),
    )
    found = []
    for one in sums:
        channel, then = one["channel"], today + timedelta(days=1)
        found.append((today, channel, DayUse(one["now"], one["now_cost"])))
        found.append((then, channel, DayUse(one["later"], one["later_cost"])))
    return found


def _ahead(campaign: OutreachCampaign, zone: ZoneInfo, today: date) -> list[_Part]:
    with connection.cursor() as cursor:
        cursor.execute(_AHEAD, {"zone": zone.key, "campaign": campaign.pk})
        return [
            (max(day, today), channel, DayUse(count, cost))
            for day, channel, count, cost in cursor.fetchall()
        ]


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def pace_of(campaign: OutreachCampaign, said: Json, use: Use, now: datetime) -> Pace | None:
    """Money and time of a campaign so far, by the settings that were signed; none of no budget."""
    if said["budget"] is None:
        return None
    days, gone = days_of(campaign, said, now)
    return Pace(
        budget_micros=int(Decimal(said["budget"]) * _MICROS),
        spent_micros=int(use.spent * _MICROS),
        days=days,
        days_gone=gone,
        ahead_micros=int((use.spent - use.before) * _MICROS),
    )


def days_of(campaign: OutreachCampaign, said: Json, now: datetime) -> tuple[int, int]:
    """Days that a campaign has, and how many of them were over before today."""
    zone = campaign.workspace.zone
    first = campaign.launched_at or read_moment(said["starts_at"]) or now
    ends_at = read_moment(said["ends_at"])
    # An end at midnight leaves nothing of the day that begins then.
    last = (
        ends_at - timedelta(seconds=1)
        if ends_at
        else max(first, now) + timedelta(days=DAYS_AHEAD)
    )  # fmt: skip
    begun, ends, today = (at.astimezone(zone).date() for at in (first, last, max(now, first)))
    days = max(1, (ends - begun).days + 1)
    return days, min(days - 1, (today - begun).days)


def read_moment(text: str | None) -> datetime | None:
    """A moment of a document."""
    return parse_datetime(text) if text else None


def by_day(use: Use, first: date) -> dict[str, Any]:
    """Messages and micros of each day from the first on, as `Ledger` takes them."""
    last = max(use.days, default=first)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {
        "day_messages": tuple(use.on(one).messages for one in days),
        "day_micros": tuple(int(use.on(one).cost * _MICROS) for one in days),
    }
