"""The mail server: what it keeps, what it refuses, and how it breaks off."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage

import pytest

from tests.sandbox.conftest import Box

SENDER, MARA, NOOR = "us@shop.example", "mara@example.com", "noor@example.org"


@pytest.fixture
def client(box: Box) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", box.smtp_port, timeout=5) as client:
        yield client
        with suppress(smtplib.SMTPException, OSError):
            client.rset()


def letter(*recipients: str, text: str = "Hello") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, ", ".join(recipients), "Grüße"
    mail["List-Unsubscribe"] = "<https://shop.example/u/1>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(text)
    mail.add_alternative(f"<p>{text}</p>", subtype="html")
    return mail


def kept(box: Box) -> list[dict]:
    return box.get("messages?platform=smtp")["messages"]


def test_keeps_a_mail_for_each_recipient(client: smtplib.SMTP, box: Box) -> None:
    client.send_message(letter(MARA, NOOR))

    first, second = kept(box)
    assert (first["recipient"], second["recipient"]) == (MARA, NOOR)
    assert first["id"] == second["id"]
    assert (first["subject"], first["text"], first["html"]) == (
        "Grüße",
        "Hello\n",
        "<p>Hello</p>\n",
    )
    assert first["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_takes_lines_of_dots_as_they_were_meant(client: smtplib.SMTP, box: Box) -> None:
    client.send_message(letter(MARA, text=".\n..two\nthree"))

    assert kept(box)[0]["text"] == ".\n..two\nthree\n"


def test_takes_several_mails_and_pipelined_commands(box: Box) -> None:
    recipients = b"".join(b"RCPT TO:<p%d@example.com>\r\n" % n for n in range(500))
    with socket.create_connection(("127.0.0.1", box.smtp_port), timeout=5) as plain:
        stream = plain.makefile("rb")
        plain.sendall(b"EHLO me\r\nMAIL FROM:<us@shop.example>\r\n" + recipients + b"DATA\r\n")
        answers = [stream.readline() for _ in range(1 + 6 + 1 + 500 + 1)]
        plain.sendall(b"Subject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n")
        last = [stream.readline(), stream.readline()]

    assert {line[:3] for line in answers[:-1]} == {b"220", b"250"}
    assert [line[:3] for line in [answers[-1], *last]] == [b"354", b"250", b"221"]
    assert box.get("messages/counts?platform=smtp")["different"] == 500


def test_refuses_an_address_by_rule(client: smtplib.SMTP, box: Box) -> None:
    rule = {"kind": "smtp_reply", "method": "RCPT", "path": "@example.org", "code": 550}
    box.control("faults", rule)

    refused = client.send_message(letter(MARA, NOOR))

    assert refused == {NOOR: (550, b"5.1.1 No such user")}
    assert [mail["recipient"] for mail in kept(box)] == [MARA]


def test_a_421_ends_the_connection(client: smtplib.SMTP, box: Box) -> None:
    box.control("faults", {"kind": "smtp_reply", "method": "MAIL", "code": 421})

    with pytest.raises(smtplib.SMTPException) as caught:
        client.send_message(letter(MARA))

    assert "421" in str(caught.value)
    assert kept(box) == []


def test_a_refused_mail_is_not_kept(client: smtplib.SMTP, box: Box) -> None:
    box.control("faults", {"kind": "smtp_reply", "method": "DATA", "code": 452, "nth": 1})

    with pytest.raises(smtplib.SMTPDataError) as caught:
        client.send_message(letter(MARA))
    client.send_message(letter(NOOR))

    assert caught.value.smtp_code == 452
    assert [mail["recipient"] for mail in kept(box)] == [NOOR]


@pytest.mark.parametrize(("commit", "expected"), [(True, [MARA]), (False, [])])
def test_breaks_off_after_the_mail_and_before_the_answer(
    client: smtplib.SMTP, box: Box, *, commit: bool, expected: list[str]
) -> None:
    box.control("faults", {"kind": "reset", "method": "DATA", "commit": commit})

    with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
        client.send_message(letter(MARA))

    assert [mail["recipient"] for mail in kept(box)] == expected


def test_an_answer_that_waits_does_not_hold_up_the_others(client: smtplib.SMTP, box: Box) -> None:
    box.control("faults", {"kind": "delay", "platform": "smtp", "path": MARA, "hold_s": 30})
    with socket.create_connection(("127.0.0.1", box.smtp_port), timeout=5) as waiting:
        mail = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{MARA}>\r\n".encode()
        waiting.sendall(b"HELO me\r\n" + mail)

        client.send_message(letter(NOOR))

    assert [mail["recipient"] for mail in kept(box)] == [NOOR]


def test_asks_for_a_login_where_there_are_accounts(client: smtplib.SMTP, box: Box) -> None:
    box.seed({"platform": "smtp", "id": "mailer", "token": "s3cret"})

    with pytest.raises(smtplib.SMTPSenderRefused):
        client.send_message(letter(MARA))
    with pytest.raises(smtplib.SMTPAuthenticationError):
        client.login("mailer", "wrong")
    client.login("mailer", "s3cret")
    client.send_message(letter(MARA))

    assert [mail["account"] for mail in kept(box)] == ["mailer"]
