"""Approval integrity, plans: what was signed is what runs, at every door (A1–A6)."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.models import ProtectedError

from tests.api.conftest import key_client
from tests.integrity import doors
from tests.workspaces.gate_steps import fresh, raw_plan, raw_proposal, raw_signature, sign
from tests.workspaces.note_kind import written
from workspaces.gate import CheckResult, Proposer, Reading
from workspaces.models import ExecutionAttempt, Plan, Proposal, Signature, Status
from workspaces.services import execution, proposing

NO_HASH = "0" * 64
REQUEST = {"page": "1", "text": "hello"}
at_each_signing_door = pytest.mark.parametrize("door", doors.SIGN)
at_each_editing_door = pytest.mark.parametrize("door", doors.EDIT)
at_each_undoing_door = pytest.mark.parametrize("door", doors.REVERT)
# A second way to each state, past every service.
WRITES = {
    "update": lambda row, status: Proposal.objects.filter(pk=row.pk).update(status=status),
    "save": lambda row, status: _set(row, status).save(),
    "bulk_update": lambda row, status: Proposal.objects.bulk_update(
        [_set(row, status)], ["status"]
    ),
    "sql": lambda row, status: _sql(
        "UPDATE workspaces_proposal SET status = %s WHERE id = %s", status, row.pk
    ),
}


def _set(row: Proposal, status: str) -> Proposal:
    row.status = status
    return row


def _sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _refused(call) -> None:
    with pytest.raises((IntegrityError, InternalError, ProtectedError)), transaction.atomic():
        call()


def _sha(proposal: Proposal) -> str:
    return proposal.current_plan.sha256


def assert_unsigned(proposal: Proposal) -> None:
    """Nobody's signature is on it, and no task carries it out."""
    doors.run_tasks()
    current = fresh(proposal)
    assert current.status == Status.PENDING
    on_it = Signature.objects.filter(plan=current.current_plan, withdrawn_at=None)
    assert not on_it.exists()
    assert not ExecutionAttempt.objects.filter(plan=current.current_plan).exists()


# --- A1: a signature for plan A never lets plan B run ------------------------------------------


@at_each_signing_door
def test_a1_hash_of_an_older_plan_signs_nothing(door, propose, approver, admin, workspace, now):
    proposal = propose()
    shown = _sha(proposal)
    proposing.edit(proposal_id=proposal.pk, changes={"text": "other"}, by=admin, now=now)

    said = doors.SIGN[door](approver, proposal, shown)

    assert "was updated after you opened it" in said
    assert_unsigned(proposal)
    assert written(workspace) == []


@at_each_signing_door
def test_a1_hash_of_another_proposal_signs_nothing(door, propose, approver, workspace):
    proposal, other = propose(), propose(page="2")

    said = doors.SIGN[door](approver, proposal, _sha(other))

    assert "was updated after you opened it" in said
    assert_unsigned(proposal)
    assert_unsigned(other)


@at_each_signing_door
def test_a1_the_plan_that_was_shown_runs(door, propose, approver, workspace):
    proposal = propose()

    doors.SIGN[door](approver, proposal, _sha(proposal))
    doors.run_tasks()

    assert fresh(proposal).status == Status.EXECUTED
    assert written(workspace) == ["hello"]


def test_a1_task_runs_the_signed_plan_not_the_row_beside_it(propose, approver, workspace, now):
    proposal = sign(propose(), approver, now)
    Proposal.objects.filter(pk=proposal.pk).update(
        request={"page": "1", "text": "evil"}, summary="evil", lane="evil", money_at_stake=0
    )

    doors.run_tasks()

    assert written(workspace) == ["hello"]


def test_a1_task_refuses_a_plan_altered_under_its_signature(propose, approver, workspace, now):
    proposal = sign(propose(), approver, now)
    body = fresh(proposal).current_plan.body.replace("hello", "evil")
    _sql("SET LOCAL session_replication_role = replica")  # triggers off, as in a restored backup
    Plan.objects.filter(pk=proposal.current_plan_id).update(body=body)
    _sql("SET LOCAL session_replication_role = origin")

    doors.run_tasks()

    assert fresh(proposal).status == Status.CANCELLED
    assert "does not match the hash" in fresh(proposal).decision_reason
    assert written(workspace) == []


