"""Overview and paid media: the same figures on the page, in JSON and in files."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import DailyPerformance
from campaigns.selectors.insight.files import CHARTS, chart_of
from campaigns.selectors.insight.overview import overview_of
from campaigns.selectors.insight.paid_media import board_of
from campaigns.selectors.insight.query import query_of
from tests.campaigns.factories import AdAccountFactory, CampaignFactory, DailyPerformanceFactory
from tests.chart_links import charts_in
from tests.workspaces.factories import ExchangeRateFactory
from workspaces.models import BusinessMode
from workspaces.reports.shapes import Table

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def _day(campaign, day: int, *, month: int = 11, **fields):
    given = {"conversions": Decimal(2), "revenue": Decimal(150), **fields}
    return DailyPerformanceFactory(
        ad__ad_set__campaign=campaign, day=date(2026, month, day), **given
    )


@pytest.fixture
def shop(workspace):
    """Two channels, three campaigns: Meta earns three for one, TikTok loses half."""
    account = AdAccountFactory(workspace=workspace)
    first = CampaignFactory(account=account, channel="facebook", name="Spring")
    second = CampaignFactory(account=account, channel="instagram", name="Summer")
    third = CampaignFactory(account=account, channel="tiktok", name="Autumn")
    _day(first, 20, installs=5)
    _day(first, 19, revenue=Decimal(50))
    _day(second, 20, revenue=Decimal(250))
    _day(third, 20, spend=Decimal(40), revenue=Decimal(20), clicks=80)
    # The thirty days before.
    _day(first, 10, month=10, spend=Decimal(100), revenue=Decimal(200))
    return first


def ask(workspace, **given):
    return query_of(workspace, {name: str(value) for name, value in given.items()}, NOW)


def row_of(content: bytes, title: str, name: str) -> dict[str, str]:
    """One row of a file by its heads; above them stand the filters, of two cells each."""
    rows = [row for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) if len(row) > 2]
    head = next(row for row in rows if row[0] == title)
    return dict(zip(head, next(row for row in rows if row[0] == name), strict=True))


class TestOverview:
    def test_ratios_are_of_the_sums_and_the_mean_is_of_campaigns(self, workspace, shop):
        found = overview_of(ask(workspace))

        # Spend 190 (50 + 50 + 50 + 40), revenue 470.
        assert found.total.spend == 190
        assert found.total.roi == Decimal(470 - 190) / 190
        # Spring 200 / 100, Summer 250 / 50, Autumn 20 / 40.
        assert found.avg_roi == (Decimal(1) + Decimal(4) - Decimal("0.5")) / 3
        assert found.campaigns == 3
        assert found.before.roi == 1
        assert [line.channel for line in found.channels] == ["meta", "tiktok"]
        assert (found.top_channel.channel, found.worst_channel.channel) == ("meta", "tiktok")

    def test_page_json_and_file_say_the_same(self, workspace, shop, viewer, client_as):
        house = client_as(viewer)
        told = house.get("/api/analytics/summary").json()
        page = house.get(reverse("overview")).content.decode()
        file = house.get(reverse("dashboard-export", args=["overview", "csv"])).content

        assert told["total_roi"] == pytest.approx((470 - 190) / 190)
        assert told["avg_roi"] == pytest.approx(1.5)
        assert told["roi_change"] == pytest.approx(100 * ((470 - 190) / 190 - 1))
        assert told["clicks_change"] == pytest.approx(600.0)
        assert (told["top_performing_channel"], told["worst_performing_channel"]) == (
            "meta", "tiktok",
        )  # fmt: skip
        assert "147.4 %" in page
        meta = row_of(file, "Channel", "Meta")
        of_meta = told["channels"][0]
        assert Decimal(meta["Spend (USD)"]) == Decimal(of_meta["cost"]) == 150
        assert Decimal(meta["ROI (share)"]) == Decimal(str(of_meta["roi"])) == 2
        assert (of_meta["campaigns"], of_meta["avg_roi"]) == (2, 2.5)
        assert house.get("/api/analytics/channels").json() == told["channels"]

    def test_channels_of_a_business_with_leads_are_judged_by_their_pipeline(self, workspace, shop):
        workspace.mode = BusinessMode.PIPELINE
        DailyPerformance.objects.filter(campaign__channel="tiktok").update(pipeline_value=900)

        found = overview_of(ask(workspace))

        assert found.top_channel.channel == "tiktok"
        assert [kpi.label for kpi in found.kpis][:2] == ["Pipeline ROAS", "ROI"]
        assert [column.name for column in found.columns][:3] == [
            "spend", "pipeline_value", "pipeline_roas",
        ]  # fmt: skip

    def test_trend_has_every_day_of_every_channel(self, workspace, shop, viewer, client_as):
        rows = client_as(viewer).get("/api/analytics/roi-trend?days=2").json()

        assert [(row["date"], row["channel"], row["roi"]) for row in rows] == [
            ("2026-11-19", "meta", 0.0),
            ("2026-11-20", "meta", 3.0),
            ("2026-11-19", "tiktok", None),
            ("2026-11-20", "tiktok", -0.5),
        ]

    def test_untrusted_conversions_make_no_ratio(self, workspace, shop):
        test_values = AdAccountFactory(workspace=workspace, has_usable_conversions=False)
        campaign = CampaignFactory(account=test_values, channel="linkedin")
        _day(campaign, 20, spend=Decimal(1000), revenue=Decimal(99999))

        found = overview_of(ask(workspace))

        assert found.total.spend == 1190
        assert found.total.roi == Decimal(470 - 190) / 190
        linkedin = next(line for line in found.channels if line.channel == "linkedin")
        assert (linkedin.amounts.roi, linkedin.avg_roi) == (None, None)

    def test_foreign_money_is_converted_or_left_out_by_name(self, workspace, shop):
        for currency in ("EUR", "SEK"):
            account = AdAccountFactory(workspace=workspace, currency=currency)
            _day(CampaignFactory(account=account, channel="google_ads"), 20, spend=Decimal(10))
        ExchangeRateFactory(workspace=workspace, base="EUR", quote="USD", rate=Decimal("1.2"))

        found = overview_of(ask(workspace))

        google = next(line for line in found.channels if line.channel == "google_ads")
        assert google.amounts.spend == 12
        assert google.amounts.clicks == 40
        assert found.missing_rates == ("SEK",)

    def test_filters(self, workspace, shop):
        assert overview_of(ask(workspace, channel="tiktok")).total.spend == 40
        assert overview_of(ask(workspace, channel="facebook")).total.spend == 100
        assert overview_of(ask(workspace, campaign=shop.public_id)).total.spend == 100
        dated = ask(workspace, **{"from": "2026-11-19", "to": "2026-11-19"})
        assert overview_of(dated).total.spend == 50

    def test_another_workspace_sees_nothing_of_it(self, workspace, shop, other_workspace):
        assert overview_of(ask(other_workspace)).total.spend == 0
        assert overview_of(ask(other_workspace, campaign=shop.public_id)).campaigns == 0


class TestPaidMedia:
    def test_levels_sort_and_search(self, workspace, shop):
        campaigns = board_of(ask(workspace, tab="campaign", sort="roas-up")).table
        assert [row.label for row in campaigns.rows] == ["Autumn", "Spring", "Summer"]
        named = board_of(ask(workspace, tab="campaign", sort="key-up")).table
        assert [row.label for row in named.rows] == ["Autumn", "Spring", "Summer"]
        found = board_of(ask(workspace, tab="campaign", q="summ")).table
        assert [row.label for row in found.rows] == ["Summer"]
        for level, count in (("channel", 2), ("ad_set", 4), ("ad", 4), ("creative", 0)):
            table = board_of(ask(workspace, tab=level)).table
            assert (table.level.name, table.place.total) == (level, count)

    def test_a_page_after_the_last_is_the_last(self, workspace, shop):
        table = board_of(ask(workspace, tab="campaign", page=7)).table
        assert (table.place.number, table.place.total, len(table.rows)) == (1, 3, 3)
        nothing = board_of(ask(workspace, tab="campaign", page=7, q="winter")).table
        assert (nothing.place.number, nothing.place.total, nothing.rows) == (1, 0, [])

    def test_ratios_and_change_of_a_row(self, workspace, shop):
        rows = board_of(ask(workspace, tab="campaign")).table.rows
        spring = next(row for row in rows if row.label == "Spring")

        assert spring.amounts.cpi == 20
        assert spring.amounts.cpm == 50
        assert spring.change == "+0 %"
        assert spring.trend.last == "$50.00"

    def test_page_json_and_file_say_the_same(self, workspace, shop, viewer, client_as):
        house = client_as(viewer)
        told = house.get("/api/paid-media/campaigns").json()["results"]
        address = reverse("dashboard-export", args=["paid-media", "csv"])
        file = house.get(address, {"tab": "campaign"}).content
        page = house.get(reverse("paid-media"), {"tab": "campaign"}).content.decode()

        spring = next(row for row in told if row["name"] == "Spring")
        filed = row_of(file, "Campaign", "Spring")
        assert spring["cost"] == "100.00"
        assert Decimal(filed["Spend (USD)"]) == 100
        assert spring["roas"] == float(filed["ROAS"]) == 2.0
        assert spring["id"] == str(shop.public_id)
        assert "$100.00" in page
        assert house.get("/api/paid/campaigns").json()["results"] == told
        assert [row["channel"] for row in house.get("/api/paid-media/channels").json()["results"]
                ] == ["meta", "tiktok"]  # fmt: skip

    def test_only_who_may_propose_is_offered_it(self, workspace, shop, viewer, operator, client_as):
        address, asked = reverse("paid-media"), {"tab": "campaign"}
        assert "Propose a change" in client_as(operator).get(address, asked).content.decode()
        assert "Propose a change" not in client_as(viewer).get(address, asked).content.decode()


@pytest.mark.parametrize("name", ["overview", "paid-media"])
def test_few_queries_and_an_empty_page_says_what_to_do(name, workspace, shop, viewer, client_as):
    house = client_as(viewer)
    house.get(reverse(name))
    with CaptureQueriesContext(connection) as queries:
        assert house.get(reverse(name), {"tab": "campaign"}).status_code == 200
    assert len(queries) <= 12

    quiet = house.get(reverse(name), {"from": "2020-01-01", "to": "2020-01-02"}).content.decode()
    assert "period" in quiet
    assert "cs-empty" in quiet


@pytest.mark.parametrize("name", ["overview", "paid-media"])
def test_without_campaigns(name, viewer, client_as):
    page = client_as(viewer).get(reverse(name)).content.decode()
    assert "There are no campaigns yet." in page
    assert "/campaigns/accounts/" in page


@pytest.mark.parametrize(
    ("asked", "field"),
    [("days=0", "days"), ("days=x", "days"), ("from=2026-11-20&to=2026-11-01", "to"),
     ("campaign=nobody", "campaign"), ("from=yesterday", "from")],
)  # fmt: skip
def test_bad_questions_are_refused_by_field(asked, field, workspace, shop, viewer, client_as):
    answer = client_as(viewer).get(f"/api/analytics/summary?{asked}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("name", "kind", "signature"), [("overview", "pdf", b"%PDF"), ("funnel", "png", b"\x89PNG")]
)
def test_a_dashboard_on_paper_and_its_days_as_a_picture(
    name, kind, signature, workspace, shop, viewer, client_as
):
    asked = {"from": "2026-11-19", "to": "2026-11-20"}

    file = client_as(viewer).get(reverse("dashboard-export", args=[name, kind]), asked)

    assert file.content.startswith(signature)
    assert (
        file["Content-Disposition"] == f'attachment; filename="{name}-2026-11-19-2026-11-20.{kind}"'
    )


@pytest.mark.parametrize(
    ("name", "charts"),
    [
        ("overview", ["roi-meta", "roi-tiktok"]),
        ("paid-media", ["spend", "installs", "cpi", "roas"]),
    ],
)
def test_every_chart_of_a_page_is_a_file(name, charts, workspace, shop, viewer, client_as):
    asked = {"from": "2026-11-19", "to": "2026-11-20"}
    page = client_as(viewer).get(reverse(name), asked).content.decode()

    files = CHARTS[name](ask(workspace, **asked))

    assert list(files) == charts_in(page) == charts
    assert {file.days for file in files.values()} == {(date(2026, 11, 19), date(2026, 11, 20))}


def test_a_chart_is_saved_with_the_filters_of_its_page(workspace, shop, viewer, client_as):
    house, path = client_as(viewer), reverse("dashboard-export", args=["paid-media", "png"])
    asked = {"from": "2026-11-19", "to": "2026-11-20", "channel": "tiktok"}
    page = house.get(reverse("paid-media"), asked).content.decode()

    picture = house.get(path, {**asked, "chart": "spend"})

    link = f"{path}?chart=spend&amp;from=2026-11-19&amp;to=2026-11-20&amp;channel=tiktok"
    assert f'href="{link}"' in page
    assert 'aria-label="Save as PNG: Spend"' in page
    assert picture.content.startswith(b"\x89PNG")
    assert "paid-media-spend-2026-11-19-2026-11-20.png" in picture["Content-Disposition"]
    for wrong in (
        house.get(path, {**asked, "chart": "nothing"}),
        house.get(reverse("dashboard-export", args=["cohorts", "png"]), {"chart": "spend"}),
    ):
        assert wrong.status_code == 404


def test_a_list_has_no_picture(workspace, viewer, client_as):
    assert (
        client_as(viewer).get(reverse("dashboard-export", args=["signals", "png"])).status_code
        == 404
    )
    assert (
        client_as(viewer).get(reverse("dashboard-export", args=["signals", "pdf"])).status_code
        == 200
    )


def test_days_become_a_chart_without_the_columns_that_nobody_knows():
    days = Table(
        "Days", ("Day", "Spend", "CPI"), (("2026-11-19", Decimal(3), None), ("2026-11-20", 4, None))
    )

    chart = chart_of("Overview", [Table("Channels", ("Channel",), ()), days])

    assert chart.days == (date(2026, 11, 19), date(2026, 11, 20))
    assert [(panel.title, panel.values) for panel in chart.panels] == [("Spend", (3.0, 4.0))]
