"""What a performance file can say: our fields, the platforms' words for them, their tell-tales."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

COUNTS: Final = (
    "impressions",
    "reach",
    "clicks",
    "engagement",
    "installs",
    "retained_day_1",
    "retained_day_7",
    "retained_day_30",
)
AMOUNTS: Final = (
    "spend",
    "conversions",
    "revenue",
    "pipeline_value",
    "revenue_day_7",
    "revenue_day_30",
    "predicted_ltv",
)
MEASURES: Final = COUNTS + AMOUNTS
# Empty means unknown for these, zero for all other measures.
NULLABLE: Final = frozenset(
    (
        "reach",
        "retained_day_1",
        "retained_day_7",
        "retained_day_30",
        "revenue_day_7",
        "revenue_day_30",
        "predicted_ltv",
    )
)
RATIOS: Final = ("conversion_rate", "roi", "roas", "ctr", "cpc")
ENTITIES: Final = ("campaign", "ad_set", "ad")
ENTITY_FIELDS: Final = tuple(f"{kind}_{part}" for kind in ENTITIES for part in ("id", "name"))

# Normalised headers in order of preference; a field's own name always comes first.
SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "account_id": (
        "customer id",
        "ad account id",
        "account number",
        "external customer id",
        "advertiser id",
    ),
    "account_name": ("account", "customer", "advertiser name", "ad account name"),
    "currency": ("currency code", "account currency", "account currency code"),
    "time_zone": ("timezone", "account time zone"),
    "campaign_id": (),
    "campaign_name": ("campaign",),
    "ad_set_id": ("adset id", "ad group id", "adgroup id"),
    "ad_set_name": ("adset name", "ad group name", "adgroup name", "ad set", "ad group", "adset"),
    "ad_id": ("creative id",),
    "ad_name": ("ad", "creative name"),
    "day": (
        "date",
        "stat time day",
        "segments date",
        "gregorian date",
        "time period",
        "start date in utc",
        "timestamp",
        "date start",
        "reporting starts",
    ),
    "day_end": ("date stop", "reporting ends"),
    "impressions": ("impr", "impression", "metrics impressions"),
    "reach": ("approximate unique impressions", "unique impressions"),
    "clicks": (
        "link clicks",
        "inline link clicks",
        "clicks destination",
        "clicks all",
        "metrics clicks",
    ),
    "engagement": (
        "engagements",
        "total engagements",
        "interactions",
        "post engagement",
        "post engagements",
        "page engagement",
    ),
    "spend": (
        "cost",
        "amount spent",
        "cost in local currency",
        "total spent",
        "ad spend",
        "total cost",
        "cost in usd",
    ),
    "spend_micros": ("cost micros", "metrics cost micros"),
    "conversions": (
        "conversion",
        "conv",
        "metrics conversions",
        "external website conversions",
        "results",
        "purchases",
        "website purchases",
        "total conversions",
    ),
    "revenue": (
        "conversions value",
        "conversion value",
        "conv value",
        "total conv value",
        "purchases conversion value",
        "website purchases conversion value",
        "conversion value in local currency",
        "purchase value",
    ),
    "pipeline_value": ("pipeline",),
    "installs": ("app installs", "mobile app installs"),
    "retained_day_1": ("retained d1", "d1 retained"),
    "retained_day_7": ("retained d7", "d7 retained"),
    "retained_day_30": ("retained d30", "d30 retained"),
    "revenue_day_7": ("revenue d7", "d7 revenue"),
    "revenue_day_30": ("revenue d30", "d30 revenue"),
    "predicted_ltv": ("ltv", "predicted lifetime value"),
    "conversion_rate": ("conv rate", "cvr"),
    "roi": ("return on investment",),
    "roas": (
        "return on ad spend",
        "purchase roas",
        "purchase roas return on ad spend",
        "conv value cost",
    ),
    "ctr": ("click through rate", "ctr all", "ctr link click through rate"),
    "cpc": ("avg cpc", "average cpc", "cost per click", "cpc all", "cpc cost per link click"),
    "status": (
        "campaign status",
        "campaign state",
        "campaign delivery",
        "delivery status",
        "ad set delivery",
        "ad delivery",
    ),
    "daily_budget": ("budget", "campaign daily budget"),
}
FIELDS: Final = tuple(SYNONYMS)

# Columns that split a day into parts: their rows are summed.
BREAKDOWNS: Final = frozenset(
    (
        "device",
        "device os",
        "device type",
        "network",
        "ad network type",
        "language",
        "ad distribution",
        "bid match type",
        "delivered match type",
        "top vs other",
        "hour",
        "hour of day",
        "country",
        "region",
        "age",
        "gender",
        "placement",
        "publisher platform",
        "impression device",
        "goal",
        "city",
        "county",
        "state",
        "metro area",
        "postal code",
        "location type",
        "location id",
        "member country",
        "member region",
        "budget name",
        "budget association status",
    )
)
# Reports on keywords and searches leave out what was shown without one.
SEARCH_BREAKDOWNS: Final = frozenset(
    (
        "keyword",
        "keyword id",
        "search term",
        "search query",
        "search term match type",
        "ad group criterion criterion id",
        "keyword ad group criterion",
    )
)

PLATFORM_MARKS: Final[dict[str, frozenset[str]]] = {
    "google": frozenset(
        (
            "cost micros",
            "customer id",
            "ad network type",
            "metrics cost micros",
            "view through conversions",
            "conv value cost",
            "impr",
            "avg cpc",
            "campaign state",
        )
    ),
    "meta": frozenset(
        (
            "inline link clicks",
            "amount spent",
            "reporting starts",
            "adset id",
            "adset name",
            "purchase roas",
            "link clicks",
            "clicks all",
        )
    ),
    "microsoft": frozenset(
        (
            "bid match type",
            "delivered match type",
            "top vs other",
            "ad distribution",
            "device os",
            "gregorian date",
        )
    ),
    "linkedin": frozenset(
        (
            "cost in local currency",
            "total engagements",
            "one click leads",
            "approximate unique impressions",
            "creative id",
            "campaign group name",
            "total spent",
        )
    ),
    "tiktok": frozenset(("adgroup id", "adgroup name", "stat time day", "advertiser id")),
}

_CURRENCY_SUFFIX = re.compile(r"\(([A-Z]{3})\)\s*$")
_PARENTHESIS = re.compile(r"\s*\([^)]*\)\s*$")
_OTHER = re.compile(r"[^0-9a-z]+")


def normalise(header: str) -> str:
    """Lower-case words of a header, without signs: ``Cost_Micros`` becomes ``cost micros``."""
    return _OTHER.sub(" ", header.lower()).strip()


def spellings(header: str) -> tuple[str, ...]:
    """Both normal forms of a header: whole, and without what stands in parentheses at its end."""
    whole, short = normalise(header), normalise(_PARENTHESIS.sub("", header))
    return (whole,) if short == whole or not short else (whole, short)


def currency_of_header(header: str) -> str:
    """Currency that a header such as ``Amount spent (USD)`` states, else an empty string."""
    found = _CURRENCY_SUFFIX.search(header)
    return found.group(1) if found else ""


def synonyms(field: str) -> tuple[str, ...]:
    """Normalised headers that mean ``field``, the best first."""
    return (field.replace("_", " "), *SYNONYMS[field])


KNOWN: Final = frozenset(name for field in FIELDS for name in synonyms(field)) - {"state", "ad"}


def known_headers(headers: Iterable[str]) -> int:
    """How many headers are understood; finds the header row below a report's title lines."""
    return sum(any(s in KNOWN for s in spellings(header)) for header in headers)


def guess_platform(headers: Iterable[str]) -> str:
    """Platform whose own words the headers use most, else ``other``."""
    seen = {spelling for header in headers for spelling in spellings(header)}
    scores = {platform: len(marks & seen) for platform, marks in PLATFORM_MARKS.items()}
    best = max(scores, key=lambda platform: scores[platform])
    return best if scores[best] else "other"


def header_signature(headers: Sequence[str]) -> str:
    """SHA-256 of the sorted normal headers: files with the same columns share a mapping."""
    text = "\x1f".join(sorted(normalise(header) for header in headers))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
