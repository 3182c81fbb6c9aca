"""Approval integrity at the REST door: each way round the gate is closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.api.conftest import key_client
from tests.workspaces.note_kind import written
from workspaces.gate import Proposer
from workspaces.models import Plan, Proposal, ProposerType, Signature, Status
from workspaces.services import execution, proposing

MACHINE = Proposer.model("sampler", "v1")


@pytest.fixture
def proposal(note, workspace):
    return propose(workspace, "1")


def propose(workspace, page, proposer=MACHINE):
    return proposing.propose(
        workspace=workspace,
        kind="note",
        request={"page": page, "text": "hello"},
        proposer=proposer,
        reason="Because.",
        now=timezone.now(),
    )


def url(proposal, action=""):
    return f"/api/proposals/{proposal.public_id}/" + (f"{action}/" if action else "")


def sha(proposal):
    return proposal.current_plan.sha256


def act(client, proposal, action, **body):
    return client.post(url(proposal, action), body, format="json")


def execute():
    return execution.execute_due(worker="w", clock=timezone.now)


def test_signed_over_rest_takes_effect(proposal, workspace, approver, browser):
    answer = act(browser(approver), proposal, "sign", plan_sha256=sha(proposal), why="Good.")

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["decided_by"]) == ("approved", str(approver))
    assert execute() == 1
    assert written(workspace) == ["hello"]


def test_unsigned_never_runs(proposal, workspace):
    assert execute() == 0
    assert written(workspace) == []


@pytest.mark.parametrize("wrong", ["0" * 64, "g" * 64, "abc", "", None, 7])
def test_wrong_hash_signs_nothing(proposal, approver, browser, wrong):
    answer = act(browser(approver), proposal, "sign", plan_sha256=wrong)

    assert answer.status_code == (409 if wrong == "0" * 64 else 400)
    assert not Signature.objects.exists()


def test_stale_hash_is_answered_with_the_fresh_plan(proposal, approver, operator, browser):
    seen = sha(proposal)
    browser(approver).patch(url(proposal), {"request": {"text": "longer text"}}, format="json")

    answer = act(browser(approver), proposal, "sign", plan_sha256=seen)

    body = answer.json()
    assert (answer.status_code, body["code"]) == (409, "stale_plan")
    assert body["proposal"]["plan"]["version"] == 2
    assert body["proposal"]["plan"]["body"]["after"] == "longer text"
    assert not Signature.objects.exists()


def test_hash_cannot_be_left_out(proposal, approver, browser):
    answer = act(browser(approver), proposal, "sign")

    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"field": "plan_sha256", "message": "This field is required."}
    ]


def test_own_proposal_is_not_signed(note, workspace, approver, browser):
    own = propose(workspace, "1", Proposer.person(approver))

    answer = act(browser(approver), own, "sign", plan_sha256=sha(own))

    assert answer.status_code == 403
    assert "another person" in answer.json()["detail"]
    assert not Signature.objects.exists()


def test_key_is_the_person_also_as_proposer(note, workspace, approver, browser):
    key = key_client(workspace, ["changes:propose", "changes:sign"], acts_as=approver)
    body = {"kind": "note", "request": {"page": "1", "text": "x"}, "reason": "Because."}
    made = key.post("/api/proposals/", body, format="json")
    own = Proposal.objects.get(public_id=made.json()["id"])

    assert made.status_code == 202
    assert own.proposed_by == approver
    assert act(key, own, "sign", plan_sha256=sha(own)).status_code == 403
    assert act(browser(approver), own, "sign", plan_sha256=sha(own)).status_code == 403
    assert not Signature.objects.exists()


def test_key_without_a_person_proposes_as_itself(note, workspace):
    key = key_client(workspace, ["changes:propose"])
    body = {"kind": "note", "request": {"page": "1", "text": "x"}, "reason": "Because."}

    made = key.post("/api/proposals/", body, format="json").json()

    assert made["proposer"] == {
        "type": ProposerType.KEY,
        "key": f"key:{key.api_key.prefix}",
        "name": "test",
    }
    assert made["status"] == "pending"


@pytest.mark.parametrize("action", ["cancel", "revert", "snooze"])
def test_key_without_a_person_decides_nothing(proposal, workspace, action):
    key = key_client(workspace, ["changes:propose"])
    body = {"until": "2999-01-01T00:00:00Z"} if action == "snooze" else {}

    answer = act(key, proposal, action, **body)

    proposal.refresh_from_db()
    assert answer.status_code == 403
    assert "bound to one" in answer.json()["detail"]
    assert proposal.status == Status.PENDING


def test_signing_key_of_too_low_a_rank_is_refused(proposal, workspace, operator):
    key = key_client(workspace, ["changes:sign"], acts_as=operator)

    assert act(key, proposal, "sign", plan_sha256=sha(proposal)).status_code == 403
    assert not Signature.objects.exists()


def test_two_signatures_are_two_people(note, workspace, approver, browser):
    note.signatures = 2
    proposal = propose(workspace, "1")
    key = key_client(workspace, ["changes:sign"], acts_as=approver)

    assert act(key, proposal, "sign", plan_sha256=sha(proposal)).json()["status"] == "pending"
    again = act(browser(approver), proposal, "sign", plan_sha256=sha(proposal))

    assert again.status_code == 409
    assert execute() == 0


def test_edit_leaves_the_new_plan_unsigned(proposal, workspace, approver, admin, browser):
    act(browser(approver), proposal, "sign", plan_sha256=sha(proposal))

    edited = browser(admin).patch(
        url(proposal), {"request": {"text": "something longer"}}, format="json"
    )

    assert (edited.status_code, edited.json()["status"]) == (200, "pending")
    assert edited.json()["plan"]["version"] == 2
    assert execute() == 0
    assert written(workspace) == []


def test_edit_cannot_change_what_it_is_about(proposal, admin, browser):
    answer = browser(admin).patch(url(proposal), {"request": {"page": "2"}}, format="json")

    assert answer.status_code == 400
    assert Plan.objects.count() == 1


def test_revert_is_a_proposal_that_waits(proposal, workspace, approver, operator, browser):
    act(browser(approver), proposal, "sign", plan_sha256=sha(proposal))
    execute()

    undo = act(browser(operator), proposal, "revert", why="Wrong page.")

    assert undo.status_code == 202
    assert (undo.json()["status"], undo.json()["reverts"]) == (
        "pending",
        str(proposal.public_id),
    )
    assert execute() == 0
    assert written(workspace) == ["hello"]


def test_withdrawn_signature_stops_it(proposal, workspace, approver, browser):
    act(browser(approver), proposal, "sign", plan_sha256=sha(proposal))

    assert act(browser(approver), proposal, "withdraw").json()["status"] == "pending"

    assert execute() == 0
    assert written(workspace) == []


def test_rejection_needs_a_reason(proposal, approver, browser):
    blank = act(browser(approver), proposal, "reject", plan_sha256=sha(proposal), why=" ")
    said = act(browser(approver), proposal, "reject", plan_sha256=sha(proposal), why="No.")

    assert (blank.status_code, blank.json()["errors"][0]["field"]) == (400, "why")
    assert (said.status_code, said.json()["status"]) == (200, "rejected")


def test_decided_proposal_is_not_decided_again(proposal, approver, admin, browser):
    act(browser(approver), proposal, "reject", plan_sha256=sha(proposal), why="No.")

    answer = act(browser(admin), proposal, "sign", plan_sha256=sha(proposal))

    assert answer.status_code == 409
    assert "decided already" in answer.json()["detail"]


@pytest.mark.parametrize("field", ["status", "risk", "signatures_required", "policy", "proposer"])
def test_nothing_but_the_request_can_be_said(note, workspace, operator, browser, field):
    body = {"kind": "note", "request": {"page": "1", "text": "x"}, "reason": "r", field: "low"}

    answer = browser(operator).post("/api/proposals/", body, format="json")

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Proposal.objects.exists()


def test_busy_subject_names_the_other(note, workspace, operator, approver, browser):
    standing = propose(workspace, "1", Proposer.person(operator))
    body = {"kind": "note", "request": {"page": "1", "text": "y"}, "reason": "r"}

    answer = browser(approver).post("/api/proposals/", body, format="json")

    assert answer.status_code == 409
    assert answer.json()["other"] == str(standing.public_id)


def test_reading_changes_nothing(proposal, approver, browser):
    before = Proposal.objects.values().get()
    client = browser(approver)

    client.get("/api/proposals/")
    client.get(url(proposal))
    for action in ("sign", "reject", "cancel", "revert", "withdraw", "snooze"):
        assert client.get(url(proposal, action)).status_code == 405

    assert Proposal.objects.values().get() == before
    assert not Signature.objects.exists()


def test_bulk_signs_pairs_and_lists_the_refused(note, workspace, approver, browser):
    good, stale = propose(workspace, "1"), propose(workspace, "2")
    unknown = "01932f6e-0000-7000-8000-000000000000"
    items = [
        {"id": str(good.public_id), "plan_sha256": sha(good)},
        {"id": str(stale.public_id), "plan_sha256": "0" * 64},
        {"id": unknown, "plan_sha256": "0" * 64},
    ]

    answer = browser(approver).post("/api/proposals/bulk-sign/", {"items": items}, format="json")

    body = answer.json()
    assert [row["id"] for row in body["done"]] == [str(good.public_id)]
    assert {row["id"] for row in body["refused"]} == {str(stale.public_id), unknown}
    assert Signature.objects.get().plan.proposal == good


def test_bulk_reject_and_revert(note, workspace, approver, operator, browser):
    first, second = propose(workspace, "1"), propose(workspace, "2")
    act(browser(approver), first, "sign", plan_sha256=sha(first))
    execute()
    items = [{"id": str(second.public_id), "plan_sha256": sha(second)}]

    rejected = browser(approver).post(
        "/api/proposals/bulk-reject/", {"items": items, "why": "No."}, format="json"
    )
    undone = browser(operator).post(
        "/api/proposals/bulk-revert/",
        {"ids": [str(first.public_id), str(second.public_id)]},
        format="json",
    )

    assert [row["status"] for row in rejected.json()["done"]] == ["rejected"]
    assert undone.status_code == 202
    assert [row["reverts"] for row in undone.json()["done"]] == [str(first.public_id)]
    assert [row["id"] for row in undone.json()["refused"]] == [str(second.public_id)]


def test_snooze_hides_until_a_moment(proposal, operator, browser):
    past = act(browser(operator), proposal, "snooze", until="2020-01-01T00:00:00Z")
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    done = act(browser(operator), proposal, "snooze", until=soon)

    assert (past.status_code, past.json()["errors"][0]["field"]) == (400, "until")
    assert done.status_code == 200
    assert done.json()["snoozed_until"] is not None


def test_detail_tells_the_whole_story(proposal, approver, browser):
    act(browser(approver), proposal, "sign", plan_sha256=sha(proposal))
    execute()

    body = browser(approver).get(url(proposal)).json()

    assert body["status"] == "executed"
    assert [signature["person"] for signature in body["signatures"]] == [str(approver)]
    assert [attempt["outcome"] for attempt in body["tries"]] == ["applied"]
    assert body["money_at_stake"] == {"amount": "10.00", "currency": "USD"}
    assert body["plan"]["evidence"] == {}


def test_kill_switch_is_pulled_by_operators_and_released_by_approvers(
    workspace, operator, approver, browser
):
    def switch(person, is_on):
        body = {"on": is_on, "reason": "Odd."}
        return browser(person).post("/api/kill-switch/", body, format="json").status_code

    assert switch(operator, True) == 200
    assert switch(operator, True) == 409
    assert switch(operator, False) == 403
    assert browser(operator).get("/api/kill-switch/").json()["on"] is True
    assert switch(approver, False) == 200
    assert browser(operator).get("/api/kill-switch/").json()["on"] is False


def test_kill_switch_is_not_released_by_a_key_that_may_only_propose(workspace, operator, approver):
    key = key_client(workspace, ["changes:propose"], acts_as=approver)
    key.post("/api/kill-switch/", {"on": True, "reason": "Odd."}, format="json")

    answer = key.post("/api/kill-switch/", {"on": False, "reason": "Fine."}, format="json")

    workspace.refresh_from_db()
    assert answer.status_code == 403
    assert workspace.kill_switch
