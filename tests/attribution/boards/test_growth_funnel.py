"""The funnel dashboard: the same figures on the page, in JSON and in files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attribution.models import AppCohort
from attribution.selectors.growth.funnel import funnel_of
from tests.attribution.boards.steps import ad_day, ask, campaign_of, rows_of
from tests.attribution.installs.app_steps import install
from tests.campaigns.factories import AdAccountFactory

pytestmark = pytest.mark.django_db
OLD, YESTERDAY = date(2026, 11, 10), date(2026, 11, 20)


@pytest.fixture
def app(workspace):
    """Meta: 50 old installs of 10,000 impressions, 20 young ones; TikTok: few."""
    account = AdAccountFactory(workspace=workspace)
    meta, tiktok = campaign_of(account), campaign_of(account, "tiktok")
    ad_day(meta, OLD, installs=50, clicks=200, retained_day_1=20, retained_day_7=10)
    ad_day(meta, YESTERDAY, installs=20, clicks=80)
    ad_day(tiktok, OLD, installs=10, clicks=20, retained_day_1=1, retained_day_7=0)
    ad_day(meta, date(2026, 10, 10), installs=40, clicks=100)
    for channel, users, payers in (("facebook", 60, 6), ("tiktok", 10, 1)):
        AppCohort.objects.create(workspace=workspace, installed_on=OLD, channel=channel,
                                 source="paid", users=users, payers=payers)  # fmt: skip
    AppCohort.objects.create(workspace=workspace, installed_on=OLD, channel="organic",
                             source="organic", users=500, payers=500)  # fmt: skip
    return meta


def test_each_rate_is_of_those_who_could_have(workspace, app):
    board = funnel_of(ask(workspace))

    total = board.figures.total
    assert (total.impressions, total.clicks, total.installs) == (30_000, 300, 80)
    assert total.install_rate == Decimal(80) / 30_000
    assert total.click_to_install == Decimal(80) / 300
    # The twenty of yesterday are too young to have come back.
    assert (total.d1, total.d7, total.d30) == (Decimal(21) / 60, Decimal(10) / 60, None)
    assert total.payer_rate == Decimal(7) / 70
    steps = {step.name: (step.reached, step.of) for step in board.steps}
    assert steps["Back on day 1"] == (21, 60)
    assert steps["Back on day 30"] == (0, 0)
    assert steps["Payers so far"] == (7, 70)


def test_filters(workspace, app):
    meta = funnel_of(ask(workspace, channel="meta")).figures.total
    assert (meta.installs, meta.payers, meta.users.users) == (70, 6, 60)
    install(workspace, "u1", OLD, source="paid", channel="facebook", campaign=app)
    one = funnel_of(ask(workspace, campaign=app.public_id)).figures.total
    assert (one.installs, one.users.users, one.payers) == (70, 1, 0)


def test_the_target_is_judged(workspace, app):
    def card():
        return {kpi.label: kpi for kpi in funnel_of(ask(workspace)).kpis}["Impression to install"]

    assert (card().text, card().target) == ("0.267 %", "Target above 0.3 %: missed")
    ad_day(app, date(2026, 11, 9), installs=40, impressions=10)
    assert card().is_missed is False


def test_page_json_and_file_say_the_same(workspace, app, viewer, client_as):
    house = client_as(viewer)
    with CaptureQueriesContext(connection) as queries:
        page = house.get(reverse("growth-funnel")).content.decode()
    assert len(queries) <= 12
    told = house.get("/api/funnel/summary").json()
    days = house.get("/api/funnel/trends").json()["days"]
    file = rows_of(house.get(reverse("dashboard-export", args=["funnel", "csv"])).content)

    for text, name, head, number in (
        ("30,000", "impressions", "Impressions", 30_000), ("80", "installs", "Installs", 80),
        ("35.0 %", "d1", "D1 (share)", 0.35),
        ("10.0 %", "payer_rate", "Install to payer so far (share)", 0.1),
    ):  # fmt: skip
        assert f'<p class="cs-kpi-value">{text}</p>' in page
        assert told["figures"][name] == float(file[head][0]) == number
    assert file["Payers so far"][2] == ""  # older cohorts had longer to pay
    assert told["before"]["installs"] == float(file["Installs"][1]) == 40
    assert [(step["name"], step["reached"]) for step in told["steps"]][-1] == ("Payers so far", 7)
    assert sum(row["installs"] for row in days) == 80
    assert days[-1]["d1"] is None


def test_an_empty_page_says_what_to_do(viewer, client_as):
    page = client_as(viewer).get(reverse("growth-funnel")).content.decode()

    assert "/campaigns/accounts/" in page


def test_another_workspace_sees_nothing_of_it(workspace, app, other_workspace):
    assert funnel_of(ask(other_workspace)).has_data is False
