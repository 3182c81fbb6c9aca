"""Changes that no machine of ours can reach: a person makes them and ticks them off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.workspaces import note_kind
from tests.workspaces.gate_steps import fresh, propose, run_due, sign, signed
from tests.workspaces.note_kind import written
from workspaces.gate import NotAllowedError, Outcome, Reading, StateError
from workspaces.models import ExecutionAttempt, Status
from workspaces.services import brake, execution, proposing

HOUR = timedelta(hours=1)


@pytest.fixture
def note():
    return note_kind.install()


def test_change_by_hand_waits_for_a_person_to_tick_it_off(
    note, workspace, approver, operator, agent, now
):
    note.by_hand = True
    proposal = signed(workspace, approver, now)
    assert (proposal.execute_after, run_due(now + HOUR)) == (None, 0)
    with pytest.raises(NotAllowedError, match="operator"):
        execution.complete_by_hand(proposal_id=proposal.pk, by=agent, now=now)

    done = execution.complete_by_hand(proposal_id=proposal.pk, by=operator, now=now)

    assert done.status == Status.EXECUTED
    assert not ExecutionAttempt.objects.filter(call_sent_at__isnull=False).exists()
    assert written(workspace) == ["hello"]
    with pytest.raises(StateError, match="nothing to tick off"):
        execution.complete_by_hand(proposal_id=proposal.pk, by=operator, now=now)


def test_unsigned_change_by_hand_is_not_ticked_off(note, workspace, operator, now):
    note.by_hand = True
    proposal = propose(workspace, now)

    with pytest.raises(StateError, match="nothing to tick off"):
        execution.complete_by_hand(proposal_id=proposal.pk, by=operator, now=now)

    assert written(workspace) == []


def test_change_by_hand_stops_at_the_kill_switch_in_words(note, workspace, approver, operator, now):
    note.by_hand = True
    proposal = signed(workspace, approver, now)
    brake.pull(workspace=workspace, by=operator, reason="Stop.", now=now)

    with pytest.raises(StateError, match="kill switch is on"):
        execution.complete_by_hand(proposal_id=proposal.pk, by=operator, now=now)


def test_change_whose_connection_went_waits_for_a_hand(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    note.by_hand = True

    assert run_due(now) == 0

    assert (fresh(proposal).status, fresh(proposal).execute_after) == (Status.APPROVED, None)
    assert not ExecutionAttempt.objects.filter(call_sent_at__isnull=False).exists()


def test_machine_change_is_not_ticked_off(note, workspace, approver, operator, now):
    proposal = signed(workspace, approver, now)

    with pytest.raises(StateError, match="executes this one itself"):
        execution.complete_by_hand(proposal_id=proposal.pk, by=operator, now=now)


def test_task_stays_a_task_when_a_connection_comes(note, workspace, approver, operator, now):
    note.by_hand = True
    proposal = signed(workspace, approver, now)
    note.by_hand = False

    assert run_due(now + HOUR) == 0
    done = execution.complete_by_hand(proposal_id=proposal.pk, by=operator, now=now)

    assert done.status == Status.EXECUTED
    assert written(workspace) == ["hello"]


@pytest.fixture
def readable(note):
    note.by_hand = note.can_be_read = True
    return note


def test_what_stands_there_as_signed_is_ticked_off(readable, workspace, approver, operator, now):
    proposal = signed(workspace, approver, now)
    readable.readings = [Reading("after", facts={"live": "hello"})]

    done = execution.complete_by_hand(proposal_id=proposal.pk, by=operator, now=now)

    assert done.status == Status.EXECUTED
    attempt = ExecutionAttempt.objects.get()
    assert attempt.facts == {"live": "hello", "by_hand": str(operator)}


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (Reading("before", words="The page shows blank now"), "shows blank now, which is not"),
        (Reading("other"), "Something else stands there, which is not what was signed"),
        (Reading("unknown"), "not ticked off: No answer came"),
        (Reading("unknown", error=Outcome("refused", "It is closed.")), "not ticked off: It is cl"),
    ],
)
def test_what_does_not_stand_there_is_not_ticked_off(
    readable, workspace, approver, operator, now, reading, words
):
    proposal = signed(workspace, approver, now)
    readable.readings = [reading]

    with pytest.raises(StateError, match=words):
        execution.complete_by_hand(proposal_id=proposal.pk, by=operator, now=now)

    assert fresh(proposal).status == Status.APPROVED
    assert not ExecutionAttempt.objects.exists()


def test_who_may_not_tick_off_does_not_make_us_look(readable, workspace, approver, agent, now):
    proposal = signed(workspace, approver, now)
    readable.readings = [Reading("after")]

    with pytest.raises(NotAllowedError, match="operator"):
        execution.complete_by_hand(proposal_id=proposal.pk, by=agent, now=now)

    assert readable.readings == [Reading("after")]


def test_plan_that_was_replaced_while_we_looked_is_not_ticked_off(
    readable, workspace, approver, admin, operator, now
):
    proposal = signed(workspace, approver, now)
    readable.readings = [Reading("after")]

    def edit_and_sign():
        changes = {"text": "hey"}
        sign(
            proposing.edit(proposal_id=proposal.pk, changes=changes, by=admin, now=now),
            approver,
            now,
        )

    readable.while_reading = edit_and_sign

    with pytest.raises(StateError, match="changed meanwhile"):
        execution.complete_by_hand(proposal_id=proposal.pk, by=operator, now=now)

    assert (fresh(proposal).status, written(workspace)) == (Status.APPROVED, [])
