"""Changes that go out together: claimed, judged, called and settled as one, each on its own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from tests.workspaces import note_kind
from tests.workspaces.gate_steps import fresh, run_due, signed
from tests.workspaces.note_kind import written
from workspaces.gate import Outcome, Reading
from workspaces.models import ExecutionAttempt, Proposal, Status
from workspaces.services import brake, execution

HOUR = timedelta(hours=1)


@pytest.fixture
def note(db):
    return note_kind.install()


@pytest.fixture
def batched(note):
    """The kind whose notes all go out in one call, and the sizes of the calls it got."""
    note.batch = "all"
    sizes: list[int] = []
    execute = note.execute

    def counting(plans):
        sizes.append(len(plans))
        return execute(plans)

    note.execute = counting
    note.sizes = sizes
    return note


@pytest.fixture
def three(batched, workspace, approver, now):
    return [
        signed(workspace, approver, now, page=str(number), text=f"text {number}")
        for number in range(3)
    ]


def statuses(proposals):
    return [fresh(proposal).status for proposal in proposals]


def test_what_may_go_together_is_one_call_and_one_record_each(batched, three, workspace, now):
    assert run_due(now) == 3

    assert batched.sizes == [3]
    assert statuses(three) == [Status.EXECUTED] * 3
    assert written(workspace) == ["text 0", "text 1", "text 2"]
    assert ExecutionAttempt.objects.filter(outcome="applied", number=1).count() == 3


def test_a_batch_holds_no_more_than_its_limit(batched, three, now, settings):
    settings.EXECUTOR_BATCH = 2

    assert run_due(now) == 3

    assert batched.sizes == [2, 1]


def test_a_worker_takes_no_more_than_it_was_asked_to(batched, three, now):
    assert execution.execute_due(worker="w", clock=lambda: now, limit=2) == 2

    assert statuses(three).count(Status.EXECUTED) == 2


def test_other_kinds_of_batches_stay_apart(batched, three, workspace, now):
    Proposal.objects.filter(pk=three[0].pk).update(batch_key="other")

    run_due(now)

    assert sorted(batched.sizes) == [1, 2]


def test_changes_of_one_lane_do_not_share_a_batch(batched, three, now):
    Proposal.objects.update(lane="one entity")

    run_due(now)

    assert batched.sizes == [1, 1, 1]
    assert statuses(three) == [Status.EXECUTED] * 3


def test_a_limit_counts_those_before_it_in_the_batch(batched, three, now):
    batched.most_admitted = 2

    # At the mark each is judged beside the others that run, as it was at the claim.
    assert run_due(now) == 2

    assert statuses(three) == [Status.EXECUTED, Status.EXECUTED, Status.APPROVED]
    assert fresh(three[2]).waiting_for == "Enough."
    assert fresh(three[2]).execute_after >= now + HOUR


def test_each_change_of_a_batch_ends_its_own_way(batched, three, now):
    ends = {
        "text 0": Outcome("refused", "Too much."),
        "text 1": Outcome("applied", "Written."),
        "text 2": Outcome("throttled", "Slow down.", retry_after_s=60),
    }
    batched.call = lambda plan: ends[plan.body["after"]]

    run_due(now)

    assert statuses(three) == [Status.FAILED, Status.EXECUTED, Status.APPROVED]
    assert [fresh(row).last_error for row in three] == ["Too much.", "", "Slow down."]
    assert fresh(three[2]).next_attempt_at == now + timedelta(minutes=1)


def test_one_that_stands_elsewhere_holds_no_other_up(batched, three, now):
    batched.readings = [
        Reading("other", live={"text": "theirs"}),
        Reading("after"),
        Reading("before"),
        Reading("after"),
    ]

    run_due(now)

    assert statuses(three) == [Status.PENDING, Status.EXECUTED, Status.EXECUTED]
    assert batched.sizes == [1]


def test_an_answer_that_never_came_leaves_only_its_change_open(batched, three, now):
    batched.call = lambda plan: Outcome(
        "unknown" if plan.body["after"] == "text 1" else "applied", "Timed out."
    )
    batched.readings = [Reading("before")] * 3 + [
        Reading("after"),
        Reading("unknown"),
        Reading("after"),
    ]

    run_due(now)

    assert statuses(three) == [Status.EXECUTED, Status.EXECUTING, Status.EXECUTED]
    batched.readings = [Reading("after")]
    assert execution.reap(worker="reaper", clock=lambda: now + HOUR) == 1
    assert statuses(three) == [Status.EXECUTED] * 3


def test_brake_between_mark_and_call_stops_the_whole_batch(
    batched, three, workspace, operator, now
):
    look = batched.look

    def look_and_pull(plan):
        if not workspace.kill_switch:
            brake.pull(workspace=workspace, by=operator, reason="Stop.", now=now)
            workspace.refresh_from_db()
        return look(plan)

    batched.look = look_and_pull

    run_due(now)

    assert batched.sizes == []
    assert statuses(three) == [Status.APPROVED] * 3
    assert not ExecutionAttempt.objects.exclude(call_sent_at=None).exists()


def test_change_whose_lease_went_to_another_is_left_to_it(batched, three, now):
    attempts = execution.claim(worker="slow", now=now, limit=3)
    Proposal.objects.filter(pk=three[1].pk).update(claimed_by="reaper#0")

    execution.run(attempts, clock=lambda: now)

    assert batched.sizes == [2]
    assert statuses(three) == [Status.EXECUTED, Status.EXECUTING, Status.EXECUTED]


def test_withdrawn_signature_takes_one_out_of_the_batch(batched, three, workspace, now):
    with connection.cursor() as cursor:
        # As if taken back between the choice of the rows and their claim.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE workspaces_signature SET withdrawn_at = now() WHERE plan_id = %s",
            [three[1].current_plan_id],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")

    run_due(now)

    assert statuses(three) == [Status.EXECUTED, Status.PENDING, Status.EXECUTED]
