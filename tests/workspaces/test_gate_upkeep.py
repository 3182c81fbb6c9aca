"""What time, absence and second thoughts do to proposals."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.workspaces import note_kind
from tests.workspaces.gate_steps import fresh, propose, run_due, sign, signed
from tests.workspaces.note_kind import written
from workspaces.gate import NotAllowedError, RequestError, StateError
from workspaces.models import Notification, Proposal, Status
from workspaces.services import delegation, proposing, reverting, signing, upkeep

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
DAY = timedelta(hours=24)


@pytest.fixture(autouse=True)
def note():
    return note_kind.install()


def reminded(now):
    return upkeep.remind_due(now=now)


def test_reminders_come_at_half_and_nine_tenths_of_life(workspace, approver, now):
    proposal = propose(workspace, now)

    counts = [
        reminded(now + 12 * HOUR - SECOND), reminded(now + 12 * HOUR), reminded(now + 13 * HOUR),
        reminded(now + 0.9 * DAY - SECOND), reminded(now + 0.9 * DAY), reminded(now + 23 * HOUR),
    ]  # fmt: skip

    assert counts == [0, 1, 0, 0, 1, 0]
    assert fresh(proposal).reminders_sent == 2
    titles = Notification.objects.filter(user=approver, topic="proposal.reminder")
    assert titles.count() == 2


def test_marks_that_passed_while_beat_slept_are_made_up_for_once(workspace, now):
    propose(workspace, now)

    assert reminded(now + 23 * HOUR) == 2
    assert reminded(now + 23 * HOUR) == 0


def test_reminders_begin_again_with_a_new_plan(workspace, approver, now):
    proposal = propose(workspace, now)
    edited_at = now + 23 * HOUR
    assert reminded(edited_at) == 2

    proposing.edit(proposal_id=proposal.pk, changes={"text": "x"}, by=approver, now=edited_at)

    assert fresh(proposal).reminders_sent == 0
    half, most = edited_at + 12 * HOUR, edited_at + 0.9 * DAY
    counts = [reminded(at) for at in (half - SECOND, half, most - SECOND, most)]
    assert counts == [0, 1, 0, 1]


def test_signed_or_expired_proposals_are_not_reminded_of(workspace, approver, now):
    signed(workspace, approver, now)
    propose(workspace, now, page="2")

    assert reminded(now + DAY) == 0


def test_snoozed_proposal_is_not_reminded_of_until_it_wakes(workspace, operator, now):
    proposal = propose(workspace, now)
    until = now + 15 * HOUR
    signing.snooze(proposal_id=proposal.pk, until=until, by=operator, now=now)

    assert reminded(until - SECOND) == 0
    assert reminded(until) == 1


def test_expiry_runs_on_under_a_snooze(workspace, operator, now):
    proposal = propose(workspace, now)
    signing.snooze(proposal_id=proposal.pk, until=now + 20 * HOUR, by=operator, now=now)

    assert upkeep.expire_due(now=now + DAY) == 1
    assert fresh(proposal).status == Status.EXPIRED


@pytest.mark.parametrize(("hours", "word"), [(0, "future"), (-1, "future"), (24, "expires")])
def test_impossible_snooze_names_the_field(workspace, operator, now, hours, word):
    proposal = propose(workspace, now)

    with pytest.raises(RequestError, match=word) as refusal:
        signing.snooze(proposal_id=proposal.pk, until=now + hours * HOUR, by=operator, now=now)

    assert refusal.value.field == "until"
    assert fresh(proposal).snoozed_until is None


def test_snoozed_proposal_can_still_be_signed(workspace, operator, approver, now):
    proposal = propose(workspace, now)
    signing.snooze(proposal_id=proposal.pk, until=now + HOUR, by=operator, now=now)

    assert sign(proposal, approver, now).status == Status.APPROVED


def test_signed_change_does_not_expire(workspace, approver, now):
    proposal = signed(workspace, approver, now)

    assert upkeep.expire_due(now=now + 3 * DAY) == 0
    assert fresh(proposal).status == Status.APPROVED


def test_one_of_two_signatures_does_not_stop_expiry(note, workspace, approver, admin, now):
    note.signatures = 2
    proposal = signed(workspace, approver, now)

    with pytest.raises(StateError, match="expired"):
        sign(proposal, admin, now + DAY)
    upkeep.expire_due(now=now + DAY)

    assert fresh(proposal).status == Status.EXPIRED


def test_edit_gives_a_new_life(workspace, approver, now):
    proposal = propose(workspace, now)

    proposing.edit(proposal_id=proposal.pk, changes={"text": "x"}, by=approver, now=now + 23 * HOUR)

    assert fresh(proposal).expires_at == now + 47 * HOUR


def test_measured_once_when_the_figures_are_in(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    run_due(now)

    assert upkeep.measure_due(now=now + DAY - SECOND) == 0
    assert upkeep.measure_due(now=now + DAY) == 1
    assert upkeep.measure_due(now=now + 2 * DAY) == 0

    assert fresh(proposal).realised == {"point": "1"}
    assert fresh(proposal).measured_at == now + DAY


def test_figures_that_are_missing_are_looked_for_again_later(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    run_due(now)
    note.measure = lambda proposal, now: None

    assert upkeep.measure_due(now=now + DAY) == 0

    assert fresh(proposal).measured_at is None
    assert fresh(proposal).measure_after == now + DAY + upkeep.LOOK_AGAIN


def test_missing_figures_of_many_do_not_hold_up_the_rest(
    note, workspace, approver, now, monkeypatch
):
    monkeypatch.setattr(upkeep, "_BATCH", 2)
    for page in "123":
        signed(workspace, approver, now, page=page)
        run_due(now)
    note.measure = lambda proposal, now: (
        {"point": "1"} if proposal.subject_key == "page:3" else None
    )

    assert upkeep.measure_due(now=now + DAY) == 0
    assert upkeep.measure_due(now=now + DAY) == 1


def test_delegate_signs_until_the_end(workspace, approver, operator, now):
    delegation.delegate(
        workspace=workspace, giver=approver, taker=operator, ends_at=now + HOUR, now=now
    )
    first, second = propose(workspace, now), propose(workspace, now, page="2")

    assert sign(first, operator, now + HOUR - SECOND).status == Status.APPROVED
    assert first.current_plan.signatures.get().rank_held == "approver"
    with pytest.raises(NotAllowedError, match="role of approver"):
        sign(second, operator, now + HOUR)


def test_nobody_signs_his_own_proposal_by_anothers_hand(workspace, approver, operator, now):
    from workspaces.gate import Proposer

    delegation.delegate(
        workspace=workspace, giver=approver, taker=operator, ends_at=now + DAY, now=now
    )
    own = propose(workspace, now, proposer=Proposer.person(operator))
    givers = propose(workspace, now, page="2", proposer=Proposer.person(approver))

    for proposal in (own, givers):
        with pytest.raises(NotAllowedError):
            sign(proposal, operator, now)


def test_revert_of_a_revert_restores_and_is_signed_too(workspace, approver, admin, operator, now):
    first = signed(workspace, approver, now)
    run_due(now)
    undo = reverting.revert(proposal_id=first.pk, by=operator, now=now)
    sign(undo, approver, now)
    run_due(now)

    redo = reverting.revert(proposal_id=undo.pk, by=operator, now=now)
    assert redo.status == Status.PENDING
    note_kind_rewrites(workspace)
    sign(redo, admin, now)
    run_due(now)

    states = [fresh(proposal).status for proposal in (first, undo, redo)]
    assert states == [Status.REVERTED, Status.REVERTED, Status.EXECUTED]


def note_kind_rewrites(workspace):
    """Forget what was written before, so that writing it again is a change."""
    from workspaces.models import JobRun

    JobRun.objects.filter(workspace=workspace, step="hello").update(step="overwritten")


def test_only_an_executed_change_is_undone_and_only_once(workspace, approver, operator, now):
    proposal = signed(workspace, approver, now)
    with pytest.raises(StateError, match="only an executed change"):
        reverting.revert(proposal_id=proposal.pk, by=operator, now=now)
    run_due(now)
    reverting.revert(proposal_id=proposal.pk, by=operator, now=now)

    with pytest.raises(proposing.SubjectBusyError):
        reverting.revert(proposal_id=proposal.pk, by=operator, now=now)

    assert Proposal.objects.filter(reverts=proposal).count() == 1


def test_bulk_undo_is_one_bundle_and_lists_what_it_could_not(workspace, approver, operator, now):
    done = [signed(workspace, approver, now, page=page) for page in "12"]
    run_due(now)
    waiting = propose(workspace, now, page="3")

    result = reverting.bulk_revert(
        proposal_ids=[*(p.pk for p in done), waiting.pk], by=operator, now=now
    )

    assert len({undo.bundle_id for undo in result.done}) == 1
    assert [undo.reverts_id for undo in result.done] == [p.pk for p in done]
    assert [pk for pk, _ in result.refused] == [waiting.pk]
    assert sorted(written(workspace)) == ["hello", "hello"]
