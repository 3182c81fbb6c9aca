"""The attribution page as files: the figures of the page, for the workspace alone."""

from __future__ import annotations

import csv
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.cache import cache
from django.utils import timezone

from attribution.models import Channel, ChannelPerformance
from attribution.selectors import board
from attribution.selectors.board_files import charts_of, report_of, sheets_of
from attribution.selectors.board_filters import filters_of
from attribution.selectors.board_page import page_of
from attribution.services.attribution_runs import refresh_attribution
from tests.attribution.journey_steps import DAY, three_walks, walk

PATH = "/dashboards/attribution/"
PNG, PDF = b"\x89PNG\r\n\x1a\n", b"%PDF-"


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


@pytest.fixture
def filled(workspace):
    three_walks(workspace, timezone.now())
    refresh_attribution(workspace=workspace, now=timezone.now(), windows=(30,))
    return workspace


@pytest.fixture
def ask(filled):
    """The page of some filters, with them."""

    def find(**given):
        filters = filters_of(filled, given, timezone.now())
        return page_of(filled, filters), filters

    return find


def test_every_chart_that_is_shown_can_be_saved(filled, viewer, client_as):
    client = client_as(viewer)
    text = client.get(PATH, {"days": "7"}).text

    for name, label in {
        "models": "Conversions by model",
        "touches": "Touches before a conversion",
        "times": "Time from the first touch",
    }.items():
        assert f'href="{PATH}{name}.png?days=7"' in text
        assert f'aria-label="Save as PNG: {label}"' in text
        answer = client.get(f"{PATH}{name}.png", {"days": "7"})
        assert answer.content.startswith(PNG)
        assert answer["Content-Type"] == "image/png"
        assert answer["Content-Disposition"].startswith(f'attachment; filename="attribution-{name}')
    assert "countries.png" not in text
    assert "halo.png" not in text


def test_chart_without_figures_says_so_and_a_made_up_one_is_none(filled, viewer, client_as):
    client = client_as(viewer)

    answer = client.get(f"{PATH}halo.png", follow=True)

    assert answer.redirect_chain == [(PATH, 302)]
    assert "This chart has nothing to show in this period." in answer.text
    assert client.get(f"{PATH}pie.png").status_code == 404


def test_report_is_a_pdf_behind_a_button(filled, viewer, client_as):
    client = client_as(viewer)

    answer = client.get(f"{PATH}export.pdf", {"model": "last"})

    assert f'href="{PATH}export.pdf?model=last">PDF report</a>' in " ".join(
        client.get(PATH, {"model": "last"}).text.split()
    )
    assert answer.content.startswith(PDF)
    assert answer["Content-Type"] == "application/pdf"
    assert ".pdf" in answer["Content-Disposition"]


def test_report_says_what_the_page_says(filled, ask):
    page, filters = ask(model="last", days="30")
    now = timezone.now()

    report = report_of(page, filters, filled, now)

    assert dict(report.filters)["Model"] == "Last touch"
    figures = dict(report.figures)
    assert (figures["Conversions"], figures["Revenue"]) == ("2", "$100.01")
    channels, paths = report.tables
    shown = {row[0]: row for row in channels.rows}
    assert [row[0] for row in channels.rows] == [row.label for row in page.rows]
    assert (shown["Google"][2], shown["Google"][4]) == ("1", "$90.00")
    assert shown["Direct"][1] == next(row.words for row in page.rows if row.label == "Direct")
    assert [row[0] for row in paths.rows] == [
        "Meta \u203a E-mail \u203a Google",
        "Google \u203a Direct",
    ]
    assert [chart.title for chart in report.charts] == [
        "Conversions by model", "Touches before a conversion", "Time from the first touch",
    ]  # fmt: skip
    assert report.made_at == now


def test_bars_of_the_chart_are_the_credits(ask):
    page, filters = ask(model="markov")

    chart = charts_of(page, filters)["models"]

    assert [panel.title for panel in chart.panels] == [row.label for row in page.rows]
    panel, row = chart.panels[0], page.rows[0]
    assert [(bar.label, bar.value) for bar in panel.bars] == row.cells
    focus = next(bar for bar in panel.bars if bar.is_focus)
    assert (focus.label, focus.low, focus.high) == (
        "Markov chain", row.line.conversions_low, row.line.conversions_high,
    )  # fmt: skip


def test_sheets_add_up_to_the_page(ask):
    page, filters = ask()

    credits, paths, touches, _times = sheets_of(page, filters, "USD")

    linear = credits.head.index("Linear")
    assert sum(row[linear] for row in credits.rows) == pytest.approx(2, abs=1e-9)
    assert sum(row[3] for row in paths.rows) == Decimal("100.01")
    assert [(row[0], row[1]) for row in touches.rows if row[1]] == [("2", 1), ("3", 1)]


def test_halo_is_drawn_where_it_can_be_told(filled, ask):
    meta = Channel.objects.get(workspace=filled, name="meta")
    ChannelPerformance.objects.filter(workspace=filled).delete()
    page, filters = ask(days="90")
    assert "halo" not in charts_of(page, filters)
    assert any(note.startswith("Halo: ") for note in report_of(
        page, filters, filled, timezone.now()).notes)  # fmt: skip

    days(filled, meta, filters.period.since)

    page, filters = ask(days="90")
    chart = charts_of(page, filters)["halo"]
    assert len(chart.dots) == 60
    assert chart.curve[0][0] == min(x for x, _ in chart.dots)


def days(workspace, channel, since):
    """Sixty days of paid and organic conversions that move together."""
    from tests.campaigns.factories import CampaignFactory

    campaign = CampaignFactory(account__workspace=workspace)
    for n in range(60):
        paid = 10 + (n * 7) % 13
        for count, of in ((paid, campaign), (2 * paid + n % 3, None)):
            ChannelPerformance.objects.create(
                workspace=workspace, day=since + timedelta(days=n), channel=channel, campaign=of,
                conversions=count,
            )  # fmt: skip


def test_names_that_look_like_formulas_leave_as_text(filled, viewer, client_as):
    walk(filled, "eve", "=HYPERLINK(1)", timezone.now() - 2 * DAY)
    refresh_attribution(workspace=filled, now=timezone.now(), windows=(30,))

    rows = list(csv.reader(StringIO(client_as(viewer).get(f"{PATH}export.csv").text)))

    names = [row[0] for row in rows if row]
    assert "'=hyperlink(1)" in [name.lower() for name in names]
    assert not [name for name in names if name.startswith("=")]


def test_nothing_converted_has_no_report(filled, viewer, client_as):
    asked = {"from": "2020-01-01", "to": "2020-01-31"}

    answer = client_as(viewer).get(f"{PATH}export.pdf", asked, follow=True)

    assert "Nothing was converted in this period" in answer.text


@pytest.mark.parametrize("name", ["export.csv", "export.xlsx", "export.pdf", "models.png"])
def test_too_much_to_count_is_refused_in_words(filled, viewer, client_as, monkeypatch, name):
    monkeypatch.setattr(board, "LIVE_JOURNEYS", 1)

    answer = client_as(viewer).get(f"{PATH}{name}", {"type": "purchase"}, follow=True)

    assert "too many journeys to count at once" in answer.text


def test_files_hold_nothing_of_another_workspace(filled, outsider, client_as):
    client = client_as(outsider)

    sheet = client.get(f"{PATH}export.csv").text
    assert "Meta" not in sheet
    for name in ("export.pdf", "models.png"):
        assert client.get(f"{PATH}{name}").status_code == 302
