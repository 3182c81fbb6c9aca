"""A message that somebody wrote to us, and whose address that is: strangers become contacts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from attribution.services.identity_many import people_of
from inbox.engine.mail import Attachment as File
from inbox.models import InboxChannel
from outreach.models import Contact, ContactPoint
from outreach.services.people.linking import identifiers_of
from workspaces.models import Workspace
from workspaces.services.locks import lock_names

#: Where contacts come from that wrote to us first.
SOURCE: Final = "inbox"


@dataclass(frozen=True)
class Incoming:
    """One message that somebody wrote to us.

    ``external_id`` is the same however often and by whatever way it is told; ``address`` is
    normalised; ``thread_ids`` are external ids of what it refers to, the nearest first. ``doubt``
    says why nobody knows whether the address is the writer's: such a message stands alone, and is
    of no contact that anything else is known of. ``team`` looks after what it begins.
    """

    channel: InboxChannel
    address: str
    external_id: str
    at: datetime
    text: str
    name: str = ""
    subject: str = ""
    html: str = ""
    quoted: str = ""
    thread_ids: tuple[str, ...] = ()
    is_auto: bool = False
    files: tuple[File, ...] = ()
    #: What its network keeps for us: type, url, name and the key of the connection.
    media: tuple[Mapping[str, Any], ...] = ()
    #: Of a comment: where it stands; its writer has an address there.
    network: str = ""
    doubt: str = ""
    team: str = ""

    @property
    def sender(self) -> tuple[str, str]:
        """By which channel from which address."""
        return self.network or self.channel, self.address


def points_of(
    workspace: Workspace, incoming: Sequence[Incoming], now: datetime
) -> dict[tuple[str, str], ContactPoint]:
    """Addresses by sender; of somebody whom nobody knows a contact is made."""
    wanted = {one.sender: one for one in incoming}
    found = _known_points(workspace, wanted)
    if missing := [one for sender, one in wanted.items() if sender not in found]:
        lock_names([f"contacts:{workspace.pk}"])
        # Another way in may have made them while we waited.
        found |= _known_points(workspace, wanted)
        strangers = [one for one in missing if one.sender not in found]
        found |= _by_sender(_strangers(workspace, strangers, now))
    for one in incoming:
        _prove(found[one.sender], one, now)
    return found


def _prove(point: ContactPoint, one: Incoming, now: datetime) -> None:
    """Who writes from an address that was only typed before proves it, and says who they are.

    From then on somebody is known by it: what others type is of contacts of their own.
    """
    if one.doubt or one.network or not is_only_typed(point):
        return
    point.verified_at = point.last_inbound_at = now
    point.save(update_fields=["verified_at", "last_inbound_at"])
    if one.name.strip():
        contact = point.contact
        contact.first_name, contact.last_name = _names_of(one.name)
        contact.save(update_fields=["first_name", "last_name", "updated_at"])


def is_only_typed(point: ContactPoint) -> bool:
    """Whether nobody has written from an address yet that a form named first."""
    return point.contact.source == SOURCE and point.verified_at is None


def _known_points(
    workspace: Workspace, senders: Mapping[tuple[str, str], Incoming]
) -> dict[tuple[str, str], ContactPoint]:
    rows = ContactPoint.objects.filter(
        workspace=workspace, address__in={address for _, address in senders}
    ).select_related("contact")
    return _by_sender(rows)


def _by_sender(rows: Iterable[ContactPoint]) -> dict[tuple[str, str], ContactPoint]:
    return {(row.channel, row.address): row for row in rows}


def _strangers(
    workspace: Workspace, incoming: Sequence[Incoming], now: datetime
) -> list[ContactPoint]:
    """Make contacts of senders whom nobody knows, and their addresses."""
    known_by = [{} if one.doubt else identifiers_of([one.sender]) for one in incoming]
    contacts = _contacts(workspace, [one.name for one in incoming], known_by, now)
    return ContactPoint.objects.bulk_create(
        ContactPoint(
            workspace=workspace, contact=contact, channel=one.sender[0], address=one.address,
            verified_at=None if one.doubt else now,
            last_inbound_at=None if one.network else one.at,
        )
        for one, contact in zip(incoming, contacts, strict=True)
    )  # fmt: skip


def _contacts(
    workspace: Workspace,
    names: Sequence[str],
    known_by: Sequence[Mapping[str, str]],
    now: datetime,
) -> list[Contact]:
    people = people_of(workspace=workspace, identifiers=known_by, now=now)
    rows = []
    for name, person in zip(names, people, strict=True):
        first, last = _names_of(name)
        rows.append(
            Contact(
                workspace=workspace, source=SOURCE, first_name=first, last_name=last,
                person_id=person,
            )
        )  # fmt: skip
    return Contact.objects.bulk_create(rows)


def _names_of(name: str) -> tuple[str, str]:
    first, _, last = name.strip().partition(" ")
    return first[:120], last.strip()[:120]


def writer_of(one: Incoming, point: ContactPoint, now: datetime) -> Contact:
    """Whose conversation it begins: never that of somebody whose address was only typed."""
    if not one.doubt or is_only_typed(point):
        return point.contact
    return _contacts(point.workspace, [one.name], [{}], now)[0]
