"""Mails that arrive: those that a person wrote are conversations, reports and loops are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from inbox.engine.mail import Mail, MailError, OwnMarks
from inbox.engine.mail.thread_keys import answered_ids
from inbox.models import InboxChannel
from inbox.services.incoming import Incoming
from inbox.services.mail_events import IMAP, arrival_of, mail_of
from inbox.services.taking import rows_told, take
from outreach.engine.addresses import AddressError
from outreach.engine.addresses import email as spelled
from outreach.models import ChannelPolicy, MessageChannel
from outreach.services.listening.answers import Written, listen
from workspaces import crypto
from workspaces.inbound.registry import Failure
from workspaces.models import Connection, InboundEvent, Workspace

_ID_LENGTH: Final = 255
_MOST_REFERENCES: Final = 50


def consume(
    connection: Connection, events: Sequence[InboundEvent], now: datetime
) -> Mapping[int, Failure]:
    """Take in mails that a provider handed over; what is none is told, and not tried again."""
    mails: list[tuple[Mail, datetime]] = []
    failures: dict[int, Failure] = {}
    own = own_marks(connection.workspace, mailbox=_address_of(connection))
    for event in events:
        try:
            mails.append((mail_of(event, own=own), arrival_of(event)))
        except MailError as error:
            failures[event.pk] = Failure(str(error), is_final=True)
    take_mails(workspace=connection.workspace, mails=mails, now=now)
    return failures


def take_mails(
    *, workspace: Workspace, mails: Sequence[tuple[Mail, datetime]], now: datetime
) -> int:
    """Keep what people wrote; returns how many mails that were. What they ask for is carried out.

    Each comes with the moment at which it arrived: that counts, for a Date anybody may write. The
    address that wrote is that of From: answers go there, whatever Reply-To says. Only where From
    is our own address a form mailed it, and who filled that in stands in Reply-To: that is who
    wrote. So Reply-To leads an answer nowhere where a forged From would not lead it too.
    """
    incoming = [one for mail, at in mails if (one := incoming_of(mail, at)) is not None]
    kept = take(workspace=workspace, incoming=incoming, now=now)
    # Also of what was kept before: whoever kept it may have died before this.
    written = [
        Written(
            channel=MessageChannel.EMAIL, address=row.point.address, text=row.text, at=row.at,
            key=row.external_id,
        )
        for row in rows_told(workspace, incoming)
        if not row.is_auto
    ]  # fmt: skip
    listen(workspace=workspace, written=written)
    return len(kept)


def _address_of(connection: Connection) -> str:
    """Address of the mailbox that we look into; empty for webhooks."""
    if connection.kind != IMAP:
        return ""
    try:
        secret = crypto.decrypt(connection.secret)
    except crypto.SecretUnreadableError:
        return ""
    return (secret.get("address") or secret.get("username") or "").strip().lower()


def own_marks(workspace: Workspace, *, mailbox: str = "") -> OwnMarks:
    """By what mails of this workspace's own are known when they come back."""
    senders = ChannelPolicy.objects.filter(workspace=workspace, channel=MessageChannel.EMAIL)
    addresses = {
        text.rpartition("<")[2].strip(" >").lower()
        for row in senders.values_list("sender", "reply_to")
        for text in row
        if text
    } | ({mailbox} if mailbox else set())
    return OwnMarks(addresses=frozenset(addresses), loop_values=frozenset({workspace.slug}))


def incoming_of(mail: Mail, arrived_at: datetime) -> Incoming | None:
    """Message of a mail; ``None`` for reports of delivery, loops, and what nobody can answer."""
    writer = mail.writer
    if mail.is_bounce or mail.is_loop or writer is None:
        return None
    try:
        address = spelled(writer.address)
    except AddressError:
        return None
    quoted = "\n\n".join(one for one in (mail.body.signature, mail.body.quoted) if one)
    return Incoming(
        channel=InboxChannel.EMAIL, address=address, external_id=mail.external_id[:_ID_LENGTH],
        at=arrived_at, text=mail.body.reply or mail.body.text,
        name=writer.name, subject=mail.subject, html=mail.body.safe_html, quoted=quoted,
        thread_ids=tuple(one[:_ID_LENGTH] for one in answered_ids(mail)[:_MOST_REFERENCES]),
        is_auto=mail.is_auto_reply, files=mail.attachments,
    )  # fmt: skip
