"""How many messages a day a channel lets out: its own limit, the provider's, a new sender's.

What is over the limit waits for the next day, at its own hour.
"""

from __future__ import annotations

from collections.abc import Mapping
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
