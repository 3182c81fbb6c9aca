"""Growth of a business without an app: conversions and deals instead of installs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from attribution.selectors.growth import executive, funnel
from attribution.selectors.growth.executive import executive_of
from attribution.selectors.growth.funnel import funnel_of
from campaigns.selectors.insight.files import report_of
from tests.attribution.boards.steps import NOW, ad_day, ask, campaign_of, organic_day, rows_of
from tests.campaigns.factories import AdAccountFactory
from tests.chart_links import charts_in

pytestmark = pytest.mark.django_db
YESTERDAY = date(2026, 11, 20)
NEITHER = {"installs": 0, "revenue": Decimal(0)}


@pytest.fixture
def leads(workspace):
    """Four weeks of leads: two conversions for 30 a day, deals worth 90."""
    campaign = campaign_of(AdAccountFactory(workspace=workspace), "linkedin")
    for n in range(28):
        ad_day(campaign, YESTERDAY - timedelta(days=n), pipeline_value=Decimal(90), **NEITHER)
    return campaign


def texts_of(board) -> dict[str, str]:
    return {kpi.label: kpi.text for kpi in board.kpis}


def test_leads_are_counted_by_conversions_and_deals(workspace, leads):
    board = executive_of(ask(workspace, days=7))

    assert texts_of(board) == {
        "Spend": "$210.00", "Conversions": "14", "CPA": "$15.00", "Pipeline": "$630.00",
        "Pipeline ROAS": "3.00×",
    }  # fmt: skip
    assert [chart.name for chart in board.charts] == [
        "spend", "conversions", "cpa", "pipeline_roas",
    ]  # fmt: skip
    assert [one.measure.name for one in board.outlooks] == ["conversions", "spend"]


def test_an_app_is_counted_by_installs(workspace):
    ad_day(campaign_of(AdAccountFactory(workspace=workspace)), YESTERDAY)

    told = texts_of(executive_of(ask(workspace, compare="no")))

    assert {
        "Installs": "10",
        "CPI": "$3.00",
        "ROAS": "2.00×",
        "LTV:CAC": "no model yet",
    }.items() <= (told.items())
    assert not {"Organic", "Conversions", "CPA", "Pipeline", "Pipeline ROAS"} & set(told)


def test_with_both_a_chosen_channel_is_told_by_what_it_has(workspace, leads):
    ad_day(campaign_of(leads.account, "tiktok"), YESTERDAY)
    organic_day(workspace, YESTERDAY, organic_installs=3)

    both = texts_of(executive_of(ask(workspace)))
    one = texts_of(executive_of(ask(workspace, channel="linkedin")))

    assert (both["Installs"], both["Organic"]) == ("13", "3")
    assert "Conversions" not in both
    assert "Conversions" in one
    assert not {"Installs", "By ads", "Organic", "CPI", "Blended CAC", "LTV:CAC"} & set(one)


def test_a_period_without_installs_after_one_with_some_tells_the_zero(workspace, leads):
    ad_day(leads, date(2026, 10, 10), installs=4)

    told = {kpi.label: (kpi.text, kpi.change) for kpi in executive_of(ask(workspace)).kpis}

    assert told["Installs"] == ("0", "−100 %")
    assert "Conversions" not in told


def test_paper_has_what_the_page_has_and_sheets_and_json_have_all(
    workspace, leads, viewer, client_as
):
    house = client_as(viewer)
    file = rows_of(house.get(reverse("dashboard-export", args=["executive", "csv"])).content)
    told = house.get("/api/executive/summary").json()["figures"]
    page = house.get(reverse("executive")).content.decode()
    sheets = executive.sheets_of(ask(workspace))
    printed = report_of("Executive", workspace, (), sheets, NOW).tables

    assert (file["Installs"][0], file["Conversions"][0], file["LTV:CAC"][0]) == (
        "0", "56.000000", "no model yet",
    )  # fmt: skip
    assert (told["installs"], told["conversions"], told["pipeline_roas"]) == (0, "56.00", 3.0)
    assert [row[0] for row in printed[0].rows] == [
        "Spend (USD)", "Conversions", "CPA (USD)", "Pipeline (USD)", "Pipeline ROAS",
    ]  # fmt: skip
    assert printed[1].head == ("Day", *(row[0] for row in printed[0].rows))
    assert charts_in(page) == list(executive.charts_of(ask(workspace)))
    for word in ("By ads", "Blended CAC", "CPI", "LTV:CAC", "D30"):
        assert word not in page


def test_the_funnel_of_leads_ends_at_a_conversion(workspace, leads, viewer, client_as):
    board = funnel_of(ask(workspace, days=7))
    page = client_as(viewer).get(reverse("growth-funnel")).content.decode()
    printed = [table.printed for table in funnel.sheets_of(ask(workspace, days=7))]

    assert set(texts_of(board)) == {"Impressions", "Clicks", "CTR", "Conversions", "CVR"}
    assert [(step.name, step.reached, step.of) for step in board.shown_steps] == [
        ("Impressions", 70_000, None), ("Clicks", 700, 70_000), ("Conversions", 14, 700),
    ]  # fmt: skip
    assert [row[0] for row in printed[1].rows] == ["Impressions", "Clicks", "Conversions"]
    assert "From impression to conversion" in page
    assert "Nothing is known of what became of installs" not in page


def test_the_funnel_of_an_app_without_users_ends_at_those_who_came_back(workspace):
    ad_day(campaign_of(AdAccountFactory(workspace=workspace)), YESTERDAY, retained_day_1=2)

    board = funnel_of(ask(workspace))

    assert [step.name for step in board.shown_steps][-1] == "Back on day 30"
    assert "Payers so far" not in texts_of(board)
    assert len(board.steps) == 7
