"""The report says what a slow count of its messages says: stages, parts, days, cost."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from outreach.models import EventKind, MessageStatus, OutreachMessage
from outreach.selectors.campaign_report import STAGES, report_of
from outreach.services.consequences import count_days
from outreach.services.hearing import Heard, hear
from outreach.services.sending.settling import mark_sent, note_sent
from tests.outreach.steps import (
    audience_of,
    campaign_of,
    contact_of,
    let_go,
    message_of,
    plan_of,
    point_of,
)
from tests.workspaces.factories import WorkspaceFactory

pytestmark = pytest.mark.django_db
#: 11 h of one day in UTC is the next day's midnight in Auckland.
FIRST = datetime(2026, 6, 10, 11, tzinfo=UTC)
TOLD = (EventKind.DELIVERED, EventKind.OPENED, EventKind.CLICKED, EventKind.REPLIED)


def _messages(workspace):
    """Twelve people; SMS to every third, two variants, each an hour after the one before."""
    people = [contact_of(workspace, f"p{place}@example.com") for place in range(12)]
    campaign = campaign_of(workspace, audience_of(workspace, *people))
    plan = let_go(plan_of(campaign, *people), FIRST)
    found = []
    for place, contact in enumerate(people):
        values = {}
        if place % 3 == 2:
            number = point_of(contact, "sms", f"+6421000{place:03d}")
            values = {"channel": "sms", "point": number}
        at = FIRST + timedelta(minutes=30 * place - 90)
        found.append(
            message_of(
                contact,
                campaign=campaign,
                plan=plan,
                step=campaign.steps.get(),
                send_at=at,
                variant="ab"[place % 2],
                status="sending",
                lease_until=at,
                purpose="marketing",
                cost=Decimal("0.0715") if place % 3 == 2 else Decimal("0.001"),
                **values,
            )
        )
    return campaign, found


def test_the_report_agrees_with_a_slow_recount():
    workspace = WorkspaceFactory(time_zone="Pacific/Auckland")
    campaign, messages = _messages(workspace)
    for place, message in enumerate(messages[:-1]):
        mark_sent(message, message.send_at)
        message.save()
        note_sent(workspace, [message], now=message.send_at)
        events = [
            Heard(kind=kind, at=message.send_at + timedelta(days=2), key=f"{place}:{kind}",
                  message=message.public_id)
            for kind in TOLD[: place % 5]
        ]  # fmt: skip
        # Twice, as providers do, and the last first.
        for told in (events[::-1], events):
            hear(workspace=workspace, events=told, now=message.send_at + timedelta(days=2))
        if place % 5 == 4:
            OutreachMessage.objects.filter(pk=message.pk).update(converted_at=FIRST)
            count_days(workspace=workspace, told=[(message, ("converted",))])

    report = report_of(campaign, list(campaign.steps.all()))

    rows = list(OutreachMessage.objects.filter(sent_at__isnull=False))
    assert (len(rows), report.total.failed) == (11, 0)
    for stage in STAGES:
        mine = [row for row in rows if getattr(row, f"{stage}_at") is not None]
        assert getattr(report.total, stage) == len(mine), stage
        for parts, label in ((report.channels, lambda row: row.get_channel_display()),
                             (report.variants, lambda row: row.variant)):  # fmt: skip
            counted = {part.label: getattr(part.counts, stage) for part in parts}
            told = Counter(label(row) for row in mine)
            assert counted == {name: told[name] for name in counted}, stage
        days = Counter(row.sent_at.astimezone(workspace.zone).date() for row in mine)
        assert {day: getattr(one, stage) for day, one in report.days} == {
            day: days[day] for day, _ in report.days
        }
    assert report.total.cost == sum(row.cost for row in rows) == Decimal("0.2225")
    assert len(report.days) == 2
    shares = [one.share for one in report.funnel]
    assert shares == sorted(shares, reverse=True)
    assert messages[-1].status == MessageStatus.SENDING
