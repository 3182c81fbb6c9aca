"""What the database refuses, whoever asks: a shell, a bug, a second writer (A6)."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.models import Model, ProtectedError

from tests.workspaces import note_kind
from tests.workspaces.gate_steps import (
    PATHS,
    fresh,
    propose,
    raw_plan,
    raw_proposal,
    raw_signature,
    run_due,
    signed,
    walked_to,
)
from tests.workspaces.note_kind import written
from workspaces.models import ExecutionAttempt, Plan, Proposal, Signature, Status, Workspace
from workspaces.models.gate_triggers import TRANSITIONS
from workspaces.services import brake

REFUSALS = (IntegrityError, InternalError, ProtectedError)
CLOSED = [status for status in Status if status != Status.PENDING]


@pytest.fixture(autouse=True)
def note():
    return note_kind.install()


def refused(call, match=None):
    """The call is refused by the database, and its transaction can go on."""
    with pytest.raises(REFUSALS, match=match), transaction.atomic():
        call()
    return True


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.parametrize("status", CLOSED)
def test_proposal_is_born_pending(workspace, now, status):
    row = raw_proposal(workspace, now, subject_key="page:other")
    row.pk, row.public_id, row.subject_key, row.status = None, note_uuid(), "page:1", status

    refused(lambda: Proposal.objects.bulk_create([row]), "starts as pending")
    refused(lambda: raw_proposal(workspace, now, status=status), "starts as pending")

    assert Proposal.objects.count() == 1


def note_uuid():
    from workspaces.ids import uuid7

    return uuid7()


@pytest.mark.parametrize(("old", "new"), list(product(Status, Status)))
def test_only_the_table_of_states_is_walked(workspace, approver, now, old, new):
    proposal = walked_to(old, propose(workspace, now), approver)

    def move():
        Proposal.objects.filter(pk=proposal.pk).update(status=new)

    if old == new or new in TRANSITIONS.get(old, ()):
        move()
        assert fresh(proposal).status == new
    else:
        refused(move, "cannot go from")
        assert fresh(proposal).status == old


def test_every_state_is_reached_and_left_as_the_table_says():
    assert set(PATHS) == set(Status)
    assert sum(len(news) for news in TRANSITIONS.values()) == 14


@pytest.mark.parametrize("path", ["update", "save", "bulk_update", "sql"])
def test_unsigned_plan_is_not_approved_by_any_write(workspace, now, path):
    proposal = propose(workspace, now)
    proposal.status = Status.APPROVED
    writes = {
        "update": lambda: Proposal.objects.update(status="approved"),
        "save": lambda: proposal.save(),
        "bulk_update": lambda: Proposal.objects.bulk_update([proposal], ["status"]),
        "sql": lambda: sql("UPDATE workspaces_proposal SET status = 'approved'"),
    }

    refused(writes[path], "0 of 1 signatures")

    assert fresh(proposal).status == Status.PENDING
    assert run_due(now) == 0


def test_one_of_two_signatures_is_too_few(note, workspace, approver, admin, now):
    note.signatures = 2
    proposal = propose(workspace, now)
    raw_signature(proposal.current_plan, approver)

    refused(lambda: Proposal.objects.update(status="approved"), "1 of 2 signatures")

    raw_signature(proposal.current_plan, admin, rank_held="admin")
    assert Proposal.objects.update(status="approved") == 1


def test_withdrawn_signature_does_not_count(workspace, approver, now):
    proposal = propose(workspace, now)
    signature = raw_signature(proposal.current_plan, approver)
    Signature.objects.filter(pk=signature.pk).update(withdrawn_at=now)

    refused(lambda: Proposal.objects.update(status="approved"), "0 of 1 signatures")


def test_rejecting_signature_does_not_approve(workspace, approver, now):
    proposal = propose(workspace, now)
    raw_signature(proposal.current_plan, approver, decision="reject")

    refused(lambda: Proposal.objects.update(status="approved"), "0 of 1 signatures")


def test_signature_on_an_older_plan_does_not_count(workspace, approver, now):
    proposal = propose(workspace, now)
    raw_signature(proposal.current_plan, approver)
    Proposal.objects.update(current_plan=raw_plan(proposal))

    refused(lambda: Proposal.objects.update(status="approved"), "0 of 1 signatures")


def test_signature_withdrawn_behind_the_services_stops_execution(workspace, approver, now):
    signed(workspace, approver, now)
    Signature.objects.update(withdrawn_at=now)

    refused(lambda: Proposal.objects.update(status="executing"), "0 of 1 signatures")


def test_proposal_without_a_plan_cannot_be_approved(workspace, now):
    raw_proposal(workspace, now)

    refused(lambda: Proposal.objects.update(status="approved"), "no plan to sign yet")


def test_plan_of_another_proposal_is_no_plan_of_this_one(workspace, approver, now):
    other = signed(workspace, approver, now, page="2")
    mine = propose(workspace, now)

    def borrow():
        Proposal.objects.filter(pk=mine.pk).update(current_plan=other.current_plan)

    refused(borrow, "belongs to another proposal")
    refused(
        lambda: raw_proposal(workspace, now, subject_key="page:3", current_plan=other.current_plan),
        "belongs to another proposal",
    )


def test_new_plan_cannot_slip_under_an_approval(workspace, approver, now):
    proposal = signed(workspace, approver, now)
    plan = raw_plan(proposal)

    refused(lambda: Proposal.objects.update(current_plan=plan), "starts unsigned")
    refused(lambda: Proposal.objects.update(current_plan=None))

    assert fresh(proposal).current_plan.version == 1


@pytest.mark.parametrize(
    "change",
    [
        {"body": "{}"}, {"sha256": "0" * 64}, {"signatures_required": 1, "rank_required": "agent"},
        {"policy_may_sign": True}, {"is_blocked": False, "version": 9}, {"risk": "high"},
    ],
    ids=str,
)  # fmt: skip
def test_stored_plan_is_frozen(workspace, now, change):
    proposal = propose(workspace, now)

    refused(lambda: Plan.objects.update(**change))
    refused(lambda: sql('UPDATE workspaces_plan SET body = \'{"after":"evil"}\''))
    refused(lambda: Plan.objects.all()._raw_delete("default"))

    assert fresh(proposal).current_plan.content["after"] == "hello"


def test_plan_with_a_wrong_hash_is_not_stored(workspace, now):
    proposal = propose(workspace, now)

    refused(lambda: raw_plan(proposal, sha256="0" * 64), "hash is not that of the plan")


def test_plan_needs_a_signature_and_policy_signs_alone(workspace, now):
    proposal = propose(workspace, now)

    refused(lambda: raw_plan(proposal, signatures_required=0), "needs_a_signature")
    refused(
        lambda: raw_plan(proposal, signatures_required=2, policy_may_sign=True),
        "policy_signs_alone",
    )
    refused(lambda: raw_plan(proposal, is_blocked=True, policy_may_sign=True), "policy_signs_alone")


@pytest.mark.parametrize("role", ["viewer", "agent", "operator"])
def test_rank_below_the_plan_cannot_sign(workspace, now, role, request):
    plan = propose(workspace, now).current_plan
    person = request.getfixturevalue(role)

    refused(lambda: raw_signature(plan, person, rank_held=role), "needs the rank of approver")
    refused(lambda: raw_signature(plan, person), "does not hold the rank of approver")

    assert not Signature.objects.exists()


def test_stranger_cannot_sign(workspace, outsider, now):
    plan = propose(workspace, now).current_plan

    refused(lambda: raw_signature(plan, outsider, rank_held="admin"), "does not hold the rank")


def test_proposer_cannot_sign_and_may_withdraw_from_nothing(workspace, approver, now):
    from workspaces.gate import Proposer

    proposal = propose(workspace, now, proposer=Proposer.person(approver))

    refused(lambda: raw_signature(proposal.current_plan, approver), "who proposed cannot sign")


def test_editor_cannot_sign_unless_the_edit_lies_between(workspace, approver, now):
    proposal = propose(workspace, now)
    outside = raw_plan(proposal, edited_by=approver)
    Proposal.objects.update(current_plan=outside)

    refused(lambda: raw_signature(outside, approver), "who edited cannot sign")

    other = propose(workspace, now, page="2")
    between = raw_plan(other, edited_by=approver, editor_may_sign=True)
    Proposal.objects.filter(pk=other.pk).update(current_plan=between)
    assert raw_signature(between, approver).pk


def test_editor_never_signs_where_two_must(workspace, approver, now):
    proposal = propose(workspace, now)
    plan = raw_plan(proposal, edited_by=approver, editor_may_sign=True, signatures_required=2)
    Proposal.objects.update(current_plan=plan)

    refused(lambda: raw_signature(plan, approver), "who edited cannot sign")


def test_only_the_current_plan_is_signed(workspace, approver, now):
    proposal = propose(workspace, now)
    old = proposal.current_plan
    Proposal.objects.update(current_plan=raw_plan(proposal))

    refused(lambda: raw_signature(old, approver), "only the current plan")


@pytest.mark.parametrize("status", CLOSED)
def test_only_a_pending_proposal_is_signed(workspace, approver, admin, now, status):
    proposal = walked_to(status, propose(workspace, now), approver)

    refused(lambda: raw_signature(proposal.current_plan, admin, rank_held="admin"), "not pending")


def test_policy_signs_only_where_its_verdict_says_so(note, workspace, now):
    plan = propose(workspace, now).current_plan
    by_policy = {"rank_held": "", "policy_version": "v1"}

    refused(lambda: raw_signature(plan, None, **by_policy), "policy may not sign")

    note.policy_may_sign = True
    proposal = propose(workspace, now, page="2")
    assert proposal.status == Status.APPROVED
    refused(lambda: raw_signature(proposal.current_plan, None, decision="reject", **by_policy))


def test_blocked_plan_takes_no_approval_but_a_rejection(workspace, approver, now):
    proposal = propose(workspace, now)
    plan = raw_plan(proposal, is_blocked=True)
    Proposal.objects.update(current_plan=plan)

    refused(lambda: raw_signature(plan, approver), "a rule forbids")

    assert raw_signature(plan, approver, decision="reject").pk


def test_signature_is_by_a_person_or_a_policy_never_both(workspace, approver, now):
    plan = propose(workspace, now).current_plan

    refused(lambda: raw_signature(plan, approver, policy_version="v1"), "by_person_or_policy")
    refused(lambda: raw_signature(plan, None, rank_held=""))


def test_person_signs_a_plan_once(note, workspace, approver, now):
    note.signatures = 2
    plan = propose(workspace, now).current_plan
    raw_signature(plan, approver)

    refused(lambda: raw_signature(plan, approver), "signature_once")


@pytest.mark.parametrize(
    "change",
    [{"decision": "reject"}, {"rank_held": "admin"}, {"why": "x"}, {"person_id": None}],
    ids=str,
)
def test_signature_is_never_rewritten(workspace, approver, now, change):
    raw_signature(propose(workspace, now).current_plan, approver)

    refused(lambda: Signature.objects.update(**change))
    refused(lambda: Signature.objects.all()._raw_delete("default"))

    assert Signature.objects.get().decision == "approve"


def test_withdrawal_is_final_and_not_after_execution_began(workspace, approver, now):
    proposal = walked_to(Status.EXECUTING, propose(workspace, now), approver)
    refused(lambda: Signature.objects.update(withdrawn_at=now), "too late to withdraw")

    other = propose(workspace, now, page="2")
    signature = Signature.objects.filter(pk=raw_signature(other.current_plan, approver).pk)
    signature.update(withdrawn_at=now)
    refused(lambda: signature.update(withdrawn_at=None), "can only be withdrawn")
    assert fresh(proposal).status == Status.EXECUTING


def test_settled_attempt_is_frozen_but_for_its_emptied_answer(note, workspace, approver, now):
    from workspaces.gate import Outcome

    note.call = lambda plan: Outcome("applied", "Done.", response={"id": "7"})
    signed(workspace, approver, now)
    run_due(now)
    attempts = ExecutionAttempt.objects.all()

    for change in ({"outcome": "refused"}, {"settled_at": None}, {"response": {"id": "8"}}):
        refused(lambda change=change: attempts.update(**change), "settled attempt is frozen")
    refused(lambda: attempts.update(response={}, error="x"), "settled attempt is frozen")
    refused(lambda: attempts._raw_delete("default"))

    attempts.update(response={})
    assert attempts.get().outcome == "applied"


def test_plan_has_one_running_attempt(workspace, approver, now):
    plan = signed(workspace, approver, now).current_plan
    ExecutionAttempt.objects.create(plan=plan, number=1, worker="a", started_at=now)

    refused(
        lambda: ExecutionAttempt.objects.create(plan=plan, number=2, worker="b", started_at=now),
        "one_running",
    )


def test_nothing_of_the_record_is_deleted(workspace, approver, operator, now):
    brake.pull(workspace=workspace, by=operator, reason="Stop.", now=now)
    brake.release(workspace=workspace, by=approver, reason="Go.", now=now)
    signed(workspace, approver, now)
    run_due(now)

    tables: list[type[Model]] = [Proposal, Plan, Signature, ExecutionAttempt]
    for model in tables:
        before = model._default_manager.count()
        refused(lambda model=model: model._default_manager.all()._raw_delete("default"))
        refused(lambda model=model: sql(f"DELETE FROM {model._meta.db_table}"))
        assert model._default_manager.count() == before > 0


def test_one_proposal_is_open_for_a_subject(workspace, approver, now):
    proposal = propose(workspace, now)
    refused(lambda: raw_proposal(workspace, now), "one_open")

    for status in (Status.APPROVED, Status.EXECUTING):
        walked_to(status, proposal, approver) if status == Status.APPROVED else (
            Proposal.objects.update(status=status)
        )
        refused(lambda: raw_proposal(workspace, now), "one_open")

    Proposal.objects.update(status=Status.FAILED)
    assert raw_proposal(workspace, now).status == Status.PENDING


def test_one_change_executes_in_a_lane(workspace, approver, now):
    first = signed(workspace, approver, now)
    second = signed(workspace, approver, now, page="2")
    Proposal.objects.filter(pk=second.pk).update(lane=first.lane)
    Proposal.objects.filter(pk=first.pk).update(status="executing")

    refused(lambda: Proposal.objects.filter(pk=second.pk).update(status="executing"), "one_in_lane")


def test_kill_switch_refuses_executing_but_not_its_own_record(workspace, approver, now):
    proposal = signed(workspace, approver, now)
    Workspace.objects.update(kill_switch=True)

    refused(lambda: Proposal.objects.update(status="executing"), "kill switch")

    assert fresh(proposal).status == Status.APPROVED
    assert written(workspace) == []


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"}, {"subject_key": "page:9"}, {"proposer_key": "model:other"},
        {"proposer_type": "rule"}, {"proposed_by": "approver"}, {"workspace": "other_workspace"},
    ],
    ids=str,
)  # fmt: skip
def test_who_proposed_what_where_is_fixed(workspace, approver, now, change, request):
    propose(workspace, now)
    (name, value), *_ = change.items()
    if name in ("proposed_by", "workspace"):
        value = request.getfixturevalue(value)

    refused(lambda: Proposal.objects.update(**{name: value}), "are fixed")


def test_idempotency_key_is_used_once_by_a_proposer(workspace, now):
    propose(workspace, now, idempotency_key="k")

    refused(
        lambda: raw_proposal(
            workspace, now, subject_key="page:2", idempotency_key="k",
            proposer_key="model:sampler",
        ),
        "idempotent",
    )  # fmt: skip
