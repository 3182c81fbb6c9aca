"""What every ad platform looks like from inside: one protocol, its values, one error.

Money is ``Decimal`` in major units with its currency, times are aware UTC, days are the
account's reporting days. An adapter converts; nothing above it knows offsets or micros.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Literal, Protocol

from workspaces.platforms.errors import Payload, PlatformError, Usage

EntityLevel = Literal["campaign", "adset", "ad", "budget"]
InsightLevel = Literal["campaign", "adset", "ad"]
EntityStatus = Literal["active", "paused", "archived", "removed"]
LearningStatus = Literal["learning", "stable", "limited", "unknown"]
ChangeField = Literal["daily_budget", "lifetime_budget", "status", "bid"]


@dataclass(frozen=True, slots=True)
class EntityRef:
    """One thing on the platform. ``budget`` is Google's budget resource, shared or not.

    The account is part of it because Google and TikTok answer no question without it. An ad of
    Google has the external id ``<ad group>~<ad>``, as in its resource name.
    """

    level: EntityLevel
    external_id: str
    account_id: str


@dataclass(frozen=True, slots=True)
class LearningState:
    """What the platform itself says about its learning phase."""

    status: LearningStatus
    conversions: int | None = None
    last_significant_edit_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CreativeState:
    """The creative behind an ad, as far as the platform tells; empty where it does not."""

    external_id: str
    headline: str = ""
    primary_text: str = ""
    call_to_action: str = ""
    format: str = ""
    media_url: str = ""


@dataclass(frozen=True, slots=True)
class EntityState:
    """A campaign, ad set, ad or budget as the platform reports it now.

    ``status`` is the entity's own switch, ``effective_status`` the platform's word for what is
    really happening (a paused parent hides an active child). A budget is written to
    ``budget_ref``, its owner; ``None`` means that there is none, or (an ad) that it is not told.
    """

    ref: EntityRef
    name: str
    status: EntityStatus
    effective_status: str
    currency: str
    daily_budget: Decimal | None = None
    lifetime_budget: Decimal | None = None
    scheduled_daily_budget: Decimal | None = None
    bid: Decimal | None = None
    parent_campaign_id: str = ""
    parent_adset_id: str = ""
    budget_ref: EntityRef | None = None
    budget_shared_by: tuple[str, ...] = ()
    objective: str = ""
    bid_strategy: str = ""
    learning: LearningState | None = None
    creative: CreativeState | None = None
    starts_on: date | None = None
    ends_on: date | None = None

    def value_of(self, field: ChangeField) -> Decimal | str | None:
        """Return the value that counts: a budget already scheduled goes before today's."""
        if field == "status":
            return self.status
        if field == "bid":
            return self.bid
        if field == "lifetime_budget":
            return self.lifetime_budget
        return (
            self.daily_budget
            if self.scheduled_daily_budget is None
            else (self.scheduled_daily_budget)
        )

    def holds(self, change: Change) -> bool:
        """Whether reading back shows the change as made."""
        return self.value_of(change.field) == change.value


@dataclass(frozen=True, slots=True)
class Change:
    """One absolute value for one field; ``status`` takes ``active``, ``paused``, ``archived``."""

    ref: EntityRef
    field: ChangeField
    value: Decimal | str
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A clear success. ``effective_at`` is set when the platform applies the change later."""

    request_id: str
    response: Payload
    usage: Usage = field(default_factory=Usage)
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InsightRow:
    """One entity on one reporting day of the account; reach must never be summed over days."""

    day: date
    level: InsightLevel
    campaign_id: str
    adset_id: str
    ad_id: str
    impressions: int
    reach: int
    clicks: int
    engagement: int
    spend: Decimal
    conversions: Decimal
    revenue: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class AccountState:
    """An ad account. ``money_offset`` is set only where the platform itself reported it."""

    external_id: str
    name: str
    currency: str
    timezone: str
    status: str
    money_offset: int | None = None


class Platform(Protocol):
    """One ad account connection. Calls raise `PlatformError` and nothing else.

    Where ``executes`` is false it only reads: what is signed is a task for a person.
    """

    name: str
    executes: bool
    max_batch: int

    @property
    def usage(self) -> Usage:
        """Quota use in the newest answer, reads included."""
        ...

    def read_account(self, account_id: str) -> AccountState:
        """Read currency, zone and state of the account."""
        ...

    def read_entity(self, ref: EntityRef) -> EntityState:
        """Read the live state; `ErrorKind.GONE` when it does not exist any more."""
        ...

    def read_entities(self, refs: Sequence[EntityRef]) -> list[EntityState | PlatformError]:
        """Read up to `max_batch` live states, or one; an answer each, in their order."""
        ...

    def list_entities(self, account_id: str, level: EntityLevel) -> Iterator[EntityState]:
        """Yield every entity of a level, page by page."""
        ...

    def apply(self, change: Change) -> Receipt:
        """Write exactly this value, once, or raise."""
        ...

    def apply_batch(self, changes: Sequence[Change]) -> list[Receipt | PlatformError]:
        """Write up to `max_batch` changes; one answer per change, in their order."""
        ...

    def validate(self, change: Change) -> None:
        """Let the platform (or, where it has no dry run, the adapter) check without writing."""
        ...

    def insights(
        self, account_id: str, since: date, until: date, level: InsightLevel
    ) -> Iterator[InsightRow]:
        """Yield daily rows of both days and all between."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...

    def money_step(self, currency: str) -> Decimal:
        """Smallest amount the platform takes; `ErrorKind.INVALID` where it is not known."""
        ...

    def earliest(self, change: Change, now: datetime, account_tz: tzinfo) -> datetime | None:
        """First moment at which the platform takes the change; ``None`` when that is now."""
        ...
