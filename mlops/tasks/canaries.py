"""Running canaries, looked at every few minutes."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from mlops.models import Canary
from mlops.services.registry.canaries import watch_canary
from workspaces.models import Workspace

logger = logging.getLogger(__name__)


@shared_task(name="mlops.watch_canaries", acks_late=True, soft_time_limit=240, time_limit=280)
def watch_canaries(**_: object) -> int:
    """Look at each; returns how many ended. A repeat ends none twice."""
    ended = 0
    rows = Canary.objects.filter(ended_at=None, workspace__in=Workspace.objects.open()).order_by(
        "pk"
    )
    for canary in rows.select_related("workspace", "version__workspace", "champion", "proposal"):
        try:
            ended += not watch_canary(canary=canary, now=timezone.now()).is_open
        except DatabaseError:
            # The others do not wait for one that cannot be ended now.
            logger.exception("a canary could not be looked at", extra={"canary": canary.pk})
    return ended
