"""How old each ad account's figures are, for the first page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from campaigns.models import AdAccount
from campaigns.selectors.series import known_until
from workspaces.dashboard import Section, register_section
from workspaces.models import Workspace

SHOWN = 10
FRESH = timedelta(hours=24)


@dataclass(frozen=True)
class Freshness:
    """One account."""

    account: AdAccount
    known_until: datetime | None
    is_fresh: bool


def freshness(workspace: Workspace, now: datetime) -> dict[str, Any]:
    """Accounts in use, those that were read longest ago first."""
    accounts = AdAccount.objects.filter(workspace=workspace, archived_at=None)
    stalest = accounts.order_by(F("last_sync_at").asc(nulls_first=True), "pk")[:SHOWN]
    return {
        "accounts": [
            Freshness(account, until, until is not None and now - until <= FRESH)
            for account, until in known_until(stalest)
        ]
    }


register_section(Section("campaigns", "campaigns/freshness.html", freshness))
