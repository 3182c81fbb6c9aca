"""Clicks and conversions as they come in: checked, cut to what may be kept, stored once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar
from uuid import uuid4

from django.db import IntegrityError, transaction

from attribution.conversions_back.identifiers import (
    e164,
    e164_hash,
    google_email_hash,
    is_hashed,
    sha256,
)
from attribution.engine.matching import truncate_ip
from attribution.models import AttemptTrigger, Click, Conversion, CustomerType, ValueKind
from attribution.services.attributing import (
    attribute_after_click,
    attribute_conversion,
    windows_of,
)
from attribution.services.identity import person_of
from attribution.services.news import tell_people_news
from attribution.services.outgoing import queue_conversion
from attribution.services.salts import fingerprint_at, fingerprints_between
from campaigns.models import Ad, AdSet, Campaign
from campaigns.selectors.lookup import SHOWN, AmbiguousIdError, by_any_id
from workspaces.models import Workspace
from workspaces.services.refusals import RefusedError
from workspaces.services.webhooks_out import publish

_Entity = TypeVar("_Entity", Ad, AdSet, Campaign)
# Clocks of senders run ahead by a little; more is a mistake.
FUTURE: Final = timedelta(minutes=5)
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_PRIVATE = ("email", "phone", "ip_address", "visitor_id", "user_id", "fingerprint_components",
            "fingerprint_hash", "user_agent", "crm_contact", "fbc", "fbp", "ttp")  # fmt: skip


class TrackingError(RefusedError):
    """A click or conversion that cannot be taken; ``field`` says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Sender:
    """Who clicked or converted, as told. Without consent the person is not kept.

    ``email`` and ``phone`` may be plain or hashed (SHA-256, 64 hexadecimal digits).
    """

    consent: bool = False
    fbclid: str = ""
    gclid: str = ""
    wbraid: str = ""
    gbraid: str = ""
    ttclid: str = ""
    li_fat_id: str = ""
    msclkid: str = ""
    fbc: str = ""
    fbp: str = ""
    ttp: str = ""
    visitor_id: str = ""
    user_id: str = ""
    crm_contact: str = ""
    email: str = ""
    phone: str = ""
    ip_address: str = ""
    user_agent: str = ""
    fingerprint_hash: str = ""
    fingerprint_components: Mapping[str, str] = field(default_factory=dict)
    landing_page: str = ""
    referrer: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_content: str = ""
    utm_term: str = ""
    device: str = ""
    os: str = ""
    browser: str = ""
    country: str = ""


@dataclass(frozen=True)
class AdNamed:
    """Which ad was clicked: ids of ours or of the platform."""

    ad: str = ""
    ad_set: str = ""
    campaign: str = ""


@dataclass(frozen=True)
class Worth:
    """What a conversion is."""

    type: str
    converted_at: datetime
    value: Decimal = Decimal(0)
    currency: str = ""
    value_kind: str = ValueKind.CASH
    click_id: str = ""
    external_id: str = ""
    crm_deal: str = ""
    crm_stage: str = ""
    customer_type: CustomerType | str = ""
    source_channel: str = ""
    source_campaign: str = ""
    source_message: str = ""
    region: str = ""
    city: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def track_click(
    *,
    workspace: Workspace,
    named: AdNamed,
    sender: Sender,
    clicked_at: datetime,
    now: datetime,
    click_id: str = "",
) -> tuple[Click, bool]:
    """Store a click once by its id and look again at conversions that came before it.

    Raises
    ------
    TrackingError : an impossible moment, an address that is none
    AmbiguousIdError : several accounts know the ad
    """
    _refuse_impossible("clicked_at", clicked_at, now)
    key = click_id or uuid4().hex
    if known := Click.objects.filter(workspace=workspace, click_id=key).first():
        return known, False
    sender = _with_full_phone(workspace, sender)
    fields = _click_fields(workspace, named, sender, clicked_at, now)
    try:
        with transaction.atomic():
            click = Click.objects.create(
                workspace=workspace,
                click_id=key,
                person=_person(workspace, sender, now),
                **fields,
            )
            attribute_after_click(click=click, now=now)
    except IntegrityError:
        # The same click at the same moment: the other one was first.
        if known := Click.objects.filter(workspace=workspace, click_id=key).first():
            return known, False
        raise
    return click, True


