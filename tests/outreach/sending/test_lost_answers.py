"""Answers that were lost, refusals, and providers that want us to slow down."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outreach.models import OutreachMessage, OutreachTask
from outreach.services.sending.falling_back import fall_back_without_receipt
from outreach.services.sending.lanes import Lane
from tests.outreach.sending.steps import (
    TOKENS,
    channel_on,
    due,
    letters,
    people,
    provider_to,
    recover_all,
    send_all,
    smtp_to,
    twilio_to,
)
from tests.outreach.steps import NOW, contact_of, message_of, point_of
from tests.sandbox.conftest import Box
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def at_noon(box: Box) -> None:
    box.control("clock", {"set": NOW.isoformat()})


def break_off(box: Box, *, commit: bool, **rule: object) -> None:
    """The next call is cut off, after it had its effect or before."""
    box.control("faults", {"kind": "reset", "commit": commit, "times": 1, **rule})


@pytest.mark.parametrize("commit", [True, False])
def test_resend_is_called_again_with_the_same_key(
    box: Box, workspace: Workspace, *, commit: bool
) -> None:
    at_noon(box)
    channel_on(provider_to(box, workspace, "resend"))
    message = due(people(workspace, 1)[0], NOW)
    break_off(box, commit=commit, path="POST /emails")

    send_all(NOW)
    message.refresh_from_db()
    assert (message.status, message.error_kind) == ("sending", "unknown")
    recover_all(NOW + MINUTE)

    message.refresh_from_db()
    assert (message.status, message.tries) == ("sent", 1)
    assert [one["id"] for one in letters(box)] == [message.provider_message_id]


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("provider", ["postmark", "twilio"])
def test_who_can_be_asked_is_asked_before_anything_is_sent_again(
    box: Box, workspace: Workspace, provider: str, *, commit: bool
) -> None:
    at_noon(box)
    contact = contact_of(workspace)
    if provider == "twilio":
        channel_on(twilio_to(box, workspace), "sms", sender="+15005550006")
        point = point_of(contact, "sms", "+4915112345678")
        consent = contact.consents.get(channel="sms")
        assert consent.is_given
        message = message_of(
            contact, purpose="marketing", channel="sms", point=point, dedup_key="1"
        )
    else:
        channel_on(provider_to(box, workspace, "postmark"))
        message = due(contact, NOW)
    break_off(box, commit=commit, path="POST .*(email|Messages)")

    send_all(NOW)
    assert len(letters(box)) == int(commit)
    recover_all(NOW + MINUTE)
    message.refresh_from_db()
    recover_all(NOW + 6 * MINUTE)
    send_all(NOW + 6 * MINUTE)

    message.refresh_from_db()
    assert message.status == "sent"
    assert [one["id"] for one in letters(box)] == [message.provider_message_id]


def test_a_mail_that_may_be_out_is_a_persons_to_decide(box: Box, workspace: Workspace) -> None:
    channel_on(smtp_to(box, workspace))
    message = due(people(workspace, 1)[0], NOW)
    break_off(box, commit=True, platform="smtp", method="DATA")

    send_all(NOW)
    recover_all(NOW + 20 * MINUTE)
    send_all(NOW + 20 * MINUTE)

    message.refresh_from_db()
    assert (message.status, message.is_unsure) == ("sending", True)
    assert OutreachTask.objects.get().reason == "unsure"
    assert len(letters(box)) == 1


def test_a_server_that_is_not_reached_is_tried_again_later(box: Box, workspace: Workspace) -> None:
    channel_on(smtp_to(box, workspace))
    message = due(people(workspace, 1)[0], NOW)
    box.control("faults", {"kind": "smtp_reply", "code": 451, "method": "RCPT", "times": 1})

    send_all(NOW)
    message.refresh_from_db()
    assert (message.status, message.tries, message.call_sent_at) == ("scheduled", 1, None)
    assert NOW <= message.send_at <= NOW + MINUTE

    send_all(NOW + MINUTE)
    message.refresh_from_db()
    assert message.status == "sent"


def test_five_tries_end_it(box: Box, workspace: Workspace) -> None:
    channel_on(smtp_to(box, workspace))
    message = due(people(workspace, 1)[0], NOW)
    box.control("faults", {"kind": "smtp_reply", "code": 451, "method": "RCPT"})

    for hour in range(7):
        send_all(NOW + timedelta(hours=hour))

    message.refresh_from_db()
    assert (message.status, message.tries, message.error_kind) == ("failed", 5, "transient")


def test_a_provider_that_is_busy_pauses_its_connection_and_costs_no_try(
    box: Box, workspace: Workspace
) -> None:
    policy = channel_on(provider_to(box, workspace, "postmark"))
    message = due(people(workspace, 1)[0], NOW)
    box.control("faults", {"kind": "http_429", "retry_after_s": 40, "times": 1})

    run = send_all(NOW)

    message.refresh_from_db()
    assert (message.status, message.tries) == ("scheduled", 0)
    assert message.send_at == NOW + timedelta(seconds=40)
    assert run.called == 1
    granted, wait_s = Lane(policy).take(1)
    assert (granted, 39 < wait_s <= 40) == (0, True)


def test_workers_together_send_no_more_than_the_rate(box: Box, workspace: Workspace) -> None:
    channel_on(smtp_to(box, workspace), rate_per_second=2)
    for contact in people(workspace, 5):
        due(contact, NOW)

    first, second = send_all(NOW), send_all(NOW)

    assert (first.called, second.called) == (2, 0)
    assert not second.is_done
    assert 0 < second.wait_s <= 0.5


def test_a_login_that_is_refused_stops_the_connection_and_loses_nothing(
    box: Box, workspace: Workspace
) -> None:
    connection = provider_to(box, workspace, "postmark")
    channel_on(connection)
    message = due(people(workspace, 1)[0], NOW)
    box.control("seed", {"accounts": [{"platform": "postmark", "id": "m1", "token": "new"}]})

    send_all(NOW)

    message.refresh_from_db()
    connection.refresh_from_db()
    assert (message.status, message.tries) == ("scheduled", 0)
    assert connection.status == "needs_login"
    assert send_all(NOW + 10 * MINUTE).called == 0


def test_an_address_that_is_refused_for_good_gives_the_turn_to_the_next_channel(
    box: Box, workspace: Workspace
) -> None:
    channel_on(smtp_to(box, workspace))
    channel_on(twilio_to(box, workspace), "sms", sender="+15005550006")
    contact = contact_of(workspace)
    point = point_of(contact, "sms", "+4915112345678")
    first = due(contact, NOW, purpose="marketing", fallbacks=[point.pk])
    box.control("faults", {"kind": "smtp_reply", "code": 550, "method": "RCPT", "times": 1})

    send_all(NOW)

    first.refresh_from_db()
    assert (first.status, first.error_kind) == ("failed", "invalid")
    second = OutreachMessage.objects.get(fallback_of=first)
    assert (second.status, second.channel, second.attempt) == ("sent", "sms", 2)
    assert [one["recipient"] for one in letters(box)] == ["+4915112345678"]


def test_silence_uses_the_next_channel_only_where_receipts_come(
    box: Box, workspace: Workspace
) -> None:
    contact, other = people(workspace, 2)
    point = point_of(contact, "sms", "+4915112345678")
    sent = {"status": "sent", "sent_at": NOW, "provider": "postmark", "fallbacks": [point.pk]}
    silent = due(contact, NOW, **sent)
    later = NOW + timedelta(hours=5)

    assert fall_back_without_receipt(now=later) == 0

    due(other, NOW, status="delivered", sent_at=NOW, delivered_at=NOW, provider="postmark")
    assert fall_back_without_receipt(now=later) == 1
    assert fall_back_without_receipt(now=later) == 0
    assert OutreachMessage.objects.get(fallback_of=silent).channel == "sms"


def test_a_dead_worker_that_called_nobody_gives_its_messages_back(
    box: Box, workspace: Workspace
) -> None:
    channel_on(smtp_to(box, workspace))
    message = due(
        people(workspace, 1)[0], NOW, status="sending", claimed_by="gone#1", lease_until=NOW
    )

    assert recover_all(NOW) == 0
    send_all(NOW)

    message.refresh_from_db()
    assert (message.status, message.tries) == ("sent", 0)


def test_the_official_sdk_reads_what_we_sent(box: Box, workspace: Workspace) -> None:
    from twilio.rest import Client

    at_noon(box)
    channel_on(twilio_to(box, workspace), "sms", sender="+15005550006")
    contact = contact_of(workspace)
    point = point_of(contact, "sms", "+4915112345678")
    message = message_of(contact, purpose="marketing", channel="sms", point=point, dedup_key="1")

    send_all(NOW)

    client = Client("AC1", TOKENS["twilio"])
    client.api.base_url = box.base_url
    (read,) = client.messages.list(to="+4915112345678")
    message.refresh_from_db()
    assert (read.sid, read.body, read.from_) == (
        message.provider_message_id, "Hello Ann", "+15005550006",
    )  # fmt: skip
