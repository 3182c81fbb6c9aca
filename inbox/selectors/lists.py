"""Conversations of a list: filtered, in order, a page at a time, whatever their number.

Each view is a range of one index, and the next page begins where the last one ended in it; nothing
counts or skips rows. Of the indexes of ``Conversation``: ``_mine`` serves mine and nobody's,
``_order`` and ``_fifo`` all open ones, ``_team`` and ``_channel`` those of one, ``_due`` the due
ones, ``_newest`` waiting, snoozed and closed ones and ``_all`` everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from django.db.models import Case, Exists, Expression, OuterRef, Q, QuerySet, Value, When
from django.utils.dateparse import parse_datetime

from inbox.models import (
    Conversation,
    ConversationStatus,
    CustomerResponse,
    InboxPolicy,
    ListOrder,
)
from inbox.selectors.clusters import waiting
from inbox.selectors.filters import ME, NOBODY, STATUS_OF, ListFilters, filters_of
from inbox.selectors.finding import Search, expected, found_by, search_of
from workspaces.gate import RequestError
from workspaces.models import User, Workspace
from workspaces.search import among

__all__ = ["ListFilters", "ListPage", "filters_of", "page_of", "rows_of"]

PAGE_ROWS: Final = 50
#: Due within so long is due soon, whatever was promised.
SOON: Final = timedelta(minutes=60)
#: So many are looked up by their keys; more are met soon on the way down the list.
_LOOKED_UP: Final = 3_000
#: Conversations that are looked into for common words, at most.
_SIFTED: Final = 3_000


@dataclass(frozen=True)
class ListPage:
    """One page of conversations, and the cursor of the next."""

    rows: list[Conversation]
    next_cursor: str = ""


@dataclass(frozen=True)
class _Order:
    """One way down an index; ``field`` decides and the id parts equals."""

    field: str
    is_down: bool = False
    is_time: bool = False


#: Views of conversations that are over, and few others.
_ENDED: Final = ("closed", "all")
_ORDERS: Final = {
    "loss": _Order("order_key", is_down=True),
    "fifo": _Order("waiting_since", is_time=True),
    "newest": _Order("last_message_at", is_down=True, is_time=True),
    "due": _Order("due_at", is_time=True),
}


def rows_of(
    workspace: Workspace, filters: ListFilters, *, user: User, now: datetime
) -> QuerySet[Conversation]:
    """All that is asked for, in no order. What was merged is read where it went."""
    rows = Conversation.objects.filter(workspace=workspace, merged_into=None, archived_at=None)
    rows = _of_view(rows, workspace, filters.view, user, now)
    rows = rows.filter(**_exact(filters))
    if filters.assignee:
        rows = _of_assignee(rows, filters.assignee, user)
    if filters.tag:
        # The index leaves out those without a tag.
        rows = rows.exclude(tags=[]).filter(tags__contains=[filters.tag])
    if filters.sla:
        rows = rows.filter(_SLA[filters.sla](now))
    if filters.is_flagged is not None:
        flagged = CustomerResponse.objects.filter(workspace=workspace, is_flagged=True)
        own = flagged.filter(conversation=OuterRef("pk"))
        of = flagged.values("conversation")
        rows = rows.filter(_held(of)) if filters.is_flagged else rows.exclude(Exists(own))
    return found_by(rows, workspace, filters.text)


def _held(of: QuerySet[Any, Any]) -> Expression:
    """Condition that a conversation is one of some: of few by their keys, of many down the list.

    Inside of a case the database asks each row of the list, which is soon full, and not all of
    the others for their place in it.
    """
    if expected(of) <= _LOOKED_UP:
        return among(of)
    return Case(When(pk__in=of, then=Value(True)), default=Value(False))  # noqa: FBT003  # SQL's


def _exact(filters: ListFilters) -> dict[str, str]:
    names = ("status", "channel", "team", "intent", "urgency")
    return {name: value for name in names if (value := getattr(filters, name))}


def _of_view(
    rows: QuerySet[Conversation], workspace: Workspace, view: str, user: User, now: datetime
) -> QuerySet[Conversation]:
    if view == "all":
        return rows
    if view == "awaiting":
        return rows.filter(among(_drafted(workspace))).exclude(status=ConversationStatus.CLOSED)
    rows = rows.filter(status=STATUS_OF.get(view, ConversationStatus.OPEN))
    if view == "mine":
        return rows.filter(assignee=user)
    if view == "unassigned":
        return rows.filter(assignee=None)
    return rows.filter(_SLA["due"](now)) if view == "breaching" else rows


def _drafted(workspace: Workspace) -> QuerySet[Any, int]:
    """Conversations with a draft that waits for a signature."""
    return waiting(workspace).values_list("conversation", flat=True)


def _of_assignee(
    rows: QuerySet[Conversation], asked: str, user: User
) -> QuerySet[Conversation]:  # fmt: skip
    if asked == NOBODY:
        return rows.filter(assignee=None)
    return rows.filter(assignee=user.pk if asked == ME else int(asked))


_SLA: Final[Mapping[str, Callable[[datetime], Q]]] = {
    "due": lambda now: Q(due_at__lte=now + SOON) | Q(warn_at__lte=now, due_at__isnull=False),
    "over": lambda now: Q(due_at__lte=now),
    "none": lambda _now: Q(due_at=None),
}


def default_order(workspace: Workspace) -> str:
    """What the workspace's policy says of the order of open conversations."""
    chosen = InboxPolicy.objects.filter(workspace=workspace).values_list("order", flat=True)
    return chosen.first() or ListOrder.LOSS


