"""Celery entry points of experiments."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from experiments.services.counting.job import COUNTING_JOB, workspaces_waiting
from workspaces.services.jobs import JobRefusedError
from workspaces.tasks import request_and_send


@shared_task(name="experiments.count_waiting", time_limit=300)
def count_waiting(**_: object) -> int:
    """Start the counting where units wait; a workspace without any gets no run on record."""
    started = 0
    for workspace in workspaces_waiting(now=timezone.now()):
        try:
            request_and_send(
                workspace=workspace, name=COUNTING_JOB, trigger="schedule", now=timezone.now()
            )
        except JobRefusedError:
            # Switched off, or still busy with the minute before.
            continue
        started += 1
    return started
