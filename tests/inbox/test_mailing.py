"""Mails that arrive: whose they are, what they answer, and what is no message at all."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.files.storage import default_storage

from inbox.models import Attachment, Conversation, CustomerResponse
from inbox.services.answering import Words, answer
from inbox.services.drafting import propose_reply
from inbox.services.mailing import consume
from outreach.models import Consent
from tests.inbox.steps import NOW
from tests.outreach.sending.steps import channel_on, connection_to, letters, send_all, smtp_to
from tests.outreach.steps import contact_of
from tests.sandbox.conftest import Box
from workspaces.gate import Proposer
from workspaces.models import Connection, InboundEvent, Proposal, User, Workspace

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(seconds=10)


@pytest.fixture
def connection(box: Box, workspace: Workspace) -> Connection:
    return connection_to(box, workspace, provider="postmark", api_key="k")


def mail(text: str = "Where is my order?\n", **headers: str) -> EmailMessage:
    found = EmailMessage()
    own = {
        "From": "Ann Lee <Ann@Example.com>", "To": "help@shop.example", "Subject": "Order 7",
        "Message-ID": "<1@example.com>", "Date": "Tue, 15 Sep 2026 09:59:00 +0000",
    }  # fmt: skip
    for name, value in {**own, **headers}.items():
        if value:
            found[name] = value
    found.set_content(text)
    return found


def arrive(connection: Connection, *mails: EmailMessage, now: Any = NOW) -> dict[int, Any]:
    events = [
        InboundEvent(
            pk=place, connection=connection, kind="inbound.mail", received_at=now,
            body=json.dumps({"raw": base64.b64encode(bytes(one)).decode()}),
        )
        for place, one in enumerate(mails, 1)
    ]  # fmt: skip
    return dict(consume(connection, events, now))


def test_a_mail_is_a_message_of_who_wrote_it(connection: Connection) -> None:
    quoted = "Tomorrow then?\n\nOn Mon, 14 Sep 2026, Shop wrote:\n> We send it soon.\n"
    assert arrive(connection, mail(quoted)) == {}
    row = CustomerResponse.objects.get()
    assert (row.sender_address, row.sender_name) == ("ann@example.com", "Ann Lee")
    assert (row.text, row.subject, row.external_id) == (
        "Tomorrow then?", "Order 7", "1@example.com",
    )  # fmt: skip
    assert "> We send it soon." in row.quoted
    assert row.at == NOW
    assert row.conversation.preview == "Tomorrow then?"
    arrive(connection, mail(quoted))
    assert CustomerResponse.objects.count() == 1


def test_answers_go_to_and_fro_in_one_conversation(
    box: Box, connection: Connection, workspace: Workspace, agent: User
) -> None:
    channel_on(smtp_to(box, workspace))
    arrive(connection, mail())
    asked = CustomerResponse.objects.get()
    answer(to=asked, words=Words("Soon."), by=Proposer.person(agent), now=NOW)
    send_all(SOON)
    (letter,) = letters(box)
    assert letter["headers"]["In-Reply-To"] == "<1@example.com>"
    back = mail(
        "Thanks!", **{"Message-ID": "<2@example.com>", "Subject": "another",
                      "In-Reply-To": letter["headers"]["Message-ID"]},
    )  # fmt: skip
    arrive(connection, back, now=SOON)
    row = Conversation.objects.get()
    assert list(row.responses.order_by("at", "pk").values_list("text", flat=True)) == [
        "Where is my order?", "Soon.", "Thanks!",
    ]  # fmt: skip


def test_machines_stop_no_clock_and_start_none(connection: Connection) -> None:
    arrive(connection, mail(**{"Auto-Submitted": "auto-replied"}))
    row = CustomerResponse.objects.get()
    assert (row.is_auto, row.conversation.due_at) == (True, None)


@pytest.mark.parametrize(
    "headers",
    [
        {"From": ""},
        {"From": "not an address"},
        {"From": "Shop <help@shop.example>"},
        {"X-Countersign-Loop": "acme"},
        {"From": "Shop <help@shop.example>", "Reply-To": "help@shop.example"},
        {"From": "help@shop.example", "Reply-To": "bo@example.com", "X-Countersign-Loop": "acme"},
    ],
)
def test_what_nobody_can_answer_is_not_kept(
    box: Box, connection: Connection, workspace: Workspace, headers: dict[str, str]
) -> None:
    channel_on(smtp_to(box, workspace), sender="Shop <help@shop.example>")
    assert arrive(connection, mail(**headers)) == {}
    assert not CustomerResponse.objects.exists()


def test_who_fills_in_a_form_is_who_wrote(
    box: Box, connection: Connection, workspace: Workspace
) -> None:
    channel_on(smtp_to(box, workspace), sender="Shop <no-reply@shop.example>")
    form = {"From": "Shop <No-Reply@shop.example>", "Reply-To": "Bo Hill <Bo@Example.com>"}
    arrive(connection, mail(**form))
    row = CustomerResponse.objects.get()
    assert (row.point.address, row.sender_name, row.is_auto) == ("bo@example.com", "Bo Hill", False)
    # Of anybody else Reply-To is not believed.
    other = mail(**{"Reply-To": "bo@example.com", "Message-ID": "<2@x>", "Subject": "Else"})
    arrive(connection, other)
    assert CustomerResponse.objects.get(subject="Else").point.address == "ann@example.com"


def test_what_follows_is_made_up_for_where_a_worker_died(
    connection: Connection, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = contact_of(workspace)
    with _killed_at("inbox.services.mailing.listen", monkeypatch), pytest.raises(MemoryError):
        arrive(connection, mail("STOP\n"))
    assert CustomerResponse.objects.count() == 1
    for _ in range(2):
        arrive(connection, mail("STOP\n"))
    assert Consent.objects.get(contact=contact, is_given=False).channel == "email"


def test_drafts_are_voided_where_a_worker_died_before_that(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(connection, mail())
    asked = CustomerResponse.objects.get()
    old = _draft(asked, NOW)
    late = mail("And?", **{"Message-ID": "<2@x>", "Subject": "Re: Order 7"})
    void = "inbox.services.taking.void_overtaken"
    with _killed_at(void, monkeypatch), pytest.raises(MemoryError):
        arrive(connection, late, now=SOON)
    arrive(connection, late, now=SOON + timedelta(minutes=1))
    old.refresh_from_db()
    assert old.status == "cancelled"
    # What was drafted since stays, however often it is told.
    new = _draft(CustomerResponse.objects.get(text="And?"), SOON + timedelta(minutes=2))
    arrive(connection, late, now=SOON + timedelta(minutes=3))
    new.refresh_from_db()
    assert new.status == "pending"


@contextmanager
def _killed_at(place: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a worker die where it comes to a place."""
    with monkeypatch.context() as patched:
        patched.setattr(place, _die)
        yield


