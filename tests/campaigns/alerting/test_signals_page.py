"""The page of signals: read, put aside, take back, act."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from tests.campaigns.alerting.steps import campaign_of
from tests.campaigns.signal_rows import signal_of
from workspaces.models import Proposal

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
FRAGMENT = {"HX-Request": "true"}
IMPACT = {"amount": "310.50", "low": "200.00", "high": "420.00", "interval_pct": 80,
          "currency": "USD", "horizon_days": 7, "basis": "as on its newest days"}  # fmt: skip


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def page_of(client, **query) -> str:
    return client.get(reverse("signals"), query).content.decode()


def test_page_json_and_file_say_the_same(workspace, viewer, client_as):
    signal_of(workspace, priority=20, type="budget_overrun", title="Spending runs ahead")
    signal_of(workspace, priority=80, predicted_impact=IMPACT)
    house = client_as(viewer)

    told = house.get(reverse("api-signals")).json()["results"]
    page = page_of(house)
    file = house.get(reverse("dashboard-export", args=["signals", "csv"])).content
    lines = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
    head = next(line for line in lines if line[:1] == ["Priority"])
    rows = [dict(zip(head, line, strict=True)) for line in lines[lines.index(head) + 1 :]]

    titles = ["Meta: creatives wear out", "Spending runs ahead"]
    assert [row["title"] for row in told] == [row["Title"] for row in rows] == titles
    assert page.index(titles[0]) < page.index(titles[1])
    assert float(rows[0]["Money of a week (USD)"]) == 310.5
    assert "80 %: +$200.00 to +$420.00" in page
    assert ("Propose it" in page, "Put aside" in page.split("<table")[1]) == (False, False)


def test_putting_aside_and_taking_it_back(workspace, operator, client_as):
    row = signal_of(workspace)
    house, form = client_as(operator), {"workspace": str(workspace.public_id)}

    answer = house.post(reverse("signal-dismiss", args=[row.public_id]), form, headers=FRAGMENT)
    row.refresh_from_db()
    assert (row.dismissed_by, "Undo" in answer.content.decode()) == (operator, True)
    assert row.title not in page_of(house)
    assert row.title in page_of(house, state="dismissed")

    answer = house.post(reverse("signal-restore", args=[row.public_id]), form)
    row.refresh_from_db()
    assert (row.dismissed_by, answer.url) == (None, reverse("signals"))
    assert row.title in page_of(house)


def test_one_click_proposes_and_leads_to_the_approval(workspace, operator, client_as):
    campaign = campaign_of(workspace, daily_budget=Decimal(150))
    facts = {"entity_type": "campaign", "entity_id": campaign.pk, "change_type": "budget",
             "signed": "140"}  # fmt: skip
    row = signal_of(workspace, type="platform_drift", campaign=campaign, metrics=facts)
    house, form = client_as(operator), {"workspace": str(workspace.public_id)}
    assert "Propose it" in page_of(house)

    answer = house.post(reverse("signal-propose", args=[row.public_id]), form)

    made = Proposal.objects.get(workspace=workspace)
    place = reverse("approvals-proposal", args=[made.public_id])
    assert (answer.url, made.request["value"]) == (place, "140")
    page = page_of(house)
    assert "Propose it" not in page
    assert place in page


def test_what_cannot_be_proposed_says_why(workspace, operator, client_as):
    row = signal_of(workspace, type="viral_moment", recommended_action="Retarget those who came.")
    house, form = client_as(operator), {"workspace": str(workspace.public_id)}
    assert "Propose it" not in page_of(house)
    answer = house.post(reverse("signal-propose", args=[row.public_id]), form, follow=True)
    assert "Retarget those who came." in answer.content.decode()
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    ("query", "found"),
    [({}, True), ({"severity": "critical"}, False), ({"type": "creative_fatigue"}, True),
     ({"channel": "tiktok"}, False), ({"state": "resolved"}, False), ({"days": "x"}, True)],
)  # fmt: skip
def test_filters(workspace, viewer, client_as, query, found):
    row = signal_of(workspace)
    assert (row.title in page_of(client_as(viewer), **query)) is found
