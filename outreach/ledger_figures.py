"""What is sent, by day, as figures that can be asked what changed them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db.models import Sum

from outreach.models import MessageChannel, MessageDay
from workspaces.ledger import Days, Metric, Scoped, register_metrics
from workspaces.models import Workspace

#: By the names of the charts that draw them.
_TITLES: Final = {"messages_sent": "Messages sent", "mails_sent": "Mails sent"}


def names_of() -> Sequence[tuple[str, str]]:
    """All that is sent, and what of it is mail."""
    return list(_TITLES.items())


def figure_of(workspace: Workspace, name: str, _scoped: Scoped, days: Days) -> Metric | None:
    """One of them by day of sending; a day without any counts none."""
    first, last = days
    rows = MessageDay.objects.filter(workspace=workspace, day__range=days)
    if name == "mails_sent":
        rows = rows.filter(channel=MessageChannel.EMAIL)
    sent = dict(rows.values("day").annotate(count=Sum("sent")).values_list("day", "count"))
    all_days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    values = [float(sent.get(day, 0)) for day in all_days]
    return Metric(name=name, title=_TITLES[name], days=all_days, values=values)


def register() -> None:
    """Make them known."""
    register_metrics(names_of, figure_of)
