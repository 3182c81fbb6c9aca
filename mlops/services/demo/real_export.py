"""A workspace on a real export: Microsoft Ads, 2018-09 to 2019-06, through the public import."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management import call_command

import campaigns
from campaigns.models import AdAccount, Campaign, DailyPerformance
from campaigns.services.syncing import sync_account
from mlops.platforms.sandbox_control import SandboxControl
from mlops.services.demo.people import add_people, demo_person
from mlops.services.sampling import propose_budgets
from workspaces.crypto import encrypt
from workspaces.models import BusinessMode, Connection, Workspace
from workspaces.roles import Role
from workspaces.services.workspaces import create_workspace

SLUG = "search-export"
ACCOUNT = "150175881"
TOKEN = "sandbox-meta-search-export"  # noqa: S105  # opens the sandbox only
NOTICE = (
    "Real data: a Microsoft Ads account, September 2018 to June 2019, published by Fivetran under"
    " Apache-2.0 (dbt_ad_reporting). Days are moved by whole weeks to end yesterday or shortly"
    " before. The export has no budgets, so each campaign got its mean daily spend of the last 28"
    " spending days on a sandbox account of kind Meta; its conversions are test values and are not"
    " used by any model."
)
_DATA = Path(campaigns.__file__).parent / "demo_data" / "microsoft_ads"
_REPORTS = (
    "microsoft_ads_campaign_performance_daily_report_data.csv",
    "microsoft_ads_ad_performance_daily_report_data.csv",
)
_NAMES = (
    "microsoft_ads_campaign_history_data.csv",
    "microsoft_ads_ad_group_history_data.csv",
    "microsoft_ads_ad_history_data.csv",
)
SPENDING_DAYS = 28


def fill_real_export(*, control: SandboxControl, now: datetime) -> Workspace:
    """Import the export, give its campaigns a place to land, and let the sampler propose."""
    workspace = create_workspace(
        slug=SLUG,
        name="Search ads (real export)",
        currency="USD",
        time_zone="America/Los_Angeles",
        mode=BusinessMode.DIRECT,
        by=demo_person(Role.ADMIN),
        now=now,
        is_sandbox=True,
    )
    add_people(workspace)
    _import()
    account = AdAccount.objects.select_related("workspace").get(
        workspace=workspace, external_id=ACCOUNT
    )
    control.seed_accounts([_sandbox_account(account)])
    account.connection = Connection.objects.create(
        workspace=workspace,
        kind="meta",
        name="Meta sandbox",
        base_url=control.base_url,
        secret=encrypt({"access_token": TOKEN}),
    )
    account.save(update_fields=["connection", "updated_at"])
    sync_account(account=account, now=now)
    propose_budgets(account=account, now=now)
    workspace.notice = NOTICE
    workspace.save(update_fields=["notice", "updated_at"])
    return workspace


def _import() -> None:
    """Run the command that an operator would run, once per report."""
    for report in _REPORTS:
        call_command(
            "import_performance",
            str(_DATA / report),
            workspace=SLUG,
            platform="meta",
            account=ACCOUNT,
            account_name="Fivetran (Microsoft Ads export)",
            time_zone="America/Los_Angeles",
            names=[_DATA / name for name in _NAMES],
            shift_to_yesterday=True,
            conversions_unusable=True,
            data_source="github.com/fivetran/dbt_ad_reporting, Apache-2.0",
            summing_level="campaign",
            verbosity=0,
        )


def _sandbox_account(account: AdAccount) -> dict[str, Any]:
    return {
        "platform": "meta",
        "id": account.external_id,
        "name": account.name,
        "currency": account.currency,
        "timezone": account.time_zone,
        "token": TOKEN,
        "campaigns": [
            _sandbox_campaign(campaign)
            for campaign in account.campaigns.prefetch_related("ad_sets__ads").order_by("pk")
        ],
    }


def _sandbox_campaign(campaign: Campaign) -> dict[str, Any]:
    return {
        "id": campaign.external_id,
        "name": campaign.name,
        # The report of single ads names two campaigns more, without any day of their own.
        "status": "active" if _has_days(campaign) else "paused",
        "daily_budget": str(starting_budget(campaign)),
        "adsets": [
            {
                "id": ad_set.external_id,
                "name": ad_set.name,
                "ads": [{"id": ad.external_id, "name": ad.name} for ad in ad_set.ads.all()],
            }
            for ad_set in campaign.ad_sets.all()
        ],
    }


def _has_days(campaign: Campaign) -> bool:
    return DailyPerformance.objects.filter(campaign=campaign, level="campaign").exists()


def starting_budget(campaign: Campaign) -> Decimal:
    """max(1, mean spend of the last 28 spending days), in cents."""
    spends = list(
        DailyPerformance.objects.filter(campaign=campaign, level="campaign", spend__gt=0)
        .order_by("-day")
        .values_list("spend", flat=True)[:SPENDING_DAYS]
    )
    mean = sum(spends, Decimal(0)) / len(spends) if spends else Decimal(0)
    return max(Decimal(1), mean).quantize(Decimal("0.01"))
