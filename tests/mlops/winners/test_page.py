"""The library's page, its files, and what stands beside a change."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook

from mlops.models import Winner
from mlops.selectors.winner_board import Line
from tests.mlops.winners.steps import COATS, SHOES, ad_saying, did_well, winner_with
from tests.mlops.winners.steps import directions as drawn
from workspaces.models import JobRun

PATH = "/models/winners/"


@pytest.fixture
def two(workspace, now):
    """Shoes with a ROAS of 4 and a CTR of 5 %, coats with 10 and 2 %."""
    rows = []
    for text, vector, figures in (
        (SHOES, drawn(1)[0], {}),
        (COATS, drawn(2)[1], {"clicks": 40, "revenue": Decimal(600)}),
    ):
        ad = ad_saying(workspace, text)
        did_well(ad, **figures)
        rows.append(winner_with(workspace, vector, now, ad=ad, text=f"{text}\nformat: image"))
    return rows


def test_page_without_winners_says_how_an_ad_becomes_one(workspace, viewer, client_as):
    page = client_as(viewer).get(PATH).text

    assert "No ad is a winner yet." in page
    assert "CTR above 3 % or a ROAS above 3, from 1,000 impressions" in page
    assert "Look for winners now" not in page


def test_page_lists_winners_in_order_and_narrows_them(
    two, viewer, client_as, django_assert_max_num_queries
):
    client = client_as(viewer)
    with django_assert_max_num_queries(14):
        page = client.get(PATH).text
    assert page.index(COATS) < page.index(SHOES)
    assert client.get(PATH, {"sort": "ctr"}).text.index(SHOES) < page.index(COATS) + len(page)

    for asked in ({"min_ctr": "4.5"}, {"channel": "meta", "min_ctr": "4.5", "sort": "odd"}):
        page = client.get(PATH, asked).text
        assert (SHOES in page, COATS in page) == (True, False)
    assert "No winner fits." in client.get(PATH, {"min_roas": "11"}).text
    assert COATS in client.get(PATH, {"min_roas": "many", "channel": "\x00"}).text


def test_files_hold_what_the_page_lists(two, viewer, client_as):
    client = client_as(viewer)

    sheet = load_workbook(BytesIO(client.get(f"{PATH}export.xlsx", {"min_ctr": "4.5"}).content))
    lines = [[cell for cell in line if cell is not None] for line in sheet.active.values]
    assert lines[0] == ["CTR from", "4.5 %"]
    assert lines[-1][1:4] == [two[0].ad.external_id, f"{SHOES} · format: image", "meta"]
    text = client.get(f"{PATH}export.csv").text.splitlines()
    assert (len(text), text[1].split(",")[0]) == (4, "Ad")
    assert client.get(f"{PATH}export.pdf").status_code == 404


def test_search_without_a_worker_lists_all_and_says_why(two, viewer, client_as, nobody_answers):
    answer = client_as(viewer).get(PATH, {"q": "shoes"})

    assert answer.status_code == 503
    assert "No model answered" in answer.text
    assert SHOES in answer.text


def test_operator_asks_for_a_round(workspace, operator, client_as):
    client = client_as(operator)
    assert "Look for winners now" in client.get(PATH).text

    client.post(f"{PATH}collect/", {"workspace": workspace.public_id})

    assert JobRun.objects.get().name == "winners"
    assert "Looking for winners…" in client.get(PATH).text


@pytest.mark.parametrize(
    ("similarity", "said"),
    [(None, ""), (0.6999, ""), (0.70, "Similar"), (0.9499, "Similar"), (0.95, "Near duplicate")],
)
def test_words_for_a_similarity(similarity, said):
    assert Line(Winner(text=SHOES), similarity).likeness == said
