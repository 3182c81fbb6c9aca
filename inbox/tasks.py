"""Celery entry points of the inbox. Each may run twice, late, or next to itself."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from inbox.services.desk import wake_due
from inbox.services.reading import BATCH, read_new
from inbox.services.settling import settle_answers
from inbox.services.sweeping import renew_changed, sweep

_LIMIT_S = 300


@shared_task(name="inbox.settle_answers", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def settle(**_: object) -> int:
    """Note what became of answers."""
    return settle_answers(now=timezone.now())


@shared_task(name="inbox.watch_promises", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def watch_promises(**_: object) -> int:
    """Mark what is due soon, missed and escalated, by what is promised now; wake who slept."""
    now = timezone.now()
    return renew_changed(now=now) + sweep(now=now) + wake_due(now=now)


@shared_task(name="inbox.read_new", acks_late=True, ignore_result=True, time_limit=_LIMIT_S)
def read_arrived(**_: object) -> int:
    """Read what arrived; a run that has more to do is followed by another one."""
    count = read_new(now=timezone.now())
    if count == BATCH:
        read_arrived.delay()
    return count
