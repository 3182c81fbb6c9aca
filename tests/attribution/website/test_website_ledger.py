"""Asking of a website's figures what changed them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from attribution.models import WebDay
from tests.attribution.website.web_steps import shop
from workspaces.ledger import is_metric
from workspaces.selectors_explain import explain

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
FELL = date(2026, 11, 14)


@pytest.mark.django_db
def test_a_fall_of_visits_is_found(workspace, other_workspace):
    for owner, before in ((workspace, 100), (other_workspace, 9_000)):
        site = shop(owner)
        for number in range(40):
            day = FELL + timedelta(days=7 - number)
            sessions = before if day < FELL else before // 2
            WebDay.objects.create(
                workspace=owner, site=site, day=day, dimension="total", sessions=sessions
            )

    found = explain(workspace=workspace, name="sessions", day=FELL, scoped={}, now=NOW)

    assert is_metric("sessions")
    assert found is not None
    assert (found.changed_on, found.metric.title) == (FELL, "Sessions (websites)")
    assert found.said == "Sessions (websites) fell from 100 to 50 a day on 14 Nov 2026."
