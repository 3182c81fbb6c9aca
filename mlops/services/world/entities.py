"""Accounts, campaigns and creatives of a synthetic world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from campaigns.models import (
    Ad,
    AdAccount,
    AdSet,
    Campaign,
    Creative,
    CreativeFormat,
    DeliveryStatus,
    LearningStatus,
)
from campaigns.services.channels import ensure_channels
from campaigns.services.deriving import refresh_life_states
from mlops.simulation.world.ads import ALL_ADS, ALL_CAMPAIGNS
from mlops.simulation.world.profile import ADS, CAMPAIGNS, CHANNELS, ORGANIC
from mlops.simulation.world.world import World
from workspaces.models import Workspace

IntArray = NDArray[np.int64]

#: Accounts of worlds bear it before their channel.
PREFIX: Final = "world-"
_FORMATS: Final = (CreativeFormat.VIDEO, CreativeFormat.IMAGE, CreativeFormat.CAROUSEL)
_HOOKS: Final = ("question", "proof", "offer")
_LINES: Final = ("Your day, in order", "Loved by people like you", "Start free today")
_CALL: Final = "Install now"


@dataclass(frozen=True, slots=True)
class Entities:
    """Keys of what was made: (accounts,), (campaigns,) and (ads,) each."""

    accounts: IntArray
    campaigns: IntArray
    ad_sets: IntArray
    creatives: IntArray
    ads: IntArray


def make_entities(*, workspace: Workspace, world: World, now: datetime) -> Entities:
    """Make the channels' accounts and all that lives in them, as they stand on the last day."""
    _set_channels(workspace)
    accounts = AdAccount.objects.bulk_create(
        [
            AdAccount(
                workspace=workspace, platform=channel.platform, name=f"{channel.label} (synthetic)",
                external_id=f"{PREFIX}{channel.slug}", currency=workspace.currency,
                time_zone=workspace.time_zone,
                data_source=f"Synthetic world, seed {world.options.seed}: invented.",
            )
            for channel in CHANNELS
        ]
    )  # fmt: skip
    campaigns = Campaign.objects.bulk_create(
        [_campaign(world, accounts, number, now) for number in range(ALL_CAMPAIGNS)]
    )
    learns = world.ads.is_learning.reshape(-1, ADS).sum(axis=1) > 0
    ad_sets = AdSet.objects.bulk_create(
        [
            AdSet(
                workspace=workspace, account=campaign.account, campaign=campaign,
                external_id=f"{campaign.external_id}-set", name=campaign.name,
                status=campaign.status, optimisation_goal="installs",
                learning_status=_learning(bool(learns[number])),
            )
            for number, campaign in enumerate(campaigns)
        ]
    )  # fmt: skip
    creatives = Creative.objects.bulk_create(
        [_creative(world, campaigns[number // ADS], number) for number in range(ALL_ADS)]
    )
    ads = Ad.objects.bulk_create(
        [
            _ad(world, ad_sets[number // ADS], creative, number)
            for number, creative in enumerate(creatives)
        ]
    )
    refresh_life_states(accounts=accounts, fatigued=_fatigued(world, campaigns))
    rows = (accounts, campaigns, ad_sets, creatives, ads)
    return Entities(*(np.array([row.pk for row in of]) for of in rows))


def _set_channels(workspace: Workspace) -> None:
    known = ensure_channels(workspace=workspace)
    for channel in (*CHANNELS, ORGANIC):
        row = known[channel.slug]
        row.base_cpi = Decimal(str(channel.base_cpi)) if channel.base_cpi else None
        row.cpi_variance = channel.cpi_noise
        row.daily_volume = round(channel.daily_installs)
        row.weekend_multiplier = channel.weekend
        row.quality_score = channel.quality
        row.ltv_multiplier = channel.ltv
        row.fatigue_days = channel.fatigue_days or None
        row.properties = channel.properties
        row.save()


def _campaign(world: World, accounts: list[AdAccount], number: int, now: datetime) -> Campaign:
    account, place = accounts[number // CAMPAIGNS], number % CAMPAIGNS
    channel = CHANNELS[number // CAMPAIGNS]
    options, runs = world.options, world.ads.runs[number * ADS : (number + 1) * ADS]
    where = channel.properties["best_geographies"]
    country = where[place % len(where)] if isinstance(where, list) else ""
    return Campaign(
        workspace=account.workspace, account=account, mirrored_at=now, channel=channel.slug,
        external_id=f"{PREFIX}{channel.slug}-{place + 1:02d}",
        name=f"{channel.label} {country} {place + 1:02d}",
        status=DeliveryStatus.ACTIVE if runs[:, -1].any() else DeliveryStatus.PAUSED,
        daily_budget=Decimal(str(world.ads.budgets[number])), objective="app_installs",
        starts_on=options.starts_on + timedelta(days=int(world.ads.starts[number])),
        goal="installs", location=str(country),
        learning_status=LearningStatus.STABLE,
    )  # fmt: skip


def _learning(learns: bool) -> str:  # noqa: FBT001  # its only argument
    return LearningStatus.LEARNING if learns else LearningStatus.STABLE


def _creative(world: World, campaign: Campaign, number: int) -> Creative:
    age = int(world.ads.age[number, -1])
    place = number % ADS
    return Creative(
        workspace=campaign.workspace, account=campaign.account,
        external_id=f"{campaign.external_id}-creative-{place + 1}",
        headline=_LINES[place], primary_text=f"{_LINES[place]}. {campaign.name}.",
        call_to_action=_CALL, hook_type=_HOOKS[place], format=_FORMATS[place],
        live_since=world.options.ends_on - timedelta(days=age),
        performance_score=int(world.ads.scores[number]),
    )  # fmt: skip


def _ad(world: World, ad_set: AdSet, creative: Creative, number: int) -> Ad:
    runs = bool(world.ads.runs[number, -1])
    return Ad(
        workspace=ad_set.workspace, account=ad_set.account, campaign=ad_set.campaign,
        ad_set=ad_set, creative=creative, name=f"{ad_set.name} / {number % ADS + 1}",
        external_id=f"{ad_set.campaign.external_id}-ad-{number % ADS + 1}",
        status=DeliveryStatus.ACTIVE if runs else DeliveryStatus.PAUSED,
    )  # fmt: skip


def _fatigued(world: World, campaigns: list[Campaign]) -> list[int]:
    """Campaigns whose creatives are older, on the mean, than their channel's fatigue."""
    ages = world.ads.age[:, -1].reshape(-1, ADS).mean(axis=1)
    return [
        campaign.pk
        for number, campaign in enumerate(campaigns)
        if ages[number] > CHANNELS[number // CAMPAIGNS].fatigue_days
    ]
