"""People of an audience, or of a list, as rows of files, a part at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from django.db.models import QuerySet

from outreach.models import Audience, Contact
from outreach.selectors.audiences.reading import ids_of, query_of
from workspaces.models import Workspace
from workspaces.reports.shapes import Cell, Table

#: A spreadsheet is made in memory; a CSV file has everybody.
MOST: Final = 100_000
HEAD: Final = ("External id", "First name", "Last name", "E-mail", "Phone", "Country", "Locale",
               "Customer type", "Lifecycle stage")  # fmt: skip
_PART: Final = 5_000


@dataclass(frozen=True)
class People:
    """How many there are, and a row for each, read as they are taken."""

    count: int
    rows: Iterator[tuple[Cell, ...]]


def people_in(audience: Audience, now: datetime) -> People:
    """Everybody who belongs to it now, by their ids.

    Raises
    ------
    RulesError : its rules cannot be read
    """
    ids = ids_of(query_of(audience, now))
    parts = (ids[start : start + _PART].tolist() for start in range(0, len(ids), _PART))
    return People(len(ids), _rows(audience.workspace, parts))


def people_of_list(workspace: Workspace, contacts: QuerySet[Contact]) -> People:
    """Contacts of a list as it is filtered, by their ids."""
    return People(contacts.order_by().count(), _rows(workspace, _parts(contacts)))


def _parts(contacts: QuerySet[Contact]) -> Iterator[list[int]]:
    """Go from id to id: no cursor is kept open while somebody reads slowly."""
    last = 0
    keys = contacts.order_by("pk").values_list("pk", flat=True)
    while part := list(keys.filter(pk__gt=last)[:_PART]):
        yield part
        last = part[-1]


def _rows(workspace: Workspace, parts: Iterator[list[int]]) -> Iterator[tuple[Cell, ...]]:
    for part in parts:
        contacts = Contact.objects.filter(workspace=workspace, pk__in=part)
        yield from (_row(one) for one in contacts.prefetch_related("points").order_by("pk"))


def sheet_of(people: People) -> Table:
    """The first hundred thousand of them, for a spreadsheet."""
    is_cut = people.count > MOST
    note = f"The first {MOST:,} are in here; the CSV file has all." if is_cut else ""
    shown = tuple(islice(people.rows, MOST))
    return Table("People", HEAD, shown, note, frozenset(range(len(HEAD))))


def _row(contact: Contact) -> tuple[Cell, ...]:
    first: dict[str, str] = {}
    for point in sorted(contact.points.all(), key=lambda one: one.position):
        first.setdefault(point.channel, point.address)
    return (
        contact.external_id, contact.first_name, contact.last_name, first.get("email", ""),
        first.get("sms", ""), contact.country, contact.locale, contact.customer_type,
        contact.lifecycle_stage,
    )  # fmt: skip
