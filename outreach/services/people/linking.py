"""Who a contact is for attribution: the person known by the same address, id or CRM contact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from attribution.models import IdentifierKind, Person
from attribution.services.identity import person_of
from attribution.services.tracking import hashed
from outreach.engine.addresses import PHONES
from workspaces.models import Workspace


def identifiers_of(
    points: Iterable[tuple[str, str]], *, user_id: str = "", crm_contact: str = ""
) -> dict[str, str]:
    """What a person is known by, hashed as attribution hashes it; the first e-mail and phone."""
    found = {IdentifierKind.USER_ID.value: user_id, IdentifierKind.CRM_CONTACT.value: crm_contact}
    for channel, address in points:
        if channel == "email":
            found.setdefault(IdentifierKind.EMAIL, hashed(address))
        elif channel in PHONES:
            found.setdefault(IdentifierKind.PHONE, hashed(address, is_phone=True))
    return {kind: value for kind, value in found.items() if value}


def linked_person(*, workspace: Workspace, identifiers: Mapping[str, str], now: datetime) -> Person:
    """Find or make the person of a contact; nobody knows one without identifiers yet."""
    found = person_of(workspace=workspace, identifiers=identifiers, now=now)
    return found or Person.objects.create(workspace=workspace)
