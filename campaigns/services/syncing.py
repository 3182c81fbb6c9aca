"""Pull accounts from their platforms: structure first, then the days of performance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db import transaction

from campaigns.executing import platform_of
from campaigns.models import (
    Ad,
    AdAccount,
    AdSet,
    Campaign,
    Creative,
    CreativeFormat,
    DailyPerformance,
    Platform,
)
from campaigns.platforms.base import AccountState, EntityState, InsightRow
from campaigns.platforms.base import Platform as Adapter
from campaigns.selectors.series import value_metric
from campaigns.services.deriving import lock_accounts, refresh_derived
from workspaces.models import Connection, ConnectionStatus, Workspace
from workspaces.platforms.errors import PlatformError
from workspaces.services.live import bump

FIRST_SYNC_DAYS = 90
OVERLAP_DAYS = 28  # platforms restate the last four weeks
_BATCH = 2000
_MONEY = ("daily_budget", "lifetime_budget", "bid", "bid_strategy")
_FORMATS = frozenset(CreativeFormat.values)
_DAY_FIELDS = [
    "impressions", "reach", "clicks", "engagement", "spend", "conversions", "revenue",
    "pipeline_value", "fetched_at",
]  # fmt: skip
_MIRROR = ("workspace", "name", "status", "effective_status", "mirrored_at")


_Mirrored = TypeVar("_Mirrored", Campaign, AdSet, Creative, Ad)


@dataclass(frozen=True)
class SyncResult:
    """What a sync saw."""

    campaigns: int
    ad_sets: int
    ads: int
    days: int


@dataclass(frozen=True)
class _Pulled:
    account: AccountState
    campaigns: list[EntityState]
    ad_sets: list[EntityState]
    ads: list[EntityState]
    insights: list[InsightRow]


def connect_account(
    *, connection: Connection, external_id: str, platform: str, now: datetime
) -> AdAccount:
    """Take an ad account of a connection into the workspace, as the platform describes it."""
    account = AdAccount(
        workspace=connection.workspace,
        connection=connection,
        platform=platform,
        external_id=external_id,
    )
    with platform_of(account) as adapter:
        state = adapter.read_account(external_id)
    found, _ = AdAccount.objects.update_or_create(
        workspace=connection.workspace,
        platform=platform,
        external_id=external_id,
        defaults={
            "connection": connection,
            "name": state.name,
            "currency": state.currency,
            "time_zone": state.timezone,
            "money_offset": state.money_offset,
        },
    )
    Workspace.objects.filter(pk=connection.workspace_id, data_since=None).update(data_since=now)
    return found


def add_account(*, connection: Connection, external_id: str, now: datetime) -> AdAccount:
    """Take in an account that the connection's platform knows; its id as the platform writes it.

    Raises
    ------
    PlatformError : the platform does not know it, or did not answer
    """
    plain = external_id.removeprefix("act_").rpartition(":")[2].replace("-", "")
    return connect_account(
        connection=connection, external_id=plain, platform=connection.kind, now=now
    )


def sync_account(*, account: AdAccount, now: datetime) -> SyncResult:
    """Mirror one account: everything is read first, then written in one transaction.

    Raises
    ------
    PlatformError : the platform did not answer; nothing was written but the error itself
    """
    try:
        with platform_of(account) as adapter:
            pulled = _pull(adapter, account, now)
    except PlatformError as error:
        AdAccount.objects.filter(pk=account.pk).update(last_sync_error=error.message)
        raise
    with transaction.atomic():
        lock_accounts([account])
        result = _write(account, pulled, now)
        refresh_derived(accounts=[account], now=now)
        AdAccount.objects.filter(pk=account.pk).update(
            last_sync_at=now, last_sync_error="", money_offset=pulled.account.money_offset
        )
        Connection.objects.filter(ad_accounts=account).update(last_ok_at=now)
        bump(account.workspace_id, "campaigns")
    return result


def accounts_to_sync(*, workspace: Workspace | None = None) -> Iterable[AdAccount]:
    """Accounts with a working connection."""
    accounts = AdAccount.objects.select_related("connection", "workspace").filter(
        connection__status=ConnectionStatus.ACTIVE, archived_at=None
    )
    return accounts.filter(workspace=workspace) if workspace else accounts


def _pull(adapter: Adapter, account: AdAccount, now: datetime) -> _Pulled:
    external_id = account.external_id
    today = now.astimezone(ZoneInfo(account.time_zone)).date()
    return _Pulled(
        account=adapter.read_account(external_id),
        campaigns=list(adapter.list_entities(external_id, "campaign")),
        ad_sets=list(adapter.list_entities(external_id, "adset")),
        ads=list(adapter.list_entities(external_id, "ad")),
        insights=list(adapter.insights(external_id, _since(account, today), today, "ad")),
    )


def _since(account: AdAccount, today: date) -> date:
    newest = (
        DailyPerformance.objects.filter(account=account, source="sync")
        .order_by("-day")
        .values_list("day", flat=True)
        .first()
    )
    if newest is None:
        return today - timedelta(days=FIRST_SYNC_DAYS)
    return newest - timedelta(days=OVERLAP_DAYS)


def _write(account: AdAccount, pulled: _Pulled, now: datetime) -> SyncResult:
    base = {"workspace": account.workspace, "account": account}
    campaigns = _upsert(
        Campaign,
        (Campaign(**base, **_campaign(state, account, now)) for state in pulled.campaigns),
        (*_MIRROR, *_MONEY, "channel", "objective", "budget_external_id", "learning_status",
         "starts_on", "ends_on"),
    )  # fmt: skip
    ad_sets = _upsert(
        AdSet,
        (
            AdSet(**base, campaign_id=campaigns[state.parent_campaign_id], **_ad_set(state, now))
            for state in pulled.ad_sets
            if state.parent_campaign_id in campaigns
        ),
        (*_MIRROR, *_MONEY, "campaign", "learning_status", "learning_conversions"),
    )
    creatives = _upsert(
        Creative,
        _creatives(base, pulled.ads),
        ("headline", "primary_text", "call_to_action", "format", "media_url"),
    )
    ads = _upsert(Ad, _ads(base, pulled.ads, campaigns, ad_sets, creatives, now), (
        *_MIRROR, "campaign", "ad_set", "creative",
    ))  # fmt: skip
    days = _write_days(account, pulled.insights, campaigns, ad_sets, ads, now)
    return SyncResult(len(campaigns), len(ad_sets), len(ads), days)


def _upsert(
    model: type[_Mirrored], rows: Iterable[_Mirrored], fields: tuple[str, ...]
) -> dict[str, int]:
    """Insert or refresh mirrors by external id; their ids by external id."""
    written = model._default_manager.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["account", "external_id"],
        update_fields=[*fields],
        batch_size=_BATCH,
    )
    return {row.external_id: row.pk for row in written}


def _mirror(state: EntityState, now: datetime) -> dict[str, Any]:
    return {
        "external_id": state.ref.external_id,
        "name": state.name[:300],
        "status": state.status,
        "effective_status": state.effective_status[:40],
        "mirrored_at": now,
    }


def _money(state: EntityState) -> dict[str, Any]:
    daily = state.value_of("daily_budget")
    return {
        "daily_budget": daily,
        "lifetime_budget": state.lifetime_budget,
        "bid": state.bid,
        "bid_strategy": state.bid_strategy,
    }


def _campaign(state: EntityState, account: AdAccount, now: datetime) -> dict[str, Any]:
    budget = state.budget_ref
    return {
        **_mirror(state, now),
        **_money(state),
        "channel": account.platform,
        "objective": state.objective[:60],
        "budget_external_id": (
            budget.external_id
            if budget and budget.level == "budget" and account.platform == Platform.GOOGLE
            else ""
        ),
        "learning_status": state.learning.status if state.learning else "unknown",
        "starts_on": state.starts_on,
        "ends_on": state.ends_on,
    }


def _ad_set(state: EntityState, now: datetime) -> dict[str, Any]:
    return {
        **_mirror(state, now),
        **_money(state),
        "learning_status": state.learning.status if state.learning else "unknown",
        "learning_conversions": state.learning.conversions if state.learning else None,
    }


def _creatives(base: dict[str, Any], ads: list[EntityState]) -> Iterator[Creative]:
    seen: set[str] = set()
    for ad in ads:
        made = ad.creative
        if made is None or made.external_id in seen:
            continue
        seen.add(made.external_id)
        yield Creative(
            **base,
            external_id=made.external_id,
            headline=made.headline[:300],
            primary_text=made.primary_text,
            call_to_action=made.call_to_action[:60],
            format=made.format if made.format in _FORMATS else "image",
            media_url=made.media_url[:500],
        )


def _ads(
    base: dict[str, Any],
    ads: list[EntityState],
    campaigns: dict[str, int],
    ad_sets: dict[str, int],
    creatives: dict[str, int],
    now: datetime,
) -> Iterator[Ad]:
    for ad in ads:
        if ad.parent_campaign_id not in campaigns:
            continue
        yield Ad(
            **base,
            campaign_id=campaigns[ad.parent_campaign_id],
            ad_set_id=ad_sets.get(ad.parent_adset_id),
            creative_id=creatives.get(ad.creative.external_id) if ad.creative else None,
            **_mirror(ad, now),
        )


def _write_days(
    account: AdAccount,
    insights: list[InsightRow],
    campaigns: dict[str, int],
    ad_sets: dict[str, int],
    ads: dict[str, int],
    now: datetime,
) -> int:
    is_pipeline = value_metric(account) == "pipeline_value"
    rows = [
        DailyPerformance(
            workspace=account.workspace,
            account=account,
            campaign_id=campaigns[row.campaign_id],
            ad_set_id=ad_sets.get(row.adset_id),
            ad_id=ads[row.ad_id],
            level="ad",
            day=row.day,
            impressions=row.impressions,
            reach=row.reach,
            clicks=row.clicks,
            engagement=row.engagement,
            spend=row.spend,
            conversions=row.conversions,
            # What a platform calls revenue is, for a pipeline business, the value of its leads.
            revenue=0 if is_pipeline else row.revenue,
            pipeline_value=row.revenue if is_pipeline else 0,
            source="sync",
            fetched_at=now,
        )
        for row in insights
        if row.campaign_id in campaigns and row.ad_id in ads
    ]
    DailyPerformance.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["campaign", "ad_set", "ad", "day"],
        update_fields=_DAY_FIELDS,
        batch_size=_BATCH,
    )
    return len(rows)
