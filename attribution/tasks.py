"""Celery entry points of attribution."""

from __future__ import annotations

import random

from celery import shared_task
from django.utils import timezone

from attribution.services import sending_back, taking_back
from attribution.services.website.sessions import SESSIONS_JOB, workspaces_waiting
from workspaces.services.jobs import JobRefusedError
from workspaces.tasks import request_and_send

_CALLS_PER_DESTINATION = 20


@shared_task(name="attribution.send_conversions", acks_late=True, time_limit=1800)
def send_conversions(**_: object) -> int:
    """Tell platforms of conversions that are due and of those that did not last; workers share."""
    rng = random.Random()  # noqa: S311  # jitter of retries, no secret
    told = 0
    for destination_id in sending_back.due_destinations(now=timezone.now()):
        for work in (sending_back.work_off, taking_back.retract_due):
            for _call in range(_CALLS_PER_DESTINATION):
                count = work(destination_id=destination_id, now=timezone.now(), rng=rng)
                if not count:
                    break
                told += count
    return told


@shared_task(name="attribution.sessionise_waiting", time_limit=300)
def sessionise_waiting(**_: object) -> int:
    """Start the sessioniser where events wait; a workspace without any gets no run on record."""
    started = 0
    for workspace in workspaces_waiting():
        try:
            request_and_send(
                workspace=workspace, name=SESSIONS_JOB, trigger="schedule", now=timezone.now()
            )
        except JobRefusedError:
            # Switched off, or still busy with the minute before.
            continue
        started += 1
    return started
