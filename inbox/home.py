"""What the inbox brings to the home page: conversations that wait for this person."""

from __future__ import annotations

from functools import partial
from typing import Final

from django.db.models import QuerySet

from inbox.models import Conversation
from inbox.selectors.filters import ListFilters
from inbox.selectors.lists import rows_of
from inbox.services.topics import TOPIC
from workspaces.home import WAITS, Asked, Figure, register_figures, register_topics
from workspaces.roles import Role


def register() -> None:
    """Bring them."""
    register_figures(_FIGURES)
    register_topics(TOPIC)


def _of(view: str, sla: str, asked: Asked) -> QuerySet[Conversation]:
    """Conversations as the inbox itself lists them."""
    filters = ListFilters(view=view, sla=sla)
    return rows_of(asked.workspace, filters, user=asked.user, now=asked.now)


_FIGURES: Final = (
    Figure("overdue", WAITS, ("conversation is overdue", "conversations are overdue"), "inbox",
           partial(_of, "open", "over"), "view=open&sla=over", Role.AGENT, is_bad=True, position=5),
    Figure("mine", WAITS, ("conversation of yours is open", "conversations of yours are open"),
           "inbox", partial(_of, "mine", ""), "view=mine", Role.AGENT, position=6),
    Figure("drafts", WAITS, ("draft to sign", "drafts to sign"), "inbox",
           partial(_of, "awaiting", ""), "view=awaiting", Role.AGENT, position=7),
    Figure("nobodys", WAITS, ("conversation is nobody's", "conversations are nobody's"), "inbox",
           partial(_of, "unassigned", ""), "view=unassigned", Role.AGENT, position=8),
)  # fmt: skip
