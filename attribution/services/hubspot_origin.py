"""Which ad a deal of HubSpot came from: what its contacts clicked, held against our own clicks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from attribution.hubspot.reading import (
    AD_PROPERTY,
    CLICK_PROPERTIES,
    UTM,
    ContactSeen,
    DealSeen,
)
from attribution.models import Click, Conversion, QuarantinedAd, ValueKind
from attribution.services.tracking import (
    AdNamed,
    Sender,
    Worth,
    record_conversion,
    track_click,
)
from campaigns.models import Ad
from campaigns.selectors.lookup import SHOWN, by_any_id
from workspaces.models import Workspace

SOURCE = "hubspot"
LEAD = "lead"


@dataclass(frozen=True)
class _Touch:
    """A click that a contact carries: its kind and id (both may be missing), and when."""

    contact: ContactSeen
    at: datetime
    kind: str = ""
    value: str = ""


@transaction.atomic
def record_origin(
    *,
    workspace: Workspace,
    portal: str,
    deal: DealSeen,
    conversion_id: str,
    contacts: Sequence[ContactSeen],
    now: datetime,
) -> Conversion:
    """Record the deal as a conversion of its contact, once, and find its click.

    Our own clicks come first. A click id or ad that only the contact carries becomes a click of
    ours, dated by when HubSpot wrote it down: HubSpot keeps one of a kind and not when it happened.
    """
    touch = _last_touch(contacts, deal.created_at)
    contact = touch.contact if touch else contacts[0]
    key = ""
    if touch and not _is_known(workspace, touch):
        key = _track(workspace, portal, touch, now)
    row, _ = record_conversion(
        workspace=workspace,
        conversion_id=conversion_id,
        worth=Worth(
            type=LEAD,
            converted_at=deal.created_at,
            value_kind=ValueKind.SYNTHETIC,
            click_id=key,
            external_id=deal.id,
            crm_deal=deal.id,
            crm_stage=deal.stages[-1].stage if deal.stages else "",
            # Without consent nothing else ties the row to a contact that asks to be forgotten.
            extra={"crm_contacts": [contact_key(portal, one.id) for one in contacts]},
        ),
        sender=_sender(portal, contact),
        now=now,
    )
    return row


def contact_key(portal: str, contact: str) -> str:
    """Name of a contact among those of all CRMs."""
    return f"{SOURCE}:{portal}:{contact}"


def ad_of(conversion: Conversion) -> Ad | None:
    """Ad that a conversion came from, also one that was unknown until a person resolved it."""
    if conversion.ad is not None or not conversion.given_ad:
        return conversion.ad
    told = QuarantinedAd.objects.filter(
        workspace=conversion.workspace_id, given=conversion.given_ad, ad__isnull=False
    ).select_related("ad")
    row = told.order_by("pk").first()
    return row.ad if row else None


def _last_touch(contacts: Sequence[ContactSeen], until: datetime) -> _Touch | None:
    """Return the newest click up to a moment; a click after it cannot have led there."""
    touches = [touch for contact in contacts for touch in _touches(contact) if touch.at <= until]
    return max(touches, key=lambda touch: touch.at, default=None)


def _touches(contact: ContactSeen) -> list[_Touch]:
    found = [
        _Touch(contact, contact.written_at[name], kind, value)
        for name, kind in CLICK_PROPERTIES.items()
        if (value := contact.values.get(name))
    ]
    named = [name for name in (AD_PROPERTY, "utm_content") if name in contact.values]
    return found or [_Touch(contact, contact.written_at[name]) for name in named[:1]]


def _is_known(workspace: Workspace, touch: _Touch) -> bool:
    """Whether our own script saw the click, which tells more than the contact does."""
    if not touch.kind:
        return False
    return Click.objects.filter(workspace=workspace, **{touch.kind: touch.value}).exists()


def _track(workspace: Workspace, portal: str, touch: _Touch, now: datetime) -> str:
    """Make a click of a touch; its id is the same each time. Empty where it tells no ad."""
    values = touch.contact.values
    named = _named(workspace, values.get(AD_PROPERTY, ""), values.get("utm_content", ""))
    if not (touch.kind or named.ad):
        return ""
    told = f"{touch.contact.id}:{touch.kind}:{touch.value}:{named.ad}"
    key = f"{SOURCE}:{portal}:{hashlib.sha256(told.encode()).hexdigest()[:32]}"
    sender = _sender(portal, touch.contact)
    track_click(
        workspace=workspace, named=named, sender=sender, clicked_at=touch.at, click_id=key, now=now
    )
    return key


def _named(workspace: Workspace, ad_id: str, content: str) -> AdNamed:
    """Tell the ad that a contact names; content that is no ad's id is only a word."""
    for given in (ad_id, content):
        found = list(by_any_id(Ad.objects.filter(workspace=workspace), given)[:SHOWN])
        if given and len(found) == 1:
            return AdNamed(ad=str(found[0].public_id))
    # Kept as told: it goes to quarantine, where a person says which ad it is.
    is_unknown = ad_id and not by_any_id(Ad.objects.filter(workspace=workspace), ad_id).exists()
    return AdNamed(ad=ad_id if is_unknown else "")


def _sender(portal: str, contact: ContactSeen) -> Sender:
    values = contact.values
    told: dict[str, Any] = {
        kind: values[name] for name, kind in CLICK_PROPERTIES.items() if name in values
    }
    told |= {name: values[name][:200] for name in UTM if name in values}
    return Sender(
        consent=contact.has_consent,
        crm_contact=contact_key(portal, contact.id),
        email=contact.email,
        phone=contact.phone,
        country=contact.country,
        **told,
    )
