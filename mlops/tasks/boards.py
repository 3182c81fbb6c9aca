"""The dashboards' sync when workers start; the rest are jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone

from mlops.selectors.boards import workspaces_without_boards
from mlops.services.boards.syncing import request_sync
from workspaces.services.jobs import JobRefusedError
from workspaces.tasks import send_soon

# A restart of workers does not draw anew what was drawn a moment ago.
_FRESH: Final = timedelta(minutes=5)
_QUEUE: Final = "default"


@worker_ready.connect
def sync_once_started(sender: Any, **_: object) -> None:
    """Ask for a sync as soon as the worker that can do it is there."""
    if _QUEUE in sender.app.amqp.queues.consume_from:
        sync_at_start.delay()


@shared_task(name="mlops.sync_at_start", time_limit=300)
def sync_at_start(**_: object) -> int:
    """Start a sync in every workspace that has no batch of the last minutes."""
    now = timezone.now()
    started = 0
    for workspace in workspaces_without_boards(since=now - _FRESH):
        try:
            run = request_sync(workspace=workspace, trigger="start", now=now)
        except JobRefusedError:
            continue
        send_soon(run)
        started += 1
    return started
