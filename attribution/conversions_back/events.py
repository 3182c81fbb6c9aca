"""A conversion on its way back to a platform, and what came of it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

from workspaces.platforms.client import PlatformClient
from workspaces.platforms.errors import Usage

EventName = Literal["Purchase", "Lead"]
Verdict = Literal["accepted", "sent", "rejected", "mixed"]
JsonObject = dict[str, object]


@dataclass(frozen=True)
class Event:
    """What is told of one conversion. Empty: not held, so not sent.

    Hashes are ours of the time of recording; what was hashed is not kept anywhere.

    Attributes
    ----------
    event_id : stable for one conversion: no time in it and no chance
    happened_at : when it converted
    clicked_at : when the click was that brought it; None: not known
    is_from_crm : a stage of a deal, not something that happened on a page
    """

    event_id: str
    name: EventName
    happened_at: datetime
    value: Decimal
    currency: str
    is_from_crm: bool = False
    crm_name: str = ""
    email_hash: str = ""
    google_email_hash: str = ""
    phone_hash: str = ""
    e164_hash: str = ""
    fbclid: str = ""
    fbc: str = ""
    fbp: str = ""
    gclid: str = ""
    gbraid: str = ""
    wbraid: str = ""
    ttclid: str = ""
    ttp: str = ""
    li_fat_id: str = ""
    clicked_at: datetime | None = None
    user_agent: str = ""
    page_url: str = ""


@dataclass(frozen=True)
class Target:
    """Where on a platform events go.

    Attributes
    ----------
    dataset_id : pixel or data set (Meta), conversion action (Google), event source (TikTok),
        conversion rule (LinkedIn)
    account_id : Google's operating account, digits
    test_code : Meta and TikTok show events with it at once in their test view, and count them
    """

    dataset_id: str
    account_id: str = ""
    login_account_id: str = ""
    test_code: str = ""


@dataclass(frozen=True)
class Receipt:
    """What a platform said of a batch; ``sent`` when it decides later, ``mixed`` of several."""

    verdict: Verdict
    request_id: str = ""
    words: str = ""
    response: JsonObject = field(default_factory=dict)


class Sender(Protocol):
    """One destination. Calls raise `PlatformError` and nothing else."""

    max_batch: int

    @property
    def usage(self) -> Usage:
        """Quota use in the newest answer."""
        ...

    def payload(self, event: Event) -> JsonObject | None:
        """One event as the platform wants it; ``None`` without anything to match it by."""
        ...

    def send(self, payloads: Sequence[JsonObject]) -> Receipt:
        """Hand a batch over."""
        ...

    def ask(self, request_id: str) -> Receipt | None:
        """What became of a batch that was ``sent``; ``None`` while it is decided."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class ClientSender:
    """What senders over our own client have in common; most platforms answer at once."""

    def __init__(self, client: PlatformClient, target: Target) -> None:
        self._client, self._target = client, target

    @property
    def usage(self) -> Usage:
        """Quota use in the newest answer."""
        return self._client.usage

    def ask(self, request_id: str) -> Receipt | None:
        """It was decided when it was sent."""
        return Receipt("accepted", request_id)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def seconds(at: datetime) -> int:
    """Unix seconds."""
    return int(at.timestamp())


def amount(value: Decimal) -> int | float:
    """Return a JSON number in major units."""
    return int(value) if value == value.to_integral_value() else float(value)
