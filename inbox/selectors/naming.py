"""How people are called in the inbox of whom nobody knows a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from inbox.models import InboxChannel
from outreach.models import ContactPoint

#: Ids of these channels tell people nothing.
_BY_CHANNEL: Final[Mapping[str, str]] = {InboxChannel.CHAT: "Visitor of the website"}
_READABLE: Final = frozenset({InboxChannel.EMAIL, InboxChannel.SMS, InboxChannel.WHATSAPP})


def name_them(rows: Iterable[Any]) -> None:
    """Set ``who`` of conversations: the contact's name, else the address by which they wrote.

    One query where somebody has no name, none where all have one.
    """
    named = list(rows)
    nameless = {row.contact_id for row in named if not row.contact.name}
    points = (
        ContactPoint.objects.filter(contact__in=nameless).order_by("-position", "-pk")
        if nameless
        else ()
    )
    addresses: dict[tuple[int, str], ContactPoint] = {}
    for one in points:
        # Who comments has the address of the network.
        addresses[one.contact_id, InboxChannel.COMMENT] = one
        addresses[one.contact_id, one.channel] = one
    for row in named:
        point = addresses.get((row.contact_id, row.channel))
        row.who = row.contact.name or called(row.channel, point)


def called(channel: str, point: ContactPoint | None) -> str:
    """Name for somebody who told none."""
    label = InboxChannel(channel).label
    if channel in _BY_CHANNEL or point is None:
        return _BY_CHANNEL.get(channel, f"Somebody, {label}")
    return point.address if channel in _READABLE else f"{label} {point.address}"
