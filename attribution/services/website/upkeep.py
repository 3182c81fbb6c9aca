"""What websites need every night: partitions ahead, old ones gone, salts forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from attribution.models import QuarantinedEvent
from attribution.services.website.lifecycle import refresh_lifecycle
from attribution.services.website.partitions import keep_partitions
from attribution.services.website.visitors import forget_salts
from workspaces.models import Workspace
from workspaces.services.jobs import Progress

UPKEEP_JOB: Final = "website-upkeep"


def keep_up(*, workspace: Workspace, now: datetime) -> dict[str, int]:
    """Do all of it; returns how many of each."""
    oldest = now - timedelta(days=settings.QUARANTINE_KEEP_DAYS)
    samples = QuarantinedEvent.objects.filter(workspace=workspace, received_at__lt=oldest)
    done = keep_partitions(now=now)
    return {
        "partitions_made": done["made"],
        "partitions_dropped": done["dropped"],
        "salts_forgotten": forget_salts(workspace=workspace, now=now),
        "samples_deleted": samples.delete()[0],
        "stages_changed": refresh_lifecycle(workspace=workspace, now=now),
    }


def keep_up_workspace(progress: Progress) -> None:
    """Body of the job."""
    progress.count(**keep_up(workspace=progress.workspace, now=progress.now))
