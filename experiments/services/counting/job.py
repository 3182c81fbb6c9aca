"""The jobs: each minute what is new, each night whether the sums are what they ought to be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from experiments.models import STARTED, ABTest, CountingWork, Surface
from experiments.services.counting.ads import count_ads
from experiments.services.counting.counting import count_all
from experiments.services.counting.keeping import purge_units
from experiments.services.counting.recounting import Recounted, recount_test
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.jobs import Progress
from workspaces.services.notices import notify

COUNTING_JOB: Final = "experiment-counting"
RECOUNT_JOB: Final = "experiment-recount"
# A window is 90 days at most and events come a week late; platforms correct days for a month.
_OPEN: Final = timedelta(days=100)
_CORRECTED: Final = timedelta(days=30)


def count_workspace(progress: Progress) -> None:
    """Body of the counting job."""
    workspace, now = progress.workspace, progress.now
    counted = count_all(workspace=workspace, now=now)
    days = sum(count_ads(test=test) for test in _tests_of_ads(now).filter(workspace=workspace))
    progress.count(units=counted.worked, exposed=counted.exposed, ad_days=days)


def recount_workspace(progress: Progress) -> None:
    """Body of the nightly job: every test whose figures may still move; old units go."""
    workspace, now = progress.workspace, progress.now
    live = Q(ended_at=None) | Q(ended_at__gt=now - _OPEN)
    tests = ABTest.objects.filter(live, workspace=workspace, status__in=STARTED, is_imported=False)
    different = 0
    for test in tests.select_related("workspace").order_by("pk"):
        found = recount_test(test=test, now=now)
        if found.differed:
            different += 1
            _tell(test, found, now)
    deleted = purge_units(workspace=workspace, now=now)
    progress.count(tests=len(tests), different=different, deleted=deleted)


def workspaces_waiting(*, now: datetime) -> QuerySet[Workspace]:
    """Workspaces with units to count, or with tests of ads whose days may have changed."""
    waits = CountingWork.objects.filter(workspace=OuterRef("pk"), since__lte=now)
    ads = _tests_of_ads(now).filter(workspace=OuterRef("pk"))
    return Workspace.objects.open().filter(Exists(waits) | Exists(ads)).order_by("pk")


def _tests_of_ads(now: datetime) -> QuerySet[ABTest]:
    live = Q(ended_at=None) | Q(ended_at__gt=now - _CORRECTED)
    return ABTest.objects.filter(
        live, surface=Surface.AD, status__in=STARTED, is_imported=False
    ).select_related("workspace")


def _tell(test: ABTest, found: Recounted, now: datetime) -> None:
    notify(
        workspace=test.workspace,
        topic="experiments",
        title=f"The sums of “{test.name}” were not those of its units; they are counted anew.",
        body=f"{found.outcomes} outcomes of units, {found.metric_days} days of metrics and "
        f"{found.exposure_days} days of exposures differed.",
        dedup_key=f"recount:{test.pk}:{now:%Y-%m-%d}",
        rank=Role.ADMIN.rank,
        now=now,
    )
