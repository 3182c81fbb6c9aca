"""Agents over REST: who may suggest, and what is told of what was wrong."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.api.conftest import key_client
from workspaces.models import AgentSuggestion, KeyKind, Proposal, User, Workspace

pytestmark = pytest.mark.django_db
SUGGESTIONS = "/api/agents/suggestions/"


@pytest.fixture
def agent(workspace: Workspace) -> APIClient:
    return key_client(
        workspace, ["changes:read", "changes:propose", "insight:read"], kind=KeyKind.AGENT
    )


def said(*suggestions: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "agent_type": "watcher", "timestamp": "2026-09-15T10:00:00+02:00",
        "suggestions": [*suggestions],
    } | values  # fmt: skip


def one(name: str = "a", **values: Any) -> dict[str, Any]:
    return {
        "id": name, "type": "budget_change", "title": "Prospecting has room",
        "recommended_actions": [
            {"action_type": "propose",
             "parameters": {"kind": "note", "request": {"page": name, "text": "hello"}}},
        ],
    } | values  # fmt: skip


def test_an_agent_hears_what_was_made_of_each(note: Any, agent: APIClient) -> None:
    wrong = one("b", type="wish", impact="much")
    answer = agent.post(
        SUGGESTIONS, said(one(), wrong, summary={"counts": {"all": 2}}), format="json"
    )

    proposal = Proposal.objects.get()
    body = answer.json()
    assert answer.status_code == 202
    assert (body["accepted"], body["proposals"]) == (["a"], [str(proposal.public_id)])
    assert body["made"] == [
        {"suggestion": "a", "action_type": "propose", "label": proposal.summary,
         "proposal": str(proposal.public_id), "url": ""},
    ]  # fmt: skip
    ((refused),) = body["refused"]
    assert refused["id"] == "b"
    assert "type: " in refused["reason"]
    assert "impact: " in refused["reason"]

    again = agent.post(SUGGESTIONS, said(one()), format="json").json()
    assert (again["accepted"], again["proposals"]) == (body["accepted"], body["proposals"])
    (row,) = agent.get(SUGGESTIONS, {"type": "budget_change"}).json()["results"]
    assert (row["external_id"], row["agent_type"], row["made"]) == ("a", "watcher", body["made"])
    assert agent.get(SUGGESTIONS, {"is_dismissed": "true"}).json()["results"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"suggestions": []}, "suggestions"),
        ({"suggestions": [{"title": "Nameless"}]}, "suggestions.0.id"),
        ({"suggestions": [{"id": 7}]}, "suggestions.0.id"),
        ({"suggestions": [{"id": "a"}] * 101}, "suggestions"),
        ({"timestamp": "noon"}, "timestamp"),
        ({"priority": "utmost"}, "priority"),
        ({"wishes": []}, "wishes"),
    ],
)
def test_a_call_that_cannot_be_read_names_the_field(
    agent: APIClient, body: dict[str, Any], field: str
) -> None:
    answer = agent.post(SUGGESTIONS, said(one()) | body, format="json")
    assert answer.status_code == 400
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not AgentSuggestion.objects.exists()


def test_only_an_agents_key_suggests(
    note: Any, workspace: Workspace, admin: User, browser: Any
) -> None:
    shop = key_client(workspace, ["changes:propose"])
    for client in (shop, key_client(workspace, ["changes:propose"], admin), browser(admin)):
        answer = client.post(SUGGESTIONS, said(one()), format="json")
        assert answer.status_code == 403
        assert "agent" in answer.json()["detail"]
    assert not Proposal.objects.exists()


def test_an_agent_never_signs(note: Any, agent: APIClient) -> None:
    agent.post(SUGGESTIONS, said(one()), format="json")
    proposal = Proposal.objects.get()
    assert proposal.current_plan is not None
    seen = {"plan_sha256": proposal.current_plan.sha256}
    answer = agent.post(f"/api/proposals/{proposal.public_id}/sign/", seen, format="json")
    assert answer.status_code == 403


def test_agents_are_told_what_they_may_recommend(agent: APIClient) -> None:
    found = {row["type"]: row for row in agent.get("/api/agents/actions/").json()}
    assert {
        "propose",
        "change_budget",
        "create_ab_test",
        "apply_test_winner",
        "create_campaign",
    } <= (found.keys())
    assert found["create_ab_test"]["scope"] == "experiments:write"
    assert set(found["change_budget"]["parameters"]) == {"entity_type", "entity", "value"}


def test_scorecards_over_rest(note: Any, agent: APIClient, other_workspace: Workspace) -> None:
    agent.post(SUGGESTIONS, said(one("a"), one("b")), format="json")
    (card,) = agent.get("/api/agents/scorecards/").json()["results"]
    assert (card["label"], card["proposed"], card["waiting"]) == ("test", 2, 2)
    other = key_client(other_workspace, ["changes:read"])
    assert other.get("/api/agents/scorecards/").json()["results"] == []
    assert other.get(SUGGESTIONS).json()["results"] == []
