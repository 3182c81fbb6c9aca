"""How mail fares: what is delivered, read, bounced and complained about, by who takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from typing import Any, Final

from django.db.models import Sum

from outreach.models import ChannelPolicy, Halt, MessageChannel, MessageDay, OutreachPolicy
from workspaces.models import Workspace

#: Spans that a rate is read over; the shortest that holds enough messages counts.
SPANS: Final = (1, 3, 7)
_COUNTED: Final = (
    "sent", "delivered", "opened", "clicked", "replied", "bounced", "complained", "unsubscribed",
    "failed",
)  # fmt: skip


@dataclass(frozen=True)
class Fare:
    """What became of messages. Complaints are held against deliveries, bounces against sendings."""

    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    replied: int = 0
    bounced: int = 0
    complained: int = 0
    unsubscribed: int = 0
    failed: int = 0

    @property
    def arrived(self) -> int:
        """Delivered, or sent and not returned where no receipts come."""
        return max(self.delivered, self.sent - self.bounced - self.failed, 0)

    @property
    def delivery_rate(self) -> float | None:
        """Of those sent; ``None`` without any."""
        return self.arrived / self.sent if self.sent else None

    @property
    def bounce_rate(self) -> float | None:
        """Of those sent."""
        return self.bounced / self.sent if self.sent else None

    @property
    def complaint_rate(self) -> float | None:
        """Of those that arrived."""
        return self.complained / self.arrived if self.arrived else None

    @property
    def open_rate(self) -> float | None:
        """Of those that arrived."""
        return self.opened / self.arrived if self.arrived else None

    @property
    def click_rate(self) -> float | None:
        """Of those that arrived."""
        return self.clicked / self.arrived if self.arrived else None


@dataclass(frozen=True)
class Standing:
    """A rate against its lines: fine, to be watched, or to be stopped."""

    name: str
    rate: float
    warn: float
    stop: float

    @property
    def verdict(self) -> str:
        """``fine``, ``warn`` or ``stop``."""
        if self.rate >= self.stop:
            return "stop"
        return "warn" if self.rate >= self.warn else "fine"


def fares_by_domain(
    workspace: Workspace, *, since: date, limit: int = 50
) -> list[tuple[str, Fare]]:
    """E-mail by the recipients' domains, the most written to first."""
    rows = _summed(workspace, MessageChannel.EMAIL, since, "domain").order_by("-n_sent", "domain")
    return [(row["domain"], _fare(row)) for row in rows[:limit]]


def fares_by_day(workspace: Workspace, channel: str, *, since: date) -> list[tuple[date, Fare]]:
    """One channel by days, the oldest first."""
    rows = _summed(workspace, channel, since, "day").order_by("day")
    return [(row["day"], _fare(row)) for row in rows]


def recent_fare(workspace: Workspace, channel: str, *, least: int, now: datetime) -> Fare:
    """The shortest of the spans up to today that holds enough messages, else the longest."""
    today = now.astimezone(workspace.zone).date()
    days = fares_by_day(workspace, channel, since=today - timedelta(days=SPANS[-1] - 1))
    return shortest_fare(days, least=least, today=today)


def shortest_fare(days: Iterable[tuple[date, Fare]], *, least: int, today: date) -> Fare:
    """The same of days that were read already."""
    days, fare = list(days), Fare()
    for span in SPANS:
        first = today - timedelta(days=span - 1)
        fare = _sum([one for day, one in days if day >= first])
        if fare.sent >= least:
            break
    return fare


def standings(fare: Fare, policy: OutreachPolicy) -> list[Standing]:
    """The rates that have lines, against the lines of a workspace."""
    return [
        Standing(
            "Complaints", fare.complaint_rate or 0.0,
            policy.complaint_warn_bp / 10_000, policy.complaint_stop_bp / 10_000,
        ),
        Standing(
            "Bounces", fare.bounce_rate or 0.0,
            policy.bounce_warn_bp / 10_000, policy.bounce_stop_bp / 10_000,
        ),
    ]  # fmt: skip


def sending_domain(workspace: Workspace) -> str | None:
    """The domain that a workspace's mail comes from; ``None`` where it sends none."""
    row = ChannelPolicy.objects.filter(
        workspace=workspace, channel=MessageChannel.EMAIL, is_on=True
    ).first()
    address = parseaddr(row.sender)[1] if row else ""
    return address.rpartition("@")[2].lower() or None


def open_halts(workspace: Workspace) -> list[Halt]:
    """What is not sent now, the newest first."""
    return list(Halt.objects.filter(workspace=workspace, lifted_at=None).order_by("-since"))


def _summed(workspace: Workspace, channel: str, since: date, by: str) -> Any:
    """Rows of sums under ``n_`` and their names, which the type checker cannot know."""
    days = MessageDay.objects.filter(workspace=workspace, channel=channel, day__gte=since)
    return days.values(by).annotate(**{f"n_{name}": Sum(name) for name in _COUNTED})


def _fare(row: Mapping[str, int]) -> Fare:
    return Fare(**{name: row[f"n_{name}"] or 0 for name in _COUNTED})


def _sum(fares: list[Fare]) -> Fare:
    return Fare(**{name: sum(getattr(one, name) for one in fares) for name in _COUNTED})
