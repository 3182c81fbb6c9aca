"""Two people, two workers, two moments at once: on connections of their own."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import connection, transaction

from tests.workspaces import note_kind
from tests.workspaces.gate_steps import (
    InThread,
    fresh,
    is_waiting_for_a_lock,
    propose,
    run_due,
    sign,
    signed,
    until,
)
from tests.workspaces.note_kind import NoteKind, written
from workspaces.gate import Outcome, Reading, StalePlanError, StateError, register
from workspaces.models import ExecutionAttempt, Proposal, Signature, Status, Workspace
from workspaces.services import brake, execution, proposing, signing, upkeep
from workspaces.services.locks import lock_proposal

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)


@pytest.fixture
def note(transactional_db):
    return note_kind.install()


def in_order(proposal, *calls):
    """Start the calls one after the other behind one lock on the proposal, then let them go.

    PostgreSQL hands a row lock over in the order of asking, so the outcome is certain.
    """
    threads = []
    with transaction.atomic():
        lock_proposal(proposal.pk)
        for call in calls:
            threads.append(InThread(call))
            waiting = len(threads)
            until(lambda waiting=waiting: is_waiting_for_a_lock(at_least=waiting))
    return [thread.outcome() for thread in threads]


def test_two_signers_at_once_approve_once(note, workspace, approver, admin, now):
    proposal = propose(workspace, now)

    first, second = in_order(
        proposal, lambda: sign(proposal, approver, now), lambda: sign(proposal, admin, now)
    )

    assert first.status == Status.APPROVED
    assert isinstance(second, StateError)
    assert f"decided already by {approver}" in str(second)
    assert Signature.objects.get().person == approver


def test_two_signers_at_once_give_both_signatures(note, workspace, approver, admin, now):
    note.signatures = 2
    proposal = propose(workspace, now)

    in_order(proposal, lambda: sign(proposal, approver, now), lambda: sign(proposal, admin, now))

    assert fresh(proposal).status == Status.APPROVED
    assert Signature.objects.count() == 2


def test_one_person_in_two_tabs_signs_once(note, workspace, approver, now):
    note.signatures = 2
    proposal = propose(workspace, now)

    _, second = in_order(
        proposal, lambda: sign(proposal, approver, now), lambda: sign(proposal, approver, now)
    )

    assert isinstance(second, StateError)
    assert fresh(proposal).status == Status.PENDING


def edited(proposal, by, now):
    return proposing.edit(proposal_id=proposal.pk, changes={"text": "other text"}, by=by, now=now)


def test_signature_that_comes_after_an_edit_is_stale(note, workspace, approver, admin, now):
    proposal = propose(workspace, now)

    _, refusal = in_order(
        proposal, lambda: edited(proposal, admin, now), lambda: sign(proposal, approver, now)
    )

    assert isinstance(refusal, StalePlanError)
    assert (fresh(proposal).status, Signature.objects.count()) == (Status.PENDING, 0)


def test_edit_that_comes_after_a_signature_leaves_it_behind(note, workspace, approver, admin, now):
    proposal = propose(workspace, now)

    in_order(proposal, lambda: sign(proposal, approver, now), lambda: edited(proposal, admin, now))

    proposal = fresh(proposal)
    assert (proposal.status, proposal.current_plan.version) == (Status.PENDING, 2)
    assert run_due(now) == 0


def test_signature_before_the_expirer_wins(note, workspace, approver, now):
    proposal = propose(workspace, now)
    almost = now + DAY - timedelta(seconds=1)
    signing_now = threading.Event()
    go_on = threading.Event()

    def slow_sign():
        with transaction.atomic():
            sign(proposal, approver, almost)
            signing_now.set()
            assert go_on.wait(10)

    signer = InThread(slow_sign)
    assert signing_now.wait(10)
    assert upkeep.expire_due(now=now + DAY) == 0  # skips what is in somebody's hands
    go_on.set()
    signer.result()

    assert upkeep.expire_due(now=now + DAY) == 0
    assert fresh(proposal).status == Status.APPROVED


def test_signature_after_the_expirer_is_refused_in_words(note, workspace, approver, now):
    proposal = propose(workspace, now)

    def expire():
        with transaction.atomic():
            lock_proposal(proposal.pk)
            return upkeep.expire_due(now=now + DAY)

    expired, refusal = in_order(proposal, expire, lambda: sign(proposal, approver, now + HOUR))

    assert expired == 1
    assert isinstance(refusal, StateError)
    assert "expired" in str(refusal)
    assert not Signature.objects.exists()


@dataclass
class Meeting(NoteKind):
    """Whoever judges a claim waits for another who does."""

    barrier: threading.Barrier | None = None
    calls: list[str] = field(default_factory=list)

    def judge(self, plan, *, now, policy=None):
        if self.barrier and not self.barrier.broken:
            with suppress(threading.BrokenBarrierError):  # the other was kept out, as it should
                self.barrier.wait(0.2)
        return super().judge(plan, now=now)

    def execute(self, plans):
        self.calls += [plan.body["after"] for plan in plans]
        return super().execute(plans)


def test_two_claimers_get_one_change_once(workspace, approver, now):
    kind = Meeting()
    register(kind)
    proposal = signed(workspace, approver, now)
    kind.barrier = threading.Barrier(2)

    threads = [InThread(lambda n=n: execution.claim(worker=f"w{n}", now=now)) for n in range(2)]
    claims = [thread.result() for thread in threads]

    assert sorted(len(claim) for claim in claims) == [0, 1]
    assert ExecutionAttempt.objects.count() == 1
    assert fresh(proposal).status == Status.EXECUTING


def test_eight_claimers_on_one_queue_run_every_change_once(workspace, approver, now):
    kind = Meeting()
    register(kind)
    texts = sorted(f"text {number}" for number in range(24))
    for number, text in enumerate(texts):
        signed(workspace, approver, now, page=str(number), text=text)

    threads = [InThread(lambda n=n: run_due(now, f"w{n}")) for n in range(8)]
    ran = [thread.result() for thread in threads]

    assert sum(ran) == 24
    assert sorted(kind.calls) == sorted(written(workspace)) == texts
    assert ExecutionAttempt.objects.filter(outcome="applied").count() == 24


def test_two_changes_of_one_lane_never_run_together(note, workspace, approver, now):
    first = signed(workspace, approver, now)
    second = signed(workspace, approver, now, page="2")
    Proposal.objects.update(lane="one entity")
    threads = [InThread(lambda n=n: execution.claim(worker=f"w{n}", now=now)) for n in range(2)]

    claims = [thread.result() for thread in threads]

    assert sorted(len(claim) for claim in claims) == [0, 1]
    assert {fresh(first).status, fresh(second).status} == {Status.APPROVED, Status.EXECUTING}


def test_switch_pulled_while_a_claim_is_judged_stops_it(workspace, approver, operator, now):
    @dataclass
    class Pulling(NoteKind):
        is_armed: bool = False

        def judge(self, plan, *, now, policy=None):
            if self.is_armed:
                self.is_armed = False
                InThread(
                    lambda: brake.pull(workspace=workspace, by=operator, reason="Stop.", now=now)
                ).result()
            return super().judge(plan, now=now)

    kind = Pulling()
    register(kind)
    proposal = signed(workspace, approver, now)
    kind.is_armed = True

    assert run_due(now) == 0

    assert fresh(proposal).status == Status.APPROVED
    assert not ExecutionAttempt.objects.filter(plan=proposal.current_plan).exists()
    assert written(workspace) == []


def test_signing_goes_on_under_the_kill_switch_but_nothing_runs(
    note, workspace, approver, operator, now
):
    proposal = propose(workspace, now)

    outcomes = [
        thread.outcome()
        for thread in (
            InThread(lambda: sign(proposal, approver, now)),
            InThread(lambda: brake.pull(workspace=workspace, by=operator, reason="Stop.", now=now)),
        )
    ]

    assert outcomes[0].status == Status.APPROVED
    assert Workspace.objects.get(pk=workspace.pk).kill_switch
    assert run_due(now) == 0


def test_call_in_flight_when_the_switch_is_pulled_is_recorded(
    note, workspace, approver, operator, now
):
    proposal = signed(workspace, approver, now)

    def pull_meanwhile(plan):
        InThread(
            lambda: brake.pull(workspace=workspace, by=operator, reason="Stop.", now=now)
        ).result()
        return Outcome("applied", "Written.")

    note.call = pull_meanwhile

    assert run_due(now) == 1

    assert fresh(proposal).status == Status.EXECUTED
    assert written(workspace) == ["hello"]


def test_reaper_and_slow_worker_settle_once(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    note.readings = [Reading("before"), Reading("after")]

    def stall(plan):
        Proposal.objects.update(lease_until=now)
        reaped = InThread(lambda: execution.reap(worker="reaper", clock=lambda: now + HOUR))
        assert reaped.result() == 1
        return Outcome("applied", "Late.")

    note.call = stall
    run_due(now, "slow")

    attempt = ExecutionAttempt.objects.get()
    assert (attempt.worker, attempt.outcome) == ("reaper", "applied")
    assert (fresh(proposal).status, written(workspace)) == (Status.EXECUTED, ["hello"])


def test_two_reapers_take_one_attempt_once(note, workspace, approver, now):
    signed(workspace, approver, now)
    execution.claim(worker="dead", now=now)

    threads = [
        InThread(lambda n=n: execution.reap(worker=f"r{n}", clock=lambda: now + HOUR))
        for n in range(2)
    ]

    assert sorted(thread.result() for thread in threads) == [0, 1]
    assert ExecutionAttempt.objects.get().outcome == "deferred"


def test_bulk_signatures_in_opposite_order_do_not_wait_for_each_other(
    note, workspace, approver, admin, now
):
    note.signatures = 2
    proposals = [propose(workspace, now, page=str(number)) for number in range(12)]
    pairs = [(proposal.pk, proposal.current_plan.sha256) for proposal in proposals]

    threads = [
        InThread(lambda: signing.bulk_sign(pairs=pairs, by=approver, now=now)),
        InThread(lambda: signing.bulk_sign(pairs=pairs[::-1], by=admin, now=now)),
    ]

    for thread in threads:
        assert len(thread.result().done) == 12
    assert set(Proposal.objects.values_list("status", flat=True)) == {Status.APPROVED}


def test_two_proposers_of_one_subject_leave_one_open(note, workspace, now):
    threads = [InThread(lambda n=n: propose(workspace, now, text=f"text {n}")) for n in range(4)]
    for thread in threads:
        thread.result()

    assert Proposal.objects.filter(status=Status.PENDING).count() == 1
    assert Proposal.objects.filter(status=Status.SUPERSEDED).count() == 3


def test_one_idempotency_key_makes_one_proposal(note, workspace, now):
    threads = [InThread(lambda: propose(workspace, now, idempotency_key="k").pk) for _ in range(4)]

    assert len({thread.result() for thread in threads}) == 1
    assert Proposal.objects.count() == 1


def test_proposing_does_not_wait_for_a_running_change_of_the_subject(
    note, workspace, approver, now
):
    running = signed(workspace, approver, now)
    execution.claim(worker="w", now=now)

    def propose_impatiently():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        return propose(workspace, now, text="another")

    with transaction.atomic():
        lock_proposal(running.pk)  # as the worker that settles it and proposes the next step
        refusal = InThread(propose_impatiently).outcome()

    assert isinstance(refusal, proposing.SubjectBusyError)
    assert refusal.other == running