def test_a1_shell_cannot_move_a_signature_or_swap_the_plan(propose, approver, workspace, now):
    proposal = sign(propose(), approver, now)
    other = raw_plan(proposal)

    _refused(lambda: Signature.objects.update(plan=other))
    _refused(lambda: Proposal.objects.update(current_plan=other))
    _refused(lambda: Plan.objects.update(body=other.body, sha256=other.sha256))
    Proposal.objects.update(status="pending", current_plan=other)
    _refused(lambda: Proposal.objects.update(status="approved"))

    doors.run_tasks()
    assert written(workspace) == []


# --- A2: nothing can be signed before its plan is complete -------------------------------------


@at_each_signing_door
def test_a2_without_a_plan_nothing_is_signed(door, note, approver, workspace, now):
    proposal = raw_proposal(workspace, now, request=REQUEST)

    doors.SIGN[door](approver, proposal, NO_HASH)

    assert_unsigned(proposal)
    assert not Signature.objects.exists()


def test_a2_page_of_an_unplanned_proposal_offers_no_signature(note, approver, workspace, now):
    proposal = raw_proposal(workspace, now, request=REQUEST)

    shown = doors.browser(approver).get(doors.page_url(proposal))

    assert shown.status_code == 200
    assert "/sign/" not in shown.text


def test_a2_shell_approves_no_proposal_without_a_plan(note, approver, workspace, now):
    proposal = raw_proposal(workspace, now, request=REQUEST)
    floating = raw_plan(proposal, version=1)

    _refused(lambda: raw_signature(floating, approver))
    for write in WRITES.values():
        _refused(lambda write=write: write(fresh(proposal), "approved"))

    assert_unsigned(proposal)


def test_a2_task_leaves_an_unplanned_proposal_alone(note, workspace, now):
    proposal = raw_proposal(workspace, now, execute_after=now)

    doors.run_tasks()

    assert fresh(proposal).status == Status.PENDING
    assert not ExecutionAttempt.objects.exists()


# --- A3: any edit voids the signatures ---------------------------------------------------------


@at_each_editing_door
def test_a3_edit_of_a_signed_plan_starts_unsigned(door, propose, approver, admin, workspace, now):
    proposal = sign(propose(), approver, now)
    signed = _sha(proposal)

    doors.EDIT[door](admin, proposal, "other")

    assert fresh(proposal).current_plan.content["after"] == "other"
    assert fresh(proposal).current_plan.edited_by == admin
    assert_unsigned(proposal)
    assert "was updated" in doors.sign_via_shell(approver, proposal, signed)
    assert written(workspace) == []


@at_each_editing_door
def test_a3_first_of_two_signatures_is_lost_too(door, propose, note, approver, admin, now):
    note.signatures = 2
    proposal = sign(propose(), approver, now)
    assert fresh(proposal).current_plan.signatures.count() == 1

    doors.EDIT[door](admin, proposal, "other")

    assert_unsigned(proposal)


@at_each_editing_door
def test_a3_running_plan_is_not_edited(door, propose, approver, admin, workspace, now):
    proposal = sign(propose(), approver, now)
    execution.claim(worker="w", now=datetime.now(now.tzinfo))

    said = doors.EDIT[door](admin, proposal, "other")

    assert "too late to edit" in said or "cannot" in said
    assert fresh(proposal).current_plan.content["after"] == "hello"
    assert fresh(proposal).plans.count() == 1


