"""A worker that is killed while it looks into a mailbox loses no mail and doubles none."""

from __future__ import annotations

import os
import signal
from functools import partial
from typing import Any

import pytest
from django.db import connection as database

from inbox.models import Mailbox
from inbox.services.polling import LEASE, due_mailboxes, poll
from tests.crash.conftest import fork
from tests.inbox.conftest import _server, box
from tests.inbox.test_polling import NOW, connection, kept, look, write
from workspaces.models import Connection, InboundEvent

__all__ = ["_server", "box", "connection", "write"]

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]


def _die_before(statement: str, connection_id: int) -> None:
    def watched(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if sql.startswith(statement):
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with database.execute_wrapper(watched):
        poll(connection_id=connection_id, now=NOW)


@pytest.mark.parametrize(
    "statement",
    [
        'INSERT INTO "workspaces_inboundevent"',
        'UPDATE "inbox_mailbox" SET "uid_validity"',
        'UPDATE "workspaces_connection"',
    ],
)
def test_a_killed_poll_is_made_again(connection: Connection, write: Any, statement: str) -> None:
    write("one", "two")
    due_mailboxes(now=NOW)

    _, status = os.waitpid(fork(partial(_die_before, statement, connection.pk)), 0)

    assert os.WTERMSIG(status) == signal.SIGKILL
    assert (InboundEvent.objects.count(), Mailbox.objects.get().uid) == (0, 0)
    look(connection, NOW + LEASE)
    look(connection, NOW + 2 * LEASE)
    assert kept() == ["one", "two"]
