"""Celery entry points of the gate. Each may run twice, late, or next to itself."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from workspaces.services.execution import execute_due as execute
from workspaces.services.execution import reap
from workspaces.services.leases import end_leases_of_the_dead
from workspaces.services.upkeep import expire_due, measure_due, remind_due
from workspaces.workers import has_let_go, worker_name


@shared_task(name="workspaces.execute_due", acks_late=True, time_limit=1800, soft_time_limit=1740)
def execute_due(**kwargs: Any) -> int:
    """Claim and run what is signed and due."""
    _free_what_was_let_go()
    return execute(worker=worker_name(), clock=timezone.now)


@shared_task(name="workspaces.reap_lapsed", acks_late=True, time_limit=1800, soft_time_limit=1740)
def reap_lapsed(**kwargs: Any) -> int:
    """Finish what dead workers and unanswered calls left."""
    _free_what_was_let_go()
    return reap(worker=worker_name(), clock=timezone.now)


def _free_what_was_let_go() -> None:
    end_leases_of_the_dead(is_gone=has_let_go, now=timezone.now())


@shared_task(name="workspaces.expire_proposals", acks_late=True, time_limit=300)
def expire_proposals(**kwargs: Any) -> dict[str, int]:
    """Expire what nobody decided, and remind before that."""
    now = timezone.now()
    return {"reminded": remind_due(now=now), "expired": expire_due(now=now)}


@shared_task(name="workspaces.measure_effects", acks_late=True, time_limit=1800)
def measure_effects(**kwargs: Any) -> int:
    """Set realised against predicted effects."""
    return measure_due(now=timezone.now())
