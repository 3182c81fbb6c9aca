"""What is heard of messages, and what follows from it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from attribution.models import Touchpoint
from outreach.models import (
    Consent,
    ContactPoint,
    MessageDay,
    MessageEvent,
    OutreachMessage,
    OutreachTask,
    Suppression,
)
from outreach.services.hearing import Heard, hear
from tests.outreach.steps import NOW, contact_of, message_of
from tests.workspaces.factories import WorkspaceFactory
from workspaces.models import WebhookDelivery, WebhookEndpoint, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory(time_zone="America/New_York")


@pytest.fixture
def message(workspace: Workspace) -> OutreachMessage:
    return message_of(
        contact_of(workspace), status="sending", call_sent_at=NOW, cost=Decimal("0.001"),
        lease_until=NOW, provider_message_id="pm-1",
    )  # fmt: skip


def heard(message: OutreachMessage, kind: Any, minutes: int = 1, **values: Any) -> Heard:
    return Heard(
        **{
            "kind": kind,
            "at": NOW + timedelta(minutes=minutes),
            "key": f"{kind}:{minutes}",
            "message": message.public_id,
            **values,
        }
    )


def tell(message: OutreachMessage, *events: Heard) -> int:
    return hear(workspace=message.workspace, events=events, now=NOW + timedelta(hours=1))


def test_a_message_goes_its_way(message: OutreachMessage) -> None:
    kinds = ("accepted", "delivered", "opened", "clicked")
    url = {"detail": {"url": "https://shop.example/"}}

    new = tell(message, *(heard(message, kind, place, **url) for place, kind in enumerate(kinds)))

    message.refresh_from_db()
    assert new == 4
    assert (message.status, message.open_count, message.click_count) == ("clicked", 1, 1)
    assert message.links_clicked == {"https://shop.example/": 1}
    assert message.sent_at == NOW
    assert message.lease_until is None


def test_the_same_told_twice_counts_once(message: OutreachMessage) -> None:
    told = heard(message, "opened")

    assert tell(message, told, told) == 1
    assert tell(message, told) == 0

    message.refresh_from_db()
    assert message.open_count == 1
    assert MessageDay.objects.get().opened == 1
    assert MessageEvent.objects.count() == 1


@pytest.mark.parametrize("seed", range(4))
def test_any_order_in_any_pieces_comes_to_the_same(message: OutreachMessage, seed: int) -> None:
    kinds = ("accepted", "delivered", "opened", "opened", "clicked", "complained")
    events = [heard(message, kind, place) for place, kind in enumerate(kinds)]
    random.Random(seed).shuffle(events)

    for event in events:
        tell(message, event)

    message.refresh_from_db()
    day = MessageDay.objects.get()
    assert (message.status, message.open_count) == ("complained", 2)
    assert (day.sent, day.delivered, day.opened, day.clicked, day.complained) == (1, 1, 1, 1, 1)


def test_news_before_we_noted_the_sending_means_that_it_went_out(message: OutreachMessage) -> None:
    tell(message, heard(message, "delivered"))

    message.refresh_from_db()
    assert (message.status, message.sent_at) == ("delivered", NOW)
    assert MessageDay.objects.get().sent == 1


def test_days_are_those_of_the_workspace(message: OutreachMessage) -> None:
    OutreachMessage.objects.update(call_sent_at=NOW.replace(hour=2))

    tell(message, heard(message, "delivered"))

    day = MessageDay.objects.get()
    assert str(day.day) == "2026-06-09"
    assert (day.channel, day.domain, day.cost) == ("email", "example.com", Decimal("0.001"))


def test_a_bounce_ends_an_address_on_its_channel(message: OutreachMessage) -> None:
    tell(message, heard(message, "bounced", detail={"reason": "550 no such user"}))

    point = ContactPoint.objects.get()
    row = Suppression.objects.get()
    assert (point.is_reachable, point.unreachable_reason) == (False, "550 no such user")
    assert (row.value, row.reason, row.channel, row.purpose, row.until) == (
        "ann@example.com", "bounce", "email", "", None,
    )  # fmt: skip


def test_three_bounces_for_now_suspend_an_address_for_thirty_days(
    message: OutreachMessage,
) -> None:
    for day in range(2):
        tell(message, heard(message, "soft_bounced", day * 1440))
    assert not Suppression.objects.exists()

    tell(message, heard(message, "soft_bounced", 10))

    row = Suppression.objects.get()
    assert row.until == NOW + timedelta(hours=1, days=30)
    assert ContactPoint.objects.get().is_reachable


def test_a_complaint_ends_everything_and_an_unsubscription_marketing(
    workspace: Workspace, message: OutreachMessage
) -> None:
    other = message_of(contact_of(workspace, "bob@example.com"), status="sent", sent_at=NOW)

    tell(message, heard(message, "complained"))
    tell(other, heard(other, "unsubscribed", 2, detail={"by": "one click"}))

    rows = Suppression.objects.order_by("value")
    assert [(row.value, row.reason, row.purpose) for row in rows] == [
        ("ann@example.com", "complaint", ""), ("bob@example.com", "unsubscribe", "marketing"),
    ]  # fmt: skip
    withdrawn = Consent.objects.filter(is_given=False).order_by("pk")
    assert [row.source for row in withdrawn] == ["complaint", "unsubscribe"]
    assert withdrawn[1].evidence == {"message": str(other.public_id), "by": "one click"}


def test_who_answers_has_written_to_us(message: OutreachMessage) -> None:
    tell(message, heard(message, "replied", 5, detail={"text": "Yes"}))

    point = ContactPoint.objects.get()
    assert point.last_inbound_at == NOW + timedelta(minutes=5)
    assert (point.sent, point.replied) == (1, 1)


@pytest.mark.parametrize(
    ("kinds", "minutes"),
    [(["delivered", "opened"], None), (["clicked"], 0), (["opened", "clicked", "replied"], 1)],
)
def test_who_clicks_or_answers_reads_there(
    message: OutreachMessage, kinds: list[str], minutes: int | None
) -> None:
    tell(message, *(heard(message, kind, minute) for minute, kind in enumerate(kinds)))
    tell(message, heard(message, "clicked", 9) if minutes is not None else heard(message, "opened"))

    point = ContactPoint.objects.get()
    assert point.verified_at == (None if minutes is None else NOW + timedelta(minutes=minutes))


def test_sending_opening_and_answering_are_touches_once(message: OutreachMessage) -> None:
    for minutes in (1, 2):
        tell(message, heard(message, "opened", minutes))
    tell(message, heard(message, "replied", 3))

    touches = Touchpoint.objects.order_by("at")
    assert [(one.kind, one.extra["event"], one.cost) for one in touches] == [
        ("message", "sent", Decimal("0.001")), ("message", "opened", None),
        ("reply", "replied", None),
    ]  # fmt: skip
    assert {one.person_id for one in touches} == {message.contact.person_id}


def test_the_world_hears_of_deliveries(workspace: Workspace, message: OutreachMessage) -> None:
    WebhookEndpoint.objects.create(
        workspace=workspace, url="https://hooks.example/", event_types=["message.delivered"]
    )

    tell(message, heard(message, "delivered"), heard(message, "opened", 2))

    delivery = WebhookDelivery.objects.get()
    assert delivery.event_type == "message.delivered"
    assert str(message.public_id) in delivery.body
    assert "ann@example.com" not in delivery.body


def test_messages_of_another_workspace_hear_nothing(message: OutreachMessage) -> None:
    told = heard(message, "bounced")

    assert hear(workspace=WorkspaceFactory(), events=[told], now=NOW) == 0

    assert not MessageEvent.objects.exists()
    assert not Suppression.objects.exists()


def test_a_provider_names_the_message_by_its_own_id(message: OutreachMessage) -> None:
    told = replace(heard(message, "delivered"), message=None, provider_message_id="pm-1")

    assert tell(message, told) == 1


def test_what_nobody_sent_is_nobodys_news(workspace: Workspace) -> None:
    told = Heard(kind="opened", at=NOW, key="1", provider_message_id="unknown")  # type: ignore[arg-type]  # text will do

    assert hear(workspace=workspace, events=[told], now=NOW) == 0


def test_many_events_cost_few_queries(
    workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    messages = [
        message_of(contact_of(workspace, f"p{n}@example.com"), status="sent", sent_at=NOW)
        for n in range(8)
    ]
    connection.check_constraints()
    events = [heard(one, "opened", key=f"o:{one.pk}") for one in messages]

    with django_assert_max_num_queries(18):
        assert hear(workspace=workspace, events=events, now=NOW) == 8

    assert set(ContactPoint.objects.values_list("opened", flat=True)) == {1}


def test_two_messages_to_one_address_count_twice(workspace: Workspace) -> None:
    contact = contact_of(workspace)
    messages = [message_of(contact, status="sent", sent_at=NOW, dedup_key=str(n)) for n in range(2)]
    events = [heard(one, "clicked", key=f"c:{one.pk}") for one in messages]

    hear(workspace=workspace, events=events, now=NOW)

    point = ContactPoint.objects.get()
    assert (point.opened, point.clicked) == (2, 2)


@pytest.mark.parametrize("status", ["pending", "scheduled", "cancelled"])
def test_news_of_what_was_put_back_counts_and_it_is_not_sent_again(
    message: OutreachMessage, status: str
) -> None:
    gone = message_of(message.contact, status=status, dedup_key="back", text="Hello")
    OutreachTask.objects.create(workspace=gone.workspace, message=gone, reason="window_closed")

    assert tell(gone, heard(gone, "unsubscribed")) == 1

    gone.refresh_from_db()
    assert gone.status == ("cancelled" if status == "cancelled" else "unsubscribed")
    assert gone.sent_at == gone.unsubscribed_at == NOW + timedelta(minutes=1)
    assert gone.lease_until is None
    assert Suppression.objects.get().reason == "unsubscribe"
    assert not Consent.objects.order_by("-at")[0].is_given
    assert OutreachTask.objects.get().is_sent


def test_news_of_what_nobody_could_tell_closes_its_task(message: OutreachMessage) -> None:
    OutreachMessage.objects.update(is_unsure=True, lease_until=None)
    OutreachTask.objects.create(workspace=message.workspace, message=message, reason="unsure")

    tell(message, heard(message, "delivered"))

    assert OutreachTask.objects.get().is_sent


@pytest.mark.parametrize(
    ("channel", "left"), [("email", ["Replaced by a longer one", ""]), ("", ["", ""])]
)
def test_a_bounce_for_good_takes_the_place_of_a_suspension(
    message: OutreachMessage, channel: str, left: list[str]
) -> None:
    Suppression.objects.create(
        workspace=message.workspace, channel=channel, value=message.point.address,
        reason="bounce", at=NOW, until=NOW + timedelta(days=30),
    )  # fmt: skip

    tell(message, heard(message, "bounced"))

    rows = Suppression.objects.order_by("pk")
    assert [row.lifted_by_label for row in rows] == left
    assert rows[1].until is None
