"""Conversations by the words in them: messages, subjects, notes, and the names of people.

A word that few wrote is looked up first, and its conversations are few. One that thousands wrote is
asked of each conversation on the way down the list instead, for the page is soon full.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from inbox.models import Conversation, CustomerResponse, InternalNote
from outreach.selectors.message_log import people_named
from workspaces.models import Workspace
from workspaces.search import narrow, prefix_query, words_of

#: The words of their indexes, as those are written there.
MESSAGE_WORDS: Final = words_of("sender_name", "sender_address", "subject", "text")
SUBJECT_WORDS: Final = words_of("subject")
NOTE_WORDS: Final = words_of("text")
_FEW: Final = 2000


def found_by(
    rows: QuerySet[Conversation], workspace: Workspace, text: str
) -> QuerySet[Conversation]:
    """Those in which each typed word begins a word; all of them where nothing was typed."""
    if prefix_query(text) is None:
        return rows
    messages = narrow(CustomerResponse.objects.filter(workspace=workspace), MESSAGE_WORDS, text)
    notes = narrow(InternalNote.objects.filter(workspace=workspace), NOTE_WORDS, text)
    subjects = narrow(Conversation.objects.filter(workspace=workspace), SUBJECT_WORDS, text)
    people = Q(contact__in=people_named(workspace, text))
    ids = _few(messages, notes, subjects)
    if ids is not None:
        return rows.filter(people | Q(pk__in=ids))
    said = Exists(messages.filter(conversation=OuterRef("pk")))
    noted = Exists(notes.filter(conversation=OuterRef("pk")))
    return rows.filter(people | Q(said) | Q(noted) | Q(pk__in=subjects.values("pk")))


def _few(
    messages: QuerySet[CustomerResponse], notes: QuerySet[InternalNote],
    subjects: QuerySet[Conversation],
) -> set[int] | None:  # fmt: skip
    """Conversations, where they are few; one look at three indexes, each cut off."""
    parts: list[QuerySet[Any, Any]] = [
        messages.annotate(of=F("conversation")).values_list("of")[: _FEW + 1],
        notes.annotate(of=F("conversation")).values_list("of")[: _FEW + 1],
        subjects.annotate(of=F("pk")).values_list("of")[: _FEW + 1],
    ]
    found = [of for (of,) in parts[0].union(*parts[1:], all=True)]
    return set(found) if len(found) <= _FEW else None