@pytest.mark.parametrize("model", ["proposal", "plan", "signature", "executionattempt"])
def test_a3_admin_edits_nothing_of_a_signed_plan(model, propose, approver, admin, workspace, now):
    proposal = sign(propose(), approver, now)
    rows = {"proposal": proposal.pk, "plan": proposal.current_plan_id}
    rows["signature"] = Signature.objects.get().pk
    rows["executionattempt"] = ExecutionAttempt.objects.create(
        plan=proposal.current_plan, number=1, worker="w", started_at=now
    ).pk
    before = list(Plan.objects.values()), list(Signature.objects.values())
    form = {"workspace": workspace.public_id, "body": "{}", "status": "executed", "request": "{}"}
    client = doors.browser(admin)

    codes = [
        client.post(f"/admin/workspaces/{model}/{path}", {**form, "post": "yes"}).status_code
        for path in ("add/", f"{rows[model]}/change/", f"{rows[model]}/delete/")
    ]

    assert codes == [403, 403, 403]
    assert (list(Plan.objects.values()), list(Signature.objects.values())) == before
    assert fresh(proposal).status == Status.APPROVED


def test_a3_shell_edits_no_stored_plan(propose, approver, now):
    proposal = sign(propose(), approver, now)
    plan = Plan.objects.get()
    plan.body = plan.body.replace("hello", "evil")

    _refused(plan.save)
    _refused(lambda: Plan.objects.bulk_update([plan], ["body"]))
    _refused(lambda: _sql("UPDATE workspaces_plan SET rank_required = 'viewer'"))

    assert fresh(proposal).current_plan.content["after"] == "hello"


# --- A4: re-planning voids them unless the plan is byte-identical ------------------------------


def test_a4_task_that_meets_drift_asks_again(propose, note, approver, workspace, now):
    proposal = sign(propose(), approver, now)
    note.readings = [Reading("other", {"text": "third"})]

    doors.run_tasks()

    assert fresh(proposal).current_plan.content["before"] == "third"
    assert fresh(proposal).current_plan.version == 2
    note.readings = []
    assert_unsigned(proposal)
    assert written(workspace) == []


def test_a4_task_under_a_stricter_policy_asks_again(propose, note, approver, workspace, now):
    proposal = sign(propose(), approver, now)
    note.signatures = 2

    doors.run_tasks()

    assert fresh(proposal).current_plan.signatures_required == 2
    assert_unsigned(proposal)
    assert written(workspace) == []


def test_a4_shell_replan_keeps_signatures_only_of_the_same_bytes(propose, note, approver, now):
    proposal = fresh(sign(propose(), approver, now))

    assert proposing.replan(proposal, now=now, why="Fresh figures.") is False
    assert fresh(proposal).status == Status.APPROVED
    assert fresh(proposal).current_plan.signatures.count() == 1

    note.base = "third"
    assert proposing.replan(proposal, now=now, why="Fresh figures.") is True
    assert_unsigned(proposal)


@pytest.mark.parametrize("door", ["rest", "shell"])
def test_a4_newer_machine_proposal_never_takes_a_signature_over(
    door, propose, approver, workspace, now
):
    proposal = sign(propose(), approver, now)
    request = {"page": "1", "text": "other"}
    if door == "rest":
        key = key_client(workspace, ["changes:propose"])
        body = {"kind": "note", "request": request, "reason": "Newer."}
        said = key.post("/api/proposals/", body, format="json").text
    else:
        newer = Proposer.rule("newer")
        said = doors.in_a_shell(lambda: propose(request=request, proposer=newer))

    assert "for the same subject" in said
    assert Proposal.objects.count() == 1
    assert fresh(proposal).current_plan.content["after"] == "hello"


# --- A5: a revert is itself a proposal ---------------------------------------------------------


@at_each_undoing_door
def test_a5_undoing_waits_for_another_signature(
    door, propose, approver, operator, admin, workspace, now
):
    proposal = sign(propose(), approver, now)
    doors.run_tasks()

    doors.REVERT[door](admin, proposal)

    undo = Proposal.objects.get(reverts=proposal)
    assert (undo.proposed_by, undo.request) == (admin, {"page": "1", "text": "blank"})
    assert_unsigned(undo)
    assert fresh(proposal).status == Status.EXECUTED
    assert "another person has to sign it" in doors.sign_via_shell(admin, undo, _sha(undo))
    assert written(workspace) == ["hello"]
    doors.sign_via_page(approver, undo, _sha(undo))
    doors.run_tasks()
    assert written(workspace) == ["hello", "blank"]
    assert fresh(proposal).status == Status.REVERTED


