"""Worlds that the sandbox can be filled with.

`ptd_fitness`: a company that sells personal training, spending some 3 700 USD a day on Meta, Google
and TikTok. A lead costs money and is worth nothing yet; an appointment counts 2 250, a sale 15 000.
Some ads are clear winners, some clear losers, some too young to tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.entities import Platform
from sandbox.web import JsonObject

ZONE = "America/New_York"
HISTORY_DAYS = 60
FUNNEL: JsonObject = {
    "mode": "pipeline",
    "lead_value": 0,
    "appointment_value": 2250,
    "sale_value": 15000,
    "appointment_rate": 0.12,
    "sale_rate": 0.15,
    "sale_spread": 0.3,
    "lead_delay": 0.3,
    "appointment_delay": 2.5,
    "sale_delay": 7.0,
}


@dataclass(frozen=True, slots=True)
class _Ad:
    """Headline and latent quality; `age_days` since it went live."""

    name: str
    cost_per_mille: float
    click_rate: float
    conversion_rate: float
    age_days: int = HISTORY_DAYS
    fatigue_days: float = 120.0
    status: str = "active"
    appeal: float = 1.0


@dataclass(frozen=True, slots=True)
class _AdSet:
    """An ad set or ad group; without a budget it spends its campaign's."""

    name: str
    ads: list[_Ad]
    budget: str = ""
    status: str = "active"
    goal: str = "LEAD_GENERATION"
    learning_age_days: int = HISTORY_DAYS


@dataclass(frozen=True, slots=True)
class _Campaign:
    """A campaign with its own budget, a shared one, or none (its ad sets have theirs)."""

    name: str
    adsets: list[_AdSet]
    budget: str = ""
    shared_budget: str = ""
    extra: JsonObject = field(default_factory=dict)


