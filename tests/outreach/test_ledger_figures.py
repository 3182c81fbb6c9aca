"""Asking of what is sent what changed it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from outreach.models import MessageDay
from workspaces.ledger import is_metric, metric_of
from workspaces.selectors_explain import explain

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
FELL = date(2026, 11, 14)


@pytest.fixture
def sent(workspace, other_workspace):
    for owner, mails in ((workspace, 100), (other_workspace, 9_000)):
        for number in range(40):
            day = FELL + timedelta(days=7 - number)
            count = mails if day < FELL else mails // 2
            for channel, sent in (("email", count), ("sms", 7)):
                MessageDay.objects.create(workspace=owner, day=day, channel=channel, sent=sent)


@pytest.mark.django_db
def test_a_fall_of_mails_is_found(sent, workspace):
    found = explain(workspace=workspace, name="mails_sent", day=FELL, scoped={}, now=NOW)

    assert is_metric("mails_sent")
    assert found is not None
    assert found.said == "Mails sent fell from 100 to 50 a day on 14 Nov 2026."


@pytest.mark.django_db
def test_all_channels_count_and_days_without_any_are_none(sent, workspace):
    days = (FELL - timedelta(days=34), FELL - timedelta(days=31))

    found = metric_of(workspace, "messages_sent", {}, days)

    assert found is not None
    assert (len(found.days), found.values) == (4, [0.0, 0.0, 107.0, 107.0])
