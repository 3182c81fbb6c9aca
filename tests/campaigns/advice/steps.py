"""A workspace with two channels that spent money, and a model that is connected to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from campaigns.engine.advice.evidence import CampaignDays, gather
from campaigns.engine.advice.rules import advise
from campaigns.models import AdAccount, Campaign, DailyPerformance, Recommendation
from tests.campaigns.advice.llm_stand_in import StandIn
from tests.campaigns.factories import AdAccountFactory, CampaignFactory
from workspaces.crypto import encrypt
from workspaces.models import Connection, Workspace

YESTERDAY = date(2026, 11, 20)
_OTHERS = ("impressions", "clicks", "installs", "conversions", "value")


def spending(
    account: AdAccount, *, name: str, spend: int, revenue: int, channel: str = "", days: int = 60
) -> Campaign:
    """A campaign with a daily budget of 100 and the same figures every day."""
    AdAccount.objects.filter(pk=account.pk).update(summing_level="campaign")
    campaign = CampaignFactory(
        account=account, name=name, channel=channel, daily_budget=Decimal(100)
    )
    fetched = datetime(2026, 11, 21, 6, tzinfo=UTC)
    DailyPerformance.objects.bulk_create(
        DailyPerformance(
            workspace=account.workspace, account=account, campaign=campaign, level="campaign",
            day=YESTERDAY - timedelta(days=back), impressions=1000, clicks=20, spend=spend,
            conversions=2, revenue=revenue, fetched_at=fetched,
        )
        for back in range(days)
    )  # fmt: skip
    return campaign


def two_channels(workspace: Workspace) -> tuple[Campaign, Campaign]:
    """Google Ads earns three times what it costs, Meta half of it."""
    google = AdAccountFactory(workspace=workspace, platform="google")
    meta = AdAccountFactory(workspace=workspace, platform="meta")
    return (
        spending(google, name="Brand", spend=100, revenue=300, channel="google_ads"),
        spending(meta, name="Prospecting", spend=60, revenue=30, channel="facebook"),
    )


def connect_model(workspace: Workspace, server: StandIn, provider: str = "openai") -> Connection:
    """Connection of a workspace to the stand-in."""
    base_url = f"{server.url}/v1" if provider == "openai" else server.url
    secret = {"model": "gpt-test", "api_key": "sk-secret-7", "provider": provider}
    return Connection.objects.create(
        workspace=workspace, kind="llm", name="Writer", base_url=base_url, secret=encrypt(secret)
    )


def recommendation_of(workspace: Workspace) -> Recommendation:
    """One that rules wrote on next to nothing."""
    now = datetime(2026, 11, 21, 9, tzinfo=UTC)
    since = (now - timedelta(days=30)).date()
    days = {"spend": np.ones(60), **dict.fromkeys(_OTHERS, np.zeros(60))}
    evidence = gather(
        [CampaignDays("Brand", "meta", days)],
        budgets={}, since=since, until=YESTERDAY, currency="USD",
    )  # fmt: skip
    return Recommendation.objects.create(
        workspace=workspace, recommendations=advise(evidence), evidence=evidence.as_json(),
        fallback_reason="No language model is connected.", created_at=now,
    )  # fmt: skip
