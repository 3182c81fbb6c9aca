"""The demo's A/B tests: two weeks of them, each where its story leaves it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from experiments.models import ABTest, BestPractice, Exposure, RollOut, UnitOutcome
from experiments.selectors.agenda import agenda_of
from experiments.selectors.checklist import blockers_of
from experiments.selectors.results import results_of
from mlops.services.demo.lab import DAYS, Lab
from mlops.services.demo.people import add_people
from workspaces.models import Proposal, Workspace


def _by_name(workspace: Workspace) -> dict[str, ABTest]:
    return {one.name: one for one in ABTest.objects.filter(workspace=workspace)}


def test_first_days_show_one_test_to_the_people_who_come(
    workspace: Workspace, now: datetime
) -> None:
    lab = Lab(workspace, add_people(workspace), now)

    lab.live_until(now - timedelta(days=DAYS - 1))

    (test,) = ABTest.objects.all()
    assert (test.name, test.status) == ("A number in the trial headline", "running")
    assert Exposure.objects.filter(test=test, counted__gt=0).exists()


@pytest.mark.slow
def test_two_weeks_leave_every_kind_of_test(workspace: Workspace, now: datetime) -> None:
    lab = Lab(workspace, add_people(workspace), now)

    lab.live_until(now - timedelta(days=8))
    assert [one.status for one in ABTest.objects.all()] == ["running"]
    lab.live_until(now)

    tests = _by_name(workspace)
    assert {name: str(one.status) for name, one in tests.items()} == {
        "A number in the trial headline": "winner_declared",
        "A number in the trial headline: roll-out": "running",
        "Two fields in the booking form": "paused",
        "Price by the week": "running",
        "Yearly plan first": "draft",
        "Test: Name a number": "draft",
    }
    won = tests["A number in the trial headline"]
    assert won.started_at == now - timedelta(days=DAYS)
    assert won.created_by_label == str(lab.people["operator"])
    row = RollOut.objects.get()
    assert (row.state, row.share, row.holdback) == ("holding", 9_500, 500)
    assert 0.25 < row.claimed < 0.55
    assert row.realised is not None
    running = results_of(tests["Price by the week"], now)
    assert (running.days, running.decision.action) == (5, "keep_running")
    assert running.primary.figures[1].shown.chance_to_win > 0.9
    assert [one.metric.key for one, _ in results_of(
        tests["Two fields in the booking form"], now
    ).harmed()] == ["talk-booked"]  # fmt: skip
    (planned,) = agenda_of(workspace, now)
    assert (planned.test.name, planned.behind) == ("Yearly plan first", ("Price by the week",))
    assert blockers_of(tests["Test: Name a number"], now) == []
    practice = BestPractice.objects.get(key="number")
    assert (practice.state, practice.times_applied) == ("validated", 1)

    # All of it came by the pages' own events, was proposed, and was signed by people.
    assert not Exposure.objects.filter(counted=0).exists()
    assert UnitOutcome.objects.exists()
    made = Proposal.objects.filter(workspace=workspace).order_by("pk")
    assert [(one.request.get("operation", ""), str(one.status)) for one in made] == [
        ("roll_out", "executed"), ("", "executed"), ("stop", "pending"),
    ]  # fmt: skip
    assert made[0].current_plan.signatures.filter(person=lab.people["approver"]).exists()
