"""A workspace with two months of figures, and an event in them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from campaigns.models import AdSet, DailyPerformance, Signal
from tests.campaigns.factories import AdAccountFactory, AdFactory, AdSetFactory
from workspaces.models import Workspace

DAYS = 60
INSTALLS = 200.0
CPI = 2.0
CTR = 0.02


def add_channel(
    workspace: Workspace,
    channel: str,
    *,
    until: date,
    cpi: np.ndarray | float = 1.0,
    volume: np.ndarray | float = 1.0,
    ctr: np.ndarray | float = 1.0,
    seed: int = 1,
    budget: Decimal | None = Decimal(400),
    **account: object,
) -> AdSet:
    """One ad of a channel over 60 days that end with ``until``; factors are of what is usual."""
    rng = np.random.default_rng(seed)
    owner = AdAccountFactory(workspace=workspace, time_zone="UTC", **account)
    ad_set = AdSetFactory(campaign__account=owner, campaign__channel=channel, daily_budget=budget)
    ad = AdFactory(ad_set=ad_set)
    installs = INSTALLS * volume * np.exp(rng.normal(0, 0.05, DAYS))
    spend = installs * CPI * cpi * np.exp(rng.normal(0, 0.04, DAYS))
    clicks = installs * 10 * np.exp(rng.normal(0, 0.03, DAYS))
    shown = clicks / (CTR * ctr) * np.exp(rng.normal(0, 0.03, DAYS))
    DailyPerformance.objects.bulk_create(
        DailyPerformance(
            workspace=workspace, account=owner, campaign=ad_set.campaign, ad_set=ad_set, ad=ad,
            level="ad", day=until - timedelta(days=DAYS - 1 - n),
            installs=round(installs[n]), clicks=round(clicks[n]), impressions=round(shown[n]),
            spend=Decimal(str(round(spend[n], 2))), fetched_at="2026-11-21T06:00:00Z",
        )
        for n in range(DAYS)
    )  # fmt: skip
    return ad_set


def since(days: int, factor: float) -> np.ndarray:
    """One but on the newest days."""
    factors = np.ones(DAYS)
    factors[-days:] = factor
    return factors


def ramp(days: int, factor: float) -> np.ndarray:
    """One, and on the newest days ever nearer to the factor."""
    factors = np.ones(DAYS)
    factors[-days:] = factor ** (np.arange(1, days + 1) / days)
    return factors


def signal_of(workspace: Workspace, **fields: object) -> Signal:
    """An open signal of yesterday."""
    day = date(2026, 11, 20)
    return Signal.objects.create(
        **{
            "workspace": workspace, "type": "creative_fatigue", "severity": "warning",
            "channel": "meta", "title": "Meta: creatives wear out", "description": "Worn.",
            "began_on": day, "detected_on": day, "seen_on": day, "metrics": {}, "confidence": 0.9,
            **fields,
        }
    )  # fmt: skip
