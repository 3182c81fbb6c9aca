"""Campaigns over REST, from a draft to a signed send."""

from __future__ import annotations

import pytest
from django.utils import timezone

from outreach.models import OutreachCampaign, SendPlan
from tests.api.conftest import key_client
from tests.outreach.launch_steps import FOOT, carried_out, email_on
from tests.outreach.steps import audience_of, contact_of, template_of
from tests.workspaces.gate_steps import sign
from workspaces.models import Proposal

pytestmark = pytest.mark.django_db
PATH = "/api/outreach/campaigns/"


@pytest.fixture
def client(workspace):
    return key_client(workspace, ["outreach:read", "outreach:write"])


@pytest.fixture
def body(workspace):
    email_on(workspace)
    people = [contact_of(workspace, f"{name}@example.com") for name in ("ann", "bob")]
    audience = audience_of(workspace, *people)
    template = template_of(workspace, text=FOOT)
    return {
        "name": "June news", "channels": ["email"], "audience": str(audience.public_id),
        "budget": "10", "channel_budgets": {"email": "5.50"},
        "steps": [{"texts": [{"template": str(template.public_id)}]}],
    }  # fmt: skip


def test_a_campaign_is_made_planned_launched_and_paused(client, body, approver):
    made = client.post(PATH, body, format="json")
    assert made.status_code == 201, made.json()
    one = f"{PATH}{made.json()['id']}/"
    assert made.json()["steps"][0]["texts"][0]["channel"] == "email"

    plan = client.post(f"{one}plan/", format="json")
    assert (plan.status_code, plan.json()["recipients"]) == (201, 2)
    diff = client.get(f"{one}plan/").json()
    assert (diff["recipients"]["count"], diff["against"]) == (2, None)
    assert len(diff["needs_signature"]) == 2
    rows = client.get(f"{one}plan/rows/", {"outcome": "scheduled"}).json()
    assert [row["address"] for row in rows["results"]] == ["ann@example.com", "bob@example.com"]

    launched = client.post(f"{one}launch/", {"reason": "It is June"}, format="json")
    assert launched.status_code == 202
    assert client.get(f"{one}status/").json()["proposal_id"] == launched.json()["proposal_id"]
    now = timezone.now()
    sign(Proposal.objects.get(), approver, now)
    carried_out(now)
    state = client.get(f"{one}status/").json()
    assert (state["status"], state["plan"]["status"]) == ("active", "active")

    assert client.post(f"{one}pause/", {}, format="json").status_code == 400
    paused = client.post(f"{one}pause/", {"reason": "A typo"}, format="json")
    assert paused.json()["status"] == "paused"
    resumed = client.post(f"{one}resume/", {"reason": "It was none"}, format="json")
    assert resumed.status_code == 202


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"audience": "01932f6e-0000-7000-8000-000000000000"}, "audience"),
        ({"test": "nothing"}, "test"),
        ({"priorities": {"strangers": ["email"]}}, "priorities"),
        ({"channels": ["pigeon"]}, "channels"),
        ({"starts_at": "2026-12-02T10:00:00Z", "ends_at": "2026-12-01T10:00:00Z"}, ""),
        ({"steps": [{"texts": [{"template": "01932f6e-0000-7000-8000-000000000000"}]}]}, "steps"),
        ({"steps": [{"condition": "segment", "texts": []}]}, "steps"),
    ],
)
def test_what_is_wrong_is_named(client, body, change, field):
    answer = client.post(PATH, {**body, **change}, format="json")

    assert answer.status_code == 400
    assert any(one["field"].startswith(field) for one in answer.json()["errors"])
    assert not OutreachCampaign.objects.exists()


def test_there_is_nothing_to_launch_without_a_plan(client, body):
    one = client.post(PATH, body, format="json").json()["id"]

    answer = client.post(f"{PATH}{one}/launch/", {}, format="json")

    assert answer.status_code == 409
    assert "Plan the send first" in answer.json()["detail"]


def test_a_running_campaign_is_edited_and_its_plan_stays(client, body, approver):
    one = f"{PATH}{client.post(PATH, body, format='json').json()['id']}/"
    client.post(f"{one}plan/", format="json")
    client.post(f"{one}launch/", {}, format="json")
    now = timezone.now()
    assert client.patch(one, {"name": "July"}, format="json").status_code == 409  # is being signed
    sign(Proposal.objects.get(), approver, now)
    carried_out(now)

    assert client.patch(one, {"purpose": "service"}, format="json").status_code == 400
    assert client.patch(one, {"daily_limit": 1}, format="json").status_code == 200

    assert SendPlan.objects.get(status="active").settings["campaign"]["daily_limit"] is None
