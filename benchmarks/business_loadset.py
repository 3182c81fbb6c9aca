"""``python -m benchmarks.business_loadset``: an app, a website and its buyers, in the load set.

It fills the workspace that ``manage.py loadset`` made: an app of half a million users with their
five million sessions, its ads and days; a website of ten million events; people with touches and
conversions; a test of half a million exposures; what the jobs find in all that. Each part is
committed by itself, so a run that was stopped goes on with the next part.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from benchmarks.servers import standing_servers

if TYPE_CHECKING:
    from workspaces.models import Workspace

WORLD_DAYS: Final = 90
SESSIONS_EACH: Final = 10  # of a user
#: Long enough ago that no event of a unit is kept: what is stored of it is counted.
_TEST_BEGAN: Final = timedelta(days=390)
#: In this order: credit before what is read from it, signals before advice.
JOBS: Final = (
    "attribution-models", "signals", "predictions", "alerts", "recommendations", "response-curves",
    "ml-dashboards",
)  # fmt: skip


def fill(workspace: Workspace, sizes: argparse.Namespace, now: datetime) -> None:
    """Fill what is missing, part by part."""
    from benchmarks.website_rows import top_up

    _told("world", lambda: _world(workspace, sizes.sessions, now))
    _told("website", lambda: top_up(workspace, sizes.events))
    _told("people", lambda: _people(workspace, sizes.people, now))
    _told("test", lambda: _test(workspace, sizes.exposures, now))
    _told("jobs", lambda: _jobs(workspace, now))


def _told(name: str, part: Callable[[], object]) -> None:
    started = time.monotonic()
    part()
    sys.stderr.write(f"{name}: {time.monotonic() - started:,.0f} s\n")


def _world(workspace: Workspace, sessions: int, now: datetime) -> None:
    from mlops.models import SyntheticWorld
    from mlops.services.world.making import make_world
    from mlops.simulation.world.world import Options

    if SyntheticWorld.objects.filter(workspace=workspace).exists():
        return
    starts_on = now.astimezone(workspace.zone).date() - timedelta(days=WORLD_DAYS)
    options = Options(starts_on, users=max(100, sessions // SESSIONS_EACH), sessions=sessions)
    make_world(workspace=workspace, options=options, now=now, told=_said)


def _said(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _people(workspace: Workspace, people: int, now: datetime) -> None:
    """Touches, conversions and clicks of people, and the journeys made of them."""
    from django.db import connection, transaction

    from attribution.models import Touchpoint
    from attribution.services.journeys import build_journeys
    from attribution.services.touches import channels_of
    from benchmarks.journeys import CHANNELS, FILL
    from benchmarks.matching import CLICKS

    if Touchpoint.objects.filter(workspace=workspace).exists():
        return
    channels = channels_of(workspace=workspace, names=CHANNELS)
    given = {
        "workspace": workspace.pk, "now": now, "people": people, "clicks": people,
        "currency": workspace.currency, "channels": [channels[name].pk for name in CHANNELS],
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (*FILL, CLICKS):
            cursor.execute(statement, given)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    build_journeys(workspace=workspace, now=now)


def _test(workspace: Workspace, exposures: int, now: datetime) -> None:
    from django.db import connection, transaction

    from attribution.models import Site
    from benchmarks.experiment_counting import DAYS, EXPOSURES, OUTCOMES, running_test
    from experiments.models import Exposure
    from experiments.services.counting.recounting import recount_test

    if Exposure.objects.filter(workspace=workspace).exists():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        start = now - _TEST_BEGAN
        test = running_test(Site.objects.filter(workspace=workspace)[0], start)
        given = {
            "workspace": workspace.pk, "test": test.pk, "units": exposures, "days": DAYS,
            "start": start, **dict(test.variants.values_list("key", "pk")),
        }  # fmt: skip
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in (EXPOSURES, OUTCOMES):
            cursor.execute(statement, given)
        cursor.execute("SET LOCAL session_replication_role = origin")
    recount_test(test=test, now=now)


def _jobs(workspace: Workspace, now: datetime) -> None:
    from django.db import connection

    from workspaces.models import JobRun
    from workspaces.services.jobs import run_job

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for name in JOBS:
        if JobRun.objects.filter(workspace=workspace, name=name, trigger="loadset").exists():
            continue
        _told(name, lambda name=name: run_job(
            workspace=workspace, name=name, trigger="loadset", now=now
        ))  # fmt: skip


def main() -> None:
    """Fill the load set of the database that ``manage.py`` uses."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.business_loadset", description=__doc__
    )
    parser.add_argument("--sessions", type=int, default=5_000_000, help="of the app")
    parser.add_argument("--events", type=int, default=10_000_000, help="of the website")
    parser.add_argument("--people", type=int, default=200_000, help="with touches and conversions")
    parser.add_argument("--exposures", type=int, default=500_000, help="of a test")
    sizes = parser.parse_args()
    with standing_servers():
        from django.utils import timezone

        from campaigns.services.loadset import SLUG
        from workspaces.models import Workspace

        workspace = Workspace.objects.filter(slug=SLUG).first()
        if workspace is None:
            raise SystemExit("This database holds no load set. Fill it first: manage.py loadset")
        fill(workspace, sizes, timezone.now())


if __name__ == "__main__":
    main()
