"""The pages of practices, and the list over REST."""

from __future__ import annotations

import pytest
from django.urls import reverse

from experiments.models import ABTest, BestPractice
from experiments.services.practices.refreshing import refresh_practices
from tests.experiments.practices.steps import finished_of, practice_of
from tests.experiments.steps import NOW

pytestmark = pytest.mark.django_db
BETTER = {"Many ways": (10_000, 1_000), "7 ways": (10_000, 1_400)}


def test_empty_page_says_what_to_do(client_as, viewer):
    page = client_as(viewer).get(reverse("practices"))

    assert "No practices yet." in page.content.decode()
    assert "Look again now" not in page.content.decode()


def test_list_shows_what_works(client_as, viewer, workspace, django_assert_max_num_queries):
    finished_of(workspace, "one", BETTER)
    refresh_practices(workspace=workspace, now=NOW)
    client = client_as(viewer)
    client.get(reverse("practices"))

    with django_assert_max_num_queries(12):
        text = client.get(reverse("practices")).content.decode()

    assert "Name a number" in text
    assert "Keep the first message short" in text  # suggested for a test
    detail = client.get(
        reverse("practice", args=[BestPractice.objects.get(key="number").public_id])
    )
    assert "20,000" in detail.content.decode()


def test_a_draft_is_checked_while_it_is_written(client_as, viewer, workspace):
    finished_of(workspace, "one", BETTER)
    refresh_practices(workspace=workspace, now=NOW)

    text = (
        client_as(viewer)
        .get(reverse("practice-check"), {"headline": "Many ways"}, headers={"HX-Request": "true"})
        .content.decode()
    )

    assert "<html" not in text
    assert "Nothing says what to do next." in text
    assert "Put a figure into the headline. In your tests that made +" in text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "x"}, "title of 3 to 120"),
        ({"recommendation": ""}, "what to do"),
        ({"category": "magic"}, "what it is about"),
        ({"low": "a"}, "is no number"),
        ({"low": "", "high": ""}, "a low or a high end"),
        ({"measure": "charm"}, "no measure"),
        ({"title": "!!!"}, "one letter or digit"),
    ],
)
def test_a_bad_hypothesis_is_refused_in_words(client_as, operator, workspace, change, field):
    given = {
        "workspace": str(workspace.public_id), "title": "Use a number", "category": "copy",
        "recommendation": "Put one in.", "measure": "number", "low": "1", "high": "",
    }  # fmt: skip

    answer = client_as(operator).post(reverse("practice-add"), {**given, **change})

    assert answer.status_code == 400
    assert field in answer.content.decode()
    assert not BestPractice.objects.exists()


def test_a_hypothesis_is_added_and_judged(client_as, operator, workspace):
    answer = client_as(operator).post(
        reverse("practice-add"),
        {"workspace": str(workspace.public_id), "title": "Use a number", "category": "copy",
         "recommendation": "Put one in.", "measure": "number", "low": "1",
         "source_label": "A talk"},
    )  # fmt: skip

    row = BestPractice.objects.get()
    assert answer.url == reverse("practice", args=[row.public_id])
    assert (row.state, row.source, row.source_label) == ("to_test", "external_research", "A talk")


def test_giving_up_needs_a_reason(client_as, operator, workspace):
    row = practice_of(workspace)
    path = reverse("practice-give-up", args=[row.public_id])
    own = {"workspace": str(workspace.public_id)}

    client_as(operator).post(path, own)
    row.refresh_from_db()
    assert row.state == "hypothesis"
    client_as(operator).post(path, {**own, "reason": "Not here."})

    row.refresh_from_db()
    assert row.state == "deprecated"


def test_a_test_is_drafted_from_a_practice(client_as, operator, workspace):
    row = practice_of(workspace)

    answer = client_as(operator).post(
        reverse("practice-draft", args=[row.public_id]), {"workspace": str(workspace.public_id)}
    )

    test = ABTest.objects.get()
    row.refresh_from_db()
    assert answer.url == reverse("experiment-edit", args=[test.public_id, "audience"])
    assert (test.name, test.type, row.times_applied) == ("Test: Name a number", "copy", 1)
    assert "What counts as kept: a number." in test.hypothesis
    assert [one.key for one in test.variants.order_by("position")] == ["control", "name-a-number"]
