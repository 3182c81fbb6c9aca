"""Funnels with their figures: from a comment to a sale, over a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count, Q, QuerySet, Sum

from outreach.models import SocialAdvocate, SocialEngagementFunnel, SocialFunnelEntry
from workspaces.models import Workspace

#: What funnels are held against: shares, and advocates a month.
CONVERSION_GOAL: Final = 0.15
MESSAGE_GOAL: Final = 0.25
ADVOCATE_GOAL: Final = 100
DAYS: Final = 30
_MOST_REASONS: Final = 10


@dataclass(frozen=True)
class Measure:
    """A share with what it is of; ``None`` where there is nothing to share out."""

    name: str
    label: str
    count: int
    of: int
    goal: float

    @property
    def share(self) -> float | None:
        """Part of the whole."""
        return self.count / self.of if self.of else None

    @property
    def is_reached(self) -> bool | None:
        """Whether the goal is."""
        return None if self.share is None else self.share >= self.goal


@dataclass(frozen=True)
class Step:
    """How many came so far."""

    name: str
    label: str
    count: int


@dataclass(frozen=True)
class Stop:
    """How many went no further, and why."""

    reason: str
    count: int


@dataclass(frozen=True)
class FunnelReport:
    """What became of those who set a funnel off in a period, end exclusive."""

    starts_on: date
    ends_on: date
    steps: Sequence[Step]
    measures: Sequence[Measure]
    value: Decimal
    stopped: Sequence[Stop]
    new_advocates: int

    @property
    def advocates_goal(self) -> int:
        """New advocates of a month, for the days of the period."""
        days = (self.ends_on - self.starts_on).days
        return max(1, round(ADVOCATE_GOAL * days / DAYS))


def funnels_of(
    workspace: Workspace, *, is_archived: bool | None = False
) -> QuerySet[SocialEngagementFunnel]:
    """Funnels with how many went through, the newest first."""
    rows = SocialEngagementFunnel.objects.filter(workspace=workspace)
    if is_archived is not None:
        rows = rows.filter(archived_at__isnull=not is_archived)
    return rows.select_related("follow_up", "workspace").annotate(
        triggered=Count("entries"),
        replied=Count("entries", filter=Q(entries__replied_at__isnull=False)),
        messaged=Count("entries", filter=Q(entries__dm_at__isnull=False)),
        answered=Count("entries", filter=Q(entries__answered_at__isnull=False)),
        converted=Count("entries", filter=Q(entries__converted_at__isnull=False)),
        worth=Sum("entries__value"),
    ).order_by("-pk")  # fmt: skip


def funnel_report(
    *, workspace: Workspace, starts_on: date, ends_on: date,
    funnel: SocialEngagementFunnel | None = None,
) -> FunnelReport:  # fmt: skip
    """Figures of those who set it off from one day to another; of all funnels without one."""
    begin, end = _moment(workspace, starts_on), _moment(workspace, ends_on)
    rows = SocialFunnelEntry.objects.filter(
        workspace=workspace, triggered_at__gte=begin, triggered_at__lt=end
    )
    if funnel is not None:
        rows = rows.filter(funnel=funnel)
    n: Mapping[str, int] = rows.aggregate(
        triggered=Count("pk"),
        replied=Count("pk", filter=Q(replied_at__isnull=False)),
        queued=Count("pk", filter=Q(message__isnull=False)),
        messaged=Count("pk", filter=Q(dm_at__isnull=False)),
        answered=Count("pk", filter=Q(answered_at__isnull=False)),
        converted=Count("pk", filter=Q(converted_at__isnull=False)),
    )
    reasons = rows.exclude(stopped_reason="").values("stopped_reason").annotate(n=Count("pk"))
    stopped = reasons.order_by("-n", "stopped_reason")[:_MOST_REASONS]
    advocates = SocialAdvocate.objects.filter(
        workspace=workspace, since__gte=begin, since__lt=end
    ).count()
    return FunnelReport(
        starts_on, ends_on,
        [
            Step("triggered", "Set it off", n["triggered"]),
            Step("replied", "Answered in public", n["replied"]),
            Step("messaged", "Got the message", n["messaged"]),
            Step("answered", "Wrote back", n["answered"]),
            Step("converted", "Converted", n["converted"]),
        ],
        [
            Measure("conversion", "Comment to conversion", n["converted"], n["triggered"],
                    CONVERSION_GOAL),
            Measure("message", "Message completed", n["answered"], n["messaged"], MESSAGE_GOAL),
        ],
        rows.aggregate(value=Sum("value"))["value"] or Decimal(0),
        [Stop(one["stopped_reason"], one["n"]) for one in stopped],
        advocates,
    )  # fmt: skip


def _moment(workspace: Workspace, day: date) -> datetime:
    return datetime.combine(day, time(), workspace.zone)


def last_days(workspace: Workspace, now: datetime, days: int = DAYS) -> tuple[date, date]:
    """The days up to and with today, as a period whose end is exclusive."""
    end = now.astimezone(workspace.zone).date() + timedelta(days=1)
    return end - timedelta(days=days), end
