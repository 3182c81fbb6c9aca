"""Which workers are dead, and what becomes of their leases."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from tests.workspaces import note_kind
from tests.workspaces.gate_steps import fresh, signed
from workspaces import tasks
from workspaces.gate import Proposer
from workspaces.models import Proposal, Status
from workspaces.services import execution, proposing, signing
from workspaces.services.leases import end_leases_of_the_dead
from workspaces.workers import has_let_go, is_gone, worker_name


def test_own_process_lives():
    assert not is_gone(worker_name())


def test_ended_process_is_gone():
    program = "from workspaces.workers import worker_name; print(worker_name())"
    name = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()

    assert is_gone(name)


def test_reused_process_id_is_another_worker():
    assert is_gone(f"{socket.gethostname()}:{os.getpid()}:1")


def test_nothing_is_said_of_other_hosts():
    assert not is_gone("elsewhere:1:1")
    assert not is_gone("demo")


def test_lease_of_a_dead_worker_ends_and_the_change_runs(workspace, approver, now):
    note_kind.install()
    proposal = proposing.propose(
        workspace=workspace,
        kind="note",
        request={"page": "1", "text": "hello"},
        proposer=Proposer.model("sampler", "v1"),
        reason="Because.",
        now=now,
    )
    signing.sign(
        proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=approver, now=now
    )
    execution.claim(worker="dead", now=now)
    later = now + timedelta(seconds=20)

    assert end_leases_of_the_dead(is_gone=lambda name: name == "alive", now=later) == 0
    assert end_leases_of_the_dead(is_gone=lambda name: name == "dead", now=later) == 1
    execution.reap(worker="w", clock=lambda: later)
    execution.execute_due(worker="w", clock=lambda: later)

    proposal = Proposal.objects.get(pk=proposal.pk)
    assert proposal.status == Status.EXECUTED
    assert note_kind.written(workspace) == ["hello"]


def test_process_that_begins_a_task_holds_nothing_of_an_earlier_one():
    assert has_let_go(worker_name())
    assert not has_let_go("elsewhere:1:1")


@pytest.mark.django_db
def test_run_that_failed_under_a_living_process_is_finished_by_its_next_task(workspace, approver):
    note = note_kind.install()
    proposal = signed(workspace, approver, timezone.now())

    def database_is_gone():
        raise OperationalError("terminating connection due to administrator command")

    note.while_reading = database_is_gone
    with pytest.raises(OperationalError):
        tasks.execute_due()
    assert fresh(proposal).status == Status.EXECUTING

    note.while_reading = lambda: None
    tasks.reap_lapsed()
    tasks.execute_due()

    assert fresh(proposal).status == Status.EXECUTED
    assert note_kind.written(workspace) == ["hello"]
