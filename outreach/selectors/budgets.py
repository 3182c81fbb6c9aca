"""What campaigns that are being sent have left of the budgets that were signed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum

from outreach.models import MessageDay, MessageStatus, OutreachMessage, PlanStatus, SendPlan

#: By channel.
Amounts = Mapping[str, Decimal]


@dataclass(frozen=True)
class Left:
    """Amounts that nothing is spent or reserved of; ``None``: without limit."""

    whole: Decimal | None
    channels: Amounts

    def covers(self, channel: str, amount: Decimal) -> bool:
        """Whether an amount more fits, both into the whole and into the channel's own."""
        own = self.channels.get(channel)
        fits = self.whole is None or amount <= self.whole
        return fits and (own is None or amount <= own)

    def less(self, channel: str, amount: Decimal) -> Left:
        """What is left when an amount of it is taken."""
        own = {name: left - amount if name == channel else left
               for name, left in self.channels.items()}  # fmt: skip
        return Left(None if self.whole is None else self.whole - amount, own)


def left_of(plan_id: int) -> Left:
    """What is left of the budgets that a plan was signed with, of its whole campaign."""
    campaign, workspace, whole, channels = SendPlan.objects.values_list(
        "campaign", "workspace", "settings__campaign__budget",
        "settings__campaign__channel_budgets",
    ).get(pk=plan_id)  # fmt: skip
    if whole is None and not channels:
        return Left(None, {})
    used: defaultdict[str, Decimal] = defaultdict(Decimal)
    for rows in (_spent(workspace, campaign), _reserved(workspace, campaign), _ahead(campaign)):
        for channel, amount in rows:
            used[channel] += amount
    return Left(
        None if whole is None else Decimal(whole) - sum(used.values(), Decimal(0)),
        {name: Decimal(amount) - used[name] for name, amount in (channels or {}).items()},
    )


def _spent(workspace: int, campaign: int) -> Iterable[tuple[str, Decimal]]:
    days = MessageDay.objects.filter(workspace=workspace, campaign=campaign)
    return days.values_list("channel").annotate(Sum("cost"))


def _reserved(workspace: int, campaign: int) -> Iterable[tuple[str, Decimal]]:
    """Of messages that wait or are on their way: few, and found by the indexes of the queue."""
    for waits in (
        Q(status=MessageStatus.SCHEDULED),
        Q(status=MessageStatus.SENDING, is_unsure=False),
        Q(status=MessageStatus.SENDING, is_unsure=True),
    ):
        rows = OutreachMessage.objects.filter(waits, workspace=workspace, campaign=campaign)
        yield from rows.order_by().values_list("channel").annotate(Sum("cost"))


def _ahead(campaign: int) -> Iterable[tuple[str, Decimal]]:
    """Of rows of signed plans that no message was made of yet."""
    plans = SendPlan.objects.filter(campaign=campaign, status=PlanStatus.ACTIVE)
    for costs, taken in plans.values_list("counts__cost", "taken"):
        gone = taken.get("cost", {})
        for channel, cost in (costs or {}).items():
            yield channel, Decimal(cost) - Decimal(gone.get(channel, "0"))
