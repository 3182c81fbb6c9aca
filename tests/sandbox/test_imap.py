"""Mailboxes over IMAP, as Python's unmodified imaplib reads them."""

from __future__ import annotations

import imaplib
import smtplib
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.sandbox.conftest import Box

HELP, MARA = "help@shop.example", "mara@example.com"


def write(box: Box, *texts: str, to: str = HELP) -> None:
    with smtplib.SMTP("127.0.0.1", box.smtp_port, timeout=5) as client:
        for text in texts:
            client.sendmail(MARA, to, f"Subject: {text}\r\n\r\n{text}\r\n".encode())


@pytest.fixture
def client(box: Box) -> Iterator[imaplib.IMAP4]:
    client = imaplib.IMAP4("127.0.0.1", box.imap_port, timeout=5)
    yield client
    with suppress(imaplib.IMAP4.error, OSError):
        client.logout()


def uids(client: imaplib.IMAP4, *keys: str) -> list[int]:
    _, (found,) = client.uid("SEARCH", *keys)
    return [int(one) for one in found.split()]


def test_shows_the_mails_of_an_address(box: Box, client: imaplib.IMAP4) -> None:
    write(box, "one", "two")
    write(box, "other", to="sales@shop.example")
    client.login(HELP, 'any "word" \\ here')

    assert client.select("INBOX", readonly=True) == ("OK", [b"2"])
    assert client.response("UIDVALIDITY") == ("UIDVALIDITY", [b"1"])
    first, second = uids(client, "ALL")
    assert client.response("UIDNEXT") == ("UIDNEXT", [str(second + 1).encode()])
    _, answer = client.uid("FETCH", str(first), "(RFC822.SIZE BODY.PEEK[])")
    assert answer == [
        (
            f"1 (UID {first} RFC822.SIZE 21 BODY[] {{21}}".encode(),
            b"Subject: one\r\n\r\none\r\n",
        ),
        b")",
    ]


def test_searches_by_uid_day_and_flag(box: Box, client: imaplib.IMAP4) -> None:
    write(box, "one", "two", "three")
    client.login(HELP, "x")
    client.select()
    first, second, third = uids(client, "ALL")

    assert uids(client, f"UID {second}:*") == [second, third]
    assert uids(client, f"UID {third + 1}:*") == [third]  # a star is the last one, as RFC 3501 says
    assert uids(client, "SINCE", "21-Nov-2026") == [first, second, third]
    assert uids(client, "SINCE", "22-Nov-2026") == []
    assert client.search(None, "ALL") == ("OK", [b"1 2 3"])

    client.uid("STORE", str(second), "+FLAGS", "(\\Seen)")
    assert uids(client, "UNSEEN") == [first, third]


def test_reading_marks_and_peeking_does_not(box: Box, client: imaplib.IMAP4) -> None:
    write(box, "one")
    client.login(HELP, "x")
    client.select(readonly=True)
    client.fetch("1", "(BODY[])")
    client.select()
    client.fetch("1", "(BODY.PEEK[] FLAGS)")
    assert client.search(None, "UNSEEN") == ("OK", [b"1"])

    client.fetch("1", "(BODY[TEXT])")
    assert client.search(None, "UNSEEN") == ("OK", [b""])


def test_parts_of_mails(box: Box, client: imaplib.IMAP4) -> None:
    write(box, "one")
    client.login(HELP, "x")
    client.select()

    _, answer = client.fetch("1", "(INTERNALDATE BODY.PEEK[HEADER] BODY.PEEK[TEXT]<0.3>)")

    assert answer[0] == (
        b'1 (INTERNALDATE "21-Nov-2026 12:00:00 +0000" BODY[HEADER] {16}',
        b"Subject: one\r\n\r\n",
    )
    assert answer[1] == (b" BODY[TEXT]<0> {3}", b"one")


def test_a_mailbox_that_is_read_only_is_not_changed(box: Box, client: imaplib.IMAP4) -> None:
    write(box, "one")
    client.login(HELP, "x")
    client.select(readonly=True)

    status, _ = client.uid("STORE", "1:*", "+FLAGS", "(\\Seen)")

    assert status == "NO"
    assert client.search(None, "UNSEEN") == ("OK", [b"1"])


def test_new_mails_are_told(box: Box, client: imaplib.IMAP4) -> None:
    client.login(HELP, "x")
    client.select()
    write(box, "one")
    client.noop()

    assert client.response("EXISTS")[1][-1] == b"1"


def test_seeded_accounts_are_asked_for_their_password(box: Box, client: imaplib.IMAP4) -> None:
    box.seed({"platform": "imap", "id": HELP, "token": "pässword"})

    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        client.login(HELP, "wrong")
    client.authenticate("PLAIN", lambda _: f"\0{HELP}\0pässword".encode())
    assert client.select("INBOX") == ("OK", [b"0"])
    assert client.select("Archive")[0] == "NO"


def test_mailboxes_get_new_numbers(box: Box, client: imaplib.IMAP4) -> None:
    client.login(HELP, "x")
    box.control("imap/renumber")

    client.select()
    assert client.response("UIDVALIDITY") == ("UIDVALIDITY", [b"2"])


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "imap_reply", "error": "[UNAVAILABLE] Later"}, "UNAVAILABLE"),
        ({"kind": "imap_reply", "code": "BYE", "error": "Too busy"}, "Too busy"),
        ({"kind": "reset"}, "reset|EOF|timed out"),
    ],
)
def test_faults_by_rule(box: Box, client: imaplib.IMAP4, fault: dict, error: str) -> None:
    box.control("faults", {"platform": "imap", "method": "LOGIN", "times": 1, "hold_s": 0} | fault)

    with pytest.raises((imaplib.IMAP4.error, OSError), match=error):
        client.login(HELP, "x")


def test_an_answer_may_break_off(box: Box, client: imaplib.IMAP4) -> None:
    write(box, "one")
    client.login(HELP, "x")
    client.select()
    box.control("faults", {"kind": "truncated", "platform": "imap", "method": "FETCH"})

    with pytest.raises((imaplib.IMAP4.error, OSError)):
        client.uid("FETCH", "1:*", "(BODY.PEEK[])")


def test_nonsense_is_refused_in_words(box: Box) -> None:
    with socket.create_connection(("127.0.0.1", box.imap_port), timeout=5) as plain:
        lines = plain.makefile("rwb")
        assert lines.readline() == b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN UNSELECT] sandbox\r\n"
        for command, answer in (
            (b"hm", b"* BAD A command has a tag and a name\r\n"),
            (b"a FLY", b"a BAD Unknown command\r\n"),
            (b"a SELECT INBOX", b"a BAD Log in first\r\n"),
            (b"a FETCH 1 ALL", b"a BAD Select a mailbox first\r\n"),
            (b"a LOGIN only", b"a BAD The arguments of LOGIN are not understood\r\n"),
            (b"a AUTHENTICATE GSSAPI", b"a NO PLAIN only\r\n"),
        ):
            lines.write(command + b"\r\n")
            lines.flush()
            assert lines.readline() == answer


def test_takes_literals(box: Box) -> None:
    with socket.create_connection(("127.0.0.1", box.imap_port), timeout=5) as plain:
        lines = plain.makefile("rwb")
        lines.readline()
        lines.write(b"a LOGIN {17}\r\n")
        lines.flush()
        assert lines.readline() == b"+ go on\r\n"
        lines.write(b"help@shop.example {3+}\r\na b\r\n")
        lines.flush()
        assert lines.readline() == b"a OK welcome\r\n"
