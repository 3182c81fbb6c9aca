"""Acts on many conversations cost what acts on few cost: statements do not grow with rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.models import Conversation
from inbox.services import desk
from tests.inbox.steps import NOW
from tests.outreach.steps import contact_of
from workspaces.gate import Proposer
from workspaces.models import User, Workspace

T = TypeVar("T")


def asked(do: Callable[[], T]) -> tuple[T, int]:
    """What came of it, and how many statements it took."""
    with CaptureQueriesContext(connection) as queries:
        found = do()
    return found, len(queries)


def closed_and_put_back(workspace: Workspace, agent: User, count: int) -> tuple[int, int]:
    """Close so many new conversations and undo that; the statements of both."""
    contact = contact_of(workspace, f"ann-{count}@example.com")
    Conversation.objects.bulk_create(
        Conversation(
            workspace=workspace, contact=contact, channel="email", opened_at=NOW,
            last_message_at=NOW, due_at=NOW + timedelta(seconds=number), sla_state="running",
            subject=f"of {count}",
        )
        for number in range(count)
    )  # fmt: skip
    rows = Conversation.objects.filter(workspace=workspace, subject=f"of {count}")
    own = {"workspace": workspace, "by": Proposer.person(agent), "now": NOW}
    done, closing = asked(lambda: desk.close(rows=rows, **own))
    undone, undoing = asked(lambda: desk.undo(batch=done.batch, **own))
    assert len(done.changed) == len(undone.changed) == count
    assert rows.filter(status="open", closed_at=None).count() == count
    return closing, undoing


@pytest.mark.django_db
def test_many_are_closed_and_put_back_by_as_many_statements_as_few(
    workspace: Workspace, agent: User
) -> None:
    closed_and_put_back(workspace, agent, 1)  # what is asked once in a process is known now
    few = closed_and_put_back(workspace, agent, 2)

    assert closed_and_put_back(workspace, agent, 400) == few
