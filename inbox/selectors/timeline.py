"""One person's story: all they wrote and we wrote on every channel, notes, and what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils.dateparse import parse_datetime

from inbox.models import (
    Attachment,
    Conversation,
    ConversationEvent,
    CustomerResponse,
    HappenedKind,
    Intent,
    InternalNote,
    Posture,
    Team,
)
from outreach.models import Contact
from workspaces.gate import RequestError
from workspaces.models import User, Workspace
from workspaces.search import among

Names = Mapping[Any, str]

ITEMS: Final = 40
_MOST_CONVERSATIONS: Final = 200
#: Among things of one moment, what stands first.
_RANKS: Final = {"event": 0, "message": 1, "note": 2}


@dataclass(frozen=True)
class Item:
    """One thing in a timeline; ``row`` is a message, a note or an event."""

    kind: str
    at: datetime
    row: Any
    text: str = ""  # of an event

    @property
    def key(self) -> tuple[datetime, int, int]:
        """Where it stands; two things of one moment keep their places."""
        return self.at, _RANKS[self.kind], self.row.pk


@dataclass(frozen=True)
class Timeline:
    """A page of it, the oldest first, and the cursor of what was before."""

    items: list[Item]
    earlier: str = ""


def find_conversation(workspace: Workspace, public_id: UUID) -> Conversation | None:
    """A conversation of the workspace, with whom it is."""
    rows = Conversation.objects.select_related(
        "contact__person", "contact__standing", "assignee", "merged_into", "campaign"
    )
    return rows.filter(workspace=workspace, public_id=public_id).first()


def conversations_of(conversation: Conversation) -> list[Conversation]:
    """All with the same person, whatever they are called on each channel; the newest first."""
    person = conversation.contact.person
    root = person.root_id or person.pk
    theirs = Contact.objects.filter(workspace=conversation.workspace_id).values_list("pk")
    # Each by its index; either of both would read all contacts.
    known = theirs.filter(person=root).union(theirs.filter(person__root=root), all=True)
    rows = Conversation.objects.filter(among(known, "contact"), workspace=conversation.workspace_id)
    return list(rows.order_by("-last_message_at", "-pk")[:_MOST_CONVERSATIONS])


def timeline_of(conversations: list[Conversation], before: str = "") -> Timeline:
    """The newest page, or the one before a cursor.

    Raises
    ------
    RequestError : the cursor is damaged
    """
    ids = [one.pk for one in conversations]
    mark = _parse(before) if before else None
    events = list(_cut(_events(ids), "event", "at", mark))
    names = _names(events)
    found = [
        *(Item("message", row.at, row) for row in _cut(_messages(ids), "message", "at", mark)),
        *(Item("note", one.written_at, one)
          for one in _cut(_notes(ids), "note", "written_at", mark)),
        *(Item("event", row.at, row, said(row, names)) for row in events),
    ]  # fmt: skip
    found.sort(key=lambda one: one.key, reverse=True)
    page = found[:ITEMS]
    more = len(found) > ITEMS
    return Timeline(page[::-1], _cursor(page[-1]) if more else "")


def _messages(ids: list[int]) -> QuerySet[CustomerResponse]:
    files = Attachment.objects.order_by("pk")
    rows = CustomerResponse.objects.filter(conversation__in=ids)
    return rows.select_related("reading__corrected_by", "author").prefetch_related(
        Prefetch("attachments", queryset=files, to_attr="files")
    )


def _notes(ids: list[int]) -> QuerySet[InternalNote]:
    return InternalNote.objects.filter(conversation__in=ids).select_related("author")


def _events(ids: list[int]) -> QuerySet[ConversationEvent]:
    # An answer tells itself.
    rows = ConversationEvent.objects.filter(conversation__in=ids)
    return rows.exclude(kind=HappenedKind.ANSWERED)


_Mark = tuple[datetime, int, int]


def _cut(rows: QuerySet[Any], kind: str, field: str, mark: _Mark | None) -> QuerySet[Any]:
    """The newest of a kind, before a mark."""
    if mark is not None:
        at, rank, pk = mark
        own = _RANKS[kind]
        same = Q(**{field: at}) if own < rank else Q(**{field: at}, pk__lt=pk)
        rows = rows.filter(Q(**{f"{field}__lt": at}) | (same if own <= rank else Q(pk=None)))
    return rows.order_by(f"-{field}", "-pk")[: ITEMS + 1]


def _cursor(item: Item) -> str:
    at, rank, pk = item.key
    return f"{at.isoformat()}~{rank}~{pk}"


def _parse(cursor: str) -> _Mark:
    text, _, rest = cursor.partition("~")
    rank, _, pk = rest.partition("~")
    damaged = RequestError("before", "This address is damaged. Open the conversation anew.")
    try:
        at = parse_datetime(text)
    except ValueError:
        raise damaged from None
    is_number = pk.isascii() and pk.isdecimal() and len(pk) < 19
    if at is None or at.tzinfo is None or rank not in ("0", "1", "2") or not is_number:
        raise damaged
    return at, int(rank), int(pk)


def _choice(key: str, verb: str, choices: Any) -> Callable[[Mapping[str, Any], Names], str]:
    labels = dict(choices)

    def say(after: Mapping[str, Any], _names: Names) -> str:
        return f"{verb} {labels.get(after.get(key), after.get(key) or '')}".strip()

    return say


def _assigned(after: Mapping[str, Any], names: Names) -> str:
    to = after.get("assignee_id")
    if not to:
        return "took it from whoever had it"
    why = f" ({after['why']})" if after.get("why") else ""
    return f"gave it to {names.get(to, 'somebody')}{why}"


def _tagged(after: Mapping[str, Any], _names: Names) -> str:
    tags = after.get("tags")
    return f"tags: {', '.join(map(str, tags))}" if tags else "took the tags off"


def _rated(after: Mapping[str, Any], _names: Names) -> str:
    return f"gave {after.get('score')} of 5"


def _read(after: Mapping[str, Any], _names: Names) -> str:
    meant = str(after.get("meant") or after.get("intent") or "")
    return f"read it as {dict(Intent.choices).get(meant, meant)}"


def _failed(after: Mapping[str, Any], _names: Names) -> str:
    return f"an answer was not delivered. {after.get('why', '')}".strip()


_SAID: Final[Mapping[str, Callable[[Mapping[str, Any], Names], str]]] = {
    HappenedKind.ASSIGNED: _assigned,
    HappenedKind.TAGGED: _tagged,
    HappenedKind.TEAM: _choice("team", "gave it to the team", Team.choices),
    HappenedKind.POSTURE: _choice("posture", "machine:", Posture.choices),
    HappenedKind.READING: _read,
    HappenedKind.RATED: _rated,
    HappenedKind.FAILED: _failed,
    HappenedKind.JOINED: lambda _after, _names: "said that they and another contact are one person",
    HappenedKind.PARTED: lambda _after, _names: "said that they and another contact are two people",
    HappenedKind.WAITING: lambda _after, _names: "waits for their answer",
}


def said(event: ConversationEvent, names: Names) -> str:
    """What was done, in words that stand behind the name of who did it."""
    say = _SAID.get(event.kind)
    return say(event.after, names) if say else event.get_kind_display().lower()


def _names(events: list[ConversationEvent]) -> Names:
    """Of those to whom something was given."""
    ids = {event.after.get("assignee_id") for event in events} - {None}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=ids)} if ids else {}
