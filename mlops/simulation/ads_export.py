"""Drawn days of campaigns, as an export of an ad platform would list them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

IMPRESSIONS: Final = (1_000.0, 50_000.0)  # of a campaign's day
CLICK_RATE: Final = (0.01, 0.08)
# A day differs from its campaign's level by about so much, and never leaves the channel's range.
_DAILY_NOISE: Final = 0.12
_THEMES: Final = ("Prospecting", "Retargeting", "Lookalike", "Seasonal", "Brand")


@dataclass(frozen=True, slots=True)
class Ranges:
    """Between what the days of a channel's campaigns lie; money a day, rates as shares."""

    platform: str
    roas: tuple[float, float]
    conversion_rate: tuple[float, float]  # conversions per click
    cost: tuple[float, float]


_SOCIAL: Final = Ranges("meta", (1.5, 4.0), (0.02, 0.15), (150.0, 600.0))
_LONG_VIDEO: Final = Ranges("google", (1.2, 3.8), (0.02, 0.14), (180.0, 650.0))
CHANNELS: Final[dict[str, Ranges]] = {
    "facebook": _SOCIAL,
    "instagram": _SOCIAL,
    "google_ads": Ranges("google", (2.0, 6.0), (0.03, 0.20), (200.0, 800.0)),
    "tiktok": Ranges("tiktok", (1.0, 3.5), (0.01, 0.12), (100.0, 500.0)),
    "youtube": _LONG_VIDEO,
    "linkedin": Ranges("linkedin", _LONG_VIDEO.roas, _LONG_VIDEO.conversion_rate, _LONG_VIDEO.cost),
}


@dataclass(frozen=True, slots=True)
class ExportedCampaign:
    """A campaign and its days, oldest first; all arrays are (days,)."""

    external_id: str
    name: str
    channel: str
    impressions: FloatArray
    clicks: FloatArray
    spend: FloatArray
    conversions: FloatArray
    revenue: FloatArray

    @property
    def platform(self) -> str:
        """Where its account lives."""
        return CHANNELS[self.channel].platform

    def rows(self, first: date) -> Iterator[dict[str, object]]:
        """Lines of the export, in the words of our own format of import."""
        for number in range(len(self.spend)):
            yield {
                "day": first + timedelta(days=number),
                "campaign_id": self.external_id,
                "campaign_name": self.name,
                "impressions": round(self.impressions[number]),
                "clicks": round(self.clicks[number]),
                "spend": f"{self.spend[number]:.2f}",
                "conversions": round(self.conversions[number]),
                "revenue": f"{self.revenue[number]:.2f}",
                "status": "active",
                # What an advertiser would have set who spends this much on a usual day.
                "daily_budget": f"{np.median(self.spend):.0f}",
            }


def draw_export(*, campaigns: int, days: int, seed: int) -> list[ExportedCampaign]:
    """Draw campaigns, spread evenly over the channels; the same seed draws the same.

    Levels of a campaign are uniform in its channel's ranges, its days lognormal around them.
    """
    rng = np.random.default_rng(seed)
    slugs = list(CHANNELS)
    return [_campaign(rng, slugs[number % len(slugs)], number, days) for number in range(campaigns)]


def _campaign(rng: np.random.Generator, channel: str, number: int, days: int) -> ExportedCampaign:
    ranges = CHANNELS[channel]

    def daily(between: tuple[float, float]) -> FloatArray:
        level = rng.uniform(*between)
        drawn: FloatArray = level * rng.lognormal(0.0, _DAILY_NOISE, days)
        return np.clip(drawn, *between)

    key = rng.integers(0, 16**8)
    impressions = np.round(daily(IMPRESSIONS))
    clicks = np.round(impressions * daily(CLICK_RATE))
    spend = np.round(daily(ranges.cost), 2)
    return ExportedCampaign(
        external_id=f"{channel.upper()}_{key:08x}",
        name=f"{channel.replace('_', ' ').title()} {_theme(number)} {number + 1:02d}",
        channel=channel,
        impressions=impressions,
        clicks=clicks,
        spend=spend,
        conversions=np.round(clicks * daily(ranges.conversion_rate)),
        revenue=np.round(spend * daily(ranges.roas), 2),
    )


def _theme(number: int) -> str:
    return _THEMES[number // len(CHANNELS) % len(_THEMES)]
