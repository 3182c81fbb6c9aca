"""Who looks at a conversation now, and who types an answer: marks in Redis, gone in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from inbox.models import Conversation
from workspaces.cache import leave_mark, marks_of
from workspaces.models import User
from workspaces.services.refusals import RefusedError

VIEWING: Final = "viewing"
TYPING: Final = "typing"
_PREFIX: Final = "inbox:presence:"
#: So long a mark holds, in seconds; pages renew it more often.
HOLDS_S: Final = {VIEWING: 30, TYPING: 10}


class PresenceError(RefusedError):
    """Somebody does something that is not known."""

    status = 400
    field = "what"


@dataclass(frozen=True)
class Other:
    """Somebody else who is at it."""

    user: User
    what: str


def note(*, conversation: Conversation, user: User, what: str, now: datetime) -> None:
    """Note that somebody looks or types; the caller has checked that it is a member."""
    if what not in HOLDS_S:
        raise PresenceError(f"Choose among {', '.join(HOLDS_S)}.")
    mark = [what, now.timestamp()]
    leave_mark(_name(conversation), str(user.pk), mark, keep_s=max(HOLDS_S.values()))


def others(*, conversation: Conversation, user: User, now: datetime) -> list[Other]:
    """Who else is at it, those who type first. Who typed a moment ago still looks."""
    at_it: dict[int, str] = {}
    for member, (what, at) in marks_of(_name(conversation)).items():
        age_s = now.timestamp() - at
        if int(member) != user.pk and age_s < HOLDS_S[VIEWING]:
            at_it[int(member)] = what if age_s < HOLDS_S[what] else VIEWING
    if not at_it:
        return []
    people = User.objects.filter(
        pk__in=at_it, memberships__workspace=conversation.workspace_id, is_active=True
    )
    found = [Other(one, at_it[one.pk]) for one in people.order_by("pk")]
    return sorted(found, key=lambda one: one.what != TYPING)


def is_typed_in(*, conversation_id: int, now: datetime) -> bool:
    """Whether somebody of ours types an answer just now."""
    marks = marks_of(f"{_PREFIX}{conversation_id}").values()
    return any(what == TYPING and now.timestamp() - at < HOLDS_S[TYPING] for what, at in marks)


def _name(conversation: Conversation) -> str:
    return f"{_PREFIX}{conversation.pk}"
