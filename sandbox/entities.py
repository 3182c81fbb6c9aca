"""The accounts and advertising objects that live in the sandbox, in one form for all platforms."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, get_args

from sandbox.web import JsonObject

Platform = Literal[
    "meta", "google", "tiktok", "linkedin", "hubspot",
    "sendgrid", "postmark", "mailgun", "resend", "brevo", "mandrill", "smtp", "imap",
    "twilio", "x", "slack",
]  # fmt: skip
Kind = Literal["campaign", "adset", "ad", "budget"]
Status = Literal["active", "paused", "archived", "deleted"]
Source = Literal["api", "edit", "schedule"]

PLATFORMS: tuple[Platform, ...] = get_args(Platform)
KINDS: tuple[Kind, ...] = get_args(Kind)
STATUSES: tuple[Status, ...] = get_args(Status)
#: What a write may change, apart from `extra`.
FIELDS = ("name", "status", "daily_budget", "lifetime_budget", "bid", "bid_strategy")
MONEY_FIELDS = ("daily_budget", "lifetime_budget", "bid")

#: Minor units per major unit where it is not 100 (ISO 4217).
_MINOR_UNITS = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "VND", "UGX", "XAF", "XOF"), 1),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND", "IQD", "LYD"), 1000),
}


def plain(amount: Decimal) -> str:
    """Return an amount as text, without idle zeros."""
    return f"{amount.normalize():f}"


def minor_units(currency: str) -> int:
    """Smallest units of the currency per major unit."""
    return _MINOR_UNITS.get(currency, 100)


@dataclass(frozen=True, slots=True)
class Account:
    """An advertising account, a portal of HubSpot or a sender, and the token that opens it."""

    platform: Platform
    id: str
    name: str
    currency: str
    timezone: str
    token: str
    #: `traffic` (see `sandbox.traffic`), `tier`, `refresh_token`, `developer_token`, `min_budget`.
    extra: JsonObject = field(default_factory=dict)


@dataclass(slots=True)
class Entity:
    """A campaign, an ad set (ad group), an ad, or a Google budget; money in major units."""

    platform: Platform
    kind: Kind
    id: str
    account_id: str
    #: The parent's id: campaign of an ad set, ad set of an ad; empty otherwise.
    parent_id: str
    #: Google only: the id of the campaign's budget.
    budget_id: str
    name: str
    status: Status
    daily_budget: Decimal | None
    lifetime_budget: Decimal | None
    bid: Decimal | None
    bid_strategy: str
    created_at: float
    #: Platform fields that nothing here computes with, and `learning`.
    extra: JsonObject

    def value(self, name: str) -> str:
        """Return one of FIELDS as text, amounts without idle zeros and empty when absent."""
        value: object = getattr(self, name)
        if isinstance(value, Decimal):
            return plain(value)
        return "" if value is None else str(value)
