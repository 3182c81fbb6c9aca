"""The attribution page: readable, honest about disagreement, with few queries."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from attribution.models import AttributionModel, AttributionRun
from attribution.selectors import board
from attribution.services.attribution_runs import refresh_attribution, seed_models
from attribution.services.journeys import build_journeys
from benchmarks.every_page import MOST_QUERIES, asked_of
from tests.attribution.journey_steps import DAY, three_walks, walk
from tests.attribution.steps import click, convert
from tests.campaigns.factories import AdFactory
from workspaces.models import JobRun

PATH = "/dashboards/attribution/"


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


@pytest.fixture
def today():
    return timezone.now()


@pytest.fixture
def filled(workspace, today):
    three_walks(workspace, today)
    refresh_attribution(workspace=workspace, now=today, windows=(30,))
    return workspace


def test_nothing_at_all_says_what_to_do(workspace, viewer, client_as):
    page = client_as(viewer).get(PATH)

    assert page.status_code == 200
    assert "No touch of anybody is known yet." in page.text
    assert "Run the models now" not in page.text


def test_models_stand_side_by_side(filled, viewer, client_as):
    page = client_as(viewer).get(PATH)

    assert "Where the models stand" in page.text
    rows = {row.label: row for row in page.context["rows"]}
    assert set(rows) == {"Meta", "E-mail", "Google", "Direct"}
    assert dict(rows["Direct"].cells)["Last touch"] == 1
    assert dict(rows["Direct"].cells)["Last non-direct"] == 0
    assert "It closes journeys more often than it opens them." in rows["Direct"].words
    assert rows["E-mail"].words.startswith("0 by First touch")
    for column in page.context["board"].columns:
        assert sum(line.conversions for line in column.lines.values()) == pytest.approx(2, abs=1e-9)


def test_widest_disagreement_comes_first(filled, viewer, client_as):
    rows = client_as(viewer).get(PATH).context["rows"]

    assert [row.spread for row in rows] == sorted((row.spread for row in rows), reverse=True)


def test_a_stored_run_answers_with_intervals_and_few_queries(filled, viewer, client_as):
    client = client_as(viewer)
    client.get(PATH)
    with CaptureQueriesContext(
        connection,
    ) as few:
        page = client.get(PATH, {"model": "markov", "compare": "no"})
    for number in range(12):
        walk(filled, f"more{number}", f"channel{number} meta", timezone.now() - DAY)
    refresh_attribution(workspace=filled, now=timezone.now(), windows=(30,))
    with CaptureQueriesContext(connection) as many:
        client.get(PATH, {"model": "markov", "compare": "no"})

    assert page.context["board"].is_stored
    assert all(row.line.conversions_low is not None for row in page.context["rows"])
    assert len(many) == len(few) <= 24


def test_beside_a_period_that_was_not_run_it_asks_few_queries(filled, viewer, client_as):
    client = client_as(viewer)
    client.get(PATH)

    with CaptureQueriesContext(connection) as queries:
        page = client.get(PATH)

    assert page.context["board"].is_stored
    assert not page.context["before"].is_stored
    assert len(asked_of(queries)) <= MOST_QUERIES


def test_other_periods_are_counted_at_once(filled, viewer, client_as):
    asked = {"from": "2020-01-01", "to": "2020-01-31"}
    page = client_as(viewer).get(PATH, asked)
    assert "Nothing was converted in this period." in page.text

    day = (timezone.now() - 2 * DAY).date().isoformat()
    page = client_as(viewer).get(PATH, {"from": day, "to": day})
    assert not page.context["board"].is_stored
    assert len(page.context["rows"]) == 4


def test_too_much_to_count_at_once_is_refused_in_words(filled, viewer, client_as, monkeypatch):
    monkeypatch.setattr(board, "LIVE_JOURNEYS", 1)

    page = client_as(viewer).get(PATH, {"type": "purchase"})

    assert "too many journeys to count at once" in page.text


def test_nonsense_in_the_address_is_the_usual_page(filled, viewer, client_as):
    asked = {"days": "x", "from": "never", "model": "guess", "channel": "none", "campaign": "1",
             "type": "\x00"}  # fmt: skip
    page = client_as(viewer).get(PATH, asked)

    assert page.status_code == 200
    assert page.context["filters"].days == 30


def test_drill_from_channel_to_ad(workspace, viewer, today, client_as):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace, name="Spring video")
    click(workspace, today - 3 * DAY, ad=ad.external_id, email="a@b.example", now=today)
    convert(workspace, today - 2 * DAY, email="a@b.example", value="10", now=today)
    refresh_attribution(workspace=workspace, now=today, windows=(30,))
    client = client_as(viewer)

    campaigns = client.get(PATH, {"channel": "meta"})
    ads = client.get(PATH, {"channel": "meta", "campaign": str(ad.campaign.public_id)})

    assert [row.label for row in campaigns.context["rows"]] == [ad.campaign.name]
    assert [(row.label, row.note) for row in ads.context["rows"]] == [
        ("Spring video", ad.campaign.name)
    ]
    assert "All channels" in ads.text


def test_period_before_stands_beside(workspace, viewer, today, client_as):
    walk(workspace, "old", "meta", today - 35 * DAY)
    walk(workspace, "new", "meta", today - 5 * DAY)
    walk(workspace, "new2", "meta", today - 5 * DAY)
    refresh_attribution(workspace=workspace, now=today, windows=(30,))

    row = client_as(viewer).get(PATH).context["rows"][0]

    assert (row.line.conversions, row.previous, row.change) == (2, 1, 100)


def test_exports_hold_what_is_shown_and_the_filters(filled, viewer, client_as):
    client = client_as(viewer)

    text = client.get(f"{PATH}export.csv", {"model": "last", "days": "7"})
    rows = list(csv.reader(StringIO(text.text)))
    assert rows[1] == ["Conversions", "all types"]
    assert rows[2] == ["Model", "Last touch"]
    assert rows[3:6] == [["Compared with", "the period before"], ["Currency", "USD"], []]
    head = rows[6]
    assert head[:4] == ["Channel", "Part of", "First touch", "Last touch"]
    assert {row[0]: float(row[3]) for row in rows[7:]} == {
        "Meta": 0, "E-mail": 0, "Google": 1, "Direct": 1,
    }  # fmt: skip

    book = load_workbook(BytesIO(client.get(f"{PATH}export.xlsx", {"days": "7"}).content))
    assert book.active.max_row == len(rows)
    assert book.sheetnames == ["Attribution", "Top paths", "Touches", "Times"]
    assert client.get(f"{PATH}export.doc").status_code == 404


def test_run_now_queues_the_job(workspace, operator, client_as, django_capture_on_commit_callbacks):
    client = client_as(operator)
    form = {"workspace": str(workspace.public_id)}

    answer = client.post(f"{PATH}run/", form)

    assert answer.status_code == 302
    run = JobRun.objects.get()
    assert (run.name, run.trigger, run.started_by) == ("attribution-models", "page", operator)


def test_page_of_another_workspace_shows_nothing_of_us(filled, outsider, client_as):
    assert "Meta" not in client_as(outsider).get(PATH).context.get("rows", [])
    assert "No touch of anybody" in client_as(outsider).get(PATH).text


def test_models_that_are_switched_off_do_not_show(workspace, today, viewer, client_as):
    three_walks(workspace, today)
    seed_models(workspace=workspace)
    AttributionModel.objects.exclude(method__in=("linear", "last")).update(
        is_active=False, is_default=False
    )
    build_journeys(workspace=workspace, now=today)

    page = client_as(viewer).get(PATH)

    assert [c.model.method for c in page.context["board"].columns] == ["last", "linear"]
    assert not AttributionRun.objects.exists()