def record_conversion(
    *,
    workspace: Workspace,
    conversion_id: str,
    worth: Worth,
    sender: Sender,
    now: datetime,
    payload: Mapping[str, Any] | None = None,
) -> tuple[Conversion, bool]:
    """Store a conversion once by its id and find its click; a repetition changes nothing.

    Raises
    ------
    TrackingError : an impossible moment, an address that is none
    """
    _refuse_impossible("converted_at", worth.converted_at, now)
    rows = Conversion.objects.filter(workspace=workspace, conversion_id=conversion_id)
    if known := rows.first():
        return known, False
    sender = _with_full_phone(workspace, sender)
    fields = _conversion_fields(workspace, worth, sender, now)
    kept = {k: v for k, v in (payload or {}).items() if k not in _PRIVATE}
    try:
        with transaction.atomic():
            row = Conversion.objects.create(
                workspace=workspace,
                conversion_id=conversion_id,
                person=_person(workspace, sender, now),
                payload=kept,
                **fields,
            )
            _tell_recorded(row, now)
            queue_conversion(conversion=row, now=now)
            _tell_of_person(row)
            row = attribute_conversion(conversion=row, trigger=AttemptTrigger.CONVERSION, now=now)
    except IntegrityError:
        if known := rows.first():
            return known, False
        raise
    return row, True


def hashed(value: str, *, is_phone: bool = False) -> str:
    """Hash an e-mail or a phone to recognise a person by; what is hashed already stays."""
    text = value.strip().lower()
    if not text or is_hashed(text):
        return text
    if is_phone:
        # With its country where it is told, so that one phone has one hash however it is written.
        text = e164(text) or text
        text = "".join(c for c in text if c.isdigit())
    return sha256(text)


def _with_full_phone(workspace: Workspace, sender: Sender) -> Sender:
    """Read a phone once, by the rules of the person's country, else of the workspace's.

    What cannot be read stays as it was told: the same spelling still recognises the person here,
    but it has no country code, so no platform is told of it.
    """
    number = e164(sender.phone, sender.country or workspace.country) if sender.phone else ""
    return replace(sender, phone=number) if number else sender


def _click_fields(
    workspace: Workspace, named: AdNamed, sender: Sender, clicked_at: datetime, now: datetime
) -> dict[str, Any]:
    hours = windows_of(workspace=workspace).url_parameter
    given = sender.fingerprint_hash if sender.consent else ""
    components = sender.fingerprint_components if sender.consent else {}
    return {
        **_sender_fields(sender),
        **_entities(workspace, named),
        "clicked_at": clicked_at,
        "expires_at": clicked_at + timedelta(hours=hours),
        "fingerprint_components": dict(components),
        "screen": components.get("screen", ""),
        "time_zone": components.get("time_zone", ""),
        "fingerprint": given
        or fingerprint_at(workspace=workspace, components=components, at=clicked_at, now=now),
    }


def _conversion_fields(
    workspace: Workspace, worth: Worth, sender: Sender, now: datetime
) -> dict[str, Any]:
    window = timedelta(hours=windows_of(workspace=workspace).fingerprint)
    components = sender.fingerprint_components if sender.consent else {}
    prints = fingerprints_between(
        workspace=workspace, components=components, since=worth.converted_at - window,
        until=worth.converted_at, now=now,
    )  # fmt: skip
    if sender.consent and sender.fingerprint_hash:
        prints.append(sender.fingerprint_hash)
    return {
        **_sender_fields(sender),
        **asdict(worth),
        "currency": worth.currency or workspace.currency,
        "crm_contact": sender.crm_contact if sender.consent else "",
        "fingerprints": prints,
        **_told_back(sender),
    }


