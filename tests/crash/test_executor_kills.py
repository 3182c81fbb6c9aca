"""Workers killed at every step of an execution: one effect, one settled record, always."""

from __future__ import annotations

import os
import random
import select
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from campaigns.models import AdChangeHistory, AdSet
from sandbox.server import Sandbox
from tests.crash.accounts import signed_change
from tests.crash.conftest import ends_within, fork, kill
from workspaces.gate import handler_of
from workspaces.models import ExecutionAttempt, Proposal, Status, User
from workspaces.services import execution

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

Block = Callable[[], None]


def effects(box: Sandbox, ad_set: AdSet) -> list[dict[str, object]]:
    return box.control(f"calls?entity={ad_set.external_id}", None, "GET")["effects"]


def _after_claim(monkeypatch: pytest.MonkeyPatch, block: Block) -> None:
    monkeypatch.setattr(execution, "run", lambda *args, **options: block())


def _before_call(monkeypatch: pytest.MonkeyPatch, block: Block) -> None:
    handler = handler_of("ad_change")
    monkeypatch.setattr(handler, "execute", lambda *args, **options: block(), raising=False)


def _before_answer(monkeypatch: pytest.MonkeyPatch, block: Block) -> None:
    handler = handler_of("ad_change")
    send = handler.execute

    def call_then_block(*args: object, **options: object) -> object:
        outcome = send(*args, **options)
        block()
        return outcome

    monkeypatch.setattr(handler, "execute", call_then_block, raising=False)


def _before_settle(monkeypatch: pytest.MonkeyPatch, block: Block) -> None:
    for name in ("settle", "settle_readings", "settle_drift"):
        monkeypatch.setattr(execution, name, lambda *args, **options: block())


STEPS = {
    "after claim": _after_claim,
    "before call": _before_call,
    "before answer": _before_answer,
    "before settle": _before_settle,
}


def run_until(step: str, now: datetime) -> int:
    """Fork a worker that stops dead at a step, and wait until it stands there; its process id."""
    reader, writer = os.pipe()

    def block() -> None:
        os.write(writer, b"!")
        select.select([], [], [])  # until killed

    def work() -> None:
        with pytest.MonkeyPatch.context() as monkeypatch:
            STEPS[step](monkeypatch, block)
            execution.execute_due(worker="doomed", clock=lambda: now)

    pid = fork(work)
    os.close(writer)
    stands = os.read(reader, 1)
    os.close(reader)
    assert stands == b"!", f"the worker ended before {step}"
    return pid


def recover(box: Sandbox, now: datetime, *, rounds: int = 6) -> None:
    """What beat does after a crash: reap lapsed leases, execute what is due again."""
    for number in range(1, rounds + 1):
        later = now + timedelta(minutes=11 * number)
        box.control("clock", {"set": later.isoformat()})
        execution.reap(worker="reaper", clock=lambda at=later: at)
        execution.execute_due(worker="second", clock=lambda at=later: at)


@pytest.mark.parametrize("change_type", ["budget", "status"])
@pytest.mark.parametrize("step", list(STEPS))
def test_kill_at_a_step_leaves_one_effect_and_one_record(
    box: Sandbox,
    ad_sets: list[AdSet],
    approver: User,
    admin: User,
    operator: User,
    now: datetime,
    step: str,
    change_type: str,
) -> None:
    proposal = signed_change(
        ad_sets[0], [approver, admin], now, change_type=change_type, operator=operator
    )

    kill(run_until(step, now))
    proposal.refresh_from_db()
    assert proposal.status == Status.EXECUTING
    recover(box, now)

    proposal.refresh_from_db()
    assert proposal.status == Status.EXECUTED, proposal.last_error
    assert len(effects(box, ad_sets[0])) == 1
    assert AdChangeHistory.objects.filter(proposal=proposal, status="applied").count() == 1
    assert not ExecutionAttempt.objects.filter(settled_at=None).exists()


@pytest.mark.parametrize("step", list(STEPS))
def test_kill_in_the_middle_of_a_batch_leaves_one_effect_and_one_record_each(
    box: Sandbox, ad_sets: list[AdSet], approver: User, now: datetime, step: str
) -> None:
    proposals = [signed_change(ad_set, [approver], now) for ad_set in ad_sets[:3]]

    kill(run_until(step, now))
    held = Proposal.objects.filter(status=Status.EXECUTING, claimed_by__startswith="doomed#")
    assert held.count() == 3
    recover(box, now)

    for proposal, ad_set in zip(proposals, ad_sets, strict=False):
        proposal.refresh_from_db()
        assert proposal.status == Status.EXECUTED, proposal.last_error
        assert len(effects(box, ad_set)) == 1
        assert AdChangeHistory.objects.filter(proposal=proposal, status="applied").count() == 1
    assert not ExecutionAttempt.objects.filter(settled_at=None).exists()


