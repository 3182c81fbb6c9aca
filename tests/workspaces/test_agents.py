"""Agents: each suggestion once, whole or not at all, and never a signature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pgtrigger
import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from tests.workspaces import note_kind
from tests.workspaces.agent_steps import AT, agent_of, suggestion_of
from tests.workspaces.factories import WorkspaceFactory
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import (
    AgentSuggestion,
    ApiKey,
    KeyKind,
    Notification,
    Proposal,
    ProposerType,
    SuggestedAction,
    User,
    Workspace,
)
from workspaces.selectors_agents import scorecards_of
from workspaces.services import keys
from workspaces.services.suggesting import Answer, dismiss, suggest, take_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def note() -> note_kind.NoteKind:
    return note_kind.install()


def raising(page: str = "1", **values: Any) -> dict[str, Any]:
    """Suggest to write on a page, which the note kind does."""
    return {
        "id": f"raise-{page}", "type": "budget_change", "title": "Prospecting has room",
        "description": "Its budget is spent by noon.", "impact": {"roas": "3.4"},
        "recommended_actions": [
            {"action_type": "propose",
             "parameters": {"kind": "note", "request": {"page": page, "text": "hello"}}},
        ],
    } | values  # fmt: skip


def told(agent: ApiKey, *suggestions: dict[str, Any]) -> Answer:
    return suggest(
        agent=agent, proposer=Proposer(ProposerType.KEY, f"key:{agent.prefix}", agent.name),
        agent_type="watcher", priority="high", at=AT, suggestions=suggestions, now=AT,
    )  # fmt: skip


def test_what_is_recommended_becomes_a_proposal_that_waits(
    note: Any, workspace: Workspace, operator: User, viewer: User
) -> None:
    agent = agent_of(workspace)
    answer = told(agent, raising())

    row = AgentSuggestion.objects.get(workspace=workspace)
    proposal = Proposal.objects.get(workspace=workspace)
    assert (answer.accepted, answer.refused) == (["raise-1"], [])
    assert (row.title, row.priority, row.impact) == (
        "Prospecting has room", "high", {"roas": "3.4"},
    )  # fmt: skip
    assert row.actions.get().proposal == proposal
    assert (proposal.status, proposal.proposer_label) == ("pending", "Watcher")
    assert proposal.reason == "Prospecting has room. Its budget is spent by noon."
    told_to = Notification.objects.filter(topic="agents").values_list("user__email", flat=True)
    assert operator.email in told_to
    assert viewer.email not in told_to


def test_told_again_it_counts_once(note: Any, workspace: Workspace) -> None:
    agent = agent_of(workspace)
    first = told(agent, raising())
    again = told(agent, raising(), raising())
    other = told(agent, raising(title="Something else"))

    assert again.accepted == ["raise-1", "raise-1"]
    assert {one.proposal_id for _, one in first.made + again.made} == {Proposal.objects.get().pk}
    assert other.refused == [
        ("raise-1", "id: This id was used for another suggestion; use a new one.")
    ]
    assert AgentSuggestion.objects.count() == 1
    # Another agent's ids are its own.
    assert told(agent_of(workspace, name="Other"), raising("2", id="raise-1")).accepted


def test_a_suggestion_is_taken_whole_or_not_at_all(note: Any, workspace: Workspace) -> None:
    two = raising("7")
    two["recommended_actions"].append({"action_type": "conjure", "parameters": {}})
    answer = told(agent_of(workspace), two, raising("8"))

    assert answer.accepted == ["raise-8"]
    ((name, why),) = answer.refused
    assert name == "raise-7"
    assert why.startswith("action_type: There is no action 'conjure'; known: ")
    assert (AgentSuggestion.objects.count(), Proposal.objects.count()) == (1, 1)
    assert SuggestedAction.objects.count() == 1


def test_an_action_needs_its_scope(note: Any, workspace: Workspace) -> None:
    test = raising(
        recommended_actions=[{"action_type": "create_ab_test", "parameters": {"name": "Button"}}]
    )
    refused = told(agent_of(workspace), test).refused
    assert refused == [("raise-1", "To create a test this key needs the scope experiments:write.")]


def test_a_test_that_is_not_ready_stays_a_draft(workspace: Workspace) -> None:
    agent = agent_of(workspace, "changes:propose", "experiments:write", "outreach:write")
    test = raising(
        recommended_actions=[
            {"action_type": "create_ab_test", "parameters": {"name": "Button"}},
            {
                "action_type": "create_campaign",
                "parameters": {"name": "Come back", "channels": ["email"]},
            },
        ]
    )
    wrong = raising(
        id="wrong",
        recommended_actions=[{"action_type": "create_ab_test", "parameters": {"nome": "x"}}],
    )
    answer = told(agent, test, wrong)
    assert [name for name, _ in answer.refused] == ["wrong"], answer.refused
    assert [one.label for _, one in answer.made] == ["Draft of “Button”", "Draft of “Come back”"]
    assert all(one.proposal is None and one.url for _, one in answer.made)
    assert answer.refused[0][1].startswith("parameters.nome: There is no such field")


def test_only_an_agents_key_suggests(note: Any, workspace: Workspace) -> None:
    key, _ = ApiKey.objects.create_key(name="Shop", workspace=workspace, scopes=["changes:propose"])
    with pytest.raises(NotAllowedError, match="Only an agent suggests"):
        told(key, raising())


def test_an_agent_is_nobody_and_signs_nothing(workspace: Workspace, admin: User) -> None:
    with pytest.raises(keys.KeyRefusedError, match="bind its key to nobody"):
        keys.create_key(
            workspace=workspace, name="Agent", scopes=["changes:propose"], by=admin, now=AT,
            kind=KeyKind.AGENT, acts_as=admin,
        )  # fmt: skip
    agent = agent_of(workspace)
    for wrong in ({"acts_as": admin}, {"scopes": ["changes:sign"]}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiKey.objects.filter(pk=agent.pk).update(**wrong)
    # What it suggests belongs where its key does.
    with pytest.raises(IntegrityError), transaction.atomic():
        suggestion_of(WorkspaceFactory(), agent)


def test_operators_put_suggestions_aside_and_back(
    workspace: Workspace, operator: User, viewer: User
) -> None:
    row = suggestion_of(workspace)
    with pytest.raises(NotAllowedError):
        dismiss(suggestion=row, by=viewer, now=AT)
    dismiss(suggestion=row, by=operator, now=AT)
    row.refresh_from_db()
    assert (row.dismissed_at, row.dismissed_by) == (AT, operator)
    take_back(suggestion=row, by=operator, now=AT)
    row.refresh_from_db()
    assert (row.dismissed_at, row.dismissed_by) == (None, None)


def test_scorecards_count_each_proposer(
    note: Any, workspace: Workspace, other_workspace: Workspace
) -> None:
    agent = agent_of(workspace)
    told(agent, *(raising(str(place)) for place in range(4)))
    told(agent_of(other_workspace), raising())
    done, missed, turned, _waits = Proposal.objects.filter(workspace=workspace).order_by("pk")
    _end(done, "executed", delta="10", inside=True)
    _end(missed, "executed", delta="-4", inside=False)
    _end(turned, "rejected")

    (card,) = scorecards_of(workspace=workspace)
    assert (card.label, card.type, card.proposed, card.waiting) == ("Watcher", "key", 4, 1)
    assert (card.signed, card.rejected, card.executed, card.undone) == (2, 1, 2, 0)
    assert (card.measured, card.as_predicted, card.right_direction) == (2, 1, 1)


def _end(proposal: Proposal, status: str, delta: str = "", *, inside: bool = False) -> None:
    """As if it had gone so: the road there is the gate's own affair."""
    values: dict[str, Any] = {"status": status}
    if delta:
        values |= {"measured_at": AT, "executed_at": AT,
                   "realised": {"delta": delta, "inside_interval": inside}}  # fmt: skip
    _forced(proposal, values)


