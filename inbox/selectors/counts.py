"""How many conversations each view holds: one query, and nothing counted beyond a thousand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet

from inbox.models import Conversation, InboxChannel
from inbox.selectors.filters import ListFilters
from inbox.selectors.lists import rows_of
from workspaces.models import Membership, User, Workspace

CAP: Final = 1000
#: Closed ones are many, and nobody has to do anything about them.
COUNTED: Final = ("mine", "unassigned", "open", "breaching", "awaiting", "waiting", "snoozed")


def view_counts(workspace: Workspace, *, user: User, now: datetime) -> Mapping[str, str]:
    """Counts by view, and by channel of open ones as ``channel:email``; none for none."""
    asked = {view: ListFilters(view=view) for view in COUNTED}
    asked |= {f"channel:{one}": ListFilters(channel=one) for one in InboxChannel.values}
    parts: list[str] = []
    values: list[Any] = []
    for name, filters in asked.items():
        rows = rows_of(workspace, filters, user=user, now=now).order_by()
        sql, own = rows.values_list("pk")[:CAP].query.sql_with_params()
        parts.append(f"SELECT %s::text, count(*) FROM ({sql}) capped")  # noqa: S608  # made by Django
        values += [name, *own]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        found: dict[str, int] = dict(cursor.fetchall())
    return {name: _text(number) for name, number in found.items() if number}


def _text(number: int) -> str:
    return str(number) if number < CAP else f"{CAP - 1}+"


def breached(member: Membership, now: datetime) -> QuerySet[Any]:
    """Open conversations whose promised time is over: the sidebar counts them."""
    return Conversation.objects.filter(
        workspace=member.workspace_id, status="open", due_at__lte=now, merged_into=None
    )
