"""What is told of units while they are counted: nobody fails, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from attribution.services.identity import person_of
from experiments.models import ABTest, Exposure
from experiments.services.counting.counting import count_all, count_waiting
from experiments.services.counting.keeping import UnitKeeper
from experiments.services.counting.recounting import Recounted, recount_test
from experiments.services.counting.telling import MetVariant, record_exposures
from experiments.services.running import pause_test
from tests.experiments.counting.steps import HOUR, LATER, START, exposed
from tests.experiments.steps import running_of
from tests.workspaces.factories import WorkspaceFactory
from tests.workspaces.gate_steps import InThread, is_waiting_for_a_lock, until
from workspaces.gate import Proposer

pytestmark = pytest.mark.django_db(transaction=True)
# Rows of exposures in an order that is not that of the units' names.
UNITS = ("c", "m", "a")


def _told(test: ABTest, variant: str, *units: str) -> None:
    met = [MetVariant(unit, variant, START + HOUR) for unit in units]
    record_exposures(test=test, met=met, now=LATER)


def _beside_a_held_row(test: ABTest, *works: Callable[[], object]) -> list[object]:
    """Begin each work once the one before it waits, all while the middle row is held."""
    with transaction.atomic():
        Exposure.objects.select_for_update().get(test=test, unit="m")
        threads = []
        for place, work in enumerate(works):
            threads.append(InThread(work))
            until(lambda waits=place + 1: is_waiting_for_a_lock(at_least=waits))
    return [thread.outcome() for thread in threads]


@pytest.fixture
def test() -> ABTest:
    """A test that three units met, none of them counted yet."""
    running = running_of(WorkspaceFactory(), at=START)
    for unit in UNITS:
        _told(running, "blue", unit)
    return running


@pytest.mark.parametrize("is_told_first", [True, False])
def test_telling_beside_the_counting_waits_and_never_fails(
    test: ABTest, *, is_told_first: bool
) -> None:
    def tell() -> None:
        _told(test, "control", *UNITS, "b", "z")

    def count() -> None:
        count_waiting(workspace=test.workspace, now=LATER)

    works = (tell, count) if is_told_first else (count, tell)
    outcomes = _beside_a_held_row(test, *works)

    assert outcomes == [None, None]
    count_all(workspace=test.workspace, now=LATER)
    day = START.date()
    assert exposed(test) == {("blue", "", day): (3, 3), ("control", "", day): (2, 0)}
    assert recount_test(test=test, now=LATER) == Recounted()


def test_two_that_tell_of_the_same_units_wait_and_never_fail(test: ABTest) -> None:
    outcomes = _beside_a_held_row(
        test,
        lambda: _told(test, "control", *UNITS),
        lambda: _told(test, "control", *reversed(UNITS)),
    )

    assert outcomes == [None, None]


def test_who_is_forgotten_while_more_is_told_of_him_is_forgotten(test: ABTest) -> None:
    people = [
        person_of(workspace=test.workspace, identifiers={"user_id": unit}, now=START).pk
        for unit in UNITS
    ]

    def forget() -> None:
        with transaction.atomic():
            UnitKeeper().erase(workspace_id=test.workspace_id, people=people, now=START)

    count_all(workspace=test.workspace, now=LATER)
    outcomes = _beside_a_held_row(test, lambda: _told(test, "control", *UNITS), forget)

    assert outcomes == [None, None]
    assert not Exposure.objects.exclude(unit__startswith="erased:").exists()


def test_a_pause_does_not_wait_for_the_counting(test: ABTest) -> None:
    with transaction.atomic():
        _told(test, "blue", "d")  # its row refers to the test
        paused = InThread(
            lambda: pause_test(test=test, by=Proposer.rule("r"), reason="Harm.", now=LATER)
        ).outcome()

    assert not isinstance(paused, Exception)
    test.refresh_from_db()
    assert test.status == "paused"
