"""How many are reached by the far end's stated model, with the next channel after failures."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from outreach.models import Contact, ContactPoint, MessageDay, OutreachMessage, OutreachPolicy
from outreach.services.listening import mail, meta, twilio
from outreach.services.sending.falling_back import (
    fall_back,
    fall_back_after_news,
    fall_back_without_receipt,
)
from outreach.webhooks import EmailProvider
from tests.outreach.sending.steps import (
    channel_on,
    connection_to,
    due,
    letters,
    provider_to,
    running_plan,
    send_all,
    smtp_to,
    twilio_to,
)
from tests.outreach.steps import NOW, contact_of, message_of, point_of
from tests.sandbox.conftest import Box
from tests.workspaces.inbound_calls import call
from workspaces.inbound.base import Provider
from workspaces.inbound.providers.meta import MetaProvider
from workspaces.inbound.providers.twilio import TwilioProvider
from workspaces.models import Connection, InboundEvent, Workspace

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def hears(
    connection: Connection, provider: Provider, consume: Any, calls: list[dict], now: datetime
) -> None:
    """What the far end tells, as events of a connection."""
    events = [
        event
        for one in calls
        for event in provider.split(
            call(one["body"].encode(), one["headers"], url=one["url"]), {"provider": "postmark"}
        ).events
    ]
    rows = InboundEvent.objects.bulk_create(
        (
            InboundEvent(
                connection=connection, dedup_key=one.dedup_key, kind=one.kind, body=one.body,
                received_at=now,
            )
            for one in events
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    for start in range(0, len(rows), 200):
        consume(connection, rows[start : start + 200], now)


def arrivals(box: Box, people: list[Contact]) -> list[int]:
    """How many messages truly arrived at each, as the far end knows and does not always tell."""
    arrived = Counter(
        one["recipient"]
        for platform in ("postmark", "meta", "twilio")
        for one in letters(box, platform)
        if any(event["kind"] == "delivered" for event in one["events"])
    )
    addresses = ContactPoint.objects.filter(contact__in=people).values_list("contact", "address")
    found = dict.fromkeys([one.pk for one in people], 0)
    for contact, address in addresses:
        found[contact] += arrived[address]
    return list(found.values())


@pytest.mark.slow
def test_more_than_95_of_100_are_reached_by_mail_and_90_by_direct_message(
    box: Box, workspace: Workspace
) -> None:
    """Postmark and Instagram first, SMS after a failure; nobody gets two that arrive."""
    box.control("clock", {"set": NOW.isoformat()})
    page = {"platform": "meta", "id": "1", "token": "sandbox-messenger", "page": True,
            "instagram_id": "2"}  # fmt: skip
    box.control("seed", {"accounts": [page]})
    post, phone = provider_to(box, workspace, "postmark"), twilio_to(box, workspace)
    direct = connection_to(
        box, workspace, "messenger", access_token="sandbox-messenger", page_id="1"
    )
    channel_on(post)
    channel_on(phone, "sms", sender="+15005550006")
    channel_on(direct, "instagram")
    groups: dict[str, list[Contact]] = {"email": [], "instagram": []}
    for number in range(600):
        contact = contact_of(workspace, f"p{number}@example.com")
        sms = point_of(contact, "sms", f"+49151{number:08d}")
        name = "email" if number < 300 else "instagram"
        groups[name].append(contact)
        if name == "email":
            due(contact, NOW, purpose="marketing", fallbacks=[sms.pk])
        else:
            said = {"platform": "meta", "account": "1", "from": f"9{number}", "text": "Hi",
                    "channel": "instagram"}  # fmt: skip
            box.control("meta/inbound", said)
            point = point_of(contact, "instagram", f"9{number}", last_inbound_at=NOW)
            message_of(
                contact, point=point, channel="instagram", purpose="marketing",
                fallbacks=[sms.pk],
            )  # fmt: skip

    box.control("meta/deliver", {"account": "1", "url": "https://a.example/"})  # what they wrote
    for hours in (0, 1, 2, 5):
        now = NOW + hours * HOUR
        box.control("clock", {"set": now.isoformat()})
        fall_back_after_news(now=now)
        fall_back_without_receipt(now=now)
        send_all(now)
        ahead = {"account": "m1", "url": "https://a.example/", "ahead_s": 3_000}
        told = box.control("mail/deliver", {"platform": "postmark", **ahead})["calls"]
        hears(post, EmailProvider(), mail.consume, told, now)
        told = box.control("meta/deliver", {**ahead, "platform": "meta", "account": "1"})["calls"]
        hears(direct, MetaProvider(), meta.consume, told, now)
        told = box.control("twilio/deliver", {**ahead, "account": "AC1"})["calls"]
        hears(phone, TwilioProvider(), twilio.consume, told, now)

    found = {name: arrivals(box, people) for name, people in groups.items()}
    shares = {name: sum(one > 0 for one in some) / len(some) for name, some in found.items()}
    print(json.dumps(shares))  # noqa: T201  # the figure of docs/sending.md
    assert shares["email"] > 0.95
    assert shares["instagram"] > 0.90
    assert max(found["email"] + found["instagram"]) == 1
    assert OutreachMessage.objects.filter(attempt=2).exists()


def bounced(workspace: Workspace, **values: Any) -> OutreachMessage:
    """A campaign's mail of which a bounce was told, with a number to fall back on."""
    plan = running_plan(workspace, [contact_of(workspace)], NOW)
    row = plan.rows.get()
    step = plan.campaign.steps.get()
    point = point_of(row.contact, "email", "second@example.com", position=1)
    return message_of(
        row.contact, campaign=plan.campaign, plan=plan, step=step, purpose="marketing",
        version=row.text, content_sha256=row.text.sha256, fallbacks=[point.pk], sent_at=NOW - HOUR,
        **values,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "made"), [("bounced", 1), ("failed", 1), ("unsubscribed", 0), ("complained", 0)]
)
def test_a_bounce_that_is_told_later_gives_the_turn_to_the_next_channel(
    box: Box, workspace: Workspace, status: str, made: int
) -> None:
    channel_on(smtp_to(box, workspace))
    first = bounced(workspace, status=status)
    MessageDay.objects.create(
        workspace=workspace, day=NOW.date(), channel="email", bounced=1, sent=1
    )

    assert fall_back_after_news(now=NOW) == made
    assert fall_back_after_news(now=NOW) == 0
    send_all(NOW)

    assert [one.status for one in OutreachMessage.objects.filter(fallback_of=first)] == (
        ["sent"] * made
    )


def test_what_takes_the_place_of_a_silent_message_is_no_duplicate_of_it(
    box: Box, workspace: Workspace
) -> None:
    OutreachPolicy.objects.create(workspace=workspace)
    channel_on(smtp_to(box, workspace))
    first = bounced(workspace, status="sent")

    fall_back(messages=[first], now=NOW)
    send_all(NOW)

    second = OutreachMessage.objects.get(fallback_of=first)
    assert (second.status, second.proof["caps"]["marketing_day"]) == ("sent", 0)


def test_another_message_of_the_campaign_is_still_one_too_many(
    box: Box, workspace: Workspace
) -> None:
    channel_on(smtp_to(box, workspace))
    first = bounced(workspace, status="sent")
    again = message_of(
        first.contact, campaign=first.campaign, plan=first.plan, step=first.step,
        purpose="marketing", version=first.version, dedup_key="again",
    )  # fmt: skip

    send_all(NOW)

    again.refresh_from_db()
    assert (again.status, again.proof["refused"]) == ("cancelled", "duplicate")
