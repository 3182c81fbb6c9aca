"""Messages of the inbox, by day, as figures that can be asked what changed them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final

from django.db.models import Count
from django.db.models.functions import TruncDate

from inbox.models import CustomerResponse, Delivery, Direction
from workspaces.ledger import Days, Metric, Scoped, register_metrics
from workspaces.models import Workspace

#: By the names of the charts that draw them.
_DIRECTIONS: Final = {
    "messages_in": ("Messages in (inbox)", Direction.IN),
    "answers_out": ("Answers out (inbox)", Direction.OUT),
}


def names_of() -> Sequence[tuple[str, str]]:
    """What people write to us, and what we answer."""
    return [(name, title) for name, (title, _) in _DIRECTIONS.items()]


def figure_of(workspace: Workspace, name: str, _scoped: Scoped, days: Days) -> Metric | None:
    """One of them by day of the workspace; a day without any counts none."""
    first, last = days
    title, direction = _DIRECTIONS[name]
    starts, ends = (
        datetime.combine(day, time.min, workspace.zone) for day in (first, last + timedelta(days=1))
    )
    # As the report counts them.
    rows = CustomerResponse.objects.filter(
        workspace=workspace, direction=direction, at__gte=starts, at__lt=ends, is_auto=False
    ).exclude(delivery__in=[Delivery.CANCELLED, Delivery.FAILED])
    by_day = rows.order_by().values(day=TruncDate("at", tzinfo=workspace.zone))
    counts = dict(by_day.annotate(count=Count("pk")).values_list("day", "count"))
    all_days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    values = [float(counts.get(day, 0)) for day in all_days]
    return Metric(name=name, title=title, days=all_days, values=values)


def register() -> None:
    """Make them known."""
    register_metrics(names_of, figure_of)