def order_of(filters: ListFilters, usual: str) -> str:
    """The order of a list: the one asked for, else that of its view."""
    if filters.view in _ENDED and not (filters.order and filters.status == "open"):
        # What is closed waits for nobody: by what waiting costs, or how long it lasts, there is no
        # order, and none of hundreds of thousands in a moment.
        return "newest"
    if filters.order:
        return filters.order
    if filters.view == "breaching":
        return "due"
    return usual if filters.view not in STATUS_OF else "newest"


def page_of(
    workspace: Workspace, filters: ListFilters, *, user: User, now: datetime, after: str = "",
    usual: str = ListOrder.LOSS,
) -> ListPage:  # fmt: skip
    """One page; ``after`` is the cursor that the page before gave.

    Raises
    ------
    RequestError : the cursor is damaged
    """
    name = order_of(filters, usual)
    order = _ORDERS[name]
    is_nobodys = filters.view == "unassigned"
    rows = rows_of(workspace, replace(filters, text=""), user=user, now=now)
    search = search_of(workspace, filters.text)
    if search is not None and search.is_common:
        ids = _sifted(rows, search, order, after, is_nobodys=is_nobodys)
    else:
        found = rows if search is None else search.narrow(rows)
        ids = list(islice(_walk(found, order, after, is_nobodys=is_nobodys), PAGE_ROWS + 1))
    shown = _loaded(ids[:PAGE_ROWS])
    more = len(ids) > PAGE_ROWS and shown
    return ListPage(shown, _cursor(shown[-1], order) if more else "")


def _loaded(ids: list[int]) -> list[Conversation]:
    """Conversations by id, in that order, with what a row shows."""
    rows = Conversation.objects.select_related("contact", "assignee").in_bulk(ids)
    return [rows[pk] for pk in ids if pk in rows]


def _sifted(
    rows: QuerySet[Conversation], search: Search, order: _Order, after: str, *, is_nobodys: bool
) -> list[int]:
    """Ids by common words: the list itself is read, as far as the page needs it.

    Words that are common, but were not said for long, are looked up after all.
    """
    seen = list(islice(_walk(rows, order, after, is_nobodys=is_nobodys, most=_SIFTED), _SIFTED))
    ids = list(islice(search.sift(seen), PAGE_ROWS + 1))
    if len(ids) > PAGE_ROWS or len(seen) < _SIFTED:
        return ids
    return list(islice(_walk(search.narrow(rows), order, after), PAGE_ROWS + 1))


def _walk(
    rows: QuerySet[Conversation], order: _Order, after: str, *, is_nobodys: bool = False,
    most: int = PAGE_ROWS + 1,
) -> Iterator[int]:  # fmt: skip
    """Ids in the order of an index; each part is a range of it, read when it is reached."""
    marks = ["-" + order.field, "-pk"] if order.is_down else [order.field, "pk"]
    # An index is walked in order only where the order names what is empty in all of them, too.
    ordered = rows.order_by(*(["assignee_id"] if is_nobodys else []), *marks)
    for part in _parts(order, after):
        yield from ordered.filter(part).values_list("pk", flat=True)[:most]


def _parts(order: _Order, after: str) -> list[Q]:
    """What comes after a cursor; what has no time comes last."""
    if not after:
        return [Q()]
    value, pk = _parse(after, order)
    field = order.field
    if value is None:
        return [Q(**{field: None}, pk__gt=pk)]
    if order.is_down:
        return [Q(**{f"{field}__lte": value}) & (Q(**{f"{field}__lt": value}) | Q(pk__lt=pk))]
    later = Q(**{f"{field}__gte": value}) & (Q(**{f"{field}__gt": value}) | Q(pk__gt=pk))
    return [later, Q(**{field: None})]


def _cursor(row: Conversation, order: _Order) -> str:
    value = getattr(row, order.field)
    text = "" if value is None else value.isoformat() if order.is_time else repr(value)
    return f"{text}~{row.pk}"


def _parse(cursor: str, order: _Order) -> tuple[datetime | float | None, int]:
    text, _, pk = cursor.rpartition("~")
    damaged = RequestError("after", "This page address is damaged. Start from the first page.")
    if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
        raise damaged
    if not text and not order.is_down:
        return None, int(pk)
    try:
        value = parse_datetime(text) if order.is_time else float(text)
    except ValueError:
        value = None
    if value is None or (isinstance(value, datetime) and value.tzinfo is None) or value != value:
        raise damaged
    return value, int(pk)
