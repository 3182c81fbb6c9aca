"""People of an audience as a table for files."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from outreach.models import Audience, Contact
from outreach.selectors.audiences.reading import ids_of, query_of
from workspaces.reports.shapes import Cell, Table

MOST: Final = 100_000
_HEAD: Final = ("External id", "First name", "Last name", "E-mail", "Phone", "Country", "Locale",
                "Customer type", "Lifecycle stage")  # fmt: skip


def table_of(audience: Audience, now: datetime) -> Table:
    """Everybody who belongs to it now, up to a hundred thousand, by their ids."""
    ids = ids_of(query_of(audience, now))
    shown = [int(one) for one in ids[:MOST]]
    rows: list[tuple[Cell, ...]] = []
    for start in range(0, len(shown), 5_000):
        contacts = Contact.objects.filter(
            workspace=audience.workspace_id, pk__in=shown[start : start + 5_000]
        )
        rows += [_row(one) for one in contacts.prefetch_related("points").order_by("pk")]
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
