"""Celery entry point of what is derived from performance."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from campaigns.services.deriving import refresh_all


@shared_task(name="campaigns.refresh_derived", acks_late=True, soft_time_limit=600, time_limit=660)
def refresh_derived(**_: object) -> None:
    """Judge all campaigns and creatives again, because days pass without a sync too."""
    refresh_all(now=timezone.now())
