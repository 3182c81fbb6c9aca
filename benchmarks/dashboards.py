"""Server time of every dashboard over a whole synthetic world."""

from __future__ import annotations

import sys
import time
from datetime import timedelta

from django.utils import timezone

from attribution.models import UserInstall, UserSession
from benchmarks.figures import Figure, reset_peak_mb
from benchmarks.pages import Request, browser_of, figures_of, hosts
from mlops.services.demo.app import JOBS
from mlops.services.world.making import make_world
from mlops.simulation.world.world import Options
from workspaces.models import BusinessMode, User, Workspace
from workspaces.services.jobs import run_job
from workspaces.services.workspaces import create_workspace

TARGET_MS = 100
DAYS = 90
_PAGES = (
    Request("/dashboards/", "/dashboards/", "Top channel"),
    Request("… 90 days", "/dashboards/?days=90", "Top channel"),
    Request("/dashboards/executive/", "/dashboards/executive/", "Blended CAC"),
    Request("/dashboards/paid-media/", "/dashboards/paid-media/", "Google"),
    Request("… campaigns", "/dashboards/paid-media/?tab=campaign", "Meta"),
    Request("… ads, 90 days", "/dashboards/paid-media/?tab=ad&days=90", "Meta"),
    Request("/dashboards/organic/", "/dashboards/organic/", "DAU"),
    Request("… 90 days", "/dashboards/organic/?days=90", "DAU"),
    Request("/dashboards/funnel/", "/dashboards/funnel/", "Installs"),
    Request("… 90 days", "/dashboards/funnel/?days=90", "Installs"),
    Request("/dashboards/attribution/cohorts/", "/dashboards/attribution/cohorts/", "D1"),
    Request("/dashboards/signals/", "/dashboards/signals/", "TikTok"),
    Request("/dashboards/alerts/", "/dashboards/alerts/", "Meta"),
    Request("/scenarios/", "/scenarios/", "Scenario Studio"),
)


def run(users: int, openings: int) -> list[Figure]:
    """Make a world, run the jobs over it, open the pages."""
    watch = reset_peak_mb()
    workspace = _workspace()
    now = timezone.now()
    starts_on = now.astimezone(workspace.zone).date() - timedelta(days=DAYS)
    options = Options(starts_on, users=users, sessions=10 * users)
    started = time.perf_counter()
    make_world(workspace=workspace, options=options, now=now, told=lambda text: None)
    sys.stderr.write(f"world made in {time.perf_counter() - started:.0f} s\n")
    for name in JOBS:
        started = time.perf_counter()
        run_job(workspace=workspace, name=name, trigger="bench", now=now)
        sys.stderr.write(f"{name} ran in {time.perf_counter() - started:.1f} s\n")
    installs = UserInstall.objects.filter(workspace=workspace).count()
    sessions = UserSession.objects.filter(workspace=workspace).count()
    with hosts():
        return figures_of(
            browser_of(workspace), _PAGES, openings,
            size=f"{installs:,} installs, {sessions:,} sessions", target_ms=TARGET_MS, peak=watch,
        )  # fmt: skip


def _workspace() -> Workspace:
    admin = User.objects.create(email="admin@bench-dashboards.example")
    return create_workspace(
        slug="bench-dashboards", name="Bench", currency="USD", time_zone="America/New_York",
        mode=BusinessMode.DIRECT, by=admin, now=timezone.now(), is_sandbox=True,
    )  # fmt: skip