def _die(*_: Any, **__: Any) -> None:
    raise MemoryError


def _draft(to: CustomerResponse, now: Any) -> Proposal:
    return propose_reply(to=to, text="Soon.", by=Proposer.rule("Drafts"), reason="It", now=now)


def test_what_is_no_mail_is_told_and_does_no_harm(connection: Connection) -> None:
    broken = InboundEvent(pk=1, connection=connection, body="{}", received_at=NOW)
    good = InboundEvent(
        pk=2, connection=connection, received_at=NOW,
        body=json.dumps({"raw": base64.b64encode(bytes(mail())).decode()}),
    )  # fmt: skip
    failures = consume(connection, [broken, good], NOW)
    assert {key: one.is_final for key, one in failures.items()} == {1: True}
    assert CustomerResponse.objects.count() == 1


def test_who_asks_by_mail_to_stop_is_heard(connection: Connection, workspace: Workspace) -> None:
    contact = contact_of(workspace)
    arrive(connection, mail("STOP\n"))
    assert Consent.objects.get(contact=contact, is_given=False).channel == "email"


def test_files_are_kept_by_their_content(connection: Connection, tmp_path: Any) -> None:
    one = mail()
    one.add_attachment(b"%PDF-1.4\n%x\n", maintype="application", subtype="pdf", filename="a.pdf")
    one.add_attachment(b"MZ\x90\x00", maintype="application", subtype="pdf", filename="b.pdf")
    arrive(connection, one)
    good, bad = Attachment.objects.order_by("name")
    assert (good.content_type, good.held_because) == ("application/pdf", "")
    assert good.file.name.endswith(good.sha256)
    with default_storage.open(good.file.name) as file:
        assert file.read() == b"%PDF-1.4\n%x\n"
    assert (bad.file.name, bool(bad.held_because)) == ("", True)
