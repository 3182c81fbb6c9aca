"""Changes per second through claim, checks, execution and settlement."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.far_end import far_end
from benchmarks.figures import Figure, reset_peak_mb
from benchmarks.world import (
    AD_SETS,
    first_ad_sets,
    instant_platform,
    make_workspace,
    signed_change,
)
from campaigns.models import AdSet
from workspaces.models import Proposal, Status, User
from workspaces.services.execution import execute_due

TARGET = 0.25
GROWTH = (1, 4, 16)


def run(base: int, state: Path) -> list[Figure]:
    """Execute 1, 4 and 16 times ``base`` changes that wait in one queue; then some over HTTP."""
    peak = reset_peak_mb()
    growth = tuple((base * factor, _in_process(base * factor)) for factor in GROWTH)
    limit = bare_rate(base * GROWTH[-1])
    instant = Figure(
        name="changes claimed, checked, executed, settled; platform in-process",
        value=growth[-1][1],
        unit="changes/s",
        limit_name="bare claim-and-update loops/s",
        limit=limit,
        target=f"≥ {TARGET}",
        is_met=growth[-1][1] / limit >= TARGET,
        growth=growth,
        peak_mb=peak(),
    )
    over_http = Figure(
        name="the same over HTTP against the sandbox",
        value=_over_http(min(AD_SETS, base * GROWTH[1]), state),
        unit="changes/s",
        limit_name="bare claim-and-update loops/s",
        limit=limit,
    )
    return [instant, over_http]


def _in_process(count: int) -> float:
    now = timezone.now()
    made = [signed_change(ad_set, approver, now) for ad_set, approver in _ad_sets(count, now)]
    with instant_platform():
        return _rate(made)


def _over_http(count: int, state: Path) -> float:
    now = timezone.now()
    with far_end(state) as end:
        workspace, approver = make_workspace(now, base_url=end.base_url)
        end.hold(workspace, now)
        return _rate([signed_change(row, approver, now) for row in first_ad_sets(workspace, count)])


def _rate(made: list[Proposal]) -> float:
    started = time.perf_counter()
    done = execute_due(worker="bench", clock=timezone.now, limit=len(made))
    took_s = time.perf_counter() - started
    ids = [proposal.pk for proposal in made]
    executed = Proposal.objects.filter(pk__in=ids, status=Status.EXECUTED).count()
    if (done, executed) != (len(made), len(made)):
        raise RuntimeError(f"{executed} of {len(made)} changes executed; nothing was measured")
    return len(made) / took_s


def _ad_sets(count: int, now: datetime) -> Iterator[tuple[AdSet, User]]:
    """Ad sets of as many workspaces as the default policy's daily limit asks for."""
    for start in range(0, count, AD_SETS):
        workspace, approver = make_workspace(now)
        for ad_set in first_ad_sets(workspace, min(AD_SETS, count - start)):
            yield ad_set, approver


def bare_rate(count: int) -> float:
    """The limit: claim one due row, commit, mark it done, commit; no ORM, no checks."""
    with _queue(count):
        started = time.perf_counter()
        for _ in range(count):
            _one_bare_change()
        return count / (time.perf_counter() - started)


@contextmanager
def _queue(count: int) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_queue (id bigserial PRIMARY KEY, status text, due_at timestamptz);"
            "CREATE INDEX ON bench_queue (due_at, id) WHERE status = 'due';"
            "INSERT INTO bench_queue (status, due_at)"
            " SELECT 'due', now() FROM generate_series(1, %s)",
            [count],
        )
        try:
            yield
        finally:
            cursor.execute("DROP TABLE bench_queue")


def _one_bare_change() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM bench_queue WHERE status = 'due' AND due_at <= now()"
            " ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED"
        )
        (pk,) = cursor.fetchone()
        cursor.execute("UPDATE bench_queue SET status = 'claimed' WHERE id = %s", [pk])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bench_queue SET status = 'done' WHERE id = %s", [pk])
