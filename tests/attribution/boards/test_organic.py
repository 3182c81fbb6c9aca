"""The organic dashboard: the same figures on the page, in JSON and in files."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attribution.models import AppCohort, AppDay
from attribution.selectors.growth.organic import organic_of
from campaigns.selectors.insight.files import CHARTS
from tests.attribution.boards.steps import ad_day, ask, campaign_of, organic_day, rows_of
from tests.campaigns.factories import AdAccountFactory
from tests.chart_links import charts_in

pytestmark = pytest.mark.django_db
YESTERDAY = date(2026, 11, 20)
ORGANIC = {"channel": "organic", "source": "organic"}


@pytest.fixture
def app(workspace):
    """Two reported days, users of two days, a cohort that is old and one that is young."""
    organic_day(workspace, date(2026, 11, 19), organic_installs=10, store_rank=9,
                social_mentions=100, sentiment=0.5, rating=4.5)  # fmt: skip
    organic_day(workspace, YESTERDAY, organic_installs=14, store_rank=7, social_mentions=300,
                sentiment=0.1)  # fmt: skip
    for day, active, month in ((date(2026, 11, 19), 20, 100), (YESTERDAY, 30, 150)):
        AppDay.objects.create(workspace=workspace, day=day, **ORGANIC, installs=1, active=active,
                              active_30=month, sessions=50)  # fmt: skip
    AppDay.objects.create(workspace=workspace, day=YESTERDAY, channel="meta", source="paid",
                          active=7, active_30=7, sessions=7)  # fmt: skip
    AppCohort.objects.create(workspace=workspace, installed_on=date(2026, 10, 30), **ORGANIC,
                             users=10, retained_1=5, retained_7=4)  # fmt: skip
    AppCohort.objects.create(workspace=workspace, installed_on=YESTERDAY, **ORGANIC, users=90)


def linked_days(workspace, elasticity: float):
    """Ninety days on which organic installs follow those by ads by a power."""
    rng = np.random.default_rng(6)
    campaign = campaign_of(AdAccountFactory(workspace=workspace))
    for number in range(90):
        day = YESTERDAY - timedelta(days=number)
        paid = int(rng.integers(50, 400))
        ad_day(campaign, day, installs=paid)
        organic = 80 * (paid / 200) ** elasticity * rng.lognormal(0, 0.05)
        organic_day(workspace, day, organic_installs=round(organic))


def test_what_cannot_be_added_up_is_a_mean_or_the_newest(workspace, app):
    total = organic_of(ask(workspace)).figures.total

    assert (total.installs, total.store_rank, total.mentions) == (24, 7, 400)
    assert total.rating == 4.5
    assert total.sentiment == pytest.approx((100 * 0.5 + 300 * 0.1) / 400)
    assert (total.dau, total.mau) == (25, 150)
    assert total.stickiness == Decimal(50) / 250
    # The young cohort is neither back nor lost.
    assert (total.d1, total.d7, total.d30) == (Decimal("0.5"), Decimal("0.4"), None)


def test_a_link_is_told_with_its_interval(workspace):
    linked_days(workspace, 0.5)

    board = organic_of(ask(workspace))

    fit, uplift = board.halo.fit, board.uplift
    assert fit.low < 0.5 < fit.high
    assert uplift.installs == pytest.approx(board.paid_installs * fit.per_unit)
    assert uplift.low < uplift.installs < uplift.high
    cards = {kpi.label: kpi for kpi in board.kpis}
    assert cards["Halo of ads"].text == f"{fit.per_unit:.2f}"


def test_no_link_is_found_where_there_is_none(workspace, viewer, client_as):
    linked_days(workspace, 0)

    board = organic_of(ask(workspace))
    told = client_as(viewer).get("/api/organic/halo-effect").json()

    assert {kpi.label: kpi.text for kpi in board.kpis}["Halo of ads"] == "no link found"
    assert board.uplift is None
    assert (told["is_certain"], told["uplift"], told["days"]) == (False, None, 90)
    assert told["low"] < 0 < told["high"]


def test_page_json_and_file_say_the_same(workspace, app, viewer, client_as):
    house = client_as(viewer)
    with CaptureQueriesContext(connection) as queries:
        page = house.get(reverse("organic")).content.decode()
    assert len(queries) <= 12
    told = house.get("/api/organic/summary").json()
    days = house.get("/api/organic/trends").json()["days"]
    file = rows_of(house.get(reverse("dashboard-export", args=["organic", "csv"])).content)

    for text, name, head, number in (
        ("24", "installs", "Organic installs", 24), ("25", "dau", "DAU", 25),
        ("150", "mau", "MAU", 150), ("20.0 %", "stickiness", "DAU / MAU (share)", 0.2),
        ("50.0 %", "d1", "D1 (share)", 0.5),
    ):  # fmt: skip
        assert f'<p class="cs-kpi-value">{text}</p>' in page
        assert told["figures"][name] == float(file[head][0]) == number
    assert file["D30 (share)"][0] == ""
    assert told["figures"]["d30"] is None
    assert [(row["date"], row["dau"]) for row in days[-2:]] == [
        ("2026-11-19", 20.0), ("2026-11-20", 30.0),
    ]  # fmt: skip
    assert told["halo"]["reason"] in page


@pytest.mark.parametrize(
    ("page", "name", "charts"),
    [
        ("executive", "executive", {"spend", "installs-forecast", "spend-forecast"}),
        ("organic", "organic", {"installs", "halo"}),
        ("growth-funnel", "funnel", {"impressions", "installs"}),
    ],
)
def test_every_chart_of_a_page_is_a_file(page, name, charts, workspace, viewer, client_as):
    linked_days(workspace, 0.5)

    offered = charts_in(client_as(viewer).get(reverse(page)).content.decode())

    assert sorted(CHARTS[name](ask(workspace))) == sorted(offered)
    assert charts <= set(offered)


def test_the_channel_of_an_address_changes_nothing(workspace, app):
    assert organic_of(ask(workspace, channel="meta")).figures.total.installs == 24


def test_an_empty_page_says_what_to_do(viewer, client_as):
    page = client_as(viewer).get(reverse("organic")).content.decode()

    assert "import_installs" in page


def test_another_workspace_sees_nothing_of_it(workspace, app, other_workspace):
    assert organic_of(ask(other_workspace)).has_data is False
