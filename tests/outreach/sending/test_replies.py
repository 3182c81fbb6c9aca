"""Answers to people: by the channel on which they wrote, at any hour, outside of all caps."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError
from django.test import Client

from outreach.models import Contact, OutreachMessage, OutreachTask, Suppression
from outreach.services.people.refusing import PeopleError
from outreach.services.sending.single import Text, send_service
from tests.outreach.sending.steps import (
    channel_on,
    connection_to,
    due,
    people,
    send_all,
    smtp_to,
)
from tests.outreach.steps import NOW, message_of, point_of
from tests.sandbox.conftest import Box
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.services.permissions import NotAllowedError

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
#: 23 h in Berlin.
NIGHT = NOW.replace(hour=21)


@pytest.fixture
def contact(workspace: Workspace) -> Contact:
    (contact,) = people(workspace, 1)
    return contact


def wrote(contact: Contact, channel: str, at: datetime) -> None:
    contact.points.filter(channel=channel).update(last_inbound_at=at)


def had_enough(contact: Contact) -> None:
    """Three messages today: the hard ceiling."""
    for number in range(3):
        due(contact, NOW, key=f"had {number}", status="sent", sent_at=NOW - HOUR)


def test_an_answer_is_exempt_from_caps_and_a_service_message_is_not(
    box: Box, workspace: Workspace, contact: Contact
) -> None:
    channel_on(smtp_to(box, workspace))
    had_enough(contact)
    wrote(contact, "email", NOW - HOUR)
    answer = due(contact, NOW, key="answer", is_reply=True)
    service = due(contact, NOW, key="service")

    send_all(NOW)

    answer.refresh_from_db()
    service.refresh_from_db()
    assert (answer.status, answer.proof["answers"]) == ("sent", (NOW - HOUR).isoformat())
    assert (service.status, service.send_at) == ("scheduled", NOW - HOUR + timedelta(days=1))
    assert service.refusal_reason == "They hear from us often enough."


def test_answers_count_against_no_cap(box: Box, workspace: Workspace, contact: Contact) -> None:
    channel_on(smtp_to(box, workspace))
    for number in range(4):
        due(contact, NOW, key=f"had {number}", status="sent", sent_at=NOW - HOUR, is_reply=True)
    message = due(contact, NOW, key="news", purpose="marketing")

    send_all(NOW)

    message.refresh_from_db()
    assert (message.status, message.proof["caps"]["day"]) == ("sent", 0)


def test_what_was_written_long_ago_is_answered_no_more(
    box: Box, workspace: Workspace, contact: Contact
) -> None:
    channel_on(smtp_to(box, workspace))
    had_enough(contact)
    wrote(contact, "email", NOW - timedelta(days=8))
    answer = due(contact, NOW, key="answer", is_reply=True)

    send_all(NOW)

    answer.refresh_from_db()
    assert (answer.status, answer.proof.get("answers")) == ("scheduled", None)


@pytest.mark.parametrize(
    ("is_reply", "ago", "status"),
    [
        (True, HOUR, "sent"),  # the window is open, and no quiet hour holds an answer
        (False, HOUR, "scheduled"),  # a service message waits for the morning
        (True, 25 * HOUR, "pending"),  # the window is closed: a person's task
        (False, 25 * HOUR, "scheduled"),
    ],
)
def test_windows_hold_for_answers_too_and_quiet_hours_do_not(
    box: Box, workspace: Workspace, contact: Contact, *, is_reply: bool, ago: timedelta, status: str
) -> None:
    point = point_of(contact, "instagram", "17841", last_inbound_at=NIGHT - ago)
    message = message_of(
        contact, point=point, channel="instagram", is_reply=is_reply, send_at=NIGHT
    )
    box.control("clock", {"set": NIGHT.isoformat()})
    page = {
        "platform": "meta", "id": "1", "token": "sandbox-messenger", "page": True,
        "instagram_id": "2",
    }  # fmt: skip
    box.control("seed", {"accounts": [page]})
    said = {"platform": "meta", "account": "1", "from": "17841", "text": "Hi"}
    box.control("meta/inbound", {**said, "channel": "instagram"})
    connection = connection_to(
        box, workspace, "messenger", access_token="sandbox-messenger", page_id="1"
    )
    channel_on(connection, "instagram")

    send_all(NIGHT)

    message.refresh_from_db()
    assert message.status == status, message.error
    assert OutreachTask.objects.count() == (1 if status == "pending" else 0)


def test_who_said_stop_by_mail_and_then_writes_is_answered(
    box: Box, workspace: Workspace, contact: Contact
) -> None:
    channel_on(smtp_to(box, workspace))
    wrote(contact, "email", NOW - HOUR)
    Suppression.objects.create(
        workspace=workspace, channel="email", value="p0@example.com", reason="unsubscribe", at=NOW
    )
    answer = due(contact, NOW, key="answer", is_reply=True)
    service = due(contact, NOW, key="service")

    send_all(NOW)

    answer.refresh_from_db()
    service.refresh_from_db()
    assert (answer.status, service.status) == ("sent", "cancelled")


def test_an_answer_goes_where_they_wrote_last(
    box: Box, workspace: Workspace, contact: Contact, operator: User, viewer: User
) -> None:
    channel_on(smtp_to(box, workspace))
    by = Proposer.person(operator)
    with pytest.raises(PeopleError, match="wrote nothing within seven days") as refused:
        send_service(contact=contact, text=Text(text="Hi"), by=by, now=NOW, is_reply=True)
    assert refused.value.field == "is_reply"
    second = point_of(contact, "email", "second@example.com", position=1)
    wrote(contact, "email", NOW - timedelta(days=8))
    contact.points.filter(pk=second.pk).update(last_inbound_at=NOW - HOUR)

    answer = send_service(contact=contact, text=Text(text="Hi"), by=by, now=NOW, is_reply=True)

    message = OutreachMessage.objects.get()
    assert (answer.status, message.point, message.is_reply) == ("scheduled", second, True)
    assert answer.fallbacks == []
    with pytest.raises(NotAllowedError):
        send_service(
            contact=contact, text=Text(text="Hi"), by=Proposer.person(viewer), now=NOW,
            is_reply=True,
        )  # fmt: skip


def test_marketing_answers_nobody(
    client_as, workspace: Workspace, contact: Contact, operator: User
) -> None:
    client: Client = client_as(operator)
    body = {"contact": str(contact.public_id), "text": "Hi", "is_reply": True}

    told = client.post(
        "/api/outreach/send", {**body, "purpose": "marketing"}, "application/json"
    ).json()
    early = client.post("/api/outreach/send", body, "application/json").json()

    assert "is_reply" in str(told["errors"])
    assert "is_reply" in str(early["errors"])
    with pytest.raises(IntegrityError, match="outreach_message_reply"):
        due(contact, NOW, purpose="marketing", is_reply=True)
