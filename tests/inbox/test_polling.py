"""Mailboxes are looked into by themselves: each mail once, whatever breaks on the way."""

from __future__ import annotations

import json
import random
import smtplib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.models import CustomerResponse, Mailbox
from inbox.platforms import imap
from inbox.services.polling import EVERY, LEASE, due_mailboxes, open_mailbox, poll
from outreach.models import Consent
from outreach.services.people.erasing import erase_contact
from tests.sandbox.conftest import Box
from workspaces import crypto
from workspaces.gate import Proposer
from workspaces.models import Connection, InboundEvent, Notification, User, Workspace
from workspaces.services.consuming import treat_next

pytestmark = pytest.mark.django_db

HELP = "help@shop.example"
WRITTEN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOW = WRITTEN + timedelta(minutes=5)
Write = Callable[..., None]


@pytest.fixture
def connection(box: Box, workspace: Workspace) -> Connection:
    secret = {
        "host": "127.0.0.1", "port": str(box.imap_port), "security": "none", "username": HELP,
        "password": "password",
    }  # fmt: skip
    row = Connection.objects.create(
        workspace=workspace, kind="imap", name="Support", secret=crypto.encrypt(secret)
    )
    Connection.objects.filter(pk=row.pk).update(created_at=NOW)
    return row


@pytest.fixture
def write(box: Box) -> Write:
    def write(*texts: str, sender: str = "Mara <mara@example.com>", **headers: str) -> None:
        more = "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in headers.items())
        with smtplib.SMTP("127.0.0.1", box.smtp_port, timeout=5) as client:
            for place, text in enumerate(texts):
                mail = f"From: {sender}\r\nSubject: {text}\r\nMessage-ID: <{place}-{text}@x>\r\n"
                client.sendmail("m@x.example", HELP, f"{mail}{more}\r\n{text}\r\n".encode())

    return write


def look(connection: Connection, now: datetime = NOW) -> bool:
    """Look into the mailbox, and treat what was stored."""
    due_mailboxes(now=now)
    has_more = poll(connection_id=connection.pk, now=now)
    while treat_next(connection_id=connection.pk, now=now, rng=random.Random(0)):
        pass
    return has_more


def kept() -> list[str]:
    return sorted(CustomerResponse.objects.values_list("text", flat=True))


def test_what_came_is_in_the_inbox_once(connection: Connection, write: Write) -> None:
    write("one", "two")
    assert due_mailboxes(now=NOW) == [connection.pk]
    look(connection)
    row = CustomerResponse.objects.get(text="one")
    assert kept() == ["one", "two"]
    # When its server took it in, not when we looked.
    assert (row.at, row.received_at, row.sender_address) == (WRITTEN, NOW, "mara@example.com")
    mailbox = Mailbox.objects.get()
    assert (mailbox.since, mailbox.polled_at, mailbox.next_at) == (
        (NOW - timedelta(days=7)).date(), NOW, NOW + EVERY,
    )  # fmt: skip
    assert due_mailboxes(now=NOW) == []
    connection.refresh_from_db()
    assert (connection.last_ok_at, connection.last_error) == (NOW, "")

    write("three")
    look(connection, NOW + EVERY)
    assert kept() == ["one", "three", "two"]
    assert InboundEvent.objects.filter(state="done").count() == 3


def test_of_who_is_erased_no_mail_stays(connection: Connection, write: Write, admin: User) -> None:
    write("marzipan", sender="Zeb <Zeb@Example.com>")
    write("bread")
    look(connection)
    zeb = CustomerResponse.objects.get(text="marzipan").conversation.contact

    erase_contact(contact=zeb, by=Proposer.person(admin), now=NOW)

    bodies = list(InboundEvent.objects.order_by("body").values_list("body", flat=True))
    assert (len(bodies), bodies[0]) == (2, "")
    assert json.loads(bodies[1])["addresses"][-1] == "mara@example.com"


