"""Celery entry points of attribution."""

from __future__ import annotations

import random

from celery import shared_task
from django.utils import timezone

from attribution.services import sending_back

_CALLS_PER_DESTINATION = 20


@shared_task(name="attribution.send_conversions", acks_late=True, time_limit=1800)
def send_conversions(**_: object) -> int:
    """Tell platforms of the conversions that are due; several workers share them."""
    rng = random.Random()  # noqa: S311  # jitter of retries, no secret
    told = 0
    for destination_id in sending_back.due_destinations(now=timezone.now()):
        for _call in range(_CALLS_PER_DESTINATION):
            count = sending_back.work_off(
                destination_id=destination_id, now=timezone.now(), rng=rng
            )
            if not count:
                break
            told += count
    return told
