"""How many messages a day a channel lets out: its own limit, the provider's, a new sender's.

What is over the limit waits for the next day, at its own hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from outreach.engine.channels import Channel

#: What providers let an account send that shows nothing else: X to its users (protocols.md 6.5),
#: WhatsApp in the lowest of its tiers. Whoever has more enters it.
SHIPPED: Final[Mapping[Channel, int]] = MappingProxyType(
    {Channel.TWITTER: 1_000, Channel.WHATSAPP: 1_000}
)
#: A sender that nobody knows yet: so many on its first day, and every day twice as many.
FIRST_DAY: Final = 50
#: Then there is nothing left to warm up: over a million a day.
_WARM: Final = 15


@dataclass(frozen=True)
class DayLimit:
    """Limit of a channel by day: `own` and `warms_up_since` as in `day_limit`; used of the first.

    Examples
    --------
    Of 200 a day, 150 of them used today, three days have 50, 200 and 200 left.
    """

    own: int | None = None
    warms_up_since: date | None = None
    used: int = 0

    def left(self, channel: Channel, first: date, days: int) -> list[int | None]:
        """Messages that some days from the first one on have left; ``None`` for no limit."""
        limits = [
            day_limit(
                channel, own=self.own, warms_up_since=self.warms_up_since,
                today=first + timedelta(days=day),
            )
            for day in range(days)
        ]  # fmt: skip
        if limits and limits[0] is not None:
            limits[0] = max(0, limits[0] - self.used)
        return limits


def day_limit(
    channel: Channel, *, own: int | None, warms_up_since: date | None, today: date
) -> int | None:
    """How many messages may leave on a day; ``None`` for no limit.

    Parameters
    ----------
    channel : of the messages
    own : the limit that the workspace entered
    warms_up_since : first day of a new sender; days before it are like it
    today : the day that is asked about

    Examples
    --------
    A sender of e-mail that began two days ago sends 50 · 2² = 200.
    """
    limits = [own if own is not None else SHIPPED.get(channel)]
    if warms_up_since is not None and (days := max(0, (today - warms_up_since).days)) < _WARM:
        limits.append(FIRST_DAY << days)
    return min((one for one in limits if one is not None), default=None)


def next_day(planned: datetime, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the hour that something was planned for, on the day after now.

    Parameters
    ----------
    planned, now : aware moments
    zone : whose days are counted
    """
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, planned.astimezone(zone).time(), zone)
