"""Columns that are derived from performance, kept fresh for whole accounts at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from campaigns.models import AdAccount, AdSet, Campaign, DeliveryStatus, LearningStatus
from campaigns.selectors.derived import fatigued_campaigns, newest_days
from campaigns.services.scoring import refresh_scores
from workspaces.models import Workspace


def refresh_derived(*, accounts: Collection[AdAccount], now: datetime) -> None:
    """Judge again which campaigns learn or are worn out, and how good their creatives are."""
    newest = newest_days(accounts, now=now)
    with transaction.atomic():
        lock_accounts(accounts)
        refresh_life_states(accounts=accounts, fatigued=fatigued_campaigns(newest))
        refresh_scores(account_ids=[account.pk for account in accounts], newest=newest)


def refresh_all(*, now: datetime) -> None:
    """Refresh every workspace, one after the other, so that no lock is held for all."""
    accounts: dict[int, list[AdAccount]] = {}
    rows = AdAccount.objects.filter(archived_at=None, workspace__in=Workspace.objects.open())
    for account in rows.order_by("workspace", "pk"):
        accounts.setdefault(account.workspace_id, []).append(account)
    for own in accounts.values():
        refresh_derived(accounts=own, now=now)


def lock_accounts(accounts: Collection[AdAccount]) -> None:
    """Let one writer at a time into the many rows of an account, so that none wait in a ring."""
    pks = [account.pk for account in accounts]
    rows = AdAccount.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    list(rows.values_list("pk"))


def refresh_life_states(*, accounts: Collection[AdAccount], fatigued: Collection[int]) -> None:
    """Set what the life state of the accounts' campaigns hangs on, where it has changed.

    Whoever finds fatigue names the campaigns in ``fatigued``; the database does the rest.
    """
    campaigns = Campaign.objects.filter(account__in=accounts)
    learning = Exists(
        AdSet.objects.filter(
            campaign=OuterRef("pk"),
            status=DeliveryStatus.ACTIVE,
            learning_status=LearningStatus.LEARNING,
        )
    )
    for field, is_so in (
        ("has_learning_ad_sets", Q(learning)),
        ("is_fatigued", Q(pk__in=fatigued)),
    ):
        campaigns.filter(is_so, **{field: False}).update(**{field: True})
        campaigns.filter(~is_so, **{field: True}).update(**{field: False})
