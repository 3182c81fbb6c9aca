"""Mailboxes are read to their end, never changed, and every failure is one of ours."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from inbox.onboarding import try_connection
from inbox.platforms import imap
from inbox.platforms.imap import Imap, build
from inbox.platforms.mailbox import Fetched, Place
from sandbox.server import Sandbox
from workspaces.hooks import ConnectionTestError, connection_kind
from workspaces.models import Connection
from workspaces.platforms.errors import ErrorKind, PlatformError

HELP = "help@shop.example"
Write = Callable[..., None]


@pytest.fixture(scope="module")
def _far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    state = tmp_path_factory.mktemp("imap") / "state.sqlite3"
    with Sandbox(Path(state), smtp_port=0, imap_port=0) as far:
        yield far


@pytest.fixture
def far(_far: Sandbox) -> Sandbox:
    _far.control("reset")
    _far.control("clock", {"set": "2026-11-21T12:00:00+00:00"})
    return _far


@pytest.fixture
def secret(far: Sandbox) -> dict[str, str]:
    return {
        "host": "127.0.0.1", "port": str(far.imap_port), "security": "none",
        "username": HELP, "password": "pässword",
    }  # fmt: skip


@pytest.fixture
def mailbox(secret: dict[str, str]) -> Iterator[Imap]:
    mailbox = build(secret, allow_loopback=True)
    yield mailbox
    mailbox.close()


@pytest.fixture
def write(far: Sandbox) -> Write:
    def write(*texts: str) -> None:
        with smtplib.SMTP("127.0.0.1", far.smtp_port, timeout=5) as client:
            for text in texts:
                client.sendmail("mara@example.com", HELP, f"Subject: x\r\n\r\n{text}\r\n".encode())

    return write


def texts(fetched: Fetched) -> list[str]:
    return [(one.content or b"-").decode().splitlines()[-1] for one in fetched.mails]


def test_reads_on_from_where_it_was(mailbox: Imap, write: Write) -> None:
    write("one", "two")
    first = mailbox.fetch_since(Place())
    assert texts(first) == ["one", "two"]
    assert first.place == Place(1, first.mails[-1].uid)

    again = mailbox.fetch_since(first.place)
    assert (again.mails, again.place, again.has_more) == ((), first.place, False)

    write("three")
    assert texts(mailbox.fetch_since(first.place)) == ["three"]


def test_leaves_the_mailbox_as_it_was(far: Sandbox, mailbox: Imap, write: Write) -> None:
    write("one")
    mailbox.fetch_since(Place())

    assert not far.store.query("SELECT 1 FROM imap_seen")


def test_a_new_numbering_is_read_from_the_start(far: Sandbox, mailbox: Imap, write: Write) -> None:
    write("one")
    place = mailbox.fetch_since(Place()).place
    far.control("imap/renumber")

    fetched = mailbox.fetch_since(place)

    assert texts(fetched) == ["one"]
    assert (fetched.is_restarted, fetched.place.uid_validity) == (True, 2)


def test_old_mails_are_left_out_at_the_first_time(mailbox: Imap, write: Write) -> None:
    write("one")

    assert texts(mailbox.fetch_since(Place(), not_before=date(2026, 11, 21))) == ["one"]
    late = mailbox.fetch_since(Place(), not_before=date(2026, 11, 22))
    assert (late.mails, late.place) == ((), Place(1, 0))


def test_many_mails_come_in_batches(
    monkeypatch: pytest.MonkeyPatch, mailbox: Imap, write: Write
) -> None:
    monkeypatch.setattr(imap, "MAX_MAILS", 2)
    write("one", "two", "three")

    first = mailbox.fetch_since(Place())
    assert (texts(first), first.has_more) == (["one", "two"], True)
    second = mailbox.fetch_since(first.place)
    assert (texts(second), second.has_more) == (["three"], False)


def test_a_batch_holds_so_many_bytes(
    monkeypatch: pytest.MonkeyPatch, mailbox: Imap, write: Write
) -> None:
    monkeypatch.setattr(imap, "MAX_BATCH", 100)
    write("a" * 200, "b", "c" * 100)

    first = mailbox.fetch_since(Place())
    assert (len(first.mails), first.has_more) == (1, True)
    assert texts(mailbox.fetch_since(first.place)) == ["b"]


def test_a_mail_that_is_too_large_is_told_and_passed_over(
    monkeypatch: pytest.MonkeyPatch, mailbox: Imap, write: Write
) -> None:
    monkeypatch.setattr(imap, "MAX_MAIL", 50)
    write("x" * 100, "two")

    fetched = mailbox.fetch_since(Place())

    assert [(one.size, one.content is None) for one in fetched.mails] == [(116, True), (19, False)]
    assert fetched.has_more is False


def test_no_more_is_read_than_a_mail_may_hold(
    monkeypatch: pytest.MonkeyPatch, mailbox: Imap, write: Write
) -> None:
    write("x" * 5_000)
    monkeypatch.setattr(imap, "MAX_LITERAL", 1_000)

    with pytest.raises(PlatformError) as raised:
        mailbox.fetch_since(Place())
    assert raised.value.kind == ErrorKind.TRANSIENT


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"method": "AUTHENTICATE", "kind": "imap_reply",
          "error": "[AUTHENTICATIONFAILED] Wrong"}, ErrorKind.AUTH),
        ({"method": "AUTHENTICATE", "kind": "imap_reply",
          "error": "[UNAVAILABLE] Later"}, ErrorKind.TRANSIENT),
        ({"method": "AUTHENTICATE", "kind": "imap_reply",
          "error": "Too many simultaneous connections"}, ErrorKind.THROTTLED),
        ({"method": "EXAMINE", "kind": "imap_reply", "error": "[NOPERM] No"},
         ErrorKind.PERMISSION),
        ({"method": "EXAMINE", "kind": "reset", "hold_s": 0}, ErrorKind.TRANSIENT),
        ({"method": "SEARCH", "kind": "imap_reply", "code": "BYE"}, ErrorKind.TRANSIENT),
        ({"method": "FETCH", "kind": "truncated"}, ErrorKind.TRANSIENT),
        ({"method": "FETCH", "kind": "imap_reply", "error": "[LIMIT] Slow"}, ErrorKind.THROTTLED),
        ({"method": "FETCH", "kind": "imap_reply", "code": "BAD"}, ErrorKind.INVALID),
    ],
)  # fmt: skip
def test_failures_are_ours_and_the_next_poll_gets_it_all(
    far: Sandbox, mailbox: Imap, write: Write, fault: dict, kind: ErrorKind
) -> None:
    write("one")
    far.control("faults", {"platform": "imap", "times": 1} | fault)

    with pytest.raises(PlatformError) as raised:
        mailbox.fetch_since(Place())

    assert raised.value.kind == kind
    assert "pässword" not in str(raised.value)
    assert texts(mailbox.fetch_since(Place())) == ["one"]


def test_nobody_there_is_a_passing_trouble(secret: dict[str, str]) -> None:
    with pytest.raises(PlatformError, match="could not be reached") as raised:
        build(secret | {"port": "1"}, allow_loopback=True).fetch_since(Place())
    assert raised.value.kind == ErrorKind.TRANSIENT


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"host": ""}, "host"),
        ({"host": "a b"}, "host"),
        ({"security": "maybe"}, "security"),
        ({"port": "99999"}, "port"),
        ({"username": ""}, "username"),
        ({"password": "a\r\nb"}, "password"),
        ({"folder": 'IN"BOX'}, "folder"),
        ({"folder": "Büro"}, "folder"),
        ({"host": "imap.example.com"}, "security"),
    ],
)
def test_wrong_settings_name_their_field(
    secret: dict[str, str], change: dict[str, str], field: str
) -> None:
    with pytest.raises(PlatformError) as raised:
        build(secret | change, allow_loopback=True)
    assert raised.value.field == field


def test_passwords_go_out_in_clear_to_a_sandbox_only(secret: dict[str, str]) -> None:
    with pytest.raises(PlatformError, match="not sent in clear"):
        build(secret, allow_loopback=False)


def test_a_mailbox_is_connected_by_its_form(
    far: Sandbox, write: Write, secret: dict[str, str]
) -> None:
    write("one")
    kind = connection_kind("imap")

    assert kind is not None
    assert [field.name for field in kind.fields if field.is_required] == [
        "host", "username", "password",
    ]  # fmt: skip
    assert try_connection(Connection(), secret) == (
        "INBOX of help@shop.example opens. Mails in it: 1."
    )
    far.control("seed", {"accounts": [{"platform": "imap", "id": HELP, "token": "other"}]})
    with pytest.raises(ConnectionTestError, match="Enter the name and password") as raised:
        try_connection(Connection(), secret)
    assert raised.value.needs_login
