"""Recommendations over REST: the newest, all, making one, sending one; roles and tenants."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Recommendation
from campaigns.services.advising.making import ADVICE_JOB, make_recommendation
from tests.api.conftest import key_client
from tests.campaigns.advice.llm_stand_in import honest, serving
from tests.campaigns.advice.steps import connect_model, two_channels
from tests.campaigns.change_steps import policy_of
from workspaces.models import JobRun, Proposal
from workspaces.services.jobs import perform

pytestmark = pytest.mark.django_db
BASE = "/api/recommendations"


@pytest.fixture
def client(workspace, admin):
    return key_client(workspace, ["insight:read", "insight:write"], acts_as=admin)


@pytest.fixture
def figures(workspace):
    policy_of(workspace)
    return two_channels(workspace)


def test_before_the_first_one_the_answer_says_what_to_do(client):
    answer = client.get(f"{BASE}/latest/")

    assert answer.status_code == 404
    assert "recommendations/generate/" in answer.json()["detail"]


def test_generate_queues_a_run_whose_work_is_the_newest(client, workspace, figures, now):
    answer = client.post(f"{BASE}/generate/", {}, format="json", HTTP_IDEMPOTENCY_KEY="1")
    again = client.post(f"{BASE}/generate/", {}, format="json", HTTP_IDEMPOTENCY_KEY="1")
    run = JobRun.objects.get(name=ADVICE_JOB)
    perform(run_id=run.pk, clock=lambda: now)

    assert (answer.status_code, again.json()) == (202, answer.json())
    assert answer.json()["id"] == str(run.public_id)
    run.refresh_from_db()
    assert (run.state, run.counts) == ("completed", {"recommendations": 1, "by_rules": 1})


def test_the_newest_tells_who_wrote_it_on_which_figures(client, workspace, figures, now):
    make_recommendation(workspace=workspace, now=now)
    with serving(honest) as server:
        connect_model(workspace, server)
        made = make_recommendation(workspace=workspace, now=now)

    body = client.get(f"{BASE}/latest/").json()

    assert body["id"] == str(made.public_id)
    assert body["recommendations"] == made.recommendations
    assert body["summary"] == made.recommendations["summary"]
    assert (body["is_fallback"], body["model_name"]) == (False, "gpt-test")
    assert body["created_at"].startswith("2026-11-21T09:00")
    known = {fact["id"]: fact for fact in body["evidence"]["facts"]}
    assert known["total.spend"] == {
        "id": "total.spend", "about": "", "value": 4800.0, "unit": "money",
    }  # fmt: skip
    assert set(body["evidence_ids"]) <= set(known)
    assert body["outcome"]["state"] == "not_sent"


def made_today(workspace, now):
    """One on the figures of ``now``, as if it had been made this moment."""
    made = make_recommendation(workspace=workspace, now=now)
    return Recommendation.objects.create(
        workspace=workspace, recommendations=made.recommendations, evidence=made.evidence,
        fallback_reason=made.fallback_reason, created_at=timezone.now(),
    )  # fmt: skip


def test_sending_answers_with_the_bundle_and_twice_with_the_same(
    client, workspace, admin, figures, now
):
    made = made_today(workspace, now)
    path = f"{BASE}/{made.public_id}/send-to-approval"

    first, again = (client.post(path, {}, format="json") for _ in range(2))

    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    outcome = first.json()["outcome"]
    assert (outcome["state"], outcome["sent_by"]) == ("waiting", str(admin))
    assert outcome["counts"] == {"pending": 2}
    sent = Proposal.objects.filter(bundle_id=made.public_id).order_by("pk")
    assert outcome["proposals"] == [str(proposal.public_id) for proposal in sent]


def test_a_key_without_a_person_sends_under_its_own_name(workspace, figures, now):
    made = made_today(workspace, now)
    key = key_client(workspace, ["insight:write"])

    answer = key.post(f"{BASE}/{made.public_id}/send-to-approval/", {}, format="json")

    assert (answer.status_code, answer.json()["outcome"]["sent_by"]) == (202, "test")
    assert set(Proposal.objects.values_list("status", flat=True)) == {"pending"}


def test_old_figures_are_refused_in_words(client, workspace, figures, now):
    made = make_recommendation(workspace=workspace, now=now)
    old = Recommendation.objects.create(
        workspace=workspace, recommendations=made.recommendations, evidence=made.evidence,
        fallback_reason=made.fallback_reason, created_at=timezone.now() - timedelta(days=8),
    )  # fmt: skip

    answer = client.post(f"{BASE}/{old.public_id}/send-to-approval/", {}, format="json")

    assert answer.status_code == 409
    assert "older than 7 days" in answer.json()["detail"]
    assert Proposal.objects.count() == 0


def test_lists_have_no_figures_and_few_queries(
    client, workspace, figures, now, django_assert_max_num_queries
):
    for _ in range(3):
        make_recommendation(workspace=workspace, now=now)

    with django_assert_max_num_queries(12):
        rows = client.get(f"{BASE}/").json()["results"]

    assert len(rows) == 3
    assert "evidence" not in rows[0]
    assert rows[0]["outcome"]["proposals"] == []


def test_others_see_and_send_nothing(workspace, other_workspace, outsider, figures, now):
    made = make_recommendation(workspace=workspace, now=now)
    stranger = key_client(other_workspace, ["insight:read", "insight:write"], acts_as=outsider)

    assert stranger.get(f"{BASE}/").json()["results"] == []
    assert stranger.get(f"{BASE}/latest/").status_code == 404
    sent = stranger.post(f"{BASE}/{made.public_id}/send-to-approval/", {}, format="json")
    assert sent.status_code == 404
    assert Proposal.objects.count() == 0


def test_a_key_that_only_reads_makes_nothing(workspace, admin, figures):
    reader = key_client(workspace, ["insight:read"], acts_as=admin)

    assert reader.post(f"{BASE}/generate/", {}, format="json").status_code == 403
    assert JobRun.objects.count() == 0
