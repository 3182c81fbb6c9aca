"""A worker that is killed while a canary starts or ends leaves one champion and one canary."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest

from mlops.models import Canary, ModelVersion
from mlops.selectors.registry import champion_of
from mlops.services.registry.canaries import watch_canary
from tests.crash.conftest import killed
from tests.mlops.canary.steps import canary_of, signed
from tests.mlops.registry.steps import champion
from tests.mlops.watch.steps import version_of
from tests.workspaces.gate_steps import fresh, run_due
from workspaces.models import ExecutionAttempt, Status
from workspaces.services import execution

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

MINUTE, WEEK = timedelta(minutes=1), timedelta(days=7)
SOON = 5 * MINUTE


@pytest.fixture
def pair(workspace, approver, now) -> tuple[ModelVersion, ModelVersion]:
    """What serves, and another version."""
    first = version_of(workspace, now)
    champion(first, now, approver)
    return first, version_of(workspace, now)


def recover(now: datetime, rounds: int = 6) -> None:
    """What beat does after a crash."""
    for number in range(1, rounds + 1):
        later = now + 11 * MINUTE * number
        execution.reap(worker="reaper", clock=lambda at=later: at)
        run_due(later, worker="second")


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE "workspaces_executionattempt"',  # claimed, nothing marked as sent
        'UPDATE "mlops_modelversion"',  # in the settling transaction: before the shadow
        'INSERT INTO "mlops_canary"',  # and before the canary
    ],
)
def test_killed_between_claim_and_settle_starts_one_canary(
    pair, workspace, approver, now, statement
):
    proposal = signed(pair[1], now, approver)

    killed(statement, partial(run_due, now + SOON))

    assert fresh(proposal).status == Status.EXECUTING
    assert not Canary.objects.exists()
    assert champion_of(workspace=workspace, name="churn") == pair[0]
    recover(now + SOON)
    assert fresh(proposal).status == Status.EXECUTED
    assert Canary.objects.get().is_open
    assert champion_of(workspace=workspace, name="churn") == pair[0]
    assert not ExecutionAttempt.objects.filter(settled_at=None).exists()


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE "mlops_canary" SET "ended_at"',
        'UPDATE "mlops_promotion"',
        'UPDATE "mlops_modelversion"',
    ],
)
def test_killed_at_its_end_leaves_the_champion_and_the_next_look_ends_it(
    pair, workspace, approver, now, statement
):
    canary = canary_of(pair[1], now, approver)
    later = now + SOON + WEEK

    killed(statement, lambda: watch_canary(canary=Canary.objects.get(), now=later))

    canary.refresh_from_db()
    assert (canary.is_open, champion_of(workspace=workspace, name="churn")) == (True, pair[0])
    watch_canary(canary=canary, now=later + SOON)
    assert canary.outcome == "serves"
    assert champion_of(workspace=workspace, name="churn") == pair[1]
    assert ModelVersion.objects.filter(stage="champion").count() == 1
