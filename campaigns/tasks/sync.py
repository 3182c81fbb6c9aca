"""Celery entry points of the sync."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from campaigns.models import AdAccount
from campaigns.platforms.base import PlatformError
from campaigns.services.syncing import accounts_to_sync, sync_account

logger = logging.getLogger(__name__)


@shared_task(name="campaigns.sync_all", acks_late=True, time_limit=300)
def sync_all(**kwargs: Any) -> int:
    """Queue one sync per connected account."""
    accounts = [account.pk for account in accounts_to_sync()]
    for account_id in accounts:
        sync_one.delay(account_id=account_id)
    return len(accounts)


@shared_task(name="campaigns.sync_one", acks_late=True, time_limit=1800, soft_time_limit=1740)
def sync_one(*, account_id: int, **kwargs: Any) -> dict[str, int]:
    """Mirror one account; a platform that does not answer is tried again with the next sync."""
    account = AdAccount.objects.select_related("connection", "workspace").get(pk=account_id)
    try:
        result = sync_account(account=account, now=timezone.now())
    except PlatformError as error:
        logger.warning("sync failed", extra={"account": account_id, "kind": error.kind})
        return {"days": 0}
    return {"campaigns": result.campaigns, "ads": result.ads, "days": result.days}
