"""What providers tell of messages, and what people write back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from outreach.models import (
    Consent,
    ContactPoint,
    OutreachMessage,
    OutreachPolicy,
    Suppression,
)
from outreach.services.leaving import choices_of
from outreach.services.listening import meta, twilio
from tests.outreach.steps import NOW, contact_of, message_of, point_of
from tests.workspaces.factories import ConnectionFactory, WorkspaceFactory
from workspaces.models import Connection, InboundEvent

pytestmark = pytest.mark.django_db
PHONE = "+491701234567"


@pytest.fixture
def connection() -> Connection:
    return ConnectionFactory(workspace=WorkspaceFactory(), kind="twilio")


@pytest.fixture
def text(connection: Connection) -> OutreachMessage:
    contact = contact_of(connection.workspace)
    point = point_of(contact, "sms", PHONE)
    message = message_of(contact, purpose="marketing")
    OutreachMessage.objects.filter(pk=message.pk).delete()
    return OutreachMessage.objects.create(
        workspace=connection.workspace, contact=contact, point=point, channel="sms",
        purpose="marketing", send_at=NOW, dedup_key="sms:1", status="sent", sent_at=NOW,
        provider_message_id="SM1",
    )  # fmt: skip


def call(connection: Connection, minutes: int = 1, **fields: str) -> InboundEvent:
    at = NOW + timedelta(minutes=minutes)
    return InboundEvent.objects.create(
        connection=connection, dedup_key=str(InboundEvent.objects.count()), received_at=at,
        body=urlencode(fields),
    )  # fmt: skip


def status(connection: Connection, name: str, **more: str) -> None:
    event = call(connection, MessageSid="SM1", MessageStatus=name, **more)
    twilio.consume(connection, [event], NOW + timedelta(hours=1))


def write(connection: Connection, words: str, sender: str = PHONE, **more: str) -> InboundEvent:
    fields = {"MessageSid": "SM9", "SmsStatus": "received", "From": sender, "Body": words}
    event = call(connection, 5, **{**fields, **more})
    twilio.consume(connection, [event], NOW + timedelta(hours=1))
    return event


@pytest.mark.parametrize(
    ("name", "code", "expected"),
    [
        ("queued", "", "sent"),
        ("sent", "", "sent"),
        ("delivered", "", "delivered"),
        ("read", "", "opened"),
        ("undelivered", "30003", "failed"),
        ("failed", "21211", "bounced"),
        ("undelivered", "30005", "bounced"),
        ("failed", "21610", "unsubscribed"),
    ],
)
def test_statuses_of_twilio(
    connection: Connection, text: OutreachMessage, name: str, code: str, expected: str
) -> None:
    status(connection, name, ErrorCode=code)

    text.refresh_from_db()
    assert text.status == expected


def test_receipts_in_the_wrong_order_end_where_the_right_ones_do(
    connection: Connection, text: OutreachMessage
) -> None:
    for name in ("read", "delivered", "sent", "delivered"):
        status(connection, name)

    text.refresh_from_db()
    assert text.status == "opened"
    assert text.delivered_at is not None


@pytest.mark.parametrize("words", ["STOP", "stop.", " Stop! ", "OPT OUT", "Unsubscribe", "ARRET"])
def test_a_word_to_stop_ends_every_channel(
    connection: Connection, text: OutreachMessage, words: str
) -> None:
    write(connection, words)

    assert [one.is_on for one in choices_of(text.contact)] == [False, False]
    rows = Suppression.objects.order_by("value").values_list("value", "channel", "reason")
    assert list(rows) == [
        (PHONE, "sms", "unsubscribe"), ("ann@example.com", "email", "unsubscribe"),
    ]  # fmt: skip
    proof = Consent.objects.filter(is_given=False).first()
    assert proof is not None
    assert (proof.source, proof.evidence["text"]) == ("stop", words)


def test_stop_ends_one_channel_where_the_policy_says_so(
    connection: Connection, text: OutreachMessage
) -> None:
    OutreachPolicy.objects.create(workspace=connection.workspace, stop_means_all=False)

    write(connection, "STOP")

    assert {one.channel: one.is_on for one in choices_of(text.contact)} == {
        "email": True, "sms": False,
    }  # fmt: skip


@pytest.mark.parametrize("words", ["Please don't stop", "I stop by your shop tomorrow", "Yes!"])
def test_what_only_looks_like_stop_is_an_answer(
    connection: Connection, text: OutreachMessage, words: str
) -> None:
    write(connection, words)

    text.refresh_from_db()
    assert all(one.is_on for one in choices_of(text.contact))
    assert (text.status, text.reply_text) == ("replied", words)


def test_an_answer_is_kept_with_its_mood_and_opens_the_window(
    connection: Connection, text: OutreachMessage
) -> None:
    write(connection, "I love it, thank you so much!")

    text.refresh_from_db()
    point = ContactPoint.objects.get(channel="sms")
    assert text.reply_sentiment is not None
    assert text.reply_sentiment > 0.2
    assert point.last_inbound_at == NOW + timedelta(minutes=5)


def test_start_brings_back_the_channel_that_it_comes_by(
    connection: Connection, text: OutreachMessage
) -> None:
    write(connection, "STOP")
    write(connection, "START", MessageSid="SM10")

    # Both at one moment: the later row holds.
    assert {one.channel: one.is_on for one in choices_of(text.contact)} == {
        "email": False, "sms": True,
    }  # fmt: skip
    assert Suppression.objects.filter(lifted_at=None).get().channel == "email"


@pytest.mark.parametrize("words", ["STOP", "START", "Is there parking?"])
def test_who_writes_to_us_reads_there(
    connection: Connection, text: OutreachMessage, words: str
) -> None:
    unproved = ContactPoint.objects.get(channel="sms").verified_at
    write(connection, words)
    write(connection, words, MessageSid="SM10")

    proved = ContactPoint.objects.get(channel="sms").verified_at
    assert (unproved, proved) == (None, NOW + timedelta(minutes=5))
    assert ContactPoint.objects.get(channel="email").verified_at is None


def test_the_same_call_twice_is_one_wish(connection: Connection, text: OutreachMessage) -> None:
    event = write(connection, "STOP")

    twilio.consume(connection, [event], NOW + timedelta(hours=2))

    assert Consent.objects.filter(is_given=False).count() == 2  # one of each channel
    assert Suppression.objects.count() == 2


def test_strangers_and_other_workspaces_change_nothing(
    connection: Connection, text: OutreachMessage
) -> None:
    other = ConnectionFactory(workspace=WorkspaceFactory(), kind="twilio")

    write(connection, "STOP", sender="+15550001111")
    write(other, "STOP")

    assert not Suppression.objects.exists()
    assert not Consent.objects.filter(is_given=False).exists()


def test_an_ad_that_opens_whatsapp_is_noted(connection: Connection, text: OutreachMessage) -> None:
    point = point_of(text.contact, "whatsapp", PHONE)

    write(connection, "Hi", sender=f"whatsapp:{PHONE}", ReferralCtwaClid="abc")

    point.refresh_from_db()
    assert point.entered_by_ad_at == point.last_inbound_at == NOW + timedelta(minutes=5)


@pytest.fixture
def direct(connection: Connection) -> OutreachMessage:
    contact = contact_of(connection.workspace, "cem@example.com")
    point = point_of(contact, "instagram", "17841400000000001")
    return OutreachMessage.objects.create(
        workspace=connection.workspace, contact=contact, point=point, channel="instagram",
        purpose="service", send_at=NOW, dedup_key="ig:1", status="sent", sent_at=NOW,
        provider_message_id="mid.1",
    )  # fmt: skip


def tell(connection: Connection, **update: Any) -> None:
    sender = {"id": "17841400000000001"}
    stamp = int((NOW + timedelta(minutes=3)).timestamp() * 1000)
    entry = {"id": "1", "messaging": [{"sender": sender, "timestamp": stamp, **update}]}
    event = InboundEvent.objects.create(
        connection=connection, dedup_key=str(InboundEvent.objects.count()),
        received_at=NOW + timedelta(hours=1),
        body=json.dumps({"object": "instagram", "entry": [entry]}),
    )  # fmt: skip
    meta.consume(connection, [event], NOW + timedelta(hours=1))


def test_receipts_of_meta(connection: Connection, direct: OutreachMessage) -> None:
    tell(connection, delivery={"mids": ["mid.1"], "watermark": 0})
    tell(connection, read={"mid": "mid.1"})

    direct.refresh_from_db()
    assert (direct.status, direct.opened_at) == ("opened", NOW + timedelta(minutes=3))


def test_messenger_says_up_to_when_somebody_read(
    connection: Connection, direct: OutreachMessage
) -> None:
    before, after = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)

    tell(connection, read={"watermark": int(before.timestamp() * 1000)})
    direct.refresh_from_db()
    assert direct.status == "sent"

    tell(connection, read={"watermark": int(after.timestamp() * 1000)})
    direct.refresh_from_db()
    assert direct.status == "opened"


def test_our_own_messages_come_back_as_echoes(
    connection: Connection, direct: OutreachMessage
) -> None:
    tell(connection, message={"mid": "m2", "text": "STOP", "is_echo": True})

    assert not Suppression.objects.exists()


def test_stop_on_instagram_ends_instagram(connection: Connection, direct: OutreachMessage) -> None:
    tell(connection, message={"mid": "m3", "text": "please stop messaging me"})

    assert {one.channel: one.is_on for one in choices_of(direct.contact)} == {
        "email": True, "instagram": False,
    }  # fmt: skip
