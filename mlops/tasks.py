"""Celery entry points of mlops."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from campaigns.models import AdAccount
from mlops.services.sampling import propose_budgets as propose


@shared_task(name="mlops.propose_budgets", acks_late=True, time_limit=1800)
def propose_budgets(**kwargs: Any) -> int:
    """Let the sampler propose budgets for every connected account."""
    accounts = AdAccount.objects.select_related("workspace", "connection").filter(
        archived_at=None, connection__isnull=False
    )
    return sum(len(propose(account=account, now=timezone.now())) for account in accounts)