def _told_back(sender: Sender) -> dict[str, str]:
    """What platforms recognise the person by, hashed now: later there is nothing to hash."""
    if not sender.consent:
        return {}
    return {
        "google_email_hash": google_email_hash(sender.email),
        "e164_phone_hash": e164_hash(sender.phone),
        "fbc": sender.fbc,
        "fbp": sender.fbp,
        "ttp": sender.ttp,
    }


def _sender_fields(sender: Sender) -> dict[str, Any]:
    """Columns of a sender; what tells one person from another is kept by consent only."""
    plain = {
        name: getattr(sender, name)
        for name in (
            "fbclid", "gclid", "wbraid", "gbraid", "ttclid", "li_fat_id", "msclkid",
            "landing_page", "referrer", "utm_source", "utm_medium", "utm_campaign", "utm_content",
            "utm_term", "device", "os", "browser", "country",
        )
    }  # fmt: skip
    address = _truncated(sender.ip_address)
    if not sender.consent:
        return {**plain, "has_consent": False}
    return {
        **plain,
        "has_consent": True,
        "visitor_id": sender.visitor_id,
        "email_hash": hashed(sender.email),
        "phone_hash": hashed(sender.phone, is_phone=True),
        "truncated_ip": address,
        "user_agent": sender.user_agent[:512],
    }


def _truncated(address: str) -> str:
    if not address:
        return ""
    try:
        return truncate_ip(address)
    except ValueError as error:
        raise TrackingError("ip_address", f"This is not an IP address: {error}.") from None


def _person(workspace: Workspace, sender: Sender, now: datetime) -> Any:
    if not sender.consent:
        return None
    identifiers = {
        "user_id": sender.user_id,
        "crm_contact": sender.crm_contact,
        "email_hash": hashed(sender.email),
        "phone_hash": hashed(sender.phone, is_phone=True),
        "visitor_id": sender.visitor_id,
    }
    return person_of(workspace=workspace, identifiers=identifiers, now=now)


def _entities(workspace: Workspace, named: AdNamed) -> dict[str, Any]:
    """Rows of what was named. Unknown ids are kept as told: their sync may be still to come."""
    ad = _one(Ad, workspace, named.ad, "ad_id")
    ad_set = ad.ad_set if ad else _one(AdSet, workspace, named.ad_set, "adset_id")
    campaign = (
        (ad and ad.campaign)
        or (ad_set and ad_set.campaign)
        or _one(Campaign, workspace, named.campaign, "campaign_id")
    )
    return {
        "ad": ad,
        "ad_set": ad_set,
        "campaign": campaign,
        "creative": ad.creative if ad else None,
        "given_ad": named.ad,
        "given_campaign": named.campaign,
    }


def _one(model: type[_Entity], workspace: Workspace, given: str, field: str) -> _Entity | None:
    if not given:
        return None
    rows = model._default_manager.filter(workspace=workspace).select_related("account")
    found = list(by_any_id(rows, given).order_by("pk")[:SHOWN])
    if len(found) > 1:
        raise AmbiguousIdError(field, given, [row.account for row in found])
    return found[0] if found else None


def _refuse_impossible(field: str, at: datetime, now: datetime) -> None:
    if at > now + FUTURE:
        raise TrackingError(field, "This moment lies in the future; check the sender's clock.")
    if at < EARLIEST:
        raise TrackingError(field, "This moment lies before the year 2000; check the sender.")


def _tell_of_person(row: Conversion) -> None:
    people = () if row.person_id is None else (row.person_id,)
    tell_people_news(workspace_id=row.workspace_id, people=people, since=row.converted_at)


def _tell_recorded(row: Conversion, now: datetime) -> None:
    publish(
        workspace=row.workspace,
        event_type="conversion.recorded",
        event_id=f"{row.public_id}:recorded",
        data={
            "id": str(row.public_id),
            "conversion_id": row.conversion_id,
            "type": row.type,
            "value": str(row.value),
            "currency": row.currency,
            "converted_at": row.converted_at.isoformat(),
        },
        now=now,
    )