def test_mails_that_are_numbered_anew_are_kept_once(
    box: Box, connection: Connection, write: Write
) -> None:
    write("one")
    look(connection)
    box.control("imap/renumber")
    write("two")
    look(connection, NOW + EVERY)
    assert kept() == ["one", "two"]
    assert Mailbox.objects.get().uid_validity == 2


def test_many_mails_come_one_run_after_the_other(
    connection: Connection, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "MAX_MAILS", 2)
    write("one", "two", "three")
    assert [look(connection), look(connection)] == [True, False]
    assert kept() == ["one", "three", "two"]


def test_two_workers_do_not_look_at_once(connection: Connection, write: Write) -> None:
    write("one")
    due_mailboxes(now=NOW)

    def opens(secret: Any) -> Any:
        # While one looks the other one comes.
        assert poll(connection_id=connection.pk, now=NOW, open_=_never) is False
        return open_mailbox(secret)

    poll(connection_id=connection.pk, now=NOW, open_=opens)
    assert InboundEvent.objects.count() == 1


def _never(_secret: Any) -> Any:
    raise AssertionError("It was held.")


def test_a_worker_that_dies_leaves_all_to_the_next(
    connection: Connection, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("one", "two")

    def dies(**_: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("inbox.services.polling.record_use", dies)
        with pytest.raises(MemoryError):
            look(connection)
    assert (InboundEvent.objects.count(), Mailbox.objects.get().uid) == (0, 0)
    assert due_mailboxes(now=NOW + EVERY) == []
    look(connection, NOW + LEASE)
    assert kept() == ["one", "two"]


def test_a_wrong_password_waits_for_a_new_one(
    box: Box, connection: Connection, write: Write, admin: User
) -> None:
    write("one")
    box.control("seed", {"accounts": [{"platform": "imap", "id": HELP, "token": "other"}]})
    look(connection)
    connection.refresh_from_db()
    assert connection.status == "needs_login"
    assert "password" in connection.last_error
    assert Mailbox.objects.get().error == connection.last_error
    note = Notification.objects.get(user=admin, topic="inbox")
    assert note.title == "The mailbox Support does not open any more"
    assert due_mailboxes(now=NOW + LEASE) == []
    box.control("reset")
    write("one")
    Connection.objects.update(status="active")
    look(connection, NOW + LEASE)
    assert kept() == ["one"]


def test_a_server_that_fails_is_asked_less_often(
    box: Box, connection: Connection, write: Write
) -> None:
    write("one")
    fault = {"platform": "imap", "times": 2, "method": "SEARCH", "kind": "imap_reply"}
    box.control("faults", fault | {"code": "BYE"})
    waits = []
    now = NOW
    for _ in range(2):
        look(connection, now)
        mailbox = Mailbox.objects.get()
        waits.append((mailbox.next_at - now) / EVERY)
        now = mailbox.next_at
    assert (mailbox.failures, bool(mailbox.error)) == (2, True)
    assert 1 <= waits[0] <= 2 <= waits[1] <= 4
    look(connection, now)
    mailbox.refresh_from_db()
    assert (mailbox.failures, mailbox.error, kept()) == (0, "", ["one"])


def test_people_are_told_of_mails_that_are_too_large(
    connection: Connection, write: Write, monkeypatch: pytest.MonkeyPatch, agent: User
) -> None:
    monkeypatch.setattr(imap, "MAX_MAIL", 120)
    write("x" * 100, "two")
    look(connection)
    assert kept() == ["two"]
    note = Notification.objects.get(user=agent, topic="inbox")
    assert note.title == "A mail in Support is too large to be read here"


def test_our_own_mails_and_forms_are_known_by_the_mailbox(
    connection: Connection, write: Write
) -> None:
    write("own", sender=HELP)
    write("form", sender=HELP, Reply_To="bo@example.com")
    look(connection)
    assert CustomerResponse.objects.get().sender_address == "bo@example.com"


def test_who_asks_to_stop_by_mail_is_heard(connection: Connection, write: Write) -> None:
    write("STOP")
    look(connection)
    assert Consent.objects.get(is_given=False).channel == "email"
