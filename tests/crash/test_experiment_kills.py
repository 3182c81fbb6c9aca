"""Workers that die while tests are counted, decided, rolled out and re-weighed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.db.models import Sum

from experiments.models import (
    ABTest,
    ABTestAllocation,
    CountingWork,
    Exposure,
    ExposureDay,
    MetricDay,
    RollOut,
    RollOutState,
)
from experiments.services.bandits import reweigh
from experiments.services.counting.counting import count_all
from experiments.services.counting.recounting import Recounted, recount_test
from experiments.services.counting.telling import (
    Did,
    MetVariant,
    record_exposures,
    record_unit_events,
)
from experiments.services.deciding import decide_test, watch_roll_outs
from tests.crash.conftest import killed
from tests.experiments.figures import count
from tests.experiments.steps import NOW, metric_of, on_site, running_of
from tests.workspaces.gate_steps import fresh, run_due, sign
from workspaces.models import Notification, Proposal, Status, User, Workspace
from workspaces.services import execution

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOW + 8 * DAY
WON = {"control": (20_000, 2_000), "blue": (20_000, 2_600)}
LOST = {"control": (20_000, 2_000), "blue": (20_000, 1_500)}
UNITS = [f"unit-{number}" for number in range(40)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMP TABLE count_todo",  # the queue is emptied, nothing is counted
        "UPDATE experiments_exposure x SET other_variant_at",
        "MERGE INTO experiments_exposureday",
        "INSERT INTO experiments_unitoutcome",
        "MERGE INTO experiments_metricday",  # the last word of a chunk
    ],
)
def test_a_count_that_dies_counts_nothing_and_the_next_one_all(
    workspace: Workspace, statement: str
) -> None:
    test = running_of(
        workspace, at=NOW, metrics={"primary": metric_of(workspace, "call", source="tracked")}
    )
    for variant, units in (("control", UNITS[:20]), ("blue", UNITS[20:]), ("blue", UNITS[:5])):
        met = [MetVariant(unit, variant, NOW + HOUR) for unit in units]
        record_exposures(test=test, met=met, now=LATER)
    did = [Did(unit, unit, "call", NOW + 2 * HOUR) for unit in UNITS[::4]]
    record_unit_events(workspace=workspace, did=did, now=LATER)
    waiting = CountingWork.objects.count()

    killed(statement, partial(count_all, workspace=workspace, now=LATER))

    assert CountingWork.objects.count() == waiting
    assert not MetricDay.objects.exists()
    count_all(workspace=workspace, now=LATER)
    totals = ExposureDay.objects.filter(dimension="total").aggregate(Sum("units"))
    assert (Exposure.objects.count(), totals) == (40, {"units__sum": 40})
    assert MetricDay.objects.filter(dimension="total").aggregate(Sum("sum")) == {"sum__sum": 10}
    assert recount_test(test=test, now=LATER) == Recounted()


def _live(workspace: Workspace, figures: dict[str, tuple[int, int]], **options: str) -> ABTest:
    test = running_of(workspace, **options)
    on_site(test)
    count(test, "purchase", figures)
    return test


@pytest.mark.parametrize(
    ("statement", "nth"),
    [
        ('UPDATE "experiments_abtest"', 1),
        ('INSERT INTO "experiments_abtestallocation"', 1),
        ('INSERT INTO "workspaces_proposal"', 2),  # paused and on record; to stop is not proposed
        ('INSERT INTO "workspaces_notification"', 1),  # proposed, and nobody is told
    ],
)
def test_a_decision_that_dies_over_harm_is_taken_whole_by_the_next_sweep(
    workspace: Workspace, approver: User, statement: str, nth: int
) -> None:
    test = _live(workspace, LOST)

    killed(statement, lambda: decide_test(test=test, now=LATER), nth)

    test.refresh_from_db()
    assert (test.status, Proposal.objects.count()) == ("running", 0)
    assert decide_test(test=test, now=LATER) == "paused"
    test.refresh_from_db()
    open_ones = Proposal.objects.filter(status=Status.PENDING)
    assert (test.status, open_ones.get().request["operation"]) == ("paused", "stop")
    assert Notification.objects.filter(title__startswith="Paused for harm").count() == 1
    assert ABTestAllocation.objects.filter(test=test).count() == 1


def test_a_decision_that_dies_as_time_is_up_is_told_by_the_next_sweep(
    workspace: Workspace, approver: User
) -> None:
    test = _live(workspace, {"control": (20_000, 2_000), "blue": (20_000, 2_000)})

    at = NOW + 15 * DAY
    killed('INSERT INTO "workspaces_notification"', lambda: decide_test(test=test, now=at))

    assert decide_test(test=test, now=at) == "ended"
    assert Notification.objects.filter(title__startswith="Its time is up").count() == 1


def _signed(workspace: Workspace, approver: User) -> Proposal:
    assert decide_test(test=_live(workspace, WON), now=LATER) == "proposed"
    proposal = Proposal.objects.get()
    sign(proposal, approver, LATER)
    return proposal


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE "workspaces_executionattempt"',  # claimed, nothing marked as sent
        'UPDATE "experiments_abtest"',  # in the settling transaction
        'INSERT INTO "experiments_abtestvariant"',  # the winner's own test is half made
        'INSERT INTO "experiments_rollout"',
    ],
)
def test_a_roll_out_that_dies_at_its_start_is_one(
    workspace: Workspace, approver: User, statement: str
) -> None:
    proposal = _signed(workspace, approver)

    killed(statement, partial(run_due, LATER))

    assert not RollOut.objects.exists()
    for number in range(1, 7):
        later = LATER + timedelta(minutes=11) * number
        execution.reap(worker="reaper", clock=lambda at=later: at)
        run_due(later, worker="second")
    assert fresh(proposal).status == Status.EXECUTED
    row = RollOut.objects.get()
    assert (row.state, row.share) == (RollOutState.ROLLING, 5_000)
    assert ABTest.objects.filter(key__contains="-live").count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE "experiments_rollout"',
        'UPDATE "experiments_abtest"',
        'INSERT INTO "experiments_abtestallocation"',
    ],
)
def test_a_step_that_dies_is_taken_whole_by_the_next_look(
    workspace: Workspace, approver: User, statement: str
) -> None:
    _signed(workspace, approver)
    run_due(LATER)
    at = LATER + 3 * DAY

    killed(statement, partial(watch_roll_outs, workspace=workspace, now=at))

    row = RollOut.objects.get()
    assert (row.state, row.share, row.follow_up.traffic) == (RollOutState.ROLLING, 5_000, 5_263)
    assert watch_roll_outs(workspace=workspace, now=at)["steps"] == 1
    row = RollOut.objects.get()
    assert (row.state, row.share, row.follow_up.traffic) == (RollOutState.HOLDING, 9_500, 10_000)
    shares = ABTestAllocation.objects.filter(test=row.follow_up).order_by("pk")
    assert [one.traffic for one in shares] == [5_263, 10_000]


@pytest.mark.parametrize(
    ("statement", "nth"),
    [('UPDATE "experiments_rollout"', 1), ('INSERT INTO "workspaces_proposal"', 2)],
)
def test_a_roll_out_that_does_harm_is_asked_back_though_a_look_died(
    workspace: Workspace, approver: User, statement: str, nth: int
) -> None:
    _signed(workspace, approver)
    run_due(LATER)
    row = RollOut.objects.get()
    count(row.follow_up, "purchase", {"control": (1_000, 200), "blue": (19_000, 1_900)})

    killed(statement, partial(watch_roll_outs, workspace=workspace, now=LATER + DAY), nth)

    assert watch_roll_outs(workspace=workspace, now=LATER + DAY)["paused"] == 1
    asked = Proposal.objects.filter(status=Status.PENDING)
    assert asked.get().request["operation"] == "revert"
    assert RollOut.objects.get().state == RollOutState.PAUSED
    assert Notification.objects.filter(title__startswith="Paused: roll-out").count() == 1


@pytest.mark.parametrize(
    "statement",
    ['UPDATE "experiments_abtestvariant"', 'INSERT INTO "experiments_abtestallocation"'],
)
def test_a_bandit_that_dies_leaves_shares_that_are_whole_and_written_down(
    workspace: Workspace, statement: str
) -> None:
    test = _live(workspace, {"control": (500, 50), "blue": (500, 70)}, mode="bandit")
    nth = 2 if statement.startswith("UPDATE") else 1

    killed(statement, partial(reweigh, workspace=workspace, now=LATER), nth)

    assert sorted(test.variants.values_list("weight", flat=True)) == [5_000, 5_000]
    assert not ABTestAllocation.objects.exists()
    assert reweigh(workspace=workspace, now=LATER) == 1
    weights = dict(test.variants.values_list("key", "weight"))
    assert sum(weights.values()) == 10_000
    assert ABTestAllocation.objects.get().weights == weights
