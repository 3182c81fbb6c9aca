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
from inbox.services.incoming import Incoming
from inbox.services.reading import _unread, read_new
from inbox.services.taking import take
from inbox.services.topics import UNCONFIRMED
from outreach.models import Consent
from tests.database import only_index
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of, point_of
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


def by_channel(workspace: Workspace, channel: str) -> Conversation:
    contact = contact_of(workspace)
    if channel != "email":
        point_of(contact, channel, "+436601234567")
    return conversation_of(workspace, contact=contact, channel=channel)


@pytest.mark.parametrize(
    ("channel", "text", "status"),
    [
        ("sms", "STOP", "closed"),
        ("sms", "Please stop texting me", "open"),
        ("email", "STOP", "open"),
    ],
)
def test_a_stop_word_by_text_is_over_once_it_is_carried_out(
    workspace: Workspace, channel: str, text: str, status: str
) -> None:
    """Carriers let nothing through to them any more."""
    row = by_channel(workspace, channel)
    contact = row.contact
    response_of(row, text=text)
    read_new(now=NOW)
    row.refresh_from_db()
    assert (row.intent, row.status) == ("unsubscribe", status)
    assert Consent.objects.filter(contact=contact, is_given=False, channel=channel).exists()


def test_a_stop_word_below_a_question_leaves_the_question_open(workspace: Workspace) -> None:
    row = by_channel(workspace, "sms")
    response_of(row, text="Where is my order?")
    response_of(row, text="STOP")
    read_new(now=NOW)
    row.refresh_from_db()
    assert (row.intent, row.status) == ("unsubscribe", "open")


def test_a_stop_word_closes_no_question_that_came_after_it(workspace: Workspace) -> None:
    row = by_channel(workspace, "sms")
    response_of(row, text="STOP")
    response_of(row, text="Where is my order?")
    read_new(now=NOW, limit=1)
    row.refresh_from_db()
    assert row.status == "open"


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


def _arrive(workspace: Workspace, *texts: str) -> list[CustomerResponse]:
    many = [
        Incoming(
            channel=InboxChannel.EMAIL, address=f"p{place}@example.com", external_id=f"<{place}@x>",
            at=NOW, text=text,
        )
        for place, text in enumerate(texts)
    ]  # fmt: skip
    return take(workspace=workspace, incoming=many, now=NOW)


@pytest.mark.parametrize("flagged", ["", UNCONFIRMED])
def test_one_message_that_cannot_be_read_holds_up_no_other(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, flagged: str
) -> None:
    bad, good = _arrive(workspace, "poison", "When do you open tomorrow?")
    CustomerResponse.objects.filter(pk=bad.pk).update(flag_reason=flagged, is_flagged=bool(flagged))

    def breaks(texts: Any, workspaces: Any) -> Any:
        if "poison" in texts:
            raise ValueError(texts)
        return read_all(texts, workspaces)

    monkeypatch.setattr("inbox.services.reading.read_all", breaks)
    assert read_new(now=NOW) == 2
    assert AIClassification.objects.get().response == good
    for minutes, is_read in ((0, False), (2, False), (2, False), (6, True)):
        read_new(now=NOW + timedelta(minutes=minutes))
        bad.refresh_from_db()
        assert (bad.read_at is not None) == is_read
    assert (bad.failed_reads, bad.is_flagged, bad.flag_reason) == (
        3, True, flagged or "No machine could read this: a person has to.",
    )  # fmt: skip
    assert read_new(now=NOW + timedelta(hours=1)) == 0


def test_a_reading_that_cannot_be_kept_holds_up_no_other(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = _arrive(workspace, "first", "second")

    monkeypatch.setattr("inbox.services.keeping._follow", breaks_at(bad))
    read_new(now=NOW)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.failed_reads, bad.read_at, good.failed_reads) == (1, None, 0)
    assert good.read_at is not None


def breaks_at(bad: CustomerResponse) -> Any:
    def follow(_conversation: Any, row: CustomerResponse, *_: Any) -> None:
        if row.pk == bad.pk:
            raise RuntimeError

    return follow


def test_what_is_unread_is_found_by_its_own_index(workspace: Workspace) -> None:
    only_index("inbox_customerresponse_unread")
    assert "inbox_customerresponse_unread" in _unread(NOW).explain()
