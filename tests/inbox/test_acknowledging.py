"""A word that a message has come: once, to people, and never round in circles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from inbox.models import (
    BusinessHours,
    Conversation,
    ConversationEvent,
    CustomerResponse,
    InboxPolicy,
)
from inbox.services.acknowledging import acknowledge
from inbox.services.restating import restate
from inbox.services.settling import settle_answers
from outreach.models import Suppression
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.sending.steps import channel_on, letters, send_all, smtp_to
from tests.outreach.steps import contact_of
from tests.sandbox.conftest import Box
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db

TEXT = "Hello{% if first_name %} {{ first_name }}{% endif %}, we have it. We are there {{ hours }}."


@pytest.fixture
def policy(workspace: Workspace) -> InboxPolicy:
    return InboxPolicy.objects.create(workspace=workspace, acknowledges=True, acknowledgement=TEXT)


def asks(workspace: Workspace, address: str = "ann@example.com", **values: Any) -> CustomerResponse:
    contact = values.pop("contact", None) or contact_of(workspace, address)
    point = contact.points.get()
    point.last_inbound_at = NOW
    point.save()
    talk = conversation_of(workspace, contact=contact, **values.pop("talk", {}))
    asked = response_of(talk, **{"external_id": f"<{talk.pk}@x>"} | values)
    restate([talk.pk], now=NOW)
    return asked


def told(asked: CustomerResponse, now: Any = NOW) -> int:
    return acknowledge([asked.conversation_id], now=now)


def test_it_goes_once_in_the_thread_and_stops_no_clock(
    box: Box, workspace: Workspace, policy: InboxPolicy
) -> None:
    channel_on(smtp_to(box, workspace))
    day = [["09:00", "17:00"]]
    BusinessHours.objects.create(
        workspace=workspace, time_zone="UTC",
        week=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), day),
    )  # fmt: skip
    asked = asks(workspace)
    due = Conversation.objects.get().due_at
    assert (told(asked), told(asked)) == (1, 0)
    send_all(NOW)
    settle_answers(now=NOW)

    (letter,) = letters(box)
    name = asked.point.contact.first_name
    assert letter["text"].strip() == (
        f"Hello {name}, we have it. We are there Mon–Fri 09:00–17:00."
    )
    mail = letter["headers"]
    assert (mail["Auto-Submitted"], mail["In-Reply-To"]) == ("auto-replied", asked.external_id)
    row = Conversation.objects.get()
    assert (row.status, row.due_at, row.waiting_since) == ("open", due, NOW)
    assert row.first_answered_at is None


@pytest.mark.parametrize(
    "values",
    [
        {"is_auto": True},
        {"channel": "comment"},
        {"talk": {"status": "closed", "closed_at": NOW}},
        {"at": NOW - timedelta(hours=2)},
    ],
)
def test_machines_comments_and_old_ones_hear_nothing(
    box: Box, workspace: Workspace, policy: InboxPolicy, values: dict[str, Any]
) -> None:
    channel_on(smtp_to(box, workspace))
    assert told(asks(workspace, **values)) == 0
    assert not CustomerResponse.objects.filter(direction="out").exists()


@pytest.mark.parametrize(("intent", "count"), [("spam", 0), ("unsubscribe", 0), ("complaint", 1)])
def test_spam_and_those_who_leave_hear_nothing(
    box: Box, workspace: Workspace, policy: InboxPolicy, intent: str, count: int
) -> None:
    channel_on(smtp_to(box, workspace))
    asked = asks(workspace)
    workspace.aiclassification_set.create(
        response=asked, intent=intent, confidence=0.9, sentiment=0, sentiment_label="neutral",
        urgency="medium", model="words", ms=1, read_at=NOW,
    )  # fmt: skip
    assert told(asked) == count


def test_an_address_hears_it_once_a_day(
    box: Box, workspace: Workspace, policy: InboxPolicy
) -> None:
    channel_on(smtp_to(box, workspace))
    first = asks(workspace)
    assert told(first) == 1
    again = asks(workspace, contact=first.conversation.contact)
    assert told(again) == 0
    later = NOW + timedelta(hours=24)
    third = asks(workspace, contact=first.conversation.contact, at=later, received_at=later)
    assert told(third, later) == 1


def test_off_it_is_silent_and_who_must_not_be_written_to_is_not(
    box: Box, workspace: Workspace, policy: InboxPolicy
) -> None:
    channel_on(smtp_to(box, workspace))
    Suppression.objects.create(
        workspace=workspace, value="ann@example.com", reason="complaint", at=NOW
    )
    assert told(asks(workspace)) == 0
    policy.acknowledges = False
    policy.save()
    assert told(asks(workspace, "bob@example.com")) == 0


def test_that_it_failed_is_told_to_nobody(
    box: Box, workspace: Workspace, policy: InboxPolicy
) -> None:
    channel_on(smtp_to(box, workspace))
    asked = asks(workspace)
    told(asked)
    Conversation.objects.update(status="waiting")
    Suppression.objects.create(
        workspace=workspace, value="ann@example.com", reason="complaint", at=NOW
    )
    send_all(NOW)
    settle_answers(now=NOW)
    out = CustomerResponse.objects.get(direction="out")
    assert (out.delivery, Conversation.objects.get().status) == ("failed", "waiting")
    assert not ConversationEvent.objects.filter(kind="failed").exists()