@pytest.mark.parametrize("write", WRITES)
def test_a5_shell_marks_nothing_undone_that_never_ran(write, propose, approver, now):
    proposal = sign(propose(), approver, now)

    _refused(lambda: WRITES[write](fresh(proposal), "reverted"))

    assert fresh(proposal).status == Status.APPROVED


def test_a5_admin_offers_to_sign_and_to_reject_and_nothing_else(propose, admin, workspace):
    propose()

    page = doors.browser(admin).get(doors.ADMIN)

    actions = [name for name, _ in page.context["action_form"].fields["action"].choices if name]
    assert actions == ["sign_selected", "reject_selected"]


# --- A6: one write path ------------------------------------------------------------------------


@pytest.mark.parametrize("write", WRITES)
def test_a6_shell_moves_no_unsigned_proposal_on(write, propose, workspace):
    proposal = propose()

    for status in ("approved", "executing", "executed", "failed", "reverted"):
        _refused(lambda status=status: WRITES[write](fresh(proposal), status))

    assert_unsigned(proposal)
    assert written(workspace) == []


FLAGS = {
    "status": "approved", "force": True, "skip_checks": True, "auto_approve": True,
    "signatures_required": 0, "dry_run": False, "approved_by": 1, "execute_after": "2020-01-01",
}  # fmt: skip


def test_a6_rest_knows_no_flag(propose, approver, operator):
    proposal = propose()
    body = {"kind": "note", "request": {"page": "2", "text": "x"}, "reason": "r"}
    signature = {"plan_sha256": _sha(proposal)}
    proposer, signer = doors.rest(operator), doors.rest(approver)

    for flag, value in FLAGS.items():
        more = {flag: value}
        answers = [
            proposer.post("/api/proposals/", {**body, **more}, format="json"),
            signer.patch(doors.api_url(proposal), {"request": {}, **more}, format="json"),
            signer.post(doors.api_url(proposal, "sign"), {**signature, **more}, format="json"),
        ]
        assert [answer.status_code for answer in answers] == [400, 400, 400]
        assert {e["field"] for answer in answers for e in answer.json()["errors"]} == {flag}

    assert Proposal.objects.count() == 1
    assert_unsigned(proposal)


def test_a6_rest_has_no_other_way_to_write(propose, admin):
    proposal, client = propose(), doors.rest(admin)

    for write in (client.put, client.delete):
        answer = write(doors.api_url(proposal), {"status": "approved"}, format="json")
        assert answer.status_code == 405

    assert_unsigned(proposal)


def test_a6_page_knows_no_other_action(propose, admin):
    proposal, client = propose(), doors.browser(admin)
    form = {"workspace": proposal.workspace.public_id, "plan_sha256": _sha(proposal), **FLAGS}

    for action in ("approve", "execute", "force", "status", "settle", "publish"):
        assert client.post(doors.page_url(proposal, action), form).status_code == 404

    assert_unsigned(proposal)


def test_a6_page_flags_give_nobody_a_rank(propose, operator):
    proposal = propose()

    said = doors.act_on_page(operator, proposal, "sign", _sha(proposal), **FLAGS, rank="admin")

    assert "needs the role of approver" in said
    assert_unsigned(proposal)


def test_a6_page_ticks_off_only_what_a_person_does_by_hand(propose, approver, workspace, now):
    proposal = sign(propose(), approver, now)

    said = doors.act_on_page(approver, proposal, "tick", _sha(proposal))

    assert "executes this one itself" in said
    assert written(workspace) == []


@at_each_signing_door
def test_a6_no_door_signs_what_a_rule_forbids(door, propose, note, admin):
    note.checks = (CheckResult("limit", "blocked", "The limit is reached."),)
    proposal = propose()

    said = doors.SIGN[door](admin, proposal, _sha(proposal))

    assert "A rule forbids this: The limit is reached." in said
    assert_unsigned(proposal)


def test_a6_task_arguments_run_nothing_that_is_unsigned(propose, workspace):
    proposal = propose()

    doors.tasks.execute_due(proposal_id=proposal.pk, proposals=[proposal.pk], force=True)

    assert_unsigned(proposal)
    assert written(workspace) == []