META = [
    _Campaign(
        "PTD | Prospecting | Men 35-55",
        [
            _AdSet(
                "Executives, metro areas",
                [
                    _Ad("Board-ready in 90 days (video)", 21, 0.0135, 0.0230),
                    _Ad("The 6 am coach (carousel)", 20, 0.0102, 0.0140),
                    _Ad("Your calendar, our plan (image)", 20, 0.0080, 0.0030),
                ],
                budget="320.00",
            ),
            _AdSet(
                "Busy dads",
                [
                    _Ad("Keep up with your kids (video)", 17, 0.0128, 0.0165),
                    _Ad("30 minutes, three times (image)", 17, 0.0098, 0.0080),
                ],
                budget="240.00",
            ),
            _AdSet(
                "Lookalike 1 % of clients",
                [
                    _Ad("Client story: Mark, 47 (video)", 19, 0.0150, 0.0260),
                    _Ad("Client story: Andre, 39 (video)", 19, 0.0140, 0.0215, age_days=9),
                    _Ad("Before and after (carousel)", 19, 0.0118, 0.0120, fatigue_days=25),
                ],
                budget="280.00",
                learning_age_days=9,
            ),
        ],
        extra={"objective": "OUTCOME_LEADS"},
    ),
    _Campaign(
        "PTD | Prospecting | Women 30-50",
        [
            _AdSet(
                "Strong after 40",
                [
                    _Ad("Lift heavy, feel light (video)", 18, 0.0145, 0.0205),
                    _Ad("What 12 weeks did (carousel)", 18, 0.0110, 0.0110),
                ],
                budget="260.00",
            ),
            _AdSet(
                "Postnatal",
                [
                    _Ad("Back to yourself (video)", 16, 0.0120, 0.0070),
                    _Ad("Safe core plan (image)", 16, 0.0085, 0.0012),
                    _Ad("Coach Lena answers (video)", 16, 0.0105, 0.0020, age_days=20),
                ],
                budget="200.00",
            ),
            _AdSet(
                "Interest: pilates and running",
                [
                    _Ad("Run without knee pain (image)", 15, 0.0092, 0.0010),
                    _Ad("Studio quality at home (video)", 15, 0.0100, 0.0016),
                ],
                budget="180.00",
            ),
        ],
        extra={"objective": "OUTCOME_LEADS"},
    ),
    _Campaign(
        "PTD | Retargeting",
        [
            _AdSet(
                "Site visitors 30 days",
                [
                    _Ad("Your free assessment waits", 29, 0.0190, 0.0420),
                    _Ad("Questions before you start?", 29, 0.0160, 0.0310),
                ],
                budget="120.00",
            ),
            _AdSet(
                "Video viewers 75 %",
                [
                    _Ad("Meet your coach", 25, 0.0150, 0.0260),
                    _Ad("Three plans, one goal", 25, 0.0118, 0.0150, age_days=2),
                ],
                budget="90.00",
                learning_age_days=2,
            ),
        ],
        extra={"objective": "OUTCOME_LEADS"},
    ),
    _Campaign(
        "PTD | Advantage+ scale",
        [
            _AdSet(
                "Broad US",
                [
                    _Ad("Sixty-second story (video)", 14, 0.0105, 0.0125),
                    _Ad("Twelve coaches, one standard (image)", 14, 0.0082, 0.0070),
                    _Ad("Old spring offer (image)", 14, 0.0060, 0.0008, status="paused"),
                ],
            ),
            _AdSet(
                "Broad CA",
                [
                    _Ad("Sixty-second story, CA (video)", 13, 0.0100, 0.0105),
                    _Ad("Winter start (carousel)", 13, 0.0090, 0.0075, age_days=14),
                ],
            ),
        ],
        budget="700.00",
        extra={"objective": "OUTCOME_LEADS"},
    ),
]
GOOGLE = [
    _Campaign(
        "Search | Brand",
        [
            _AdSet(
                "PTD Fitness", [_Ad("Brand A", 160, 0.095, 0.058), _Ad("Brand B", 160, 0.088, 0.05)]
            )
        ],
        budget="90.00",
        extra={"channel": "SEARCH"},
    ),
    _Campaign(
        "Search | Personal trainer",
        [
            _AdSet(
                "Trainer near me",
                [_Ad("Near me A", 145, 0.042, 0.031), _Ad("Near me B", 145, 0.039, 0.024)],
            ),
            _AdSet(
                "Trainer cost", [_Ad("Cost A", 138, 0.036, 0.012), _Ad("Cost B", 138, 0.034, 0.009)]
            ),
        ],
        shared_budget="Search generic (shared)",
        extra={"channel": "SEARCH"},
    ),
    _Campaign(
        "Search | Online coaching",
        [
            _AdSet(
                "Online coach",
                [_Ad("Online A", 120, 0.040, 0.022), _Ad("Online B", 120, 0.033, 0.013)],
            )
        ],
        shared_budget="Search generic (shared)",
        extra={"channel": "SEARCH"},
    ),
    _Campaign(
        "Search | Competitors",
        [
            _AdSet(
                "Rival names",
                [_Ad("Compare A", 190, 0.028, 0.003), _Ad("Compare B", 190, 0.025, 0.002)],
            )
        ],
        budget="180.00",
        extra={"channel": "SEARCH"},
    ),
]
SHARED_BUDGETS = {"Search generic (shared)": "520.00"}
TIKTOK = [
    _Campaign(
        "Transformations",
        [
            _AdSet(
                "Men 25-44",
                [
                    _Ad("Twelve weeks in twelve cuts", 8, 0.0088, 0.0085),
                    _Ad("Day one", 8, 0.0075, 0.004),
                ],
                budget="150.00",
            ),
            _AdSet(
                "Women 25-44",
                [_Ad("She lifts", 8, 0.0095, 0.0095), _Ad("No mirror needed", 8, 0.0078, 0.005)],
                budget="120.00",
            ),
            _AdSet(
                "Interest: gym memes",
                [_Ad("When leg day calls", 6, 0.0110, 0.0004)],
                budget="90.00",
            ),
        ],
        extra={"objective": "LEAD_GENERATION"},
    ),
    _Campaign(
        "Coach tips",
        [
            _AdSet(
                "Tips, broad",
                [_Ad("Fix your squat", 7, 0.0082, 0.004), _Ad("Desk neck", 7, 0.008, 0.003)],
            ),
            _AdSet(
                "Tips, lookalike",
                [_Ad("Protein in a hurry", 8, 0.0085, 0.006), _Ad("Sleep first", 8, 0.007, 0.002)],
            ),
        ],
        budget="220.00",
        extra={"objective": "LEAD_GENERATION"},
    ),
]


