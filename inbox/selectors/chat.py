"""What a visitor of a website is told: messages that are out, who is there, who types."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import Case, Count, DateTimeField, Q, QuerySet, When
from django.db.models.functions import Coalesce

from attribution.models import Site
from inbox.engine.hours import is_open, next_opening
from inbox.models import ChatVisitor, ChatWidget, CustomerResponse, Delivery, Direction
from inbox.selectors.promises import rules_of
from workspaces.models import Workspace

#: What is told at once; who comes back after more of them sees the newest.
_MOST: Final = 200
#: Told again, for a message may be committed a moment after one that is written later.
_OVERLAP: Final = timedelta(seconds=30)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OUT: Final = (Delivery.SENT, Delivery.DELIVERED)


@dataclass(frozen=True)
class Line:
    """One message as the visitor sees it. ``key`` is theirs for their own, ours for ours."""

    key: str
    is_theirs: bool
    text: str
    at: datetime
    name: str


@dataclass(frozen=True)
class Heard:
    """Messages since a moment, and up to which message of theirs somebody has read."""

    lines: Sequence[Line]
    seen: str
    conversation: int | None


@dataclass(frozen=True)
class Hours:
    """Whether somebody is there, and when next; ``None``: nobody knows."""

    is_there: bool
    back_at: datetime | None


def widget_of(site: Site) -> ChatWidget | None:
    """The chat of a website; none: nobody has set it up."""
    return ChatWidget.objects.filter(site=site).select_related("workspace").first()


def visitor_of(widget: ChatWidget, token: str) -> ChatVisitor | None:
    """Who has a token of this very website."""
    rows = ChatVisitor.objects.filter(widget=widget, token_hash=hashed(token))
    return rows.select_related("point", "workspace", "widget__site").first()


def hashed(token: str) -> str:
    """How a token is kept."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def heard_since(visitor: ChatVisitor, after: datetime | None, now: datetime) -> Heard:
    """Messages of a visitor and those to them that are out, the oldest first.

    Never notes, drafts, what waits, what was taken back or did not arrive.
    """
    rows = _shown(visitor, now)
    since = rows.filter(shown_at__gt=after - _OVERLAP) if after else rows
    newest = list(since.order_by("-shown_at", "-pk").select_related("author")[:_MOST])
    theirs = rows.filter(direction=Direction.IN).order_by("-at", "-pk")
    last = theirs.values_list("external_id", "first_viewed_at", "conversation_id").first()
    seen = theirs.filter(first_viewed_at__isnull=False).values_list("external_id", flat=True)
    named = last[0] if last and last[1] else seen.first() if last else ""
    return Heard(
        lines=[_line(row) for row in reversed(newest)],
        seen=_own_key(named or ""),
        conversation=last[2] if last else None,
    )


def _shown(visitor: ChatVisitor, now: datetime) -> QuerySet[Any, Any]:  # with `shown_at`
    # What nobody has to carry is out the moment it may no longer be taken back.
    is_out = Q(delivery__in=_OUT) | Q(
        delivery=Delivery.SCHEDULED, message=None, send_at__lte=now, sent_at=None
    )
    shown_at = Case(
        When(direction=Direction.IN, then=Coalesce("received_at", "at")),
        default=Coalesce("sent_at", "send_at", "at"),
        output_field=DateTimeField(),
    )
    return (
        CustomerResponse.objects.filter(workspace=visitor.workspace_id, point=visitor.point_id)
        .filter(Q(direction=Direction.IN) | is_out)
        .exclude(text="")
        .annotate(shown_at=shown_at)
        .defer("html", "quoted")
    )


def _line(row: Any) -> Line:
    is_theirs = row.direction == Direction.IN
    author = row.author.first_name if row.author_id and row.author else ""
    key = _own_key(row.external_id) if is_theirs else str(row.public_id)
    return Line(key, is_theirs, row.text, row.shown_at, "" if is_theirs else author)


def _own_key(external_id: str) -> str:
    """The id that the visitor's own browser gave a message."""
    return external_id.rpartition(":")[2]


def hours_of(widget: ChatWidget, now: datetime) -> Hours:
    """Whether the team of a chat is there now."""
    hours = rules_of(widget.workspace_id).hours_of(widget.team)
    if is_open(hours, now):
        return Hours(is_there=True, back_at=None)
    return Hours(is_there=False, back_at=next_opening(hours, now))


def cursor_of(lines: Sequence[Line]) -> str:
    """Where the next question goes on."""
    return str(_microseconds(lines[-1].at)) if lines else ""


def moment_of(cursor: str) -> datetime | None:
    """Read a cursor; anything that is none begins anew."""
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 16):
        return None
    return _EPOCH + timedelta(microseconds=int(cursor))


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Chat:
    """A website, its chat where somebody set it up, and how many chats began in a week."""

    site: Site
    widget: ChatWidget | None
    week: int


def chats_of(workspace: Workspace, now: datetime) -> list[Chat]:
    """Websites that are in use: those with a chat first, then by name."""
    began = Count("visitors", filter=Q(visitors__started_at__gt=now - timedelta(days=7)))
    rows = ChatWidget.objects.filter(workspace=workspace).annotate(week=began)
    widgets = {row.site_id: row for row in rows}
    sites = Site.objects.filter(workspace=workspace, is_active=True).order_by("name", "pk")
    found = [
        Chat(site, widgets.get(site.pk), widgets[site.pk].week if site.pk in widgets else 0)
        for site in sites
    ]
    return sorted(found, key=lambda one: one.widget is None)
