"""Celery entry points of imports: the row is the queue, the task only shortens the wait."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from campaigns.services.importing import RUN_LIMIT_S, ImportRefused, run_import, waiting_runs

logger = logging.getLogger(__name__)


@shared_task(
    name="campaigns.run_import",
    acks_late=True,
    soft_time_limit=RUN_LIMIT_S - 60,
    time_limit=RUN_LIMIT_S,
)
def run_import_task(*, run_id: int, **_: object) -> None:
    """Import one queued upload."""
    try:
        run_import(run_id=run_id, now=timezone.now())
    except ImportRefused:
        # The run keeps the reason for the person who uploaded it.
        logger.info("import refused", extra={"import_run": run_id})


@shared_task(
    name="campaigns.run_waiting_imports",
    acks_late=True,
    soft_time_limit=RUN_LIMIT_S - 60,
    time_limit=RUN_LIMIT_S,
)
def run_waiting_imports(**_: object) -> None:
    """Import what waits because a message or a worker was lost."""
    for run_id in waiting_runs(now=timezone.now()):
        run_import_task(run_id=run_id)
