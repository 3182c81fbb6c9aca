"""What messages are read as, and what follows at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from inbox.models import (
    AIClassification,
    Conversation,
    ConversationEvent,
    CustomerResponse,
    InboxChannel,
)
from inbox.services.classifying import read_all
from inbox.services.reading import read_new
from inbox.services.taking import Incoming, take
from outreach.models import Consent
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db

SPAM = "WINNER!! Claim your free prize now, txt WIN to 80082. Cash award guaranteed!!"


def wrote(workspace: Workspace, text: str, number: int = 1) -> Conversation:
    one = Incoming(
        channel=InboxChannel.EMAIL, address="ann@example.com", external_id=f"<{number}@x>",
        at=NOW, text=text, subject=f"Subject {number}",
    )  # fmt: skip
    (kept,) = take(workspace=workspace, incoming=[one], now=NOW)
    read_new(now=NOW)
    return Conversation.objects.get(pk=kept.conversation_id)


def test_each_message_is_read_once(workspace: Workspace) -> None:
    row = wrote(workspace, "How long does delivery to Vienna usually take?")
    kept = AIClassification.objects.get()
    assert (kept.intent, row.intent, row.urgency) == ("question", "question", kept.urgency)
    assert 0 < kept.confidence <= 1
    assert kept.reasons
    assert (kept.language, row.language, kept.version) == ("en", "en", "base-1")
    assert read_new(now=NOW) == 0


def test_an_angry_message_is_due_sooner(workspace: Workspace) -> None:
    text = "This is the worst service ever. I am furious, I want my money back immediately!"
    row = wrote(workspace, text)
    assert row.intent == "complaint"
    assert row.due_at is not None
    assert row.due_at <= NOW + timedelta(minutes=60)
    assert AIClassification.objects.get().needs_person


def test_who_wants_to_leave_leaves_at_once(workspace: Workspace) -> None:
    contact = contact_of(workspace)
    assert Consent.objects.filter(contact=contact, is_given=False).count() == 0
    row = wrote(workspace, "Please unsubscribe me")
    assert (row.intent, row.status) == ("unsubscribe", "open")
    refusal = Consent.objects.get(contact=contact, is_given=False)
    assert (refusal.channel, refusal.source, refusal.purpose) == ("email", "stop", "marketing")


def test_spam_is_closed_without_an_answer(workspace: Workspace) -> None:
    row = wrote(workspace, SPAM)
    assert (row.intent, row.status) == ("spam", "closed")
    closed = ConversationEvent.objects.get(kind="closed")
    assert closed.after["why"] == "Spam is closed without an answer."


def test_one_odd_message_closes_no_real_conversation(workspace: Workspace) -> None:
    real = conversation_of(workspace, subject="Subject 1")
    response_of(real, text="Where is my parcel?")
    row = wrote(workspace, SPAM)
    assert (row.pk, row.status) == (real.pk, "open")


def test_what_is_old_stays_unread(workspace: Workspace) -> None:
    response_of(conversation_of(workspace))
    assert read_new(now=NOW + timedelta(days=3)) == 0
    assert read_new(now=NOW + timedelta(days=1)) == 1


def test_what_was_erased_while_it_was_read_is_not_kept(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = response_of(conversation_of(workspace), text="I am Zebulon and I want a refund")

    def read_late(*args: Any, **values: Any) -> Any:
        found = read_all(*args, **values)
        CustomerResponse.objects.filter(pk=asked.pk).update(text="", subject="")
        return found

    monkeypatch.setattr("inbox.services.reading.read_all", read_late)
    read_new(now=NOW)

    assert not AIClassification.objects.exists()
