"""Contacts as lists show them."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from outreach.models import Contact, ContactPoint
from workspaces.models import Workspace


def contacts_of(workspace: Workspace) -> QuerySet[Contact]:
    """Everybody, with what a list shows."""
    rows = Contact.objects.filter(workspace=workspace).select_related("person", "standing")
    return rows.prefetch_related("points")


def found_by(rows: QuerySet[Contact], words: str) -> QuerySet[Contact]:
    """Those whose name, address or id begins so; a full name counts by both its words.

    Addresses are looked up by their beginning, so that a million of them take no time.
    """
    text = words.strip()[:120].replace("\0", "")
    if not text:
        return rows
    addresses = ContactPoint.objects.filter(address__startswith=text.lower().removeprefix("@"))
    named = Q(first_name__istartswith=text) | Q(last_name__istartswith=text)
    first, _, last = text.partition(" ")
    if last:
        named |= Q(first_name__istartswith=first, last_name__istartswith=last.strip())
    workspaces = rows.values("workspace")[:1]
    own = addresses.filter(workspace__in=workspaces).values("contact")
    return rows.filter(named | Q(external_id=text) | Q(pk__in=own))