def test_batch_of_which_the_platform_ran_a_part_is_settled_change_by_change(
    box: Sandbox, ad_sets: list[AdSet], approver: User, now: datetime
) -> None:
    for ad_set in ad_sets[:3]:
        signed_change(ad_set, [approver], now)
    box.control("faults", {"kind": "meta_batch_null", "index": 1, "method": "POST", "times": 2})

    # The first batch reads, the second writes; each loses one of its elements.
    execution.execute_due(worker="w", clock=lambda: now)

    assert sum(len(effects(box, ad_set)) for ad_set in ad_sets[:3]) < 3
    recover(box, now)
    assert [len(effects(box, ad_set)) for ad_set in ad_sets[:3]] == [1, 1, 1]
    assert AdChangeHistory.objects.filter(status="applied").count() == 3


def test_time_out_after_commit_is_settled_by_reading_back(
    box: Sandbox, ad_sets: list[AdSet], approver: User, now: datetime
) -> None:
    proposal = signed_change(ad_sets[0], [approver], now)
    box.control("faults", {"kind": "http_500", "commit": True, "path": "^POST", "times": 1})

    execution.execute_due(worker="w", clock=lambda: now)

    proposal.refresh_from_db()
    assert proposal.status == Status.EXECUTED
    assert proposal.current_plan.attempts.get().outcome == "applied"
    assert len(effects(box, ad_sets[0])) == 1


def test_call_that_never_arrived_is_repeated_only_after_the_grace(
    box: Sandbox, ad_sets: list[AdSet], approver: User, now: datetime
) -> None:
    proposal = signed_change(ad_sets[0], [approver], now)
    box.control("faults", {"kind": "reset", "path": "^POST", "times": 1})

    execution.execute_due(worker="w", clock=lambda: now)
    proposal.refresh_from_db()
    assert proposal.status == Status.EXECUTING
    assert effects(box, ad_sets[0]) == []

    recover(box, now)
    proposal.refresh_from_db()
    assert proposal.status == Status.EXECUTED
    assert len(effects(box, ad_sets[0])) == 1


@pytest.mark.parametrize("many", [15, pytest.param(50, marks=pytest.mark.slow)])
def test_changes_under_random_kills_take_effect_once_each(
    box: Sandbox, ad_sets: list[AdSet], approver: User, now: datetime, many: int
) -> None:
    proposals = [signed_change(ad_set, [approver], now) for ad_set in ad_sets[:many]]
    dice = random.Random(20261121)
    kills = 0
    moment = now
    while Proposal.objects.filter(status__in=["approved", "executing"]).exists():
        moment += timedelta(minutes=11)
        box.control("clock", {"set": moment.isoformat()})

        def work(at: datetime = moment) -> None:
            execution.reap(worker="w", clock=lambda: at)
            execution.execute_due(worker="w", clock=lambda: at)

        pid = fork(work)
        # The delay only decides where the axe falls; the outcome must not depend on it.
        if kills < many and not ends_within(pid, dice.uniform(0.02, 0.25)):
            kill(pid)
            kills += 1
        elif kills >= many:
            os.waitpid(pid, 0)
        assert kills <= many

    assert {p.status for p in Proposal.objects.filter(pk__in=[p.pk for p in proposals])} == {
        Status.EXECUTED
    }
    per_ad_set = Counter(
        str(effect["entity_id"]) for effect in box.control("calls", None, "GET")["effects"]
    )
    assert set(per_ad_set.values()) == {1}
    assert len(per_ad_set) == many
    assert AdChangeHistory.objects.filter(status="applied").count() == many


def test_eight_workers_never_run_one_change_twice(
    box: Sandbox, ad_sets: list[AdSet], approver: User, now: datetime
) -> None:
    proposals = [signed_change(ad_set, [approver], now) for ad_set in ad_sets[:24]]

    workers = [
        fork(lambda n=n: execution.execute_due(worker=f"w{n}", clock=lambda: now) and None)
        for n in range(8)
    ]
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in workers]

    assert codes == [0] * 8
    later = now + timedelta(seconds=30)
    execution.execute_due(worker="last", clock=lambda: later)
    statuses = Proposal.objects.filter(pk__in=[p.pk for p in proposals]).values_list("status")
    assert Counter(status for (status,) in statuses) == {Status.EXECUTED: 24}
    assert len(box.control("calls", None, "GET")["effects"]) == 24
    assert ExecutionAttempt.objects.count() == 24
