"""What the inbox keeps of people: told to them, and forgotten with them."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from django.contrib.postgres.functions import RandomUUID
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms.models import model_to_dict

from inbox.models import (
    AIClassification,
    Attachment,
    AuditedReply,
    ChatVisitor,
    Conversation,
    CustomerResponse,
    Direction,
    IdentitySuggestion,
    InboxChannel,
    InternalNote,
    ReplyDraft,
    Satisfaction,
)
from inbox.services.filing import delete_unnamed
from inbox.services.incoming import SOURCE
from outreach.models import Contact, ContactPoint
from workspaces.services.redacting import redact

ERASED: Final = "erased"
_LABEL: Final = "Answer to somebody erased"
_WORDS: Final[dict[str, Any]] = {
    "sender_address": "", "sender_name": "", "subject": "", "text": "", "quoted": "", "html": "",
    "flag_reason": "", "recommended_action": "", "error": "", "tags": [], "thread_ids": [],
    "media": [],
}  # fmt: skip
_READ: Final[dict[str, Any]] = {
    "topics": [],
    "entities": {},
    "keywords": [],
    "reasons": [],
    "needs_person": "",
    "action": "",
}
_INNER: Final = frozenset(
    {"id", "workspace", "conversation", "arrived_in", "point", "message", "token_hash"}
)


class InboxKeeper:
    """Conversations of people that attribution knows."""

    def erase(
        self, *, workspace_id: int, people: Collection[int], now: datetime
    ) -> Mapping[str, int]:
        """Empty what they wrote and what was written to them; that there was a message stays.

        Raises
        ------
        StateError : an answer to them is carried out just now
        """
        contacts = list(
            _contacts(people).filter(workspace=workspace_id).values_list("pk", flat=True)
        )
        if not contacts:
            _forget_suggestions([], people)
            return {}
        responses = _responses(contacts)
        talks = Conversation.objects.filter(
            Q(contact__in=contacts) | Q(pk__in=responses.values("conversation"))
            | Q(pk__in=responses.values("arrived_in"))
        )  # fmt: skip
        drafts = ReplyDraft.objects.filter(answers__in=responses)
        # Proposals before conversations, as the gate locks them.
        emptied = redact(
            workspace_id=workspace_id, proposals=list(drafts.values_list("pk", flat=True)),
            label=_LABEL, now=now,
        )  # fmt: skip
        # Locked in one order, as everything that changes them does.
        list(talks.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        drafts.update(text="", subject="", why_person="", sources=[])
        AuditedReply.objects.filter(draft__in=drafts).update(why="")
        alone = _theirs_alone(contacts)
        own = Conversation.objects.filter(Q(contact__in=contacts) | Q(pk__in=alone))
        counts = {
            **_forget_what_was_said(own, responses), "replies": emptied,
            "chats": _forget_chats(contacts),
        }  # fmt: skip
        talks.exclude(pk__in=own).update(preview="")
        _forget_suggestions(contacts, people)
        _forget_typed(workspace_id, contacts, alone)
        # Last, for the others are found by it.
        counts["inbox messages"] = responses.update(**_WORDS)
        return {name: count for name, count in counts.items() if count}

    def export(self, *, people: Collection[int]) -> Mapping[str, list[dict[str, Any]]]:
        """Everything that they wrote, and that was written to them."""
        contacts = list(_contacts(people).values_list("pk", flat=True))
        responses = _responses(contacts)
        own = Conversation.objects.filter(
            Q(contact__in=contacts) | Q(pk__in=_theirs_alone(contacts))
        )
        return {
            "chats": [_plain(row) for row in _chats(contacts)],
            "conversations": [_plain(row) for row in own],
            "inbox messages": [_plain(row) for row in responses],
            "ratings": [_plain(row) for row in _ratings(own, responses)],
            "readings": [
                _plain(row) for row in AIClassification.objects.filter(response__in=responses)
            ],
        }


def _forget_what_was_said(
    own: QuerySet[Conversation], responses: QuerySet[CustomerResponse]
) -> dict[str, int]:
    # Nobody says more by the link in our message.
    _ratings(own, responses).update(comment="", public_id=RandomUUID())
    readings = AIClassification.objects.filter(response__in=responses)
    notes = InternalNote.objects.filter(conversation__in=own)
    return {
        "conversations": own.update(subject="", preview="", tags=[]),
        "readings": readings.update(**_READ),
        "notes": notes.update(text=ERASED, mentions=[]),
        "files": _forget_files(responses),
    }


def _ratings(
    own: QuerySet[Conversation], responses: QuerySet[CustomerResponse]
) -> QuerySet[Satisfaction]:
    """Of their conversations, and what they were asked at their addresses in others."""
    return Satisfaction.objects.filter(Q(conversation__in=own) | Q(response__in=responses))


def _forget_suggestions(contacts: Collection[int], people: Collection[int]) -> None:
    """What spoke for one person, and the merges of those who confirmed it: they go with people."""
    IdentitySuggestion.objects.filter(
        Q(first__in=contacts) | Q(second__in=contacts)
        | Q(merge__left__in=people) | Q(merge__right__in=people)
    ).update(evidence=[], merge=None)  # fmt: skip


def _contacts(people: Collection[int]) -> QuerySet[Contact]:
    return Contact.objects.filter(person__in=people)


def _responses(contacts: Collection[int]) -> QuerySet[CustomerResponse]:
    """Messages from and to their addresses, wherever they stand."""
    return CustomerResponse.objects.filter(point__contact__in=contacts)


def _theirs_alone(contacts: Collection[int]) -> list[int]:
    """Conversations of other contacts in which nobody but they stands: their address was typed in
    a form, so they began as nobody's. Where they were merged since, where the messages came counts.
    """
    theirs = _responses(contacts).filter(direction=Direction.IN)
    others = CustomerResponse.objects.exclude(point__contact__in=contacts)
    talks = Conversation.objects.filter(
        Q(pk__in=theirs.values("conversation")) | Q(pk__in=theirs.values("arrived_in")),
        ~Exists(others.filter(conversation=OuterRef("pk"))),
        ~Exists(others.filter(arrived_in=OuterRef("pk"))),
    ).exclude(contact__in=contacts)
    return list(talks.values_list("pk", flat=True))


def _forget_typed(workspace_id: int, contacts: Collection[int], alone: Collection[int]) -> None:
    """Their name and address where somebody only typed them: in a form, or in a chat."""
    # A conversation of others in which they stand alone, and no address: nobody else is meant.
    Contact.objects.filter(
        ~Exists(Conversation.objects.filter(contact=OuterRef("pk")).exclude(pk__in=alone)),
        conversations__in=alone, points=None, source=SOURCE,
    ).update(first_name="", last_name="")  # fmt: skip
    points = ContactPoint.objects.filter(contact__in=contacts, channel=InboxChannel.EMAIL)
    ChatVisitor.objects.filter(
        workspace=workspace_id, email__in=list(points.values_list("address", flat=True))
    ).update(email="")


def _chats(contacts: Collection[int]) -> QuerySet[ChatVisitor]:
    return ChatVisitor.objects.filter(point__contact__in=contacts)


def _forget_chats(contacts: Collection[int]) -> int:
    """Nobody's token opens them any more."""
    rows = list(_chats(contacts).order_by("pk"))
    for row in rows:
        row.name = row.email = row.page_url = row.visitor = ""
        row.token_hash = secrets.token_hex(32)
    return ChatVisitor.objects.bulk_update(
        rows, ["name", "email", "page_url", "visitor", "token_hash"]
    )


def _forget_files(responses: QuerySet[CustomerResponse]) -> int:
    """Files of theirs alone are deleted, once it is sure; what others sent too stays theirs."""
    rows = Attachment.objects.filter(response__in=responses)
    places = set(rows.exclude(file="").values_list("file", flat=True))
    count = rows.update(
        name=ERASED, file="", sha256="", content_id="", held_because=ERASED, source_url="",
        fetch_at=None,
    )  # fmt: skip
    transaction.on_commit(lambda: delete_unnamed(places))
    return count


def _plain(row: Any) -> dict[str, Any]:
    return {name: value for name, value in model_to_dict(row).items() if name not in _INNER}
