"""What the inbox lets be found: conversations by subject and person, and what people wrote."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.db.models import F
from django.urls import reverse

from inbox.models import Conversation, CustomerResponse
from inbox.selectors.finding import MESSAGE_WORDS, SUBJECT_WORDS
from inbox.selectors.naming import name_them
from outreach.selectors.message_log import people_named
from workspaces.finders import Finder, Hit, Question, register_finders
from workspaces.search import among, narrow, newest_of

_READ: Final = "inbox:read"
_LONGEST: Final = 140


def register() -> None:
    """Bring them."""
    register_finders([
        Finder("conversations", "Conversations", _READ, _conversations, _all, position=40),
        Finder("messages", "Messages", _READ, _messages, _all, position=50),
    ])  # fmt: skip


def _conversations(question: Question) -> list[Hit]:
    own = Conversation.objects.filter(workspace=question.workspace)
    people = own.filter(contact__in=people_named(question.workspace, question.text))
    named = narrow(own, SUBJECT_WORDS, question.text)
    either = [rows.annotate(of=F("pk")).order_by().values_list("of") for rows in (named, people)]
    # What was merged is read where it went; what is put away, the lists do not show either.
    rows = own.filter(among(either[0].union(either[1], all=True)))
    shown = rows.filter(merged_into=None, archived_at=None).select_related("contact")
    found = list(shown.order_by("-last_message_at", "-pk")[: question.most])
    name_them(found)
    return [
        Hit(str(row.public_id), str(row), _url(row), f"{row.who}, {row.get_status_display()}")  # type: ignore[attr-defined]  # set by name_them
        for row in found
    ]


def _messages(question: Question) -> list[Hit]:
    own = CustomerResponse.objects.filter(
        workspace=question.workspace, conversation__archived_at=None,
        conversation__merged_into=None,
    )  # fmt: skip
    found = newest_of(narrow(own, MESSAGE_WORDS, question.text), question.most)
    return [
        Hit(str(row.public_id), row.text[:_LONGEST] or row.subject, _url(row.conversation),
            f"{row.sender_name or row.sender_address or row.get_direction_display()},"
            f" {row.at:%-d %b %Y}")
        for row in found.select_related("conversation")
    ]  # fmt: skip


def _url(conversation: Conversation) -> str:
    return reverse("inbox-conversation", args=[conversation.public_id])


def _all(text: str) -> str:
    return f"{reverse('inbox')}?{urlencode({'view': 'all', 'q': text})}"
