"""What people write by texts and direct messages, as outreach reads it of their networks' calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from inbox.models import InboxChannel
from inbox.services.incoming import SOURCE, Incoming
from inbox.services.media import MOST_FILES
from inbox.services.taking import take
from outreach.models import ContactPoint
from outreach.services.listening import meta, twilio, x
from outreach.services.listening.answers import Written, listen
from workspaces.inbound.registry import Failure
from workspaces.models import Connection, InboundEvent, Workspace

_ID_LENGTH: Final = 255

ReadWritten = Callable[[Sequence[InboundEvent]], list[Written]]
Consume = Callable[[Connection, Sequence[InboundEvent], datetime], Mapping[int, Failure]]


def consumer_of(read: ReadWritten) -> Consume:
    """Make a consumer that takes in what one network tells."""

    def consume(
        connection: Connection, events: Sequence[InboundEvent], now: datetime
    ) -> Mapping[int, Failure]:
        """Take in what people wrote."""
        hear(connection=connection, written=read(events), now=now)
        return {}

    return consume


take_texts = consumer_of(twilio.written_in)
take_direct = consumer_of(meta.written_in)
take_x = consumer_of(x.written_in)


def hear(*, connection: Connection, written: Sequence[Written], now: datetime) -> None:
    """Take messages in. What strangers ask for is carried out too, now that they are known."""
    workspace = connection.workspace
    said = [one for one in written if one.text.strip() or one.media]
    incoming = [_incoming(one, connection) for one in said]
    take(workspace=workspace, incoming=incoming, now=now)
    strangers = _strangers(workspace, said)
    listen(workspace=workspace, written=[one for one in said if _of(one) in strangers])


def _of(one: Written) -> tuple[str, str]:
    return one.channel, one.address


def _strangers(workspace: Workspace, written: Sequence[Written]) -> set[tuple[str, str]]:
    """Senders whom the inbox made known: outreach may have passed over what they wrote first.

    Told by what is kept and not by who was unknown before, so that it holds for a second try too;
    what is listened to twice counts once.
    """
    points = ContactPoint.objects.filter(
        workspace=workspace, address__in={one.address for one in written}, contact__source=SOURCE
    )
    return set(points.values_list("channel", "address"))


def _incoming(one: Written, connection: Connection) -> Incoming:
    return Incoming(
        channel=InboxChannel(one.channel), address=one.address, external_id=one.key[:_ID_LENGTH],
        at=one.at, text=_storable(one.text), name=_storable(one.name),
        media=tuple(
            {"type": _storable(each.type), "url": _storable(each.url),
             "name": _storable(each.name), "connection": connection.pk}
            for each in one.media[:MOST_FILES]
        ),
    )  # fmt: skip


def _storable(text: str) -> str:
    """Text as PostgreSQL can hold it: JSON may bring NUL and halves of letters."""
    return text.replace("\x00", "").encode(errors="ignore").decode()
