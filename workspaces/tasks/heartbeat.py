"""Signs of life: workers by their own pulse, beat by a task that only it sends."""

from __future__ import annotations

import logging
import time

from celery import shared_task
from celery.signals import heartbeat_sent
from celery.worker.heartbeat import Heart
from redis.exceptions import RedisError

from workspaces.services import health

logger = logging.getLogger(__name__)

_PULSE_S = 10.0
_last_pulse_s: dict[str, float] = {}


@heartbeat_sent.connect
def record_pulse(sender: Heart, **_: object) -> None:
    """Note which queues this worker serves.

    The pulse comes from the worker's own process: one that computes for minutes still has it,
    while a task would wait behind the computation.
    """
    app = sender.eventer.app  # type: ignore[attr-defined]  # celery-types lack it
    try:
        for queue in app.amqp.queues.consume_from:
            if time.monotonic() - _last_pulse_s.get(queue, -_PULSE_S) >= _PULSE_S:
                health.beat(queue)
                _last_pulse_s[queue] = time.monotonic()
    except RedisError:
        # The worker must live on; that Redis is gone is what readiness tells anyway.
        logger.warning("the pulse was not recorded", exc_info=True)


@shared_task(name="workspaces.heartbeat", time_limit=30)
def heartbeat(**_: object) -> None:
    """Say that beat sends tasks."""
    health.beat_schedule()
