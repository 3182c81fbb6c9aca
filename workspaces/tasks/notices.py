"""Entry points for mail, digests, webhooks and clearing up."""

from __future__ import annotations

import random

from celery import shared_task
from django.utils import timezone

from workspaces.services import clearing, digests, notices, webhook_delivery

_CALLS_PER_RUN = 25  # at 20 s each still below the time limit


@shared_task(name="workspaces.deliver_notices", time_limit=600)
def deliver_notices(**_: object) -> int:
    """Mail what is due."""
    return notices.deliver_mails(now=timezone.now())


@shared_task(name="workspaces.send_digests", time_limit=1800)
def send_digests(**_: object) -> int:
    """Send the digests whose hour has come."""
    return digests.send_digests(now=timezone.now())


@shared_task(name="workspaces.deliver_webhooks", time_limit=900)
def deliver_webhooks(**_: object) -> int:
    """Send the webhooks that are due; several workers share them."""
    rng = random.Random()  # noqa: S311  # jitter of retries, no secret
    for sent in range(_CALLS_PER_RUN):
        if not webhook_delivery.deliver_next(now=timezone.now(), rng=rng):
            return sent
    return _CALLS_PER_RUN


@shared_task(name="workspaces.clear_expired", time_limit=3600)
def clear_expired(**_: object) -> dict[str, int]:
    """Delete what has served its time."""
    return clearing.clear_expired(now=timezone.now())
