"""Refusals of a recipient at the door: a wish, a dead end, a closed window; each has its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from outreach.engine.refusals import Refusal, refused_as
from outreach.models import (
    Contact,
    MessageDay,
    MessageEvent,
    OutreachMessage,
    OutreachPolicy,
    OutreachTask,
    Suppression,
)
from outreach.services.leaving import choices_of
from tests.outreach.sending.steps import (
    channel_on,
    connection_to,
    due,
    letters,
    people,
    provider_to,
    send_all,
    smtp_to,
    twilio_to,
)
from tests.outreach.steps import NOW, message_of, point_of
from tests.sandbox.conftest import Box
from workspaces.models import Workspace

HOUR = timedelta(hours=1)
PHONE = "+4915112345678"

Direct = Callable[..., OutreachMessage]


@pytest.mark.parametrize(
    ("provider", "code", "subcode", "words", "meaning"),
    [
        ("twilio", "21610", "", "", Refusal.OPTED_OUT),
        ("twilio", "63032", "", "", Refusal.OPTED_OUT),
        ("twilio", "21211", "", "", Refusal.DEAD),
        ("twilio", "63016", "", "", Refusal.WINDOW),
        ("twilio", "21408", "", "", None),
        ("meta", "10", "1545041", "", Refusal.WINDOW),
        ("meta", "551", "1545041", "", Refusal.CLOSED),
        ("meta", "100", "2018001", "", None),
        ("x", "403", "", "", Refusal.CLOSED),
        ("smtp", "550", "", "550: 5.1.1 No such user", Refusal.DEAD),
        ("smtp", "550", "", "550: 5.2.1 Mailbox disabled", Refusal.DEAD),
        ("smtp", "550", "", "550: 5.7.1 We do not like you", None),
        ("smtp", "550", "", "550: 5.1.8 Bad sender", None),
        ("smtp", "550", "", "550 Go away", None),
        ("postmark", "suppressed", "", "", Refusal.DEAD),
        ("resend", "422", "", "5.1.1", None),
    ],
)
def test_what_a_refusal_means(
    provider: str, code: str, subcode: str, words: str, meaning: Refusal | None
) -> None:
    assert refused_as(provider, code, subcode, words) == meaning


@pytest.fixture
def contact(workspace: Workspace) -> Contact:
    (contact,) = people(workspace, 1)
    return contact


@pytest.mark.django_db
@pytest.mark.parametrize("means_all", [True, False])
def test_who_told_the_carrier_to_stop_has_told_us(
    box: Box, workspace: Workspace, contact: Contact, *, means_all: bool
) -> None:
    if not means_all:
        OutreachPolicy.objects.create(workspace=workspace, stop_means_all=False)
    channel_on(twilio_to(box, workspace), "sms", sender="+15005550006")
    said = {"account": "AC1", "from": PHONE, "to": "+15005550006", "body": "STOP"}
    box.control("twilio/inbound", said)
    point = point_of(contact, "sms", PHONE)
    message = message_of(contact, point=point, channel="sms", purpose="marketing")

    send_all(NOW)

    message.refresh_from_db()
    assert (message.status, message.sent_at) == ("failed", None)
    left = {one.channel: one.is_on for one in choices_of(contact)}
    assert left == {"email": not means_all, "sms": False}
    assert contact.consents.filter(channel="sms").latest("pk").evidence["code"] == "21610"
    assert Suppression.objects.filter(value=PHONE, reason="unsubscribe").exists()
    day = MessageDay.objects.get()
    assert (day.sent, day.failed, day.unsubscribed) == (0, 1, 0)
    assert MessageEvent.objects.get().detail["as"] == "opted_out"

    again = message_of(contact, point=point, channel="sms", purpose="marketing", dedup_key="again")
    send_all(NOW)
    again.refresh_from_db()
    assert (again.status, again.proof["refused"]) == ("cancelled", "suppressed")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "is_dead"), [("5.1.1 No such user", True), ("5.7.1 Not today", False)]
)
def test_a_mailbox_that_is_none_is_not_written_to_again(
    box: Box, workspace: Workspace, contact: Contact, words: str, *, is_dead: bool
) -> None:
    channel_on(smtp_to(box, workspace))
    due(contact, NOW)
    rule = {"kind": "smtp_reply", "code": 550, "error": words, "method": "RCPT", "times": 1}
    box.control("faults", rule)

    send_all(NOW)

    point = contact.points.get()
    assert (point.is_reachable, Suppression.objects.exists()) == (not is_dead, is_dead)


@pytest.mark.django_db
@pytest.mark.parametrize("provider", ["postmark", "mandrill"])
def test_what_a_provider_never_sends_to_we_do_not_either(
    box: Box, workspace: Workspace, contact: Contact, provider: str
) -> None:
    channel_on(provider_to(box, workspace, provider))
    closed = {
        "platform": provider, "account": "m1", "recipient": "p0@example.com", "kind": "complained"
    }  # fmt: skip
    box.control("messages/event", closed)
    message = due(contact, NOW)

    send_all(NOW)

    message.refresh_from_db()
    assert (message.status, message.error_kind) == ("failed", "invalid")
    row = Suppression.objects.get()
    assert (row.value, row.reason, row.until) == ("p0@example.com", "bounce", None)


@pytest.fixture
def direct(box: Box, workspace: Workspace, contact: Contact) -> Direct:
    """A message on Instagram or Messenger to somebody who wrote some hours ago, as we think."""
    page = {
        "platform": "meta", "id": "1", "token": "sandbox-messenger", "page": True,
        "instagram_id": "2",
    }  # fmt: skip
    box.control("seed", {"accounts": [page]})
    box.control("clock", {"set": NOW.isoformat()})

    def make(
        channel: str, *, hours: float = 1, truly: float | None = None, **values: object
    ) -> OutreachMessage:
        connection = connection_to(
            box, workspace, "messenger", access_token="sandbox-messenger", page_id="1"
        )
        channel_on(connection, channel)
        wrote = NOW - (hours if truly is None else truly) * HOUR
        box.control("clock", {"set": wrote.isoformat()})
        said = {"platform": "meta", "account": "1", "from": "17841", "text": "Hi"}
        more = {"channel": "instagram"} if channel == "instagram" else {}
        box.control("meta/inbound", said | more)
        box.control("clock", {"set": NOW.isoformat()})
        point = point_of(contact, channel, "17841", last_inbound_at=NOW - hours * HOUR)
        return message_of(contact, point=point, channel=channel, **values)

    return make


BOTH = pytest.mark.parametrize("channel", ["instagram", "facebook"])


@pytest.mark.django_db
@BOTH
def test_meta_takes_it_once(box: Box, direct: Direct, channel: str) -> None:
    message = direct(channel)

    send_all(NOW)
    send_all(NOW + HOUR)

    message.refresh_from_db()
    assert (message.status, message.provider, message.error) == ("sent", "meta", "")
    assert [one["id"] for one in letters(box)] == [message.provider_message_id]


@pytest.mark.django_db
@BOTH
@pytest.mark.parametrize("commit", [True, False])
def test_an_answer_of_meta_that_is_lost_is_a_persons(
    box: Box, direct: Direct, channel: str, *, commit: bool
) -> None:
    message = direct(channel)
    box.control(
        "faults", {"kind": "reset", "commit": commit, "times": 1, "path": "POST .*messages"}
    )

    send_all(NOW)
    send_all(NOW + HOUR)

    message.refresh_from_db()
    assert (message.status, message.is_unsure) == ("sending", True)
    assert OutreachTask.objects.get().reason == "unsure"
    assert len(letters(box)) == int(commit)


@pytest.mark.django_db
@BOTH
@pytest.mark.parametrize(
    ("code", "status", "wait"),
    [(613, "scheduled", 60), (4, "scheduled", 60), (190, "scheduled", 0)],
)
def test_meta_that_is_busy_or_logs_us_out_loses_nothing(
    box: Box, direct: Direct, channel: str, code: int, status: str, wait: int
) -> None:
    message = direct(channel)
    box.control("faults", {"kind": "meta_code", "code": code, "times": 1})

    send_all(NOW)

    message.refresh_from_db()
    assert (message.status, message.tries, message.call_sent_at) == (status, 0, None)
    assert letters(box) == []
    assert send_all(NOW).called == 0


@pytest.mark.django_db
@BOTH
def test_a_window_that_is_closed_for_meta_is_a_persons_task(
    box: Box, direct: Direct, channel: str
) -> None:
    message = direct(channel, hours=23, truly=25)

    send_all(NOW)

    message.refresh_from_db()
    task = OutreachTask.objects.get()
    assert (message.status, message.is_unsure, message.lease_until) == ("pending", False, None)
    assert (task.reason, task.due_at) == (
        "window_closed", message.point.last_inbound_at + timedelta(days=7),
    )  # fmt: skip
    assert not Suppression.objects.exists()
    assert letters(box) == []


@pytest.mark.django_db
@BOTH
def test_a_text_that_is_too_long_is_never_tried(box: Box, direct: Direct, channel: str) -> None:
    message = direct(channel, text="x" * 2_001)

    send_all(NOW)

    message.refresh_from_db()
    assert (message.status, message.error_kind) == ("failed", "invalid")
    assert "characters at most; shorten it." in message.error
    assert letters(box) == []


@pytest.mark.django_db
@BOTH
def test_who_blocked_us_rests_for_thirty_days_and_the_next_channel_has_its_turn(
    box: Box, workspace: Workspace, contact: Contact, direct: Direct, channel: str
) -> None:
    channel_on(smtp_to(box, workspace))
    mail = contact.points.get(channel="email")
    message = direct(channel, fallbacks=[mail.pk])
    box.control(
        "messages/model", {"rules": [{"platform": "meta", "recipient": "17841", "hard": 1}]}
    )

    send_all(NOW)

    message.refresh_from_db()
    row = Suppression.objects.get()
    assert (message.status, row.channel, row.until) == ("failed", channel, NOW + 720 * HOUR)
    assert OutreachMessage.objects.get(fallback_of=message).status == "sent"


@pytest.fixture
def on_x(box: Box, workspace: Workspace, contact: Contact) -> OutreachMessage:
    """A message on X to somebody who takes them."""
    box.control("seed", {"accounts": [{"platform": "x", "id": "900", "token": "sandbox-x"}]})
    person = {"network": "x", "account": "900", "kind": "person", "id": "4711"}
    box.control("social/item", {**person, "username": "ann", "accepts_dm": True})
    box.control("clock", {"set": NOW.isoformat()})
    channel_on(connection_to(box, workspace, "x", access_token="sandbox-x"), "twitter")
    point = point_of(contact, "twitter", "4711", verified_at=NOW)
    return message_of(contact, point=point, channel="twitter")


@pytest.mark.django_db
def test_x_takes_it_once(box: Box, on_x: OutreachMessage) -> None:
    send_all(NOW)
    send_all(NOW + HOUR)

    on_x.refresh_from_db()
    assert (on_x.status, on_x.provider, on_x.error) == ("sent", "x", "")
    assert [one["id"] for one in letters(box)] == [on_x.provider_message_id]


@pytest.mark.django_db
@pytest.mark.parametrize("commit", [True, False])
def test_an_answer_of_x_that_is_lost_is_a_persons(
    box: Box, on_x: OutreachMessage, *, commit: bool
) -> None:
    rule = {"kind": "reset", "commit": commit, "times": 1, "path": "POST .*messages"}
    box.control("faults", rule)

    send_all(NOW)
    send_all(NOW + HOUR)

    on_x.refresh_from_db()
    assert (on_x.status, on_x.is_unsure) == ("sending", True)
    assert len(letters(box)) == int(commit)


@pytest.mark.django_db
def test_x_that_is_busy_is_left_alone(box: Box, on_x: OutreachMessage) -> None:
    box.control("faults", {"kind": "x_status", "code": 429, "retry_after_s": 90, "times": 1})

    send_all(NOW)

    on_x.refresh_from_db()
    assert (on_x.status, on_x.tries) == ("scheduled", 0)
    assert on_x.send_at == NOW + timedelta(seconds=90)
    assert send_all(NOW).called == 0


@pytest.mark.django_db
def test_who_takes_no_messages_on_x_any_more_rests(box: Box, on_x: OutreachMessage) -> None:
    person = {"network": "x", "account": "900", "kind": "person", "id": "4711"}
    box.control("social/item", {**person, "username": "ann", "accepts_dm": False})

    send_all(NOW)

    on_x.refresh_from_db()
    row = Suppression.objects.get()
    assert (on_x.status, row.channel, row.until) == ("failed", "twitter", NOW + 720 * HOUR)
    assert letters(box) == []
