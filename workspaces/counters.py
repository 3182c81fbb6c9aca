"""Figures that the sidebar carries. Each stops counting at a hundred: more is '99+'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet, Value

from workspaces.models import Membership, Notification, Proposal, Status

CAP: Final = 100
RECENT: Final = timedelta(hours=24)


def _approvals(member: Membership, now: datetime) -> QuerySet[Any]:
    awake = Q(snoozed_until=None) | Q(snoozed_until__lte=now)
    rows = Proposal.objects.filter(awake, workspace=member.workspace_id, status=Status.PENDING)
    # In the order of the queue's index: the table would be read up to the first that waits.
    return rows.order_by("-risk_order", "expires_at", "pk")


def _failed(member: Membership, now: datetime) -> QuerySet[Any]:
    return Proposal.objects.filter(
        workspace=member.workspace_id, status=Status.FAILED, updated_at__gte=now - RECENT
    )


def _notices(member: Membership, now: datetime) -> QuerySet[Any]:
    return Notification.objects.filter(
        workspace=member.workspace_id, user=member.user_id, read_at=None
    )


Rows = Callable[[Membership, datetime], QuerySet[Any]]
_counters: dict[str, Rows] = {"approvals": _approvals, "failed": _failed, "notices": _notices}


def register(name: str, rows: Rows) -> None:
    """Count rows of a higher app too; the sidebar's entry names the counter."""
    _counters[name] = rows


def counts(*, membership: Membership, now: datetime) -> dict[str, str]:
    """What waits for a signature, what failed within a day, what is unread; nothing for none."""
    # One query for all: every page of the shell pays for this.
    branches = [
        rows(membership, now).annotate(counter=Value(name)).values_list("counter")[:CAP]
        for name, rows in _counters.items()
    ]
    found = Counter(name for (name,) in branches[0].union(*branches[1:], all=True))
    return {name: _text(found[name]) for name in _counters if found[name]}


def _text(number: int) -> str:
    return str(number) if number < CAP else f"{CAP - 1}+"