def ptd_fitness(today: date) -> JsonObject:
    """Return the seed document of a personal-training company with sixty days behind it."""
    begun = datetime.combine(today - timedelta(days=HISTORY_DAYS), time(), ZoneInfo(ZONE))
    builders = (
        _Builder("meta", "4400110022", META, today),
        _Builder("google", "5510220033", GOOGLE, today),
        _Builder("tiktok", "7001100220033", TIKTOK, today),
    )
    accounts: list[object] = [builder.account() for builder in builders]
    return {"accounts": accounts, "created_at": begun.astimezone(UTC).timestamp()}


class _Builder:
    """Numbers the campaigns of one account and writes them as a seed document."""

    def __init__(
        self, platform: Platform, account_id: str, campaigns: list[_Campaign], today: date
    ) -> None:
        self._platform, self._account_id = platform, account_id
        self._campaigns, self._today = campaigns, today
        self._next_id = int(account_id) * 10_000
        self._traits: JsonObject = {}
        self._budgets: list[object] = []

    def account(self) -> JsonObject:
        """Return the account's part of the document."""
        shared = {
            name: self._budget(name, amount, explicitly_shared=True)
            for name, amount in SHARED_BUDGETS.items()
            if self._platform == "google"
        }
        campaigns: list[object] = [self._campaign(item, shared) for item in self._campaigns]
        return {
            "platform": self._platform,
            "id": self._account_id,
            "name": "PTD Fitness",
            "currency": "USD",
            "timezone": ZONE,
            "token": f"sandbox-{self._platform}-ptd-fitness",
            "traffic": {"funnel": FUNNEL, "ads": self._traits},
            "budgets": self._budgets,
            "campaigns": campaigns,
        }

    def _id(self) -> str:
        self._next_id += 1
        return str(self._next_id)

    def _budget(self, name: str, amount: str, *, explicitly_shared: bool) -> str:
        budget_id = self._id()
        shared = {"explicitly_shared": explicitly_shared}
        self._budgets.append({"id": budget_id, "name": name, "daily_budget": amount, **shared})
        return budget_id

    def _campaign(self, item: _Campaign, shared: dict[str, str]) -> JsonObject:
        shown: JsonObject = {"id": self._id(), "name": item.name, **item.extra}
        if self._platform == "google":
            shown["budget_id"] = shared.get(item.shared_budget) or self._budget(
                item.name, item.budget, explicitly_shared=False
            )
        elif item.budget:
            shown["daily_budget"] = item.budget
        if self._platform == "meta" and item.budget:
            shown["bid_strategy"] = "LOWEST_COST_WITHOUT_CAP"
        return shown | {"adsets": [self._adset(adset) for adset in item.adsets]}

    def _adset(self, item: _AdSet) -> JsonObject:
        shown: JsonObject = {"id": self._id(), "name": item.name, "status": item.status}
        if item.budget:
            shown["daily_budget"] = item.budget
        if self._platform == "meta":
            shown |= {"optimization_goal": item.goal, "billing_event": "IMPRESSIONS"}
            shown["learning"] = self._learning(item)
            if item.budget:
                shown["bid_strategy"] = "LOWEST_COST_WITHOUT_CAP"
        return shown | {"ads": [self._ad(ad) for ad in item.ads]}

    def _learning(self, item: _AdSet) -> JsonObject:
        edited = datetime.combine(
            self._today - timedelta(days=item.learning_age_days), time(9), ZoneInfo(ZONE)
        )
        # Left at LEARNING, its outcome follows from the conversions since the edit.
        status = "SUCCESS" if item.learning_age_days == HISTORY_DAYS else "LEARNING"
        return {"status": status, "last_sig_edit_ts": int(edited.timestamp())}

    def _ad(self, item: _Ad) -> JsonObject:
        ad_id = self._id()
        self._traits[ad_id] = {
            "cost_per_mille": item.cost_per_mille,
            "click_rate": item.click_rate,
            "conversion_rate": item.conversion_rate,
            "saturation": 600.0,
            "fatigue_days": item.fatigue_days,
            "appeal": item.appeal,
        }
        kind = "VIDEO" if "video" in item.name else "SHARE"
        return {
            "id": ad_id,
            "name": item.name,
            "status": item.status,
            "live_since": (self._today - timedelta(days=item.age_days)).isoformat(),
            "creative": {
                "id": f"{ad_id}7",
                "title": item.name.partition(" (")[0],
                "body": "Train with a coach who knows your calendar. Book a free assessment.",
                "call_to_action_type": "LEARN_MORE",
                "object_type": kind,
            },
        }
