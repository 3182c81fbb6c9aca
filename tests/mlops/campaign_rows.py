"""Drawn days of campaigns for engines, without a database."""

from __future__ import annotations

import numpy as np

from mlops.engine.learning.campaign_days import TRAITS, CampaignDays

CHANNELS = ("meta", "tiktok")


def drawn_days(
    *, campaigns: int = 12, days: int = 90, seed: int = 0, weekly: float = 0.3, noise: float = 0.15
) -> CampaignDays:
    """Campaigns with a level, a week and a return of their own; some begin later."""
    rng = np.random.default_rng(seed)
    day = np.arange(days)
    start = np.where(np.arange(campaigns) % 4 == 3, 20, 0)
    level = rng.uniform(20, 60, (campaigns, 1))
    week = 1 + weekly * np.sin(2 * np.pi * day / 7)
    installs = np.round(level * week * np.exp(rng.normal(0, noise, (campaigns, days))))
    spend = (
        installs * rng.uniform(2, 4, (campaigns, 1)) * np.exp(rng.normal(0, noise, installs.shape))
    )
    roas = rng.uniform(0.5, 3, (campaigns, 1)) * np.exp(rng.normal(0, noise, installs.shape))
    clicks = np.round(installs * 8)
    figures = {
        "impressions": clicks * 50, "clicks": clicks, "engagement": clicks * 2, "spend": spend,
        "revenue": spend * roas, "conversions": installs, "installs": installs,
        "retained_day_1": np.round(installs * 0.3), "retained_day_7": np.round(installs * 0.1),
    }  # fmt: skip
    runs = day[None, :] >= start[:, None]
    first = np.datetime64("2026-01-01")
    traits = dict.fromkeys(TRAITS, np.full(campaigns, ""))
    traits["channel"] = np.array([CHANNELS[n % len(CHANNELS)] for n in range(campaigns)])
    return CampaignDays(
        campaign=np.repeat(np.arange(campaigns), days)[runs.ravel()],
        day=np.tile(first + day, campaigns)[runs.ravel()],
        figures={name: values[runs] for name, values in figures.items()},
        keys=np.arange(campaigns) + 100,
        started_on=first + start,
        traits=traits,
        sha256="ab" * 32,
    )
