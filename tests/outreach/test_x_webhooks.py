"""Direct messages on X: signed as X signs, taken apart in both shapes, carried out like others."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from outreach.models import OutreachMessage
from outreach.services.leaving import choices_of
from outreach.services.listening import x
from outreach.webhooks_x import XProvider
from tests.outreach.steps import contact_of, message_of, point_of
from tests.sandbox.conftest import NOON, Box, _server, box
from tests.workspaces.inbound_calls import call, connect
from workspaces.inbound.base import ForgedError, UnreadableError
from workspaces.models import Connection, InboundEvent, Workspace

__all__ = ["_server", "box"]
pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat(NOON)
URL = "https://countersign.example/api/webhooks/x/1/"
SECRET = {"consumer_secret": "s3cret"}
SHAPES = pytest.mark.parametrize("shape", ["activity", "v2"])


@pytest.fixture
def connection(workspace: Workspace) -> Connection:
    return connect(workspace, "x", **SECRET)


@pytest.fixture
def message(connection: Connection) -> OutreachMessage:
    """What they answer."""
    contact = contact_of(connection.workspace)
    point = point_of(contact, "twitter", "4711")
    return message_of(
        contact, point=point, channel="twitter", purpose="marketing", status="sent",
        sent_at=NOW - timedelta(hours=1),
    )  # fmt: skip


def written(box: Box, text: str, **more: Any) -> list[dict[str, Any]]:
    """Somebody writes to our account; the calls that X makes."""
    account = {"platform": "x", "id": "900", "token": "t", "webhook_secret": "s3cret"}
    box.control("seed", {"accounts": [account]})
    said = {"account": "900", "from": "4711", "text": text, "url": URL, **more}
    calls: list[dict[str, Any]] = box.control("x/inbound", said)["calls"]
    return calls


def taken_in(connection: Connection, calls: list[dict[str, Any]]) -> None:
    """Verified, stored once, consumed."""
    provider = XProvider()
    for one in calls:
        received = call(one["body"].encode(), one["headers"], url=one["url"])
        provider.verify(received, SECRET, now=NOW)
        for event in provider.split(received, SECRET).events:
            row, is_new = InboundEvent.objects.get_or_create(
                connection=connection, dedup_key=event.dedup_key,
                defaults={"body": event.body, "kind": event.kind, "received_at": NOW},
            )  # fmt: skip
            if is_new:
                x.consume(connection, [row], NOW)


@SHAPES
def test_what_they_write_is_an_answer(
    box: Box, connection: Connection, message: OutreachMessage, shape: str
) -> None:
    taken_in(connection, written(box, "How much is it?", shape=shape, duplicates=2))

    message.refresh_from_db()
    assert (message.status, message.reply_text) == ("replied", "How much is it?")
    assert message.replied_at == NOW
    assert message.point.contact.points.get(channel="twitter").last_inbound_at == NOW


@SHAPES
def test_stop_on_x_ends_x(
    box: Box, connection: Connection, message: OutreachMessage, shape: str
) -> None:
    taken_in(connection, written(box, "STOP", shape=shape))

    left = {one.channel: one.is_on for one in choices_of(message.contact)}
    assert left == {"email": True, "twitter": False}


def test_our_own_messages_and_other_news_are_nothing(connection: Connection) -> None:
    ours = {
        "for_user_id": "900",
        "direct_message_events": [
            {"id": "1", "message_create": {"sender_id": "900", "message_data": {"text": "Hi"}}},
            {"id": "", "message_create": {"sender_id": "4711"}},
            "nonsense",
        ],
        "favorite_events": [{"id": "2"}],
    }
    for payload in (ours, {"data": {"event_type": "post.create"}}, [], {"data": []}):
        received = call(json.dumps(payload).encode(), {}, url=URL)
        assert XProvider().split(received, SECRET).events == ()
    with pytest.raises(UnreadableError):
        XProvider().split(call(b"{", {}, url=URL), SECRET)


def test_a_time_that_is_none_is_when_we_heard(
    connection: Connection, message: OutreachMessage
) -> None:
    for number, at in enumerate(["soon", None, "99999999999999", "2099-01-01T00:00:00Z"]):
        told = {"id": str(number), "sender": "4711", "text": "Hi", "at": at}
        event = InboundEvent(
            connection=connection, body=json.dumps(told), received_at=NOW, dedup_key=str(number)
        )
        x.consume(connection, [event], NOW)

    assert message.point.contact.points.get(channel="twitter").last_inbound_at == NOW


def test_a_forged_call_is_refused(box: Box) -> None:
    (forged,) = written(box, "Hi", signature="wrong")
    received = call(forged["body"].encode(), forged["headers"], url=URL)

    with pytest.raises(ForgedError):
        XProvider().verify(received, SECRET, now=NOW)
    with pytest.raises(ForgedError):
        XProvider().verify(received, {}, now=NOW)


def test_x_is_shown_that_the_address_is_ours(connection: Connection) -> None:
    path = f"/api/webhooks/x/{connection.public_id}/"
    expected = base64.b64encode(hmac.new(b"s3cret", b"abc", hashlib.sha256).digest()).decode()

    answer = Client().get(path, {"crc_token": "abc"})

    assert answer.json() == {"response_token": f"sha256={expected}"}
    assert answer["Content-Type"] == "application/json"
    assert Client().get(path).status_code == 401
    assert Client().get(path, {"crc_token": "<script>"}).status_code == 401


def test_a_call_at_the_door_is_stored_once(box: Box, connection: Connection) -> None:
    path = f"/api/webhooks/x/{connection.public_id}/"
    (one,) = written(box, "Hi")
    headers = {"x-twitter-webhooks-signature": one["headers"]["x-twitter-webhooks-signature"]}
    for _ in range(2):
        answer = Client().post(path, one["body"], content_type="application/json", headers=headers)
        assert answer.status_code == 200

    assert InboundEvent.objects.get().kind == "x.dm"
