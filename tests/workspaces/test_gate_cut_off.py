"""Changes whose worker lost the database or Redis in the middle: handed over, one effect."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, connection
from redis.exceptions import ConnectionError, RedisError

from tests.workspaces import note_kind
from tests.workspaces.gate_steps import fresh, run_due, sent_attempt, signed
from tests.workspaces.note_kind import written
from workspaces.gate import Reading
from workspaces.models import ExecutionAttempt, Status
from workspaces.services import execution, leases, live
from workspaces.services.leases import hand_over
from workspaces.services.settling import token


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """Nobody waits for a clock that stands still."""

    def wait(seconds):
        raise AssertionError("the database answers here")

    monkeypatch.setattr(leases.time, "sleep", wait)


@pytest.fixture
def note():
    return note_kind.install()


def reap(now) -> int:
    return execution.reap(worker="reaper", clock=lambda: now)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, ConnectionError])
def test_change_that_could_not_be_settled_is_the_reapers_at_once(
    note, workspace, approver, now, monkeypatch, error
):
    proposal = signed(workspace, approver, now)

    def away(*args, **options):
        raise error("gone")

    with monkeypatch.context() as patched:
        patched.setattr(execution, "settle", away)
        with pytest.raises(error):
            run_due(now)
    assert fresh(proposal).lease_until == now
    note.readings = [Reading("after")]

    assert reap(now) == 1
    assert fresh(proposal).status == Status.EXECUTED
    assert written(workspace) == ["hello"]
    assert ExecutionAttempt.objects.get().outcome == "applied"


def test_error_of_our_own_keeps_its_lease(note, workspace, approver, now, monkeypatch):
    proposal = signed(workspace, approver, now)

    def broken(*args, **options):
        raise ValueError("a mistake")

    monkeypatch.setattr(execution, "settle", broken)
    with pytest.raises(ValueError, match="a mistake"):
        run_due(now)

    assert fresh(proposal).lease_until == now + timedelta(seconds=600)


@pytest.mark.django_db(transaction=True)  # no transaction to be spoilt by an error
def test_handing_over_waits_until_the_database_answers(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    attempt = sent_attempt(now)
    silent, waits = [True, True], []

    def answer(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and silent:
            silent.pop()
            raise OperationalError("gone")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(answer):
        ended = hand_over([token(attempt)], clock=lambda: now, wait=waits.append)

    assert (ended, waits) == (1, [1.0, 1.0])
    assert fresh(proposal).lease_until == now


def test_handing_over_ends_when_the_lease_would_have_ended(note, workspace, approver, now):
    signed(workspace, approver, now)
    attempt = sent_attempt(now)
    moments = iter([now, now, now + timedelta(seconds=599), now + timedelta(seconds=600)])

    def silent(execute, sql, params, many, context):
        raise OperationalError("gone")

    with connection.execute_wrapper(silent):
        assert hand_over([token(attempt)], clock=lambda: next(moments), wait=lambda s: None) == 0


def test_leases_of_others_stay(note, workspace, approver, now):
    proposal = signed(workspace, approver, now)
    attempt = sent_attempt(now)
    attempt.worker = "another"

    assert hand_over([token(attempt)], clock=lambda: now) == 0
    assert fresh(proposal).lease_until == now + timedelta(seconds=600)


def test_commit_holds_though_its_viewers_cannot_be_told(
    workspace, monkeypatch, django_capture_on_commit_callbacks
):
    def away(*args, **options):
        raise RedisError

    monkeypatch.setattr(cache, "add", away)
    with django_capture_on_commit_callbacks(execute=True) as told:
        live.bump(workspace.pk, "proposals")

    assert len(told) == 1
