"""Celery entry points of attribution."""

from __future__ import annotations

import random

from celery import shared_task
from django.utils import timezone

from attribution.services import sending_back, taking_back

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
