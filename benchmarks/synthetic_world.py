"""A synthetic world made; beside it, its sessions by COPY alone."""

from __future__ import annotations

import tempfile
import time
from datetime import date

from django.db import connection as database
from django.utils import timezone

from benchmarks.figures import Figure, reset_peak_mb
from mlops.services.world.findings import FAILED
from mlops.services.world.making import make_world
from mlops.services.world.validating import validate
from mlops.simulation.world.world import Options
from workspaces.models import Workspace

SESSIONS_PER_USER = 10
FULL, MOST_S, MOST_MB = 500_000, 90, 2048
_TABLE = "attribution_usersession"
_COLUMNS = (
    "workspace_id, session_id, install_id, started_at, day, seconds, events, features, revenue,"
    " quality"
)


def run(users: int) -> list[Figure]:
    """Seconds to draw and store a world, seconds to store its sessions again, and its checks."""
    workspace = Workspace.objects.create(slug="bench-world", name="Bench")
    sessions = SESSIONS_PER_USER * users
    options = Options(date(2026, 8, 10), users=users, sessions=sessions)
    watch, started = reset_peak_mb(), time.perf_counter()
    make_world(workspace=workspace, options=options, now=timezone.now(), told=lambda text: None)
    took_s, peak_mb = time.perf_counter() - started, watch()
    started = time.perf_counter()
    failed = [one for one in validate(workspace=workspace, now=timezone.now())
              if one.verdict == FAILED]  # fmt: skip
    validated_s = time.perf_counter() - started
    if failed:
        raise RuntimeError(f"The world is not as it should be: {failed}")
    return [
        Figure(
            name=f"synthetic world of {users:,} users, {sessions:,} sessions: drawn and stored",
            value=took_s,
            unit="s",
            limit_name="s to COPY the same sessions into the same table",
            limit=_copy_s(),
            target="≤ 90 s at 500,000; ≤ 2,048 MB",
            is_met=took_s <= MOST_S and peak_mb <= MOST_MB if users >= FULL else None,
            peak_mb=peak_mb,
            facts={"validated_s": validated_s},
        )
    ]


def _copy_s() -> float:
    """Copy the sessions out, empty the table, copy them in again in one go."""
    with tempfile.TemporaryFile() as rows, database.cursor() as cursor:
        cursor.copy_expert(
            f"COPY (SELECT {_COLUMNS} FROM {_TABLE}) TO STDOUT (FORMAT binary)", rows
        )
        rows.seek(0)
        cursor.execute(f"TRUNCATE {_TABLE}")
        started = time.perf_counter()
        cursor.copy_expert(f"COPY {_TABLE} ({_COLUMNS}) FROM STDIN (FORMAT binary)", rows)
        return time.perf_counter() - started
