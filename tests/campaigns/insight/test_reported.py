"""Figures that nothing reports stand neither on pages nor on paper; sheets and JSON keep them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from campaigns.selectors.insight import overview, paid_media
from campaigns.selectors.insight.files import CHARTS, chart_of, report_of
from campaigns.selectors.insight.overview import overview_of
from campaigns.selectors.insight.paid_media import board_of
from campaigns.selectors.insight.query import query_of
from tests.campaigns.factories import AdAccountFactory, CampaignFactory, DailyPerformanceFactory
from tests.chart_links import charts_in
from workspaces.models import BusinessMode
from workspaces.reports.shapes import Table

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
NEITHER = {"installs": 0, "revenue": Decimal(0), "pipeline_value": Decimal(0)}
OF_INSTALLS = {"Installs", "CPI"}
OF_REVENUE = {"Revenue", "ROAS", "ROI"}
OF_PIPELINE = {"Pipeline", "Pipeline ROAS"}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def leads(workspace):
    """A business whose ads bring leads and deals: nothing installed, no revenue."""
    workspace.mode = BusinessMode.PIPELINE
    workspace.save()
    campaign = CampaignFactory(account=AdAccountFactory(workspace=workspace), channel="linkedin")
    _day(campaign, date(2026, 11, 20), pipeline_value=Decimal(900))
    return campaign


@pytest.fixture
def app(workspace):
    """TikTok brings installs, which cost and return nothing yet."""
    campaign = CampaignFactory(account=AdAccountFactory(workspace=workspace), channel="tiktok")
    _day(campaign, date(2026, 11, 20), installs=5)
    return campaign


def _day(campaign, day: date, **fields):
    given = {**NEITHER, "conversions": Decimal(2), **fields}
    return DailyPerformanceFactory(ad__ad_set__campaign=campaign, day=day, **given)


def ask(workspace, **given):
    return query_of(workspace, {name: str(value) for name, value in given.items()}, NOW)


def labels_of(board) -> set[str]:
    return {kpi.label for kpi in board.kpis}


def test_leads_alone_make_no_installs_no_revenue_and_no_loss(workspace, leads):
    board, paid = overview_of(ask(workspace)), board_of(ask(workspace))

    assert [kpi.label for kpi in board.kpis] == [
        "Pipeline ROAS", "CVR", "Clicks", "CPA", "Top channel",
    ]  # fmt: skip
    assert [column.label for column in board.columns] == [
        "Spend", "Pipeline", "Pipeline ROAS", "Clicks", "CVR", "Conversions", "CPA", "Impressions",
    ]  # fmt: skip
    (_, cells, _), *_ = board.lines
    assert [name for name, _ in cells] == [column.label for column in board.columns]
    assert not labels_of(paid) & (OF_INSTALLS | OF_REVENUE)
    heads = [head.label for head in paid.table.heads]
    assert heads == [
        "Channel", "Spend", "Impressions", "Clicks", "Conversions", "CTR", "CVR", "CPM", "CPC",
        "CPA", "Pipeline ROAS",
    ]  # fmt: skip
    assert [name for name, _ in paid.table.lines[0][1]] == heads[1:]
    assert [chart.name for chart in paid.charts] == ["spend", "conversions", "cpa", "pipeline_roas"]


def test_an_app_without_revenue_keeps_what_it_has(workspace, app):
    board, paid = overview_of(ask(workspace)), board_of(ask(workspace))

    # Nothing tells a good channel, so none is the best, and lines show what a conversion costs.
    assert labels_of(board) == {"CVR", "Clicks", "CPA"}
    assert [chart.name for chart in board.charts] == ["cpa-tiktok"]
    assert labels_of(paid) >= OF_INSTALLS
    assert not labels_of(paid) & (OF_REVENUE | OF_PIPELINE)
    assert [chart.name for chart in paid.charts] == ["spend", "installs", "cpi"]


def test_with_leads_and_an_app_all_stand_until_one_channel_is_chosen(workspace, leads, app):
    assert labels_of(board_of(ask(workspace))) >= OF_INSTALLS | {"Pipeline ROAS"}
    one = board_of(ask(workspace, channel="linkedin"))
    assert not labels_of(one) & OF_INSTALLS
    other = board_of(ask(workspace, channel="tiktok"))
    assert labels_of(other) >= OF_INSTALLS
    assert not labels_of(other) & OF_PIPELINE


def test_a_zero_beside_something_is_told(workspace, leads):
    _day(leads, date(2026, 10, 10), installs=7, revenue=Decimal(80))

    board, paid = overview_of(ask(workspace)), board_of(ask(workspace))

    assert {"ROI": "−100.0 %"}.items() <= {kpi.label: kpi.text for kpi in board.kpis}.items()
    cards = {kpi.label: (kpi.text, kpi.change) for kpi in paid.kpis}
    assert cards["Installs"] == ("0", "−100 %")
    assert cards["ROAS"] == ("0.00×", "−100 %")
    # Without the period before, nothing is there to be beside.
    alone = board_of(ask(workspace, compare="no"))
    assert not labels_of(alone) & (OF_INSTALLS | OF_REVENUE)


def test_sheets_keep_their_columns_and_paper_does_not(workspace, leads, viewer, client_as):
    query = ask(workspace)
    for page, title in ((overview, "Overview"), (paid_media, "Paid media")):
        sheets = page.sheets_of(query)
        report = report_of(title, workspace, (), sheets, NOW)

        for sheet, printed in zip(sheets, report.tables, strict=True):
            assert {"ROAS", "Revenue (USD)"} <= set(sheet.head)
            assert not {head.split(" (")[0] for head in printed.head} & (OF_INSTALLS | OF_REVENUE)
            assert "mean ROI of campaigns (share)" not in printed.head
            assert {len(row) for row in printed.rows} == {len(printed.head)}
        panels = {panel.title for panel in chart_of(title, sheets).panels}
        assert "Spend (USD)" in panels
        assert not panels & {"Installs", "ROAS", "ROI (share)", "Revenue (USD)"}
    told = client_as(viewer).get("/api/analytics/summary").json()
    assert told["total_roi"] == -1.0
    assert {"roas", "roi", "cpi", "installs"} <= set(told["channels"][0])


@pytest.mark.parametrize("name", ["overview", "paid-media"])
def test_pages_show_the_charts_that_can_be_saved(name, workspace, leads, viewer, client_as):
    page = client_as(viewer).get(reverse(name)).content.decode()

    assert charts_in(page) == list(CHARTS[name](ask(workspace)))
    for word in ("Installs", "CPI", "ROI", "ROAS", "Revenue"):
        assert f">{word}<" not in page
        assert f'"{word}"' not in page


def test_a_table_is_printed_without_what_nothing_reports():
    table = Table(
        "Figures", ("Figure", "CPI", "Target"), (("Spend", 3, "below 4"), ("Installs", 0, "")),
        texts=frozenset({0, 2}), unreported=frozenset({1}), unreported_rows=frozenset({1}),
    )  # fmt: skip

    printed = table.printed

    assert (printed.head, printed.rows) == (("Figure", "Target"), (("Spend", "below 4"),))
    assert printed.texts == {0, 1}
