"""Deals and contacts as HubSpot tells of them, in our words: texts become amounts and moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import decimal, mapping, rows, text

DEAL_PROPERTIES: Final = ("dealstage", "pipeline", "amount", "deal_currency_code")
DEAL_HISTORIES: Final = ("dealstage", "pipeline", "amount")
# Properties of contacts by the click id they hold. Only the first two are HubSpot's own for all
# portals; the others are there where somebody made them, and unknown ones are left out.
CLICK_PROPERTIES: Final[Mapping[str, str]] = {
    "hs_google_click_id": "gclid",
    "hs_facebook_click_id": "fbclid",
    "hs_tiktok_click_id": "ttclid",
    "hs_linkedin_click_id": "li_fat_id",
    "gclid": "gclid",
    "gbraid": "gbraid",
    "wbraid": "wbraid",
    "fbclid": "fbclid",
    "ttclid": "ttclid",
    "li_fat_id": "li_fat_id",
    "msclkid": "msclkid",
}
UTM: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
# A portal's own property for the ad, where its forms fill one.
AD_PROPERTY: Final = "ad_id"
TOUCH_PROPERTIES: Final = (*CLICK_PROPERTIES, *UTM, AD_PROPERTY)
CONSENT_PROPERTY: Final = "hs_legal_basis"
COUNTRY_PROPERTY: Final = "hs_country_region_code"
CONTACT_PROPERTIES: Final = (
    *TOUCH_PROPERTIES, "email", "phone", COUNTRY_PROPERTY, CONSENT_PROPERTY,
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TOGETHER = timedelta(seconds=1)


@dataclass(frozen=True)
class StageSeen:
    """A deal entered a stage of a pipeline."""

    pipeline: str
    stage: str
    at: datetime


@dataclass(frozen=True)
class DealSeen:
    """A deal with the stages it was in, the longest ago first."""

    id: str
    created_at: datetime
    modified_at: datetime
    stages: tuple[StageSeen, ...]
    amount: Decimal | None
    amount_at: datetime | None
    currency: str


@dataclass(frozen=True)
class ContactSeen:
    """A contact: what it clicked and when that was written down."""

    id: str
    values: Mapping[str, str]
    written_at: Mapping[str, datetime]
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    country: str = ""
    has_consent: bool = False


def milliseconds(at: datetime) -> int:
    """Whole milliseconds of a moment, without the rounding of floats."""
    return (at - _EPOCH) // _MILLISECOND


def moment_of(value: object) -> datetime:
    """Moment of an ISO text, or of milliseconds.

    Raises
    ------
    PlatformError : it is neither
    """
    written = text(value)
    try:
        if written.isascii() and written.isdigit():
            return _EPOCH + int(written) * _MILLISECOND
        at = datetime.fromisoformat(written)
    except (ValueError, OverflowError):
        raise PlatformError(
            ErrorKind.TRANSIENT, f"HubSpot gave {written[:40]!r} where a moment belongs."
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def deal_of(row: Mapping[str, object]) -> DealSeen:
    """Read one deal of an answer.

    Raises
    ------
    PlatformError : it has no id, or a moment that is none
    """
    values = mapping(row.get("properties"))
    history = _history(row)
    amounts = history.get("amount", [])
    amount = decimal(values.get("amount"))
    usable = amount if amount is not None and amount >= 0 else None
    modified_at = moment_of(values.get("hs_lastmodifieddate") or row.get("updatedAt"))
    return DealSeen(
        id=_id(row),
        created_at=moment_of(values.get("createdate") or row.get("createdAt")),
        modified_at=modified_at,
        stages=_stages(history, text(values.get("pipeline"))),
        amount=usable,
        amount_at=None if usable is None else (amounts[-1][1] if amounts else modified_at),
        currency=text(values.get("deal_currency_code")).upper(),
    )


def _stages(
    history: Mapping[str, list[tuple[str, datetime]]], pipeline_now: str
) -> tuple[StageSeen, ...]:
    """Each stage with the pipeline that the deal was in at that moment."""
    pipelines = history.get("pipeline") or [(pipeline_now, _EPOCH)]

    def pipeline_at(at: datetime) -> str:
        # Written together with the stage, the pipeline may carry the later stamp.
        entered = [name for name, since in pipelines if since <= at + _TOGETHER]
        return entered[-1] if entered else pipelines[0][0]

    return tuple(
        StageSeen(pipeline_at(at), stage, at) for stage, at in history.get("dealstage", []) if stage
    )


def contact_of(row: Mapping[str, object]) -> ContactSeen:
    """Read one contact of an answer."""
    given = mapping(row.get("properties"))
    values = {name: value for name in TOUCH_PROPERTIES if (value := text(given.get(name)))}
    history = _history(row)
    created_at = moment_of(given.get("createdate") or row.get("createdAt"))
    basis = text(given.get(CONSENT_PROPERTY)).lower()
    return ContactSeen(
        id=_id(row),
        values=values,
        written_at={
            name: history[name][-1][1] if history.get(name) else created_at for name in values
        },
        email=text(given.get("email")),
        phone=text(given.get("phone")),
        country=_country(text(given.get(COUNTRY_PROPERTY))),
        # HubSpot lists several legal bases in one text; only one of them is a consent.
        has_consent="consent" in basis,
    )


def _country(given: str) -> str:
    """Two letters; what a portal's people wrote otherwise names no country for sure."""
    return given.upper() if len(given) == 2 and given.isascii() and given.isalpha() else ""


def _history(row: Mapping[str, object]) -> dict[str, list[tuple[str, datetime]]]:
    """Values by property, the longest ago first."""
    return {
        name: sorted(
            ((text(one.get("value")), moment_of(one.get("timestamp"))) for one in rows(versions)),
            key=lambda pair: pair[1],
        )
        for name, versions in mapping(row.get("propertiesWithHistory")).items()
    }


def _id(row: Mapping[str, object]) -> str:
    """Id of an object; an object without one is no answer."""
    found = text(row.get("id"))
    if not found:
        raise PlatformError(ErrorKind.TRANSIENT, "HubSpot answered with an object without an id.")
    return found
