"""Chats on websites: who has the token of one writes in it and reads it, and nothing else.

What a visitor says of who they are proves nothing. A chat has a contact of its own, and an address
that somebody only typed joins nobody: it is shown, and may speak for a suggestion.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from inbox.models import (
    ChatVisitor,
    ChatWidget,
    CustomerResponse,
    IdentitySuggestion,
    InboxChannel,
)
from inbox.selectors.chat import hashed, visitor_of
from inbox.selectors.sightings import is_shared
from inbox.services.incoming import SOURCE, Incoming
from inbox.services.taking import take
from inbox.services.topics import UNCONFIRMED
from outreach.engine.addresses import AddressError, email
from outreach.models import Contact, ContactPoint
from outreach.services.people.linking import linked_person
from workspaces.ids import uuid7
from workspaces.services.refusals import RefusedError

MOST_TEXT: Final = 4_000
#: Who never got the answer to a first message asks again within this time: on the next page, or
#: when the phone is back in the net.
_RETRIES_FOR: Final = timedelta(days=1)
#: How exactly it is kept when a visitor was last there.
_SEEN_EVERY: Final = timedelta(seconds=15)
_MOST_URL: Final = 500


class ChatError(RefusedError):
    """Something that cannot be taken; ``field`` names it."""

    status = 400

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class TokenError(RefusedError):
    """A token of no chat here."""

    status = 401


@dataclass(frozen=True)
class Said:
    """A message as a browser sends it; ``key`` is the browser's own id of it."""

    key: UUID
    text: str
    page: str = ""
    visitor: str = ""
    name: str = ""
    email: str = ""


@dataclass(frozen=True)
class Spoken:
    """What became of a message. The token is told where the chat began with it."""

    visitor: ChatVisitor
    token: str
    at: datetime


def say(*, widget: ChatWidget, said: Said, token: str, caller: str, now: datetime) -> Spoken:
    """Take a visitor's message; the first one begins a chat.

    A message that is told again is kept once. ``caller`` names the connection: a first message
    that comes again from it, for its answer was lost, gets the same token.

    Raises
    ------
    ChatError : nothing to keep, or too much
    TokenError : the token is of no chat of this website
    """
    text = _text_of(said.text)
    if said.email:
        _address_of(said)  # before anybody is made
    told = token
    if token:
        visitor = visitor_of(widget, token)
        if visitor is None:
            raise TokenError("This chat is not known any more. Begin a new one.")
    else:
        told = _first_token(widget, said.key, caller)
        visitor = visitor_of(widget, told) or _begin(widget, said, told, now)
        if now - visitor.started_at > _RETRIES_FOR:
            raise TokenError("A chat began with this message. Send its token.")
    _note(visitor, said, now)
    incoming = Incoming(
        channel=InboxChannel.CHAT, address=visitor.point.address,
        external_id=f"{visitor.public_id}:{said.key}", at=now, text=text, name=visitor.name,
        team=widget.team,
    )  # fmt: skip
    kept = take(workspace=widget.workspace, incoming=[incoming], now=now)
    return Spoken(visitor, "" if token else told, _moment(visitor, incoming, kept, now))


def touch(*, visitor: ChatVisitor, now: datetime) -> None:
    """Note that a visitor is there: roughly, for the chat asks every two seconds."""
    if visitor.last_seen_at < now - _SEEN_EVERY:
        rows = ChatVisitor.objects.filter(pk=visitor.pk, last_seen_at__lt=now)
        rows.update(last_seen_at=now)


def send_form(*, widget: ChatWidget, said: Said, now: datetime) -> CustomerResponse | None:
    """Take what somebody wrote in a contact form, to be answered by e-mail; ``None``: it was told.

    The address is the one that they want to be answered at, and nobody has proved that it is
    theirs: the message is flagged, stands in a conversation of its own and joins nobody.

    Raises
    ------
    ChatError : no text, or no address
    """
    text, address = _text_of(said.text), _address_of(said)
    incoming = Incoming(
        channel=InboxChannel.EMAIL, address=address, external_id=f"form:{widget.pk}:{said.key}",
        at=now, text=text, name=_line(said.name, 200), subject=f"Form on {widget.site.name}",
        doubt=UNCONFIRMED, team=widget.team,
    )  # fmt: skip
    kept = take(workspace=widget.workspace, incoming=[incoming], now=now)
    if not kept:
        return None
    _suggest(kept[0].point, kept[0].conversation.contact_id, "typed in a form")
    return kept[0]


