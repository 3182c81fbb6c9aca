"""Limits of a day: what is over them waits for the next one, and answers do not wait."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from outreach.engine.channels import Channel
from outreach.engine.day_limits import day_limit, next_day
from outreach.models import OutreachMessage
from outreach.selectors.day_limits import used_today
from tests.outreach.sending.steps import channel_on, due, letters, people, send_all, smtp_to
from tests.outreach.steps import NOW, message_of
from tests.sandbox.conftest import Box
from workspaces.models import Workspace

DAY = timedelta(days=1)
TODAY = date(2026, 6, 10)


@pytest.mark.parametrize(
    ("channel", "own", "days", "limit"),
    [
        (Channel.EMAIL, None, None, None),
        (Channel.TWITTER, None, None, 1_000),
        (Channel.WHATSAPP, 10_000, None, 10_000),
        (Channel.EMAIL, None, 0, 50),
        (Channel.EMAIL, None, 2, 200),
        (Channel.EMAIL, 120, 2, 120),
        (Channel.EMAIL, None, -3, 50),
        (Channel.EMAIL, None, 15, None),
        (Channel.EMAIL, 7, 400, 7),
    ],
)
def test_the_smaller_of_the_own_limit_and_the_warming_up_holds(
    channel: Channel, own: int | None, days: int | None, limit: int | None
) -> None:
    since = None if days is None else TODAY - timedelta(days=days)
    assert day_limit(channel, own=own, warms_up_since=since, today=TODAY) == limit


def test_the_next_day_has_the_same_hour_where_clocks_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    planned = NOW.replace(month=10, day=24, hour=8)  # 10 h there, the day before
    assert next_day(planned, planned, zone).isoformat() == "2026-10-25T10:00:00+01:00"
    # Planned days ago: the day after now.
    assert next_day(planned - 5 * DAY, planned, zone).date() == date(2026, 10, 25)


@pytest.mark.django_db
def test_what_is_over_the_limit_waits_for_tomorrow(box: Box, workspace: Workspace) -> None:
    channel_on(smtp_to(box, workspace), daily_limit=3)
    messages = [due(one, NOW) for one in people(workspace, 5)]

    assert send_all(NOW).called == 3
    assert used_today(workspace, NOW)["email"] == 3

    for message in messages:
        message.refresh_from_db()
    assert [one.status for one in messages] == ["sent"] * 3 + ["scheduled"] * 2
    assert {(one.send_at, one.refusal_reason) for one in messages[3:]} == {
        (NOW + DAY, "The channel sent as many as it may today.")
    }
    assert send_all(NOW + DAY - timedelta(minutes=1)).called == 0
    assert send_all(NOW + DAY).called == 2
    assert len(letters(box)) == 5


@pytest.mark.django_db
def test_what_is_on_its_way_counts_and_what_nobody_decides_on_only_that_day(
    box: Box, workspace: Workspace
) -> None:
    channel_on(smtp_to(box, workspace), daily_limit=2)
    first, second, third = people(workspace, 3)
    due(first, NOW, status="sending", lease_until=NOW + DAY, call_sent_at=NOW)
    due(second, NOW, status="sending", is_unsure=True, call_sent_at=NOW - 2 * DAY)
    message = due(third, NOW)
    fourth = due(first, NOW, key="more")

    send_all(NOW)

    message.refresh_from_db()
    fourth.refresh_from_db()
    assert sorted((message.status, fourth.status)) == ["scheduled", "sent"]


@pytest.mark.django_db
def test_a_campaign_that_ends_before_tomorrow_drops_it(box: Box, workspace: Workspace) -> None:
    channel_on(smtp_to(box, workspace), daily_limit=1)
    first, second = people(workspace, 2)
    due(first, NOW)
    message = due(second, NOW, expires_at=NOW + timedelta(hours=5))

    send_all(NOW)

    message.refresh_from_db()
    assert (message.status, message.proof["refused"]) == ("cancelled", "daily_limit_reached")


@pytest.mark.django_db
def test_answers_do_not_wait(box: Box, workspace: Workspace) -> None:
    channel_on(smtp_to(box, workspace), daily_limit=1)
    first, second = people(workspace, 2)
    due(first, NOW)
    second.points.update(last_inbound_at=NOW)
    message_of(second, is_reply=True)

    assert send_all(NOW).called == 2
    assert not OutreachMessage.objects.exclude(status="sent").exists()
