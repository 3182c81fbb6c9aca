"""The library's page, its files, and what stands beside a change."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook

from campaigns.models import AdChangeHistory, PendingAdChange
from mlops.models import Winner
from mlops.selectors.winner_board import Line
from tests.admin_rows import propose
from tests.mlops.winners.steps import COATS, SHOES, ad_saying, did_well, winner_with
from tests.mlops.winners.steps import directions as drawn
from workspaces.engine.embedding.hashed import HashedTfidf
from workspaces.models import ExecutionAttempt, JobRun
from workspaces.panels import asides_of

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
    assert "CTR above 3 % or a ROAS above 3×, from 1,000 impressions" in page
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


def test_change_shows_the_winners_its_ads_are_like(
    workspace, other_workspace, viewer, outsider, now, client_as, infer_worker
):
    text = f"{SHOES}\nformat: image"
    vector = HashedTfidf().embed([text])[0]
    past = ad_saying(workspace, SHOES)
    winner_with(workspace, vector, now, ad=past, text=text, embedder="hashed-tfidf-1")
    new = ad_saying(workspace, SHOES)
    ad_saying(workspace, COATS, new.ad_set)
    done = _change(new.ad_set, "new")
    before = _change(past.ad_set, "before")
    _carried_out(before, now)
    client, path = client_as(viewer), f"{PATH}like/{done.proposal.public_id}/"

    shown = client.get(path).text

    # The page of a change asks for it once it stands.
    assert [aside.url_name for aside in asides_of("ad_change")] == ["winners-like"]
    assert "Near duplicate (1.00)" in shown
    assert f"/campaigns/ad/{past.public_id}/" in shown
    assert f"/approvals/{before.proposal.public_id}/" in shown
    assert client.get(f"{PATH}like/{before.proposal.public_id}/").status_code == 200
    assert client_as(outsider).get(path).status_code == 404
    Winner.objects.all().delete()
    assert client.get(path).content == b""


def _change(ad_set, page):
    return PendingAdChange.objects.create(
        workspace=ad_set.workspace, proposal=propose(ad_set.workspace, page),
        account=ad_set.account, entity_type="adset", entity_id=ad_set.pk,
        entity_external_id=ad_set.external_id, entity_name=ad_set.name,
        campaign_id=ad_set.campaign_id, change_type="budget", currency="USD",
        current_value="100", requested_value="120", final_value="120",
    )  # fmt: skip


def _carried_out(change, now):
    plan = change.proposal.current_plan
    attempt = ExecutionAttempt.objects.create(plan=plan, number=1, worker="w", started_at=now)
    AdChangeHistory.objects.create(
        workspace=change.workspace, proposal=change.proposal, attempt=attempt,
        account=change.account, entity_type="adset", entity_id=change.entity_id,
        entity_external_id=change.entity_external_id, campaign_id=change.campaign_id,
        change_type="budget", currency="USD", old_value="100", new_value="120", proposer="s",
        triggered_by="model", reason="r", queued_at=now, started_at=now, completed_at=now,
        duration_ms=1, status="applied",
    )  # fmt: skip
