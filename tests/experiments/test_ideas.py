"""Drafts made of recommendations: by whom, with what in them, and the way back."""

from __future__ import annotations

import pytest
from django.urls import reverse

from attribution.services.website.sites import create_site
from experiments.models import ABTest
from experiments.services.drafting import archive_test
from tests.attribution.funnels.advice_steps import advice_on, funnel_of
from tests.campaigns.advice.steps import recommendation_of
from tests.experiments.steps import NOW
from workspaces import ideas
from workspaces.gate import Proposer

pytestmark = pytest.mark.django_db
PATH = "/experiments/take-up/"


@pytest.fixture
def advice(workspace):
    """What a funnel recommends."""
    site = create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])
    return advice_on(funnel_of(site))


def _ask(client, workspace, idea: str):
    return client.post(PATH, {"workspace": str(workspace.public_id), "idea": idea})


def test_a_recommendation_becomes_one_draft(client_as, operator, workspace, advice):
    name = f"funnel:{advice.public_id}"
    client = client_as(operator)

    first = _ask(client, workspace, name)
    again = _ask(client, workspace, name)

    test = ABTest.objects.get()
    assert first.url == again.url == reverse("experiment-edit", args=[test.public_id, "idea"])
    assert (test.origin, test.status, test.surface) == (name, "draft", "website")
    assert test.name == "Cart → Thanks: worst step"
    assert test.hypothesis == "Many leave. Much. Make it easier."
    assert test.website.site == advice.funnel.site
    assert test.variants.count() == 2
    advice.refresh_from_db()
    assert (advice.status, advice.test_key, advice.reviewed_by) == (
        "accepted", test.key, operator,
    )  # fmt: skip


def test_each_leads_to_the_other(client_as, operator, viewer, workspace, advice):
    page = reverse("recommendations")
    assert "Make a test of it" in client_as(operator).get(page).content.decode()
    assert "Make a test of it" not in client_as(viewer).get(page).content.decode()

    _ask(client_as(operator), workspace, f"funnel:{advice.public_id}")

    test = ABTest.objects.get()
    text = client_as(viewer).get(page, {"tab": "accepted"}).content.decode()
    assert f'href="{reverse("experiment", args=[test.public_id])}"' in text
    assert "Make a test of it" not in text
    review = reverse("experiment-edit", args=[test.public_id, "review"])
    text = client_as(viewer).get(review).content.decode()
    assert f'href="{page}?tab=accepted#advice-{advice.public_id}"' in text


def test_a_gap_is_tested_on_those_whom_it_is_about(client_as, operator, workspace, advice):
    advice.evidence = {"dimension": "device", "segment": "mobile"}
    advice.save()
    landing = advice_on(advice.funnel, "/offer")
    landing.kind, landing.evidence = "landing_bounce", {"path": "/offer"}
    landing.save()
    client = client_as(operator)

    for one in (advice, landing):
        _ask(client, workspace, f"funnel:{one.public_id}")

    gap, page = ABTest.objects.order_by("pk")
    assert (gap.targeting, gap.website.page_pattern) == ({"devices": ["mobile"]}, "*")
    assert (page.targeting, page.website.page_pattern) == ({}, "/offer")


def test_an_action_of_advertising_becomes_a_test_of_ads(client_as, operator, workspace):
    row = recommendation_of(workspace)
    told = row.recommendations["recommendations"]
    action = [*told["priority_actions"], *told["optimization"]][0]

    _ask(client_as(operator), workspace, f"advice:{row.public_id}:0")

    test = ABTest.objects.get()
    assert (test.name, test.surface) == (action[:120], "ad")
    assert test.hypothesis.startswith(f"{action} Recommended on 21 Nov 2026: ")
    found = ideas.ideas_of(workspace, [f"advice:{row.public_id}:{place}" for place in (0, 1)])
    assert [one.made and one.made.name for one in found.values()] == [test.name, None]


@pytest.mark.parametrize("rest", ["", "x", "funnel:", "funnel:1", "advice:1:0", "moon:1"])
def test_what_is_no_recommendation_is_not_found(client_as, operator, workspace, rest):
    assert _ask(client_as(operator), workspace, rest).status_code == 404


def test_an_action_beyond_the_last_is_not_found(client_as, operator, workspace):
    row = recommendation_of(workspace)

    assert _ask(client_as(operator), workspace, f"advice:{row.public_id}:99").status_code == 404
    assert _ask(client_as(operator), workspace, f"advice:{row.public_id}:²").status_code == 404


def test_another_workspaces_recommendation_is_not_found(
    client_as, operator, workspace, other_workspace
):
    site = create_site(workspace=other_workspace, name="Rival", origins=["https://r.example"])
    theirs = advice_on(funnel_of(site))

    answer = _ask(client_as(operator), workspace, f"funnel:{theirs.public_id}")

    assert answer.status_code == 404
    assert not ABTest.objects.exists()
    theirs.refresh_from_db()
    assert theirs.status == "pending"


def test_viewers_make_none(client_as, viewer, workspace, advice):
    answer = _ask(client_as(viewer), workspace, f"funnel:{advice.public_id}")

    assert answer.status_code == 403
    assert not ABTest.objects.exists()
    advice.refresh_from_db()
    assert advice.status == "pending"


def test_what_was_done_is_not_tested_any_more(client_as, operator, workspace, advice):
    advice.status, advice.reviewed_by = "implemented", operator
    advice.reviewed_at = advice.implemented_at = NOW
    advice.save()

    answer = _ask(client_as(operator), workspace, f"funnel:{advice.public_id}")

    assert answer.url.startswith(reverse("recommendations"))
    assert not ABTest.objects.exists()


def test_an_archived_test_makes_room_for_another(client_as, operator, workspace, advice):
    client, name = client_as(operator), f"funnel:{advice.public_id}"
    _ask(client, workspace, name)
    archive_test(test=ABTest.objects.get(), by=Proposer.person(operator), now=NOW)

    _ask(client, workspace, name)

    assert ABTest.objects.filter(origin=name).count() == 2
    advice.refresh_from_db()
    assert advice.test_key == ABTest.objects.get(archived_at=None).key
