"""From the approver's signature to the receipt, with a worker as the product runs it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from celery import current_app
from django.utils import timezone

from benchmarks.far_end import far_end
from benchmarks.figures import Figure, quantile
from benchmarks.world import first_ad_sets, make_workspace, propose_change
from embedded.process import spawn, stop, wait_until
from embedded.stack import PROJECT
from workspaces.models import Proposal, Status
from workspaces.services.signing import sign

PLATFORM_S = 0.2
CALLS = 3  # the account with the live value, the write, the value read back
TARGETS_S = {"p50": 1.0, "p99": 5.0}
_SHARES = {"p50": 0.5, "p99": 0.99}
_POLL_S = 0.01
_PATIENCE_S = 90.0
_PINGS = 20


def run(changes: int, state: Path) -> list[Figure]:
    """Sign one change after the other; each waits for its receipt before the next."""
    now = timezone.now()
    with far_end(state) as end, _worker(state):
        workspace, approver = make_workspace(now, base_url=end.base_url)
        end.hold(workspace, now)
        proposals = [propose_change(row, now) for row in first_ad_sets(workspace, changes)]
        no_op_s = quantile([_no_op_s() for _ in range(_PINGS)], 0.5)
        end.answer_after(PLATFORM_S)
        took_s = [_receipt_s(proposal, approver) for proposal in proposals]
    limit = no_op_s + CALLS * PLATFORM_S
    what = f"platform answers in {PLATFORM_S * 1000:.0f} ms, {changes} changes"
    return [
        Figure(
            name=f"approve → receipt {name}, {what}",
            value=value,
            unit="s",
            limit_name=f"s: a no-op task and {CALLS} platform calls",
            limit=limit,
            target=f"≤ {TARGETS_S[name]:.0f} s",
            is_met=value <= TARGETS_S[name],
        )
        for name, share in _SHARES.items()
        if (value := quantile(took_s, share))
    ]


def _receipt_s(proposal: Proposal, approver: object) -> float:
    plan = proposal.current_plan
    assert plan is not None
    started = time.perf_counter()
    sign(proposal_id=proposal.pk, plan_sha256=plan.sha256, by=approver, now=timezone.now())  # type: ignore[arg-type]  # a User
    done = Proposal.objects.filter(pk=proposal.pk, status=Status.EXECUTED)
    deadline = started + _PATIENCE_S
    while not done.exists():
        if time.perf_counter() > deadline:
            proposal.refresh_from_db()
            raise RuntimeError(f"no receipt in {_PATIENCE_S:.0f} s: {proposal.waiting_for}")
        time.sleep(_POLL_S)
    return time.perf_counter() - started


def _no_op_s() -> float:
    """The limit: a task that finds nothing to do, there and back."""
    started = time.perf_counter()
    current_app.send_task("workspaces.reap_lapsed", queue="gate").get(timeout=30, interval=0.001)
    return time.perf_counter() - started


@contextmanager
def _worker(state: Path) -> Iterator[None]:
    """The gate's worker of the Procfile, and no beat: only the nudge wakes it."""
    command = [
        sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", "gate", "-c", "2",
        "-n", f"bench{os.getpid()}@%h", "--without-gossip", "--without-mingle",
    ]  # fmt: skip
    with (state / "worker.log").open("wb") as log:
        process = spawn(command, log=log, death_signal=signal.SIGTERM, cwd=PROJECT)
    try:
        if not wait_until(lambda: bool(current_app.control.ping(timeout=1)), timeout_s=90):
            raise RuntimeError(f"the worker did not start; look at {log.name}")
        yield
    finally:
        stop(process, (signal.SIGTERM, 30.0))
