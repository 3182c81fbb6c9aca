"""The executor's branches: what it does with every answer, and with none."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workspaces import note_kind
from tests.workspaces.gate_steps import (
    fresh,
    propose,
    raw_plan,
    raw_signature,
    run_due,
    sent_attempt,
    sign,
    signed,
)
from tests.workspaces.note_kind import NoteKind, written
from workspaces.gate import CheckResult, Outcome, Reading, StateError, register
from workspaces.models import ExecutionAttempt, Plan, Proposal, Signature, Status, User
from workspaces.roles import Role
from workspaces.services import brake, execution, settling, signing

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LEASE = timedelta(seconds=600)
GRACE = timedelta(seconds=50)


@pytest.fixture
def note():
    return note_kind.install()


@pytest.fixture
def calls(note):
    """Texts that were sent, whatever came of them."""
    sent = []
    answer = note.call

    def call(plan):
        sent.append(plan.body["after"])
        return answer(plan)

    note.call = call
    return sent


def answering(note, *outcomes):
    """Let each call end in the next outcome."""
    waiting = list(outcomes)
    note.call = lambda plan: waiting.pop(0)


def attempts_of(proposal):
    return [attempt.outcome for attempt in ExecutionAttempt.objects.order_by("pk")]


def deferred(moment, why="Blackout until later."):
    return (CheckResult("blackout", "deferred", why, moment),)


def test_target_already_reached_needs_no_call(note, calls, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    note.readings = [Reading("after")]

    run_due(now)

    assert fresh(proposal).status == Status.EXECUTED
    assert calls == []
    assert ExecutionAttempt.objects.get().call_sent_at is None


def test_drift_of_a_change_that_makes_no_sense_any_more_cancels_it(
    note, calls, workspace, approver, now
):
    proposal = signed(workspace, approver, now)
    Proposal.objects.update(request={"page": "1", "text": ""})
    note.readings = [Reading("other", live={"text": "scribble"})]

    run_due(now)

    proposal = fresh(proposal)
    assert proposal.status == Status.CANCELLED
    assert proposal.decision_reason == (
        "The live value changed since it was signed. Write something."
    )
    assert calls == []


def test_failed_read_is_tried_again_later_without_a_call(note, calls, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    note.readings = [Reading("unknown")]

    run_due(now)

    proposal = fresh(proposal)
    assert (proposal.status, proposal.attempts) == (Status.APPROVED, 1)
    assert now <= proposal.next_attempt_at <= now + MINUTE
    assert calls == []
    run_due(now + MINUTE)
    assert fresh(proposal).status == Status.EXECUTED


def test_unclear_error_of_a_read_counts_as_transient(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    note.readings = [Reading("unknown", error=Outcome("unknown", "Half an answer."))]

    run_due(now)

    assert attempts_of(proposal) == ["transient"]
    assert fresh(proposal).last_error == "Half an answer."


@given(attempts=st.integers(1, 40), seed=st.integers(0, 2**32))
def test_backoff_has_full_jitter_below_a_doubling_ceiling(attempts, seed):
    wait = settling.backoff(attempts, random.Random(seed))

    ceiling = min(60 * 2 ** (attempts - 1), 3600)
    assert timedelta(0) <= wait <= timedelta(seconds=ceiling)


def test_backoff_uses_the_whole_range():
    waits = [settling.backoff(2, random.Random(seed)).total_seconds() for seed in range(400)]

    assert min(waits) < 6
    assert max(waits) > 114


def test_refusal_fails_at_once_with_the_platforms_words(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    answering(note, Outcome("refused", "The budget is too small.", "invalid", "req-1"))

    run_due(now)

    proposal = fresh(proposal)
    assert (proposal.status, proposal.last_error) == (Status.FAILED, "The budget is too small.")
    assert attempts_of(proposal) == ["refused"]
    assert written(workspace) == []


def test_failed_change_leaves_the_subject_free(note, workspace, approver, now):
    signed(workspace, approver, now)
    answering(note, Outcome("refused", "No."))
    run_due(now)

    again = propose(workspace, now)

    assert again.status == Status.PENDING


def test_transient_errors_use_up_five_attempts(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    note.readings = [Reading("unknown")] * 5

    for tried in range(1, 6):
        run_due(now + tried * HOUR)
        assert fresh(proposal).attempts == tried

    proposal = fresh(proposal)
    assert proposal.status == Status.FAILED
    assert proposal.last_error.startswith("Given up after 5 tries")
    assert run_due(now + 9 * HOUR) == 0


def test_transient_error_waits_at_least_as_long_as_asked(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    error = Outcome("transient", "Down.", retry_after_s=7200)
    note.readings = [Reading("unknown", error=error)]

    run_due(now)

    assert fresh(proposal).next_attempt_at == now + 2 * HOUR


def test_throttling_costs_no_attempt_and_waits_as_told(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    throttled = Outcome("throttled", "Slow down.", "throttled", retry_after_s=300)
    answering(note, *[throttled] * 7, Outcome("applied"))

    for turn in range(7):
        run_due(now + turn * 5 * MINUTE)
        assert fresh(proposal).next_attempt_at == now + (turn + 1) * 5 * MINUTE
        assert run_due(now + turn * 5 * MINUTE + 4 * MINUTE) == 0

    assert fresh(proposal).attempts == 0
    run_due(now + 35 * MINUTE)
    assert fresh(proposal).status == Status.EXECUTED


def test_unknown_outcome_that_reads_as_done_is_done(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    note.readings = [Reading("before"), Reading("after")]
    answering(note, Outcome("unknown", "Timed out."))

    run_due(now)

    assert fresh(proposal).status == Status.EXECUTED
    assert written(workspace) == ["hello"]


@pytest.mark.parametrize("state", ["before", "other", "unknown"])
def test_unknown_outcome_stays_open_and_blocks_its_subject(note, workspace, approver, now, state):
    proposal = signed(workspace, approver, now)
    note.readings = [Reading("before"), Reading(state, live={"text": "x"})]
    answering(note, Outcome("unknown", "Timed out."))

    run_due(now)

    proposal = fresh(proposal)
    assert proposal.status == Status.EXECUTING
    assert proposal.waiting_for.startswith("Being settled")
    assert proposal.lease_until == now + GRACE
    assert ExecutionAttempt.objects.get().settled_at is None
    assert run_due(now + HOUR) == 0
    with pytest.raises(StateError):
        signing.cancel(proposal_id=proposal.pk, by=approver, now=now)


def unsettled(note, workspace, approver, now):
    """A change whose call was sent and whose answer is not known."""
    proposal = signed(workspace, approver, now)
    note.readings = [Reading("before"), Reading("before")]
    answering(note, Outcome("unknown", "Timed out."), Outcome("applied"))
    run_due(now)
    return proposal


def reap(now, worker="reaper"):
    return execution.reap(worker=worker, clock=lambda: now)


def test_reaper_finds_the_effect_and_records_it_once(note, workspace, approver, now):
    proposal = unsettled(note, workspace, approver, now)
    note.readings = [Reading("after")]

    assert reap(now + GRACE - SECOND) == 0
    assert (reap(now + GRACE), reap(now + HOUR)) == (1, 0)

    assert fresh(proposal).status == Status.EXECUTED
    assert written(workspace) == ["hello"]
    assert attempts_of(proposal) == ["applied"]
    assert ExecutionAttempt.objects.get().worker == "reaper"


def test_reaper_finds_nothing_done_and_lets_it_be_tried_again(note, workspace, approver, now):
    proposal = unsettled(note, workspace, approver, now)
    note.readings = [Reading("before")]

    reap(now + MINUTE)

    assert (fresh(proposal).status, fresh(proposal).attempts) == (Status.APPROVED, 1)
    run_due(now + HOUR)
    assert fresh(proposal).status == Status.EXECUTED
    assert attempts_of(proposal) == ["transient", "applied"]
    assert written(workspace) == ["hello"]


def test_reaper_finds_a_third_value_and_asks_again(note, workspace, approver, now):
    proposal = unsettled(note, workspace, approver, now)
    note.readings = [Reading("other", live={"text": "scribble"})]

    reap(now + MINUTE)

    proposal = fresh(proposal)
    assert (proposal.status, proposal.current_plan.version) == (Status.PENDING, 2)
    assert attempts_of(proposal) == ["drift"]


def test_reaper_reads_until_it_knows(note, workspace, approver, now):
    proposal = unsettled(note, workspace, approver, now)
    note.readings = [Reading("unknown")] * 20 + [Reading("after")]

    for minute in range(1, 21):
        reap(now + minute * MINUTE)
        assert fresh(proposal).status == Status.EXECUTING

    reap(now + 21 * MINUTE)
    assert fresh(proposal).status == Status.EXECUTED


@pytest.mark.parametrize("state", ["before", "other"])
def test_call_may_still_land_within_the_grace(note, workspace, approver, now, state):
    proposal = signed(workspace, approver, now)
    sent_attempt(now)
    Proposal.objects.update(lease_until=now)
    note.readings = [Reading(state, live={"text": "x"}), Reading("after")]

    reap(now + 30 * timedelta(seconds=1))
    assert fresh(proposal).status == Status.EXECUTING

    reap(now + 90 * timedelta(seconds=1))
    assert fresh(proposal).status == Status.EXECUTED
    assert written(workspace) == ["hello"]


def test_reaper_looks_again_when_the_grace_ends_and_then_after_another(
    note, workspace, approver, now
):
    proposal = signed(workspace, approver, now)
    sent_attempt(now)
    Proposal.objects.update(lease_until=now)
    unknown = Reading("unknown")
    note.readings = [unknown, unknown, Reading("after")]

    reap(now + 40 * SECOND)
    assert fresh(proposal).lease_until == now + GRACE
    reap(now + 65 * SECOND)
    assert fresh(proposal).lease_until == now + 65 * SECOND + GRACE
    reap(now + 65 * SECOND + GRACE)

    assert fresh(proposal).status == Status.EXECUTED


def test_lease_that_lapsed_before_the_call_gives_the_change_back(
    note, calls, workspace, approver, now
):
    proposal = signed(workspace, approver, now)
    execution.claim(worker="dead", now=now)
    assert reap(now + LEASE - MINUTE) == 0

    assert reap(now + LEASE) == 1

    assert (fresh(proposal).status, fresh(proposal).attempts) == (Status.APPROVED, 0)
    assert calls == []
    run_due(now + LEASE)
    assert written(workspace) == ["hello"]


@pytest.mark.parametrize(("left_s", "sent"), [(119, False), (120, True)])
def test_no_call_starts_with_less_than_two_minutes_of_lease(
    note, calls, workspace, approver, now, left_s, sent
):
    signed(workspace, approver, now)
    late = now + LEASE - timedelta(seconds=left_s)
    moments = [now] + [late] * 9

    execution.execute_due(worker="w", clock=lambda: moments.pop(0), limit=1)

    assert bool(calls) is sent
    assert Proposal.objects.get().status == (Status.EXECUTED if sent else Status.EXECUTING)


def test_only_the_owner_of_the_lease_settles(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    slow = execution.claim(worker="slow", now=now)
    taken = []

    def stall(plan):
        Proposal.objects.update(lease_until=now)
        taken.append(execution.reap(worker="reaper", clock=lambda: now + HOUR))
        return Outcome("applied", "Late.")

    note.call = stall
    note.readings = [Reading("before"), Reading("after")]
    with pytest.raises(settling.NotOwnerError):
        execution.run(slow, clock=lambda: now)

    assert taken == [1]
    assert fresh(proposal).status == Status.EXECUTED
    assert written(workspace) == ["hello"]
    assert attempts_of(proposal) == ["applied"]


def test_worker_that_lost_its_lease_goes_on_with_the_next(note, workspace, approver, now):
    signed(workspace, approver, now)
    signed(workspace, approver, now, page="2", text="second")

    def stall(plan):
        if plan.body["subject"] == "1":
            Proposal.objects.filter(subject_key="page:1").update(lease_until=now)
            execution.reap(worker="reaper", clock=lambda: now + HOUR)
        return Outcome("applied")

    note.call = stall
    note.readings = [Reading("before"), Reading("after")]

    assert run_due(now) == 2
    assert sorted(written(workspace)) == ["hello", "second"]


@dataclass
class BrakeAtMark(NoteKind):
    """Somebody pulls the kill switch while the last checks before the call are made."""

    puller: User | None = None

    def judge(self, plan, *, now, policy=None):
        is_marking = Proposal.objects.filter(status=Status.EXECUTING).exists()
        if self.puller and is_marking:
            person, self.puller = self.puller, None
            brake.pull(workspace=plan.workspace, by=person, reason="Stop.", now=now)
        return super().judge(plan, now=now)


def test_switch_pulled_after_the_last_checks_sends_nothing(workspace, approver, operator, now):
    kind = BrakeAtMark(puller=operator)
    register(kind)
    proposal = signed(workspace, approver, now)

    run_due(now)

    proposal = fresh(proposal)
    assert (proposal.status, written(workspace)) == (Status.APPROVED, [])
    attempt = ExecutionAttempt.objects.get(plan=proposal.current_plan)
    assert (attempt.call_sent_at, attempt.outcome) == (None, "deferred")
    assert run_due(now + HOUR) == 0
    brake.release(workspace=workspace, by=approver, reason="Fine.", now=now)
    assert run_due(now + HOUR) == 1
    assert written(workspace) == ["hello"]


def test_signature_taken_back_in_the_table_does_not_stop_the_queue(note, workspace, approver, now):
    first = signed(workspace, approver, now)
    second = signed(workspace, approver, now, page="2", text="second")
    Signature.objects.filter(plan__proposal=first).update(withdrawn_at=now)

    run_due(now)

    assert fresh(first).status == Status.PENDING
    assert fresh(second).status == Status.EXECUTED
    assert written(workspace) == ["second"]


class Jittery(NoteKind):
    """With the delay that ad changes have."""

    def judge(self, plan, *, now, policy=None):
        return replace(super().judge(plan, now=now), jitter_ms=(3_000, 18_000))


def test_deferral_moves_the_moment_with_recorded_jitter(workspace, approver, now):
    kind = Jittery()
    register(kind)
    proposal = signed(workspace, approver, now)
    assert proposal.execute_after == now + timedelta(milliseconds=proposal.jitter_ms)
    assert 3_000 <= proposal.jitter_ms <= 18_000
    assert run_due(now) == 0

    kind.checks = deferred(now + HOUR)
    assert run_due(now + MINUTE) == 0

    proposal = fresh(proposal)
    drawn = timedelta(milliseconds=proposal.jitter_ms)
    assert 3_000 <= proposal.jitter_ms <= 18_000
    assert proposal.execute_after == now + HOUR + drawn
    assert proposal.waiting_for == "Blackout until later."
    assert run_due(now + HOUR) == 0
    assert run_due(now + HOUR + drawn) == 1


def test_check_that_fails_between_claim_and_mark_defers(note, calls, workspace, approver, now):
    proposal = signed(workspace, approver, now)

    def read_and_close(plan):
        note.checks = deferred(now + HOUR)
        return Reading("before")

    note.look = read_and_close
    run_due(now)

    proposal = fresh(proposal)
    assert (calls, proposal.status) == ([], Status.APPROVED)
    assert proposal.execute_after == now + HOUR
    assert attempts_of(proposal) == ["deferred"]


@pytest.mark.parametrize(
    "stricter",
    [{"signatures": 2}, {"rank": Role.ADMIN}, {"checks": (CheckResult("b", "blocked", "Off."),)}],
    ids=["signatures", "rank", "blocked"],
)
def test_stricter_policy_sends_back_for_new_signatures(
    note, calls, workspace, approver, now, stricter
):
    proposal = signed(workspace, approver, now)
    for knob, value in stricter.items():
        setattr(note, knob, value)

    assert run_due(now) == 0

    proposal = fresh(proposal)
    assert (proposal.status, proposal.current_plan.version) == (Status.PENDING, 2)
    assert proposal.current_plan.signatures.count() == 0
    assert (proposal.decided_by, proposal.execute_after) == (None, None)
    assert calls == []


def test_looser_policy_changes_nothing(note, workspace, approver, admin, now):
    note.signatures = 2
    proposal = signed(workspace, approver, now)
    note.signatures, note.rank = 1, Role.OPERATOR

    assert fresh(proposal).status == Status.PENDING
    assert fresh(proposal).current_plan.signatures_required == 2
    sign(proposal, admin, now)
    assert run_due(now) == 1


def test_stricter_policy_on_what_cannot_be_planned_cancels_and_the_queue_goes_on(
    note, workspace, approver, now
):
    first = signed(workspace, approver, now)
    second = signed(workspace, approver, now, page="2", text="second")
    Proposal.objects.filter(pk=first.pk).update(request={"page": "1", "text": ""})
    note.signatures = 2

    assert run_due(now) == 0

    assert fresh(first).status == Status.CANCELLED
    assert fresh(second).status == Status.PENDING


def test_forged_low_demands_are_judged_again_at_the_claim(note, calls, workspace, operator, now):
    proposal = propose(workspace, now)
    cheap = raw_plan(proposal, rank_required="operator")
    Proposal.objects.update(current_plan=cheap)
    raw_signature(cheap, operator, rank_held="operator")
    Proposal.objects.update(status="approved", execute_after=now, lane="page:1")

    run_due(now)

    assert (fresh(proposal).status, calls) == (Status.PENDING, [])


def test_policys_signature_holds_only_while_policy_would_sign(note, calls, workspace, now):
    note.policy_may_sign = True
    proposal = propose(workspace, now)
    assert proposal.status == Status.APPROVED
    note.policy_may_sign = False

    run_due(now)

    assert (fresh(proposal).status, calls) == (Status.PENDING, [])
    assert fresh(proposal).current_plan.policy_may_sign is False


def test_persons_proposal_is_never_signed_by_policy(note, workspace, operator, now):
    from workspaces.gate import Proposer

    note.policy_may_sign = True

    proposal = propose(workspace, now, proposer=Proposer.person(operator))

    assert proposal.status == Status.PENDING


def test_hash_is_computed_again_at_the_claim(note, calls, workspace, approver, now):
    from django.db import connection

    proposal = signed(workspace, approver, now)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # a disk gone bad
        cursor.execute(
            "UPDATE workspaces_plan SET body = replace(body, 'hello', 'evil') WHERE id = %s",
            [proposal.current_plan_id],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")

    assert run_due(now) == 0

    assert fresh(proposal).status == Status.CANCELLED
    assert "does not match the hash" in fresh(proposal).decision_reason
    assert calls == []
    assert Plan.objects.count() == 1


def test_attempts_of_an_old_plan_do_not_count_for_a_new_one(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    note.readings = [
        Reading("unknown", error=Outcome("transient", "Down.", retry_after_s=7200)),
        Reading("other", live={"text": "scribble"}),
    ]
    run_due(now)
    run_due(now + 2 * HOUR)

    proposal = fresh(proposal)
    assert (proposal.status, proposal.attempts) == (Status.PENDING, 0)
    assert proposal.next_attempt_at is None
