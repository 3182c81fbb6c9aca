"""Two at once, and a worker that dies in between: one effect, and never half of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from experiments.models import ABTest, ABTestAllocation, RollOut
from experiments.services.running import start_test, stop_test
from tests.experiments.figures import count
from tests.experiments.steps import NOW, draft_of, on_site, running_of
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from tests.workspaces.gate_steps import fresh, sign
from workspaces.gate import Proposer, StateError
from workspaces.models import Proposal, Status, Workspace
from workspaces.services.claiming import claim
from workspaces.services.execution import execute_due, reap
from workspaces.services.proposing import SubjectBusyError, propose

LATER = NOW + timedelta(days=8)


def _at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run works in threads that begin together; an error is its own result."""
    barrier, results = threading.Barrier(len(works)), [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[place] = work()
        except Exception as error:  # noqa: BLE001  # told to the test
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def _asked(workspace: Workspace, test: ABTest, key: str) -> Proposal:
    return propose(
        workspace=workspace, kind="ab_test", reason="It is better.", now=LATER,
        proposer=Proposer.person(MembershipFactory(workspace=workspace, role="operator",
                                                   user__email=f"{key}@x.example").user),
        request={"test": str(test.public_id), "operation": "roll_out", "variant": "blue"},
    )  # fmt: skip


def _won(workspace: Workspace) -> ABTest:
    test = running_of(workspace)
    on_site(test)
    count(test, "purchase", {"control": (20_000, 2_000), "blue": (20_000, 2_600)})
    return test


@pytest.mark.django_db(transaction=True)
def test_of_two_starts_one_begins() -> None:
    workspace = WorkspaceFactory()
    test = draft_of(workspace)
    on_site(test)

    def start() -> None:
        start_test(test=ABTest.objects.get(pk=test.pk), by=Proposer.rule("r"), now=NOW)

    results = _at_once(start, start)

    assert sorted(type(one).__name__ for one in results) == ["NoneType", "StateError"]
    assert ABTestAllocation.objects.filter(test=test).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_declared_winners_one_stands() -> None:
    workspace = WorkspaceFactory()
    test = _won(workspace)

    results = _at_once(
        lambda: _asked(workspace, test, "ann"), lambda: _asked(workspace, test, "ben")
    )

    assert sum(isinstance(one, SubjectBusyError) for one in results) == 1
    assert Proposal.objects.filter(kind="ab_test", status=Status.PENDING).count() == 1


@pytest.mark.django_db
def test_a_worker_that_dies_leaves_it_to_the_next() -> None:
    workspace = WorkspaceFactory()
    test = _won(workspace)
    proposal = _asked(workspace, test, "ann")
    sign(proposal, MembershipFactory(workspace=workspace, role="approver").user, LATER)
    assert len(claim(worker="dead", now=LATER)) == 1

    reap(worker="heir", clock=lambda: LATER + timedelta(hours=1))
    test.refresh_from_db()
    assert (test.status, RollOut.objects.count()) == ("running", 0)
    execute_due(worker="heir", clock=lambda: LATER + timedelta(hours=2))

    test.refresh_from_db()
    assert (fresh(proposal).status, test.status) == (Status.EXECUTED, "winner_declared")
    assert RollOut.objects.count() == 1


@pytest.mark.django_db
def test_a_signed_winner_and_a_stop_in_between() -> None:
    workspace = WorkspaceFactory()
    test = _won(workspace)
    proposal = _asked(workspace, test, "ann")
    sign(proposal, MembershipFactory(workspace=workspace, role="approver").user, LATER)
    stop_test(test=test, by=Proposer.rule("r"), reason="Enough.", now=LATER)

    execute_due(worker="w", clock=lambda: LATER)

    test.refresh_from_db()
    assert (test.status, test.end_reason) == ("winner_declared", "winner")
    with pytest.raises(StateError):
        stop_test(test=test, by=Proposer.rule("r"), reason="Again.", now=LATER)
