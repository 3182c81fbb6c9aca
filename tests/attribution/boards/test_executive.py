"""The executive dashboard: the same figures on the page, in JSON and in files."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attribution.models import AppDay
from attribution.selectors.growth import value
from attribution.selectors.growth.executive import executive_of
from campaigns.models import Signal
from tests.attribution.boards.steps import NOW, ad_day, ask, campaign_of, organic_day, rows_of
from tests.campaigns.factories import AdAccountFactory
from tests.workspaces.gate_steps import raw_proposal

pytestmark = pytest.mark.django_db
YESTERDAY = date(2026, 11, 20)


@pytest.fixture
def app(workspace):
    """40 installs by ads for 60, of which 30 old ones returned 120; 20 came by themselves."""
    account = AdAccountFactory(workspace=workspace)
    meta = campaign_of(account)
    old = {"revenue_day_7": Decimal(120), "retained_day_1": 5, "retained_day_7": 3}
    ad_day(meta, date(2026, 11, 10), installs=30, **old)
    ad_day(meta, YESTERDAY, installs=10)
    ad_day(meta, date(2026, 10, 5), spend=Decimal(15), installs=10)
    organic_day(workspace, YESTERDAY, organic_installs=12)
    # Counted by the app on a day that nobody reported; yesterday's report goes first.
    for day, installs in ((date(2026, 11, 10), 8), (YESTERDAY, 99)):
        AppDay.objects.create(
            workspace=workspace, day=day, channel="organic", source="organic", installs=installs
        )
    return meta


def test_installs_are_by_ads_and_organic_and_both_share_the_cost(workspace, app):
    total = executive_of(ask(workspace)).figures.total

    assert (total.paid_installs, total.organic_installs, total.installs) == (40, 20, 60)
    assert total.cac == 1
    assert total.cpi == Decimal("1.5")
    # Only the cohort of which seven days are known counts, with what it cost.
    assert total.roas_7 == 4
    assert total.roas_30 is None
    assert executive_of(ask(workspace)).figures.before.cac == Decimal("1.5")


def test_with_a_channel_organic_installs_are_left_out(workspace, app):
    total = executive_of(ask(workspace, channel="meta")).figures.total

    assert (total.installs, total.organic_installs) == (40, 0)
    assert executive_of(ask(workspace, channel="tiktok")).has_data is False


def test_targets_are_judged(workspace, app):
    cards = {kpi.label: kpi for kpi in executive_of(ask(workspace)).kpis}

    assert cards["Blended CAC"].target == "Target below 3.00: met"
    assert cards["ROAS 7 days"].target == "Target 3 to 5: met"
    assert cards["ROAS 30 days"].target == "Target 3 to 5"
    assert cards["LTV:CAC"].text == "no model yet"
    ad_day(app, date(2026, 11, 9), spend=Decimal(900), installs=0)
    assert executive_of(ask(workspace)).kpis[4].is_missed


def test_a_model_of_values_makes_the_ratio(workspace, app, monkeypatch):
    monkeypatch.setattr(value, "_models", [])
    value.register_value_model(lambda place, period: Decimal(6))

    board = executive_of(ask(workspace))

    assert board.value_to_cac == 6
    assert board.kpis[-1].text == "6"


def test_there_is_no_forecast_before_four_weeks_and_one_after(workspace, app):
    assert executive_of(ask(workspace)).outlooks[0].first_day == date(2026, 11, 21)
    dated = {"from": "2026-10-01", "to": "2026-11-01"}
    assert executive_of(ask(workspace, **dated)).outlooks == []


def test_page_json_and_file_say_the_same(workspace, app, viewer, client_as):
    raw_proposal(workspace, NOW, money_at_stake=Decimal(250))
    Signal.objects.create(
        workspace=workspace, type="viral_moment", severity="info", title="More people come",
        description="Since.", began_on=YESTERDAY, detected_on=YESTERDAY, seen_on=YESTERDAY,
        metrics={}, confidence=0.9,
    )  # fmt: skip
    house = client_as(viewer)
    house.get(reverse("executive"))  # what is told as of the last minute is kept
    with CaptureQueriesContext(connection) as queries:
        page = house.get(reverse("executive")).content.decode()
    assert len(queries) <= 12
    told = house.get("/api/executive/summary").json()
    days = house.get("/api/executive/trends").json()
    file = rows_of(house.get(reverse("dashboard-export", args=["executive", "csv"])).content)

    figures = told["figures"]
    for text, name, head, number in (
        ("$60.00", "spend", "Spend (USD)", 60), ("$1.00", "cac", "Blended CAC (USD)", 1),
        ("60", "installs", "Installs", 60), ("4.00×", "roas_7", "ROAS 7 days", 4),
        ("$120.00", "revenue", "Revenue (USD)", 120),
    ):  # fmt: skip
        assert f'<p class="cs-kpi-value">{text}</p>' in page
        assert float(figures[name]) == float(file[head][0]) == number
    assert Decimal(told["before"]["cac"]) == Decimal(file["Blended CAC (USD)"][1]) == Decimal("1.5")
    assert told["ltv_to_cac"] is None
    assert file["LTV:CAC"][0] == "no model yet"
    assert told["pending_approvals"] == {"count": 1, "money": "250.00"}
    assert "$250.00" in page
    assert [row["title"] for row in told["signals"]] == ["More people come"]
    assert "More people come" in page
    assert [row["date"] for row in days["days"]][-1] == told["known_until"] == "2026-11-20"
    assert sum(row["installs"] for row in days["days"]) == 60
    assert {one["figure"] for one in days["forecasts"]} == {"installs", "spend"}
    coming = days["forecasts"][0]["days"]
    assert (coming[0]["date"], len(coming)) == ("2026-11-21", 14)
    assert "cs-chart-band" in page


def test_an_empty_page_says_what_to_do(viewer, client_as):
    page = client_as(viewer).get(reverse("executive")).content.decode()

    assert "cs-empty" in page
    assert "/campaigns/accounts/" in page


def test_another_workspace_sees_nothing_of_it(workspace, app, other_workspace):
    assert executive_of(ask(other_workspace)).figures.total.installs == 0


def test_every_day_of_the_period_is_there(workspace, app):
    days = list(executive_of(ask(workspace, days=7)).figures.days)
    assert days == [YESTERDAY - timedelta(days=n) for n in range(6, -1, -1)]
