"""Five thousand conversations at once, beside a bare UPDATE of the same rows."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection

from inbox.models import Conversation
from inbox.services import desk
from tests.inbox.steps import NOW
from tests.outreach.steps import contact_of
from workspaces.gate import Proposer

COUNT = 5_000


def seconds_of(do):
    started = time.perf_counter()
    found = do()
    return found, time.perf_counter() - started


@pytest.mark.slow
@pytest.mark.django_db
def test_five_thousand_are_closed_and_put_back_within_three_seconds(workspace, agent, capsys):
    contact = contact_of(workspace)
    Conversation.objects.bulk_create(
        Conversation(
            workspace=workspace, contact=contact, channel="email", opened_at=NOW,
            last_message_at=NOW, due_at=NOW + timedelta(seconds=number), sla_state="running",
        )
        for number in range(COUNT)
    )  # fmt: skip
    rows = Conversation.objects.filter(workspace=workspace)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_conversation")
    own = {"workspace": workspace, "by": Proposer.person(agent), "now": NOW}

    _, bare_s = seconds_of(lambda: rows.update(status="closed", closed_at=NOW))
    rows.update(status="open", closed_at=None)
    done, close_s = seconds_of(lambda: desk.close(rows=rows, **own))
    undone, undo_s = seconds_of(lambda: desk.undo(batch=done.batch, **own))

    with capsys.disabled():
        print(f"\nbare {bare_s:.2f} s, close {close_s:.2f} s, undo {undo_s:.2f} s")  # noqa: T201
    assert len(done.changed) == len(undone.changed) == COUNT
    assert close_s < max(3.0, 20 * bare_s)
    assert undo_s < max(3.0, 20 * bare_s)
