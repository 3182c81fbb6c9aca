"""Stored webhook events, in a worker."""

from __future__ import annotations

import random

from celery import shared_task
from django.utils import timezone

from workspaces.services import consuming, inbound

# Below the lease of a run of events, so that whoever still works still holds them.
_LIMIT_S = 240
#: Another look, where another worker was at it.
_TAKEN_S = 1.0


@shared_task(
    name="workspaces.process_inbound",
    acks_late=True,
    # Nobody reads it, and a sender who must be answered in seconds would wait for its store.
    ignore_result=True,
    time_limit=_LIMIT_S,
    soft_time_limit=_LIMIT_S - 30,
)
def process_inbound(*, connection_id: int, **_: object) -> int:
    """Treat what one connection was told; a second worker finds it taken and looks again later."""
    rng = random.Random()  # noqa: S311  # jitter of retries, no secret
    inbound.begin(connection_id=connection_id)
    try:
        return consuming.treat_waiting(connection_id=connection_id, clock=timezone.now, rng=rng)
    except consuming.TakenError:
        inbound.wake(connection_id=connection_id, in_s=_TAKEN_S)
        return 0


@shared_task(name="workspaces.sweep_inbound", time_limit=60)
def sweep_inbound(**_: object) -> int:
    """Find events whose message was lost or whose next try is due: the row is the queue."""
    waiting = consuming.waiting_connections(now=timezone.now())
    for connection_id in waiting:
        process_inbound.delay(connection_id=connection_id)
    return len(waiting)