def _suggest(known: ContactPoint, contact_id: int, where: str) -> None:
    """Ask whether who wrote is who is known by that address; a person says so, nobody else.

    An address that many type is shared, or somebody makes it up, and speaks for nothing.
    """
    if known.contact_id != contact_id and not is_shared(known, UNCONFIRMED):
        IdentitySuggestion.objects.get_or_create(
            workspace_id=known.workspace_id, first_id=min(known.contact_id, contact_id),
            second_id=max(known.contact_id, contact_id),
            defaults={"evidence": [f"Same email {known.address}: known; {where}"]},
        )  # fmt: skip


def _suggest_typed(visitor: ChatVisitor) -> None:
    points = ContactPoint.objects.filter(
        workspace=visitor.workspace_id, channel=InboxChannel.EMAIL, address=visitor.email
    )
    if known := points.first():
        _suggest(known, visitor.point.contact_id, "typed in a chat")


def page_of(address: str, origins: Collection[str]) -> str:
    """The page of a website without its query, which may hold what is nobody's business.

    Nothing for a page elsewhere: people follow the link on the card.
    """
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    if parts.scheme not in ("http", "https") or origin not in origins:
        return ""
    return _line(f"{origin}{parts.path}", _MOST_URL)


def _text_of(text: str) -> str:
    found = text.replace("\x00", "").strip()
    if not found:
        raise ChatError("text", "Write something.")
    if len(found) > MOST_TEXT:
        raise ChatError("text", f"Write at most {MOST_TEXT:,} characters.")
    return found


def _address_of(said: Said) -> str:
    try:
        return email(said.email)
    except AddressError as error:
        raise ChatError("email", str(error)) from None


def _line(text: str, most: int) -> str:
    return " ".join(text.replace("\x00", "").split())[:most]


def _first_token(widget: ChatWidget, key: UUID, caller: str) -> str:
    """Token of the chat that begins with a message: the same for the same call again.

    Nobody can reckon it without our secret; and not from elsewhere with the message's id.
    """
    name = f"{widget.pk}:{key}:{caller}"
    return salted_hmac("inbox.chat", name, algorithm="sha256").hexdigest()


def _begin(widget: ChatWidget, said: Said, token: str, now: datetime) -> ChatVisitor:
    """Begin a chat, with a contact that nobody else is."""
    try:
        with transaction.atomic():
            return _made(widget, said, token, now)
    except IntegrityError:
        # The same first message came twice at once.
        found = visitor_of(widget, token)
        if found is None:
            raise
        return found


def _made(widget: ChatWidget, said: Said, token: str, now: datetime) -> ChatVisitor:
    workspace, public_id, name = widget.workspace, uuid7(), _line(said.name, 200)
    first, _, last = name.partition(" ")
    contact = Contact.objects.create(
        workspace=workspace, source=SOURCE, first_name=first[:120], last_name=last[:120],
        person=linked_person(workspace=workspace, identifiers={}, now=now),
    )  # fmt: skip
    point = ContactPoint.objects.create(
        workspace=workspace, contact=contact, channel=InboxChannel.CHAT, address=str(public_id),
        verified_at=now, last_inbound_at=now,
    )  # fmt: skip
    return ChatVisitor.objects.create(
        public_id=public_id, workspace=workspace, widget=widget, point=point,
        token_hash=hashed(token), started_at=now, last_seen_at=now, name=name,
    )  # fmt: skip


def _note(visitor: ChatVisitor, said: Said, now: datetime) -> None:
    """Keep where they are and what they say of themselves."""
    visitor.last_seen_at = now
    visitor.page_url = page_of(said.page, visitor.widget.site.origins) or visitor.page_url
    visitor.visitor = said.visitor or visitor.visitor
    visitor.name = _line(said.name, 200) or visitor.name
    before = visitor.email
    if said.email:
        visitor.email = _address_of(said)
    visitor.save(update_fields=["last_seen_at", "page_url", "visitor", "name", "email"])
    if visitor.email != before:
        _suggest_typed(visitor)


def _moment(
    visitor: ChatVisitor, incoming: Incoming, kept: list[CustomerResponse], now: datetime
) -> datetime:
    if kept:
        return kept[0].received_at or now
    rows = CustomerResponse.objects.filter(
        workspace=visitor.workspace_id, channel=incoming.channel, external_id=incoming.external_id
    )
    return rows.values_list("received_at", flat=True).first() or now
