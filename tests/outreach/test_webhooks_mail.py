"""Mails that providers take in for us: verified, kept as they were, and read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from inbox.engine.mail import MailError
from inbox.services.mail_events import mail_of
from outreach.webhooks import EmailProvider
from tests.workspaces.factories import ConnectionFactory
from tests.workspaces.inbound_calls import call
from workspaces.crypto import encrypt
from workspaces.inbound.base import Batch, Call, ForgedError, UnreadableError
from workspaces.models import InboundEvent

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://countersign.example/api/webhooks/email/x"
RAW = (
    "From: Mara <mara@example.com>\r\nTo: help@shop.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?="
    "\r\nMessage-ID: <one@example.com>\r\n\r\nWhere is my order?\r\n"
)
HEADERS = "From: Mara <mara@example.com>\nSubject: Grüße\nMessage-ID: <one@example.com>\n"
FORM = "application/x-www-form-urlencoded"


def form(fields: dict[str, str], **headers: str) -> Call:
    return call(urlencode(fields).encode(), {"Content-Type": FORM} | headers, url=URL)


def multipart(fields: dict[str, str], files: dict[str, bytes]) -> Call:
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts += [
        f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="a.pdf"\r\n'
        "Content-Type: application/pdf\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, content in files.items()
    ]
    body = b"".join(parts) + b"--b--\r\n"
    return call(body, {"Content-Type": "multipart/form-data; boundary=b"}, url=URL)


def posted(body: object) -> Call:
    return call(json.dumps(body).encode(), {"Content-Type": "application/json"}, url=URL)


def postmark(**more: object) -> dict[str, object]:
    mara = {"Email": "mara@example.com", "Name": "Mara", "MailboxHash": ""}
    return {
        "FromFull": mara, "ToFull": [{"Email": "help@shop.example", "Name": ""}], "CcFull": [],
        "BccFull": [], "OriginalRecipient": "help@shop.example", "Subject": "Grüße",
        "MessageID": "73e6d360", "Date": "Sat, 21 Nov 2026 11:00:00 +0000", "ReplyTo": "",
        "TextBody": "Where is my order?", "HtmlBody": "",
        "Headers": [{"Name": "Return-Path", "Value": "<mara@example.com>"},
                    {"Name": "Message-ID", "Value": "<one@example.com>"}],
        "Attachments": [],
    } | more  # fmt: skip


PARSED = {
    "recipient": "help@shop.example", "sender": "mara@example.com", "from": "Mara <m@x.example>",
    "subject": "Grüße", "body-plain": "Where is my order?", "timestamp": "1795262400",
    "token": "t1", "signature": "s",
    "message-headers": json.dumps([["From", "Mara <mara@example.com>"], ["Subject", "Grüße"],
                                   ["Message-Id", "<one@example.com>"]]),
}  # fmt: skip
ENVELOPE = json.dumps({"to": ["help@shop.example"], "from": "mara@example.com"})
BREVO = {
    "Uuid": ["u1"], "RawTextBody": "Where is my order?", "RawHtmlBody": "",
    "Headers": {"From": "Mara <mara@example.com>", "Subject": "Grüße", "To": "help@shop.example",
                "Delivered-To": "<help@shop.example>", "Message-ID": "<one@example.com>"},
    "Attachments": [{"Name": "a.pdf", "DownloadToken": "t"}],
}  # fmt: skip
CALLS = {
    "postmark": posted(postmark()),
    "postmark raw": posted(postmark(RawEmail=RAW)),
    "mailgun": form(PARSED),
    "mailgun raw": form(
        {"recipient": "Help@shop.example", "sender": "mara@example.com", "body-mime": RAW}
    ),
    "sendgrid": form({"headers": HEADERS, "text": "Where is my order?", "envelope": ENVELOPE}),
    "sendgrid raw": form({"email": RAW, "envelope": ENVELOPE}),
    "brevo": posted({"items": [BREVO]}),
    "mandrill": form(
        {"mandrill_events": json.dumps(
            [{"event": "inbound", "msg": {"raw_msg": RAW, "email": "help@shop.example"}}]
        )}
    ),
}  # fmt: skip


def split(name: str, given: Call) -> Batch:
    return EmailProvider().split(given, {"provider": name.split()[0]})


def only(batch: Batch) -> InboundEvent:
    (event,) = batch.events
    assert event.kind == "inbound.mail"
    return InboundEvent(kind=event.kind, body=event.body)


@pytest.mark.parametrize("name", CALLS)
def test_a_mail_is_the_same_from_every_provider(name: str) -> None:
    mail = mail_of(only(split(name, CALLS[name])))

    assert mail.sender is not None
    assert (mail.sender.name, mail.sender.address) == ("Mara", "mara@example.com")
    assert (mail.subject, mail.body.reply) == ("Grüße", "Where is my order?")
    assert mail.message_id == "one@example.com"
    assert [one.address for one in mail.delivered_to] == ["help@shop.example"]
    assert not mail.is_auto_reply


@pytest.mark.parametrize("name", CALLS)
def test_a_repeated_call_has_the_same_key(name: str) -> None:
    first, second = (split(name, CALLS[name]).events[0] for _ in range(2))

    assert first.dedup_key == second.dedup_key


def test_files_come_along() -> None:
    content = base64.b64encode(b"%PDF-1.4").decode()
    one = {"Name": "a.pdf", "ContentType": "application/pdf", "Content": content, "ContentID": ""}
    given = {
        "postmark": posted(postmark(Attachments=[one])),
        "mailgun": multipart(PARSED | {"attachment-count": "1"}, {"attachment-1": b"%PDF-1.4"}),
        "sendgrid": multipart(
            {"headers": HEADERS, "text": "x", "attachment-info": '{"attachment1": {}}'},
            {"attachment1": b"%PDF-1.4"},
        ),
    }

    for name, one_call in given.items():
        (file,) = mail_of(only(split(name, one_call))).attachments
        assert (file.name, file.content_type, file.content) == (
            "a.pdf", "application/pdf", b"%PDF-1.4",
        )  # fmt: skip


def test_a_form_may_be_as_large_as_a_mail() -> None:
    large = RAW + "x" * 3_000_000
    told = [{"event": "inbound", "msg": {"raw_msg": large, "email": "help@shop.example"}}]

    mail = mail_of(only(split("mandrill", form({"mandrill_events": json.dumps(told)}))))

    assert len(mail.body.text) == 500_000


def test_files_that_lie_at_the_provider_are_told() -> None:
    (event,) = split("brevo", CALLS["brevo"]).events

    assert json.loads(event.body)["files_left_out"] == 1


def test_an_envelope_without_a_sender_is_an_automatic_mail() -> None:
    raw = form({"recipient": "help@shop.example", "body-mime": "Return-Path: <>\r\n" + RAW})

    assert mail_of(only(split("mailgun", raw))).automatic_because == "Return-Path is empty"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("postmark", posted([])),
        ("postmark", call(b"\xff", url=URL)),
        ("postmark", posted(postmark(Attachments=[{"Name": "a"}]))),
        ("mailgun", form({"recipient": "help@shop.example"})),
        ("mailgun", multipart(PARSED | {"attachment-count": "x"}, {})),
        ("mailgun", call(b"--b", {"Content-Type": "multipart/form-data"}, url=URL)),
        ("sendgrid", form({"headers": HEADERS, "envelope": "{"})),
        ("brevo", posted({"items": [7]})),
        ("mandrill", form({"mandrill_events": '[{"event": "inbound"}]'})),
    ],
)
def test_nonsense_is_unreadable(name: str, given: Call) -> None:
    with pytest.raises(UnreadableError):
        split(name, given)


def test_an_event_without_a_mail_is_told() -> None:
    for body in ("{}", "[]", "x", '{"raw": "%"}', '{"raw": 7}'):
        with pytest.raises(MailError, match="carries no mail"):
            mail_of(InboundEvent(body=body))


# Signed


def test_mailgun_signs_its_mails_too() -> None:
    secret = {"provider": "mailgun", "webhook_secret": "key"}
    signature = hmac.new(b"key", b"1795262400t1", hashlib.sha256).hexdigest()

    EmailProvider().verify(form(PARSED | {"signature": signature}), secret, now=NOW)
    for forged in (form(PARSED), multipart({}, {}), form({"body-mime": RAW})):
        with pytest.raises(ForgedError):
            EmailProvider().verify(forged, secret, now=NOW)


@pytest.mark.django_db
def test_large_mails_are_taken_in_at_the_door(client: Client) -> None:
    secret = {"provider": "postmark", "webhook_secret": "me:secret"}
    connection = ConnectionFactory(kind="email", secret=encrypt(secret))
    path = f"/api/webhooks/email/{connection.public_id}"
    large = postmark(TextBody="x" * 3_000_000)

    def deliver(to: str, password: str) -> Any:
        login = base64.b64encode(f"me:{password}".encode()).decode()
        return client.post(
            to, json.dumps(large), "application/json", headers={"Authorization": f"Basic {login}"}
        )

    assert deliver(path, "wrong").status_code == 401
    assert not InboundEvent.objects.exists()
    assert [deliver(path, "secret").status_code for _ in range(2)] == [200, 200]
    mail = mail_of(InboundEvent.objects.get())
    assert (len(mail.body.text), mail.message_id) == (500_000, "one@example.com")


@pytest.mark.django_db
def test_addresses_of_nobody_take_no_large_calls(client: Client) -> None:
    path = "/api/webhooks/email/00000000-0000-0000-0000-000000000000"

    answer = client.post(path, "x" * 1_100_000, "application/json")

    assert answer.status_code == 413
