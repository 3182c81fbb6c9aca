"""Proposals through the gate: the straight way, and every way off it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.workspaces import note_kind
from tests.workspaces.note_kind import NoteKind, written
from workspaces.gate import NotAllowedError, Proposer, RequestError, StalePlanError, StateError
from workspaces.models import Proposal, Status, User, Workspace
from workspaces.services import brake, execution, proposing, reverting, signing, upkeep

MACHINE = Proposer.model("sampler", "v1")


@pytest.fixture
def note() -> NoteKind:
    return note_kind.install()


def _propose(workspace: Workspace, now: datetime, **options: object) -> Proposal:
    options = {"proposer": MACHINE, "request": {"page": "1", "text": "hello"}, **options}
    return proposing.propose(
        workspace=workspace, kind="note", reason="Because.", now=now, **options
    )


def _sign(proposal: Proposal, by: User, now: datetime) -> Proposal:
    return signing.sign(
        proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=by, now=now
    )


def test_signed_proposal_takes_effect_once(note, workspace, approver, now):
    proposal = _sign(_propose(workspace, now), approver, now)
    assert proposal.status == Status.APPROVED

    ran = execution.execute_due(worker="w", clock=lambda: now)
    again = execution.execute_due(worker="w", clock=lambda: now)

    proposal.refresh_from_db()
    assert (ran, again) == (1, 0)
    assert proposal.status == Status.EXECUTED
    assert written(workspace) == ["hello"]
    assert proposal.current_plan.attempts.get().outcome == "applied"


def test_unsigned_proposal_never_runs(note, workspace, now):
    _propose(workspace, now)

    assert execution.execute_due(worker="w", clock=lambda: now) == 0
    assert written(workspace) == []


def test_two_signatures_come_from_two_people(note, workspace, approver, admin, now):
    note.signatures = 2
    proposal = _sign(_propose(workspace, now), approver, now)
    assert proposal.status == Status.PENDING

    with pytest.raises(StateError, match="another person"):
        _sign(proposal, approver, now)

    assert _sign(proposal, admin, now).status == Status.APPROVED


def test_proposer_cannot_sign(note, workspace, approver, now):
    proposal = _propose(workspace, now, proposer=Proposer.person(approver))

    with pytest.raises(NotAllowedError, match="You proposed this"):
        _sign(proposal, approver, now)

    proposal.refresh_from_db()
    assert proposal.status == Status.PENDING


@pytest.mark.parametrize("persona", ["viewer", "agent", "operator", "outsider"])
def test_lower_rank_cannot_sign(note, workspace, now, persona, request):
    proposal = _propose(workspace, now)

    with pytest.raises(NotAllowedError, match="role of approver"):
        _sign(proposal, request.getfixturevalue(persona), now)


def test_signature_of_another_plan_is_refused_with_the_fresh_one(note, workspace, approver, now):
    proposal = _propose(workspace, now)

    with pytest.raises(StalePlanError) as refusal:
        signing.sign(proposal_id=proposal.pk, plan_sha256="0" * 64, by=approver, now=now)

    assert refusal.value.proposal.current_plan == proposal.current_plan


def test_edit_makes_an_unsigned_plan(note, workspace, approver, admin, now):
    proposal = _sign(_propose(workspace, now), approver, now)

    edited = proposing.edit(
        proposal_id=proposal.pk, changes={"text": "longer text"}, by=admin, now=now
    )

    assert edited.status == Status.PENDING
    assert edited.current_plan.version == 2
    with pytest.raises(NotAllowedError, match="You edited this"):
        _sign(edited, admin, now)
    assert _sign(edited, approver, now).status == Status.APPROVED


def test_editor_may_sign_a_value_between(note, workspace, approver, now):
    proposal = _propose(workspace, now)

    edited = proposing.edit(proposal_id=proposal.pk, changes={"text": "hi"}, by=approver, now=now)

    assert _sign(edited, approver, now).status == Status.APPROVED


def test_withdrawn_signature_stops_it_and_can_be_given_again(note, workspace, approver, now):
    proposal = _sign(_propose(workspace, now), approver, now)

    signing.withdraw(proposal_id=proposal.pk, by=approver, now=now)

    assert execution.execute_due(worker="w", clock=lambda: now) == 0
    proposal.refresh_from_db()
    assert proposal.status == Status.PENDING
    assert _sign(proposal, approver, now).status == Status.APPROVED


def test_rejection_needs_a_reason(note, workspace, approver, now):
    proposal = _propose(workspace, now)
    sha = proposal.current_plan.sha256

    with pytest.raises(RequestError, match="reason"):
        signing.reject(proposal_id=proposal.pk, plan_sha256=sha, by=approver, now=now, why=" ")

    signing.reject(proposal_id=proposal.pk, plan_sha256=sha, by=approver, now=now, why="No.")
    proposal.refresh_from_db()
    assert proposal.status == Status.REJECTED


def test_newer_machine_proposal_supersedes(note, workspace, now):
    first = _propose(workspace, now)

    same = _propose(workspace, now)
    newer = _propose(workspace, now, request={"page": "1", "text": "bye"})

    first.refresh_from_db()
    assert same == first
    assert first.status == Status.SUPERSEDED
    assert first.superseded_by == newer


def test_signed_proposal_is_not_displaced(note, workspace, approver, now):
    _sign(_propose(workspace, now), approver, now)

    with pytest.raises(proposing.SubjectBusyError, match="Write hello on 1"):
        _propose(workspace, now, request={"page": "1", "text": "bye"})


def test_persons_proposal_is_not_displaced(note, workspace, operator, now):
    _propose(workspace, now, proposer=Proposer.person(operator))

    with pytest.raises(proposing.SubjectBusyError):
        _propose(workspace, now, request={"page": "1", "text": "bye"})


def test_idempotency_key_returns_the_first(note, workspace, now):
    first = _propose(workspace, now, idempotency_key="k1")

    again = _propose(workspace, now, idempotency_key="k1")

    assert again == first
    with pytest.raises(proposing.ReplayedKeyError):
        _propose(workspace, now, idempotency_key="k1", request={"page": "2", "text": "x"})


def test_drift_makes_a_new_plan_from_the_live_value(note, workspace, approver, now):
    from workspaces.gate import Reading

    proposal = _sign(_propose(workspace, now), approver, now)
    note.readings = [Reading("other", live={"text": "scribble"})]

    execution.execute_due(worker="w", clock=lambda: now)

    proposal.refresh_from_db()
    assert proposal.status == Status.PENDING
    assert proposal.current_plan.version == 2
    assert proposal.current_plan.content["before"] == "scribble"
    assert written(workspace) == []


def test_kill_switch_stops_the_claim(note, workspace, operator, approver, now):
    proposal = _sign(_propose(workspace, now), approver, now)
    brake.pull(workspace=workspace, by=operator, reason="Odd numbers.", now=now)

    assert execution.execute_due(worker="w", clock=lambda: now) == 0
    stop = Proposal.objects.get(kind="workspaces.stop")
    assert stop.status == Status.EXECUTED
    with pytest.raises(NotAllowedError):
        brake.release(workspace=workspace, by=operator, reason="Fine.", now=now)

    brake.release(workspace=workspace, by=approver, reason="Fine.", now=now)
    execution.execute_due(worker="w", clock=lambda: now)
    proposal.refresh_from_db()
    assert proposal.status == Status.EXECUTED


def test_revert_is_a_proposal_of_its_own(note, workspace, approver, operator, now):
    proposal = _sign(_propose(workspace, now), approver, now)
    execution.execute_due(worker="w", clock=lambda: now)

    undo = reverting.revert(proposal_id=proposal.pk, by=operator, now=now)

    assert undo.status == Status.PENDING
    _sign(undo, approver, now)
    execution.execute_due(worker="w", clock=lambda: now)
    proposal.refresh_from_db()
    assert proposal.status == Status.REVERTED
    assert written(workspace) == ["hello", "blank"]


def test_undecided_proposal_expires(note, workspace, approver, now):
    proposal = _propose(workspace, now)

    assert upkeep.expire_due(now=now + timedelta(hours=23)) == 0
    assert upkeep.expire_due(now=now + timedelta(hours=24)) == 1

    proposal.refresh_from_db()
    assert proposal.status == Status.EXPIRED
