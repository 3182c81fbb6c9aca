"""People of an audience, or of a list, as a table for files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from outreach.models import Audience, Contact
from outreach.selectors.audiences.reading import ids_of, query_of
from workspaces.models import Workspace
from workspaces.reports.shapes import Cell, Table

MOST: Final = 100_000
_HEAD: Final = ("External id", "First name", "Last name", "E-mail", "Phone", "Country", "Locale",
                "Customer type", "Lifecycle stage")  # fmt: skip


def table_of(audience: Audience, now: datetime) -> Table:
    """Everybody who belongs to it now, up to a hundred thousand, by their ids."""
    return _table(audience.workspace, ids_of(query_of(audience, now)).tolist())


def table_of_contacts(workspace: Workspace, contacts: QuerySet[Contact]) -> Table:
    """Contacts of a list as it is filtered, up to a hundred thousand, by their ids."""
    return _table(workspace, list(contacts.order_by("pk").values_list("pk", flat=True)))


def _table(workspace: Workspace, ids: Sequence[int]) -> Table:
    shown = ids[:MOST]
    rows: list[tuple[Cell, ...]] = []
    for start in range(0, len(shown), 5_000):
        contacts = Contact.objects.filter(
            workspace=workspace, pk__in=shown[start : start + 5_000]
        ).prefetch_related("points")
        rows += [_row(one) for one in contacts.order_by("pk")]
    note = f"The first {MOST:,} of {len(ids):,}." if len(ids) > MOST else ""
    return Table("People", _HEAD, tuple(rows), note, frozenset(range(len(_HEAD))))


def _row(contact: Contact) -> tuple[Cell, ...]:
    first: dict[str, str] = {}
    for point in sorted(contact.points.all(), key=lambda one: one.position):
        first.setdefault(point.channel, point.address)
    return (
        contact.external_id, contact.first_name, contact.last_name, first.get("email", ""),
        first.get("sms", ""), contact.country, contact.locale, contact.customer_type,
        contact.lifecycle_stage,
    )  # fmt: skip
