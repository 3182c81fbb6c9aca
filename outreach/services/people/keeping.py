"""Contacts: made, changed and archived from plain values, with their addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction

from outreach.engine import addresses
from outreach.models import Contact, ContactPoint, MessageChannel
from outreach.services.people.linking import identifiers_of, linked_person
from outreach.services.people.refusing import PeopleError
from outreach.services.people.suppressing import revive_hashed
from workspaces.gate import Proposer
from workspaces.models import Workspace
from workspaces.models.workspace import validate_time_zone
from workspaces.roles import Role
from workspaces.services.locks import lock_names
from workspaces.services.permissions import require

#: Plain fields of a contact and the most characters of each.
TEXTS: Final = {
    "external_id": 120, "first_name": 120, "last_name": 120, "locale": 20, "time_zone": 64,
    "country": 2, "region": 10, "preferred_channel": 9,
}  # fmt: skip
MOST_POINTS: Final = 20
MOST_ATTRIBUTES: Final = 100
Address = tuple[str, str]


@dataclass(frozen=True)
class Kept:
    """A contact as it was asked for, checked."""

    fields: Mapping[str, Any]
    points: Sequence[Address] | None


@transaction.atomic
def create_contact(
    *, workspace: Workspace, values: Mapping[str, Any], by: Proposer, now: datetime,
    source: str = "",
) -> Contact:  # fmt: skip
    """Keep somebody we may write to.

    Parameters
    ----------
    values : fields of ``Contact``, ``points`` ({channel, address}, the first is written to first),
        ``user_id`` and ``crm_contact``, by which attribution knows people

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : a value is wrong, or another contact has an address or the external id
    """
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="To add contacts")
    kept = _checked(values, workspace, values.get("country", ""))
    points = kept.points or ()
    # Two that make the same contact meet here, and the later one hears whose the address is.
    lock_names([f"contacts:{workspace.pk}"])
    _refuse_taken(workspace, kept, known=None)
    person = linked_person(
        workspace=workspace, now=now,
        identifiers=identifiers_of(points, user_id=_text(values, "user_id", 120),
                                   crm_contact=_text(values, "crm_contact", 120)),
    )  # fmt: skip
    contact = Contact.objects.create(
        workspace=workspace, person=person, source=source[:40], **kept.fields
    )
    _write_points(contact, points, now)
    return contact


@transaction.atomic
def change_contact(
    *, contact: Contact, values: Mapping[str, Any], by: Proposer, now: datetime
) -> Contact:
    """Change what is given; ``points`` replaces all, ``attributes`` key by key (null removes one).

    Raises
    ------
    NotAllowedError : the person may not
    PeopleError : a value is wrong, or taken by another contact, or the contact is archived
    """
    require(Role.OPERATOR, by=by, workspace=contact.workspace, now=now, what="To change contacts")
    lock_names([f"contacts:{contact.workspace_id}"])
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    if contact.archived_at is not None:
        raise PeopleError("", "This contact is archived; restore it first.")
    kept = _checked(values, contact.workspace, values.get("country", contact.country))
    _refuse_taken(contact.workspace, kept, known=contact)
    fields = dict(kept.fields)
    if "attributes" in fields:
        merged = {**contact.attributes, **fields["attributes"]}
        fields["attributes"] = {name: one for name, one in merged.items() if one is not None}
        _refuse_many(fields["attributes"])
    for name, value in fields.items():
        setattr(contact, name, value)
    if kept.points is not None:
        _write_points(contact, kept.points, now)
    _relink(contact, values, now)
    contact.save(update_fields=[*fields, "person", "updated_at"])
    return contact


@transaction.atomic
def archive_contact(*, contact: Contact, by: Proposer, now: datetime, is_archived: bool) -> None:
    """Put a contact away, so that it is in no audience, or take it back.

    Raises
    ------
    NotAllowedError : the person may not
    """
    require(Role.OPERATOR, by=by, workspace=contact.workspace, now=now, what="To archive contacts")
    Contact.objects.filter(pk=contact.pk, archived_at__isnull=is_archived).update(
        archived_at=now if is_archived else None, updated_at=now
    )


def _checked(values: Mapping[str, Any], workspace: Workspace, country: Any) -> Kept:
    fields: dict[str, Any] = {
        name: _text(values, name, most) for name, most in TEXTS.items() if name in values
    }
    for name in ("country", "region"):
        if name in fields:
            fields[name] = fields[name].upper()
    if fields.get("country") and not (len(fields["country"]) == 2 and fields["country"].isalpha()):
        raise PeopleError("country", "Use a two-letter ISO country code such as DE.")
    if fields.get("preferred_channel", "") not in ["", *MessageChannel.values]:
        raise PeopleError("preferred_channel", f"Choose one of {', '.join(MessageChannel.values)}.")
    if fields.get("locale") and not addresses.is_locale(fields["locale"]):
        raise PeopleError("locale", "Use a language tag such as de or de-AT.")
    if fields.get("time_zone"):
        try:
            validate_time_zone(fields["time_zone"])
        except ValidationError as error:
            raise PeopleError("time_zone", " ".join(error.messages)) from None
    if "attributes" in values:
        fields["attributes"] = _attributes(values["attributes"])
    points = values.get("points")
    read = None if points is None else _points(points, str(country) or workspace.country)
    return Kept(fields, read)


def _text(values: Mapping[str, Any], name: str, most: int) -> str:
    text = values.get(name) or ""
    if not isinstance(text, str) or "\0" in text:
        raise PeopleError(name, "Give a text.")
    if len(text.strip()) > most:
        raise PeopleError(name, f"Use at most {most} characters.")
    return text.strip()


def _attributes(given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise PeopleError("attributes", "Give names and values.")
    for name, value in given.items():
        if not isinstance(name, str) or not 1 <= len(name) <= 80 or "\0" in name:
            raise PeopleError("attributes", "Names of attributes have 1 to 80 characters.")
        if not (value is None or isinstance(value, str | int | float | bool)):
            raise PeopleError(f"attributes.{name}", "Use a text, a number, true, false or null.")
        if isinstance(value, str) and (len(value) > 500 or "\0" in value):
            raise PeopleError(f"attributes.{name}", "Use at most 500 characters.")
    _refuse_many(given)
    return dict(given)


def _refuse_many(attributes: Mapping[str, Any]) -> None:
    if len(attributes) > MOST_ATTRIBUTES:
        raise PeopleError("attributes", f"A contact has at most {MOST_ATTRIBUTES} attributes.")


def _points(given: Any, country: str) -> list[Address]:
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > MOST_POINTS:
        raise PeopleError("points", f"Give a list of at most {MOST_POINTS} addresses.")
    found: list[Address] = []
    for place, one in enumerate(given):
        channel = str(one.get("channel", "")) if isinstance(one, Mapping) else ""
        text = one.get("address", "") if isinstance(one, Mapping) else ""
        if channel not in MessageChannel.values:
            raise PeopleError(
                f"points.{place}.channel", f"Choose one of {', '.join(MessageChannel.values)}."
            )
        try:
            point = channel, addresses.normal(channel, str(text), country)
        except addresses.AddressError as error:
            raise PeopleError(f"points.{place}.address", str(error)) from None
        if point not in found:
            found.append(point)
    return found


def _refuse_taken(workspace: Workspace, kept: Kept, *, known: Contact | None) -> None:
    others = Contact.objects.filter(workspace=workspace)
    if known is not None:
        others = others.exclude(pk=known.pk)
    external_id = kept.fields.get("external_id")
    if external_id and (other := others.filter(external_id=external_id).first()):
        raise PeopleError("external_id", f"{other} ({other.public_id}) has this id already.")
    for place, (channel, address) in enumerate(kept.points or ()):
        taken = ContactPoint.objects.filter(workspace=workspace, channel=channel, address=address)
        if known is not None:
            taken = taken.exclude(contact=known)
        if point := taken.select_related("contact").first():
            raise PeopleError(
                f"points.{place}.address",
                f"{address} belongs to {point.contact} ({point.contact.public_id}) already.",
            )


def _write_points(contact: Contact, points: Sequence[Address], now: datetime) -> None:
    """Leave exactly these; one that a message went to stays, unreachable, for its history."""
    kept = {(row.channel, row.address): row for row in contact.points.all()}
    gone = [row for key, row in kept.items() if key not in set(points)]
    used = {row.pk for row in gone if row.messages.exists()}
    ContactPoint.objects.filter(pk__in=[row.pk for row in gone if row.pk not in used]).delete()
    ContactPoint.objects.filter(pk__in=used).update(
        is_reachable=False, unreachable_reason="Taken off the contact.", position=MOST_POINTS
    )
    places: dict[str, int] = {}
    made = []
    for channel, address in points:
        place = places[channel] = places.get(channel, -1) + 1
        if row := kept.get((channel, address)):
            if row.position != place:
                ContactPoint.objects.filter(pk=row.pk).update(position=place)
            continue
        made.append(
            ContactPoint(
                workspace_id=contact.workspace_id, contact=contact, channel=channel,
                address=address, position=place,
            )
        )  # fmt: skip
    ContactPoint.objects.bulk_create(made)
    revive_hashed(workspace=contact.workspace, came=[one.address for one in made], now=now)


def _relink(contact: Contact, values: Mapping[str, Any], now: datetime) -> None:
    if not {"points", "user_id", "crm_contact"} & set(values):
        return
    points = contact.points.order_by("channel", "position").values_list("channel", "address")
    identifiers = identifiers_of(
        points, user_id=_text(values, "user_id", 120),
        crm_contact=_text(values, "crm_contact", 120),
    )  # fmt: skip
    if identifiers:
        contact.person = linked_person(
            workspace=contact.workspace, identifiers=identifiers, now=now
        )
