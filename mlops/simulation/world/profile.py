"""What the world is like, as data: channels, countries, kinds of users, days without ads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

#: Ads of a campaign, each with a creative of its own; campaigns of a channel.
ADS: Final = 3
CAMPAIGNS: Final = 15
#: Share of the users whom ads brought.
PAID_SHARE: Final = 0.85
#: Days after the install that are drawn: the horizon of the longest value.
HORIZON: Final = 180
#: Share active on the day, times the quality of the channel.
RETENTION: Final = {1: 0.40, 7: 0.18, 30: 0.08}
#: How strongly a user's active days hang together (0: not at all).
HABIT: Final = 0.5
BUDGET: Final = (1_000.0, 5_000.0)
SCORE: Final = (60, 95)
AGE: Final = (0, 30)
CPI_RANGE: Final = (0.5, 20.0)
VOLUME_NOISE: Final = 0.2
LEAST_VOLUME: Final = 10.0
#: Now and then an auction is dear: with this chance, by this factor.
SPIKE: Final = (0.05, 1.3)


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel; money in the workspace's currency, installs before scaling."""

    slug: str
    label: str
    platform: str
    base_cpi: float
    cpi_noise: float
    daily_installs: float
    weekend: float
    quality: float
    ltv: float
    fatigue_days: int
    #: power, regular, casual
    mix: tuple[float, float, float]
    ios: float
    ctr: float
    install_rate: float
    peak_hours: tuple[int, ...]
    properties: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Segment:
    """One kind of user. Ranges hold both ends."""

    name: str
    pays: float
    mean_purchase: float
    first_purchase: tuple[int, int]
    #: On a day on which he is active at all.
    sessions: tuple[int, int]
    minutes: tuple[float, float]
    #: Share that has left by the day.
    leaves: float
    leaves_by: int
    #: How much more often than others of the same channel he comes.
    activity: float
    #: Chance of another purchase on an active day after the first.
    buys_again: float


CHANNELS: Final = (
    Channel(
        "meta", "Meta", "meta", 2.50, 0.40, 5_000, 0.85, 0.72, 1.00, 14, (0.12, 0.45, 0.43), 0.55,
        0.012, 0.12, (18, 19, 20, 21),
        {"auction_competition": "high", "targeting_precision": "high",
         "formats": ["feed", "stories", "reels"], "best_geographies": ["US", "GB", "CA", "AU"]},
    ),
    Channel(
        "google_ads", "Google UAC", "google", 3.20, 0.30, 3_500, 0.90, 0.68, 0.95, 21,
        (0.10, 0.42, 0.48), 0.48, 0.025, 0.18, (10, 11, 14, 15, 20),
        {"auction_competition": "medium", "targeting_precision": "medium",
         "formats": ["search", "display", "video"], "best_geographies": ["US", "GB", "DE", "JP"]},
    ),
    Channel(
        "tiktok", "TikTok", "tiktok", 1.80, 0.60, 8_000, 1.15, 0.55, 0.75, 7, (0.06, 0.32, 0.62),
        0.42, 0.010, 0.09, (19, 20, 21, 22, 23),
        {"auction_competition": "low", "targeting_precision": "medium",
         "formats": ["in_feed", "spark", "top_view"], "best_geographies": ["US", "BR", "MX", "IN"]},
    ),
    Channel(
        "programmatic", "Programmatic", "other", 4.50, 0.50, 1_500, 0.95, 0.80, 1.25, 30,
        (0.18, 0.52, 0.30), 0.62, 0.005, 0.08, (9, 10, 11, 14, 15, 16),
        {"auction_competition": "low", "targeting_precision": "very_high",
         "formats": ["banner", "native", "playable"],
         "best_geographies": ["US", "GB", "CA", "AU", "DE"]},
    ),
)  # fmt: skip
#: Who comes without an ad: between Meta and Programmatic.
ORGANIC: Final = Channel(
    "organic", "Organic", "", 0.0, 0.0, 2_500, 1.0, 0.75, 1.10, 0, (0.14, 0.47, 0.39), 0.52,
    0.0, 0.0, (12, 18, 19, 20, 21),
)  # fmt: skip
SOURCES: Final = (*CHANNELS, ORGANIC)

SEGMENTS: Final = (
    Segment("power_user", 0.35, 45, (1, 3), (5, 10), (30, 60), 0.10, 60, 2.2, 0.25),
    Segment("regular", 0.08, 15, (3, 14), (1, 3), (10, 20), 0.30, 30, 1.25, 0.15),
    Segment("casual", 0.01, 5, (7, 30), (1, 1), (5, 10), 0.60, 14, 0.5, 0.08),
)
#: Spread of the logarithm of a purchase.
PURCHASE_SPREAD: Final = 0.8

#: ISO code, share, tier, region and city of its users.
COUNTRIES: Final = (
    ("US", 0.40, 1, "California", "Los Angeles"),
    ("GB", 0.12, 1, "England", "London"),
    ("CA", 0.08, 1, "Ontario", "Toronto"),
    ("BR", 0.08, 2, "São Paulo", "São Paulo"),
    ("DE", 0.07, 1, "Berlin", "Berlin"),
    ("AU", 0.06, 1, "New South Wales", "Sydney"),
    ("MX", 0.06, 2, "Mexico City", "Mexico City"),
    ("FR", 0.05, 1, "Île-de-France", "Paris"),
    ("IN", 0.05, 2, "Maharashtra", "Mumbai"),
    ("JP", 0.03, 1, "Tokyo", "Tokyo"),
)
#: Models and system versions by system, equally often.
DEVICES: Final = {
    "ios": (("iPhone 15", "18.1"), ("iPhone 14", "17.6"), ("iPhone 16", "18.2"),
            ("iPad Air", "17.5")),
    "android": (("Pixel 8", "15"), ("Galaxy S23", "14"), ("Redmi Note 12", "13"),
                ("Galaxy A54", "14")),
}  # fmt: skip

#: Shares of organic installs that ads brought, and ranges of the store and of talk.
HALO: Final = (0.15, 0.35)
RANK: Final = (20.0, 100.0)
RATING: Final = (4.0, 4.8)
REVIEWS: Final = (100.0, 500.0)
MENTIONS: Final = (1_000.0, 5_000.0)
SENTIMENT: Final = (0.6, 0.9)
