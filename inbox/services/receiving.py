"""Messages that other systems bring over REST: those of channels that nothing here listens to."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from inbox.engine.mail import Attachment as File
from inbox.engine.mail.attachments import attachment
from inbox.models import CustomerResponse, InboxChannel
from inbox.services.incoming import Incoming
from inbox.services.taking import rows_told, take
from outreach.engine.addresses import CHANNELS, AddressError, normal
from outreach.models import MessageChannel
from outreach.services.listening.answers import Written, listen
from workspaces.gate import Proposer, RequestError
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_TEXT: Final = 100_000
#: A website's chat has a window of its own, and what is public comes with its post.
_ALLOWED: Final = tuple(one for one in CHANNELS if one != "chat")


@dataclass(frozen=True)
class Told:
    """What a system tells of one message; ``attachments`` have a name and their bytes in base64."""

    channel: str
    address: str
    external_id: str
    text: str = ""
    name: str = ""
    subject: str = ""
    at: datetime | None = None
    thread_ids: Sequence[str] = ()
    attachments: Sequence[Mapping[str, Any]] = ()


def receive(
    *, workspace: Workspace, told: Told, by: Proposer, now: datetime
) -> tuple[CustomerResponse, bool]:
    """Take one message in; returns it, and whether it is new. Told again it is the same one.

    Raises
    ------
    NotAllowedError : the person is no agent
    RequestError : names the field that is wrong
    """
    require(Role.AGENT, by=by, workspace=workspace, now=now, what="Bringing messages in")
    one = _incoming(told, now)
    is_new = bool(take(workspace=workspace, incoming=[one], now=now))
    (row,) = rows_told(workspace, [one])
    # Also of what was kept before: whoever kept it may have died before this.
    written = Written(
        channel=MessageChannel(row.channel), address=row.point.address, text=row.text, at=row.at,
        key=row.external_id,
    )  # fmt: skip
    listen(workspace=workspace, written=[written])
    return row, is_new


def _incoming(told: Told, now: datetime) -> Incoming:
    if told.channel not in _ALLOWED:
        raise RequestError("channel", f"Choose one of {', '.join(_ALLOWED)}.")
    try:
        address = normal(told.channel, told.address)
    except AddressError as error:
        raise RequestError("from_address", str(error)) from None
    external_id = _plain(told.channel, told.external_id)
    if not external_id:
        raise RequestError("external_id", "Give the id that the message has on its channel.")
    if told.at is not None and told.at > now:
        raise RequestError("at", "A message cannot come from the future.")
    files = _files(told.attachments)
    if not told.text.strip() and not files:
        raise RequestError("text", "Send words, files, or both.")
    return Incoming(
        channel=InboxChannel(told.channel), address=address, external_id=external_id,
        at=told.at or now, text=told.text, name=told.name, subject=told.subject, files=files,
        thread_ids=tuple(found for ref in told.thread_ids if (found := _plain(told.channel, ref))),
    )  # fmt: skip


def _plain(channel: str, name: str) -> str:
    """An id as it is kept: those of mails without angles, as the reader of mails tells them."""
    name = name.strip()
    return name.strip("<>") if channel == InboxChannel.EMAIL else name


def _files(given: Sequence[Mapping[str, Any]]) -> tuple[File, ...]:
    contents = []
    for place, one in enumerate(given):
        try:
            contents.append(base64.b64decode(one["content"], validate=True))
        except (ValueError, binascii.Error):
            raise RequestError(
                f"attachments.{place}.content", "Write the file's bytes in base64."
            ) from None
    if sum(len(one) for one in contents) > MOST_BYTES:
        raise RequestError("attachments", f"Files have {MOST_BYTES // (1024 * 1024)} MB together.")
    return tuple(
        attachment(
            content, str(one["name"]), "", content_id="", is_inline=False, max_size=MOST_BYTES
        )
        for one, content in zip(given, contents, strict=True)
    )
