"""Funnels are counted anew each night, and after they were changed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from attribution.models import FunnelDefinition
from attribution.services.funnels.advising import advise_on, measure_gains
from attribution.services.funnels.alerts import judge_steps
from attribution.services.funnels.entries import Counted, count_entries, first_open_day
from workspaces.models import Workspace
from workspaces.services.jobs import Progress
from workspaces.services.live import bump

FUNNELS_JOB: Final = "funnels"
LIVE_TOPIC: Final = "funnels"


def refresh_funnel(*, funnel: FunnelDefinition, now: datetime) -> Counted:
    """Count the days of a funnel that can still change, all of them after a new definition.

    Doing it again changes nothing. A definition that changes meanwhile is counted the next time.
    """
    since = first_open_day(funnel, now=now)
    version = funnel.version
    with transaction.atomic():
        counted = count_entries(funnel=funnel, since=since, now=now)
        FunnelDefinition.objects.filter(pk=funnel.pk).update(
            refreshed_at=now, counted_version=version
        )
        funnel.refreshed_at, funnel.counted_version = now, version
        judge_steps(funnel=funnel, now=now)
    advise_on(funnel=funnel, now=now)
    measure_gains(funnel=funnel, now=now)
    bump(funnel.workspace_id, LIVE_TOPIC)
    return counted


def refresh_funnels(*, workspace: Workspace, now: datetime) -> int:
    """Count all active funnels of a workspace, those first that nobody has counted yet."""
    funnels = FunnelDefinition.objects.filter(workspace=workspace, is_active=True).select_related(
        "workspace"
    )
    waiting = funnels.order_by(F("refreshed_at").asc(nulls_first=True), "pk")
    return len([refresh_funnel(funnel=funnel, now=now) for funnel in waiting])


def refresh_workspace(progress: Progress) -> None:
    """Body of the nightly job and of 'run now'."""
    progress.step("Funnels are counted")
    progress.count(funnels=refresh_funnels(workspace=progress.workspace, now=progress.now))
