"""Campaigns of a workspace, drawn day by day, whose economics change on a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from campaigns.models import Campaign, DailyPerformance
from mlops.engine.learning.campaign_days import CampaignDays
from tests.campaigns.factories import AdAccountFactory
from tests.mlops.campaign_rows import drawn_days
from workspaces.models import Workspace

STARTS_ON = date(2026, 1, 1)
_RESULTS = ("installs", "conversions", "retained_day_1", "retained_day_7")
_COUNTS = ("impressions", "clicks", "engagement", "installs", "retained_day_1", "retained_day_7")
_AMOUNTS = ("spend", "revenue", "conversions")


def on_day(number: int) -> date:
    """The day after so many days."""
    return STARTS_ON + timedelta(days=number)


def at_day(number: int) -> datetime:
    """Its morning."""
    day = on_day(number)
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def changed_days(*, since: int, days: int, campaigns: int = 24) -> CampaignDays:
    """Campaigns of which, from a day on, a result costs twice as much and weekdays differ.

    And what comes back does so in every other week only.
    """
    before = drawn_days(campaigns=campaigns, days=days, weekly=0.0)
    after = drawn_days(campaigns=campaigns, days=days, weekly=0.6)
    number = (before.day - before.day.min()).astype(int)
    is_good = (number // 7 + before.campaign) % 2 == 1
    figures = dict(before.figures)
    for name, values in after.figures.items():
        new = np.floor(values / 2) if name in _RESULTS else values
        if name == "revenue":
            new = values * np.where(is_good, 1.8, 0.3)
        figures[name] = np.where(number >= since, new, figures[name])
    return replace(before, figures=figures)


def keep_days(workspace: Workspace, drawn: CampaignDays) -> list[Campaign]:
    """Campaigns of two accounts with these days."""
    accounts = [
        AdAccountFactory(
            workspace=workspace, platform=platform, currency=workspace.currency,
            summing_level="campaign",
        )
        for platform in ("meta", "tiktok")
    ]  # fmt: skip
    campaigns = Campaign.objects.bulk_create(
        Campaign(
            workspace=workspace,
            account=accounts[place % 2],
            external_id=f"drawn-{place}",
            name=f"Campaign {place}",
            starts_on=drawn.started_on[place].item(),
        )
        for place in range(drawn.keys.size)
    )
    figures = {name: drawn.figures[name].astype(int).tolist() for name in _COUNTS}
    amounts = {name: drawn.figures[name].round(6).tolist() for name in _AMOUNTS}
    DailyPerformance.objects.bulk_create(
        [
            DailyPerformance(
                workspace=workspace, account=accounts[place % 2], campaign=campaigns[place],
                level="campaign", day=day, fetched_at=at_day(0),
                **{name: values[row] for name, values in figures.items()},
                **{name: Decimal(str(values[row])) for name, values in amounts.items()},
            )
            for row, (place, day) in enumerate(
                zip(drawn.campaign.tolist(), drawn.day.astype(object), strict=True)
            )
        ],
        batch_size=2_000,
    )  # fmt: skip
    return campaigns
