"""Features of a world's users read, and the models learnt from them."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

from django.db import connection as database
from django.utils import timezone

from benchmarks.figures import Figure, reset_peak_mb
from mlops.services.training import TooLittleError, learn
from mlops.services.training.sources import FromWorkspace
from mlops.services.world.making import make_world
from mlops.simulation.world.world import Options
from workspaces.models import Workspace

SESSIONS_PER_USER = 10
FULL, FEATURES_S, VALUE_S = 500_000, 60, 300
MODELS = ("ltv", "churn", "roi", "forecast")


def run(users: int) -> list[Figure]:
    """Seconds to read features of a world, and to train each model on them."""
    workspace = Workspace.objects.create(slug="bench-training", name="Bench")
    options = Options(date(2026, 8, 10), users=users, sessions=SESSIONS_PER_USER * users)
    make_world(workspace=workspace, options=options, now=timezone.now(), told=lambda text: None)
    now = datetime.combine(
        options.ends_on + timedelta(days=1), datetime.min.time(), timezone.get_current_timezone()
    )
    source = FromWorkspace(workspace, now)
    watch, started = reset_peak_mb(), time.perf_counter()
    read = len(source.users)
    took_s = time.perf_counter() - started
    is_full = users >= FULL
    figures = [
        Figure(
            name=f"features of {read:,} users read from {options.sessions:,} sessions",
            value=took_s,
            unit="s",
            limit_name="s to sum one column of the same sessions",
            limit=_scan_s(workspace),
            target=f"≤ {FEATURES_S} s at {FULL:,}",
            is_met=took_s <= FEATURES_S if is_full else None,
            peak_mb=watch(),
        )
    ]
    for name in MODELS:
        figures += _trained(name, source, is_full=is_full)
    return figures


def _trained(name: str, source: FromWorkspace, *, is_full: bool) -> list[Figure]:
    """One model; none where so small a world has too little to learn from."""
    watch, started = reset_peak_mb(), time.perf_counter()
    try:
        trained = learn(name, source).trained
    except TooLittleError:
        return []
    took_s = time.perf_counter() - started
    is_value = name == "ltv"
    return [
        Figure(
            name=f"{name} trained on {trained.rows:,} rows, with its checks and baselines",
            value=took_s,
            unit="s",
            target=f"≤ {VALUE_S} s at {FULL:,} users" if is_value else "",
            is_met=took_s <= VALUE_S if is_value and is_full else None,
            peak_mb=watch(),
        )
    ]


def _scan_s(workspace: Workspace) -> float:
    with database.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute(
            "SELECT sum(seconds) FROM attribution_usersession WHERE workspace_id = %s",
            [workspace.pk],
        )
        return time.perf_counter() - started