def _forced(proposal: Proposal, values: dict[str, Any]) -> None:
    plan = proposal.current_plan
    assert plan is not None
    with pgtrigger.ignore():
        type(plan).objects.filter(pk=plan.pk).update(predicted={"delta": "8"})
        Proposal.objects.filter(pk=proposal.pk).update(**values)


def test_the_page_lists_filters_and_undoes(
    workspace: Workspace, operator: User, client_as: Callable[[User], Client],
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    agent = agent_of(workspace)
    rows = [
        suggestion_of(workspace, agent, external_id=str(place), title=f"Idea {place}")
        for place in range(12)
    ]
    client = client_as(operator)
    client.get("/agents/")
    with django_assert_max_num_queries(12):
        shown = client.get("/agents/").text
    assert shown.index("Idea 11") < shown.index("Idea 0")
    assert "Idea 3" in client.get("/agents/?q=idea+3").text
    assert "No suggestion fits." in client.get("/agents/?type=churn_prevention").text

    form = {"workspace": str(workspace.public_id)}
    path = f"/agents/{rows[3].public_id}"
    answer = client.post(f"{path}/put-aside/", form, headers={"HX-Request": "true"})
    assert "Put aside by" in answer.text
    assert "Idea 3<" not in client.get("/agents/").text
    assert "Idea 3<" in client.get("/agents/?state=dismissed").text
    client.post(f"{path}/put-back/", form)
    assert "Idea 3<" in client.get("/agents/").text


def test_a_workspace_without_agents_says_how_to_begin(
    workspace: Workspace, admin: User, client_as: Callable[[User], Client]
) -> None:
    client = client_as(admin)
    assert "Make a key of the kind agent" in client.get("/agents/").text
    assert "Nobody has proposed anything yet." in client.get("/agents/scorecards/").text
