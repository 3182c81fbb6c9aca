"""Whatever people do to a test in whatever order, its row, its shares and its log agree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.models import WHOLE, ABTest, ABTestAllocation
from experiments.services.drafting import edit_draft
from experiments.services.running import (
    change_shares,
    pause_test,
    resume_test,
    start_test,
    stop_test,
)
from tests.experiments.steps import NOW, draft_of, on_site
from tests.workspaces.factories import WorkspaceFactory
from workspaces.gate import GateError, Proposer

BY = Proposer.rule("r")
STEPS: dict[str, Callable[..., Any]] = {
    "start": lambda test, now: start_test(test=test, by=BY, now=now),
    "edit": lambda test, now: edit_draft(test=test, values={"traffic": 8_000}, by=BY, now=now),
    "pause": lambda test, now: pause_test(test=test, by=BY, reason="r", now=now),
    "resume": lambda test, now: resume_test(test=test, by=BY, now=now),
    "stop": lambda test, now: stop_test(test=test, by=BY, reason="r", now=now),
    "traffic": lambda test, now: change_shares(
        test=test, by=BY, reason="r", now=now, traffic=3_000
    ),
    "weights": lambda test, now: change_shares(
        test=test, by=BY, reason="r", now=now, weights={"control": 7_000, "blue": 3_000}
    ),
}
# What may follow in each state; everything else is refused and changes nothing.
ALLOWED = {
    "draft": {"start", "edit"},
    "running": {"pause", "stop", "traffic", "weights"},
    "paused": {"resume", "stop", "traffic", "weights"},
    "completed": set(),
}
NEXT = {"start": "running", "pause": "paused", "resume": "running", "stop": "completed"}


class _Undone(Exception):
    """Takes the rows of one example back."""


@pytest.mark.django_db
@settings(max_examples=25)
@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=8))
def test_every_order_of_steps_leaves_a_test_whole(steps: list[str]) -> None:
    try:
        with transaction.atomic():
            _walk(steps)
            raise _Undone
    except _Undone:
        pass


def _walk(steps: list[str]) -> None:
    test = draft_of(WorkspaceFactory())
    on_site(test)
    status, logged = "draft", 0
    for number, step in enumerate(steps):
        may = step in ALLOWED[status]
        done = _try(step, test, number)
        assert done == may, (status, step)
        if done:
            status = NEXT.get(step, status)
            logged += step != "edit"
        test.refresh_from_db()
        assert test.status == status
        assert sum(test.variants.values_list("weight", flat=True)) == WHOLE
        log = ABTestAllocation.objects.filter(test=test).order_by("-at")
        assert len(log) == logged
        if log:
            assert log[0].traffic == (test.traffic if status == "running" else 0)
            assert log[0].weights == dict(test.variants.values_list("key", "weight"))
    connection.check_constraints()


def _try(step: str, test: ABTest, number: int) -> bool:
    try:
        with transaction.atomic():
            STEPS[step](test, NOW + timedelta(minutes=number))
    except GateError:
        return False
    return True
