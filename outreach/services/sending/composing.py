"""What a message says, and as what it goes out. Once written it stays, through every try."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage

from outreach.addresses import click_address, pixel_address, unsubscribe_address
from outreach.engine.mail_loops import LOOP_HEADER
from outreach.engine.rendering import Link, TemplateError, render
from outreach.message_values import compiled_of, values_for
from outreach.models import (
    ChannelPolicy,
    MessageChannel,
    OutreachMessage,
    OutreachPolicy,
    Purpose,
    TemplateVersion,
    TrackedLink,
)
from outreach.platforms.base import Outgoing, OutgoingFile
from workspaces.models import Workspace

_LONGEST_URL: Final = 2_000
#: Where a message that no template fills in names its files: they are forgotten with its words.
FILES: Final = "files"


class TextError(Exception):
    """A text that cannot be written for this person."""


class Links:
    """Numbers of the addresses that messages of a workspace lead to, kept for a batch."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, int] = {}

    def number_of(self, url: str) -> int:
        """Return the number of an address; it gets one when it is new."""
        if url not in self._known:
            digest = hashlib.sha256(url.encode()).hexdigest()
            link, _ = TrackedLink.objects.get_or_create(
                workspace=self._workspace, sha256=digest, defaults={"url": url}
            )
            self._known[url] = link.pk
        return self._known[url]


def write(
    message: OutreachMessage, version: TemplateVersion | None, policy: OutreachPolicy, links: Links
) -> None:
    """Fill a message in, unless that was done before.

    Raises
    ------
    TextError : the text cannot be written for this person
    """
    if message.text or message.html or version is None:
        return
    is_mail = message.channel == MessageChannel.EMAIL

    def track(link: Link) -> str:
        if len(link.url) > _LONGEST_URL:
            return link.url
        return click_address(message.public_id, links.number_of(link.url))

    try:
        written = render(
            compiled_of(version),
            values_for(message, policy),
            locale=message.contact.locale,
            track=track if is_mail and policy.tracks_clicks else None,
            pixel_url=pixel_address(message.public_id) if is_mail and policy.tracks_opens else "",
        )
    except TemplateError as error:
        raise TextError(f"The text cannot be filled in: {error}") from error
    message.subject, message.text, message.html = written.subject, written.text, written.html
    message.content_sha256 = message.content_sha256 or version.sha256


def digest_of(subject: str, text: str, html: str = "") -> str:
    """Digest of a text that no template holds."""
    return hashlib.sha256("\x1f".join((subject, text, html)).encode()).hexdigest()


def outgoing_of(
    message: OutreachMessage, *, policy: ChannelPolicy, version: TemplateVersion | None
) -> Outgoing:
    """Return what the provider is given; the same message always gives the same."""
    template = version.template if version else None
    key = template.provider_key if template and message.channel == "whatsapp" else ""
    window = message.proof.get("window")
    return Outgoing(
        key=str(message.public_id),
        channel=message.channel,
        to=message.point.address,
        to_name=message.contact.name,
        sender=policy.sender,
        reply_to=policy.reply_to,
        subject=message.subject,
        text=message.text,
        html=message.html,
        headers=_headers(message) if message.channel == MessageChannel.EMAIL else {},
        is_marketing=message.purpose == Purpose.MARKETING,
        template_key=key,
        template_values=_places(message.variables) if key else {},
        callback_url=_callback(policy),
        # Where a conversation is open it is a message like any other.
        reply_to_comment=message.reply_to_comment if window == "comment" else "",
        files=tuple(map(_file, message.variables.get(FILES, ()))) if version is None else (),
    )


def _file(told: Mapping[str, str]) -> OutgoingFile:
    def read() -> bytes:
        """Read what is kept of it."""
        with default_storage.open(told["place"]) as kept:
            return bytes(kept.read())

    return OutgoingFile(told["name"], told["type"], read)


def _headers(message: OutreachMessage) -> dict[str, str]:
    """Headers of every mail; those of leaving the list only where there is something to leave."""
    workspace, campaign = message.workspace, message.campaign_id or "single"
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname or "localhost"
    headers = {"Feedback-ID": f"{campaign}:{message.purpose}:{workspace.slug}"}
    if message.is_reply:
        # What comes back with it was here before: nobody answers it once more.
        headers[LOOP_HEADER] = workspace.slug
    if message.proof.get("auto_replied"):
        # RFC 3834: no machine answers a machine.
        headers |= {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
    if thread := message.proof.get("thread_ids"):
        # The nearest first here; RFC 5322 wants the oldest first.
        headers |= {"In-Reply-To": thread[0], "References": " ".join(reversed(thread))}
    if message.purpose == Purpose.MARKETING:
        address = unsubscribe_address(message.public_id)
        headers |= {
            "List-Unsubscribe": f"<{address}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Id": f"<{workspace.slug}.{host}>",
        }
    return headers


def _places(variables: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in variables.items()}


def _callback(policy: ChannelPolicy) -> str:
    """Where the provider tells what became of a message, if it wants that with each."""
    if policy.connection is None or policy.connection.kind != "twilio":
        return ""
    return (
        f"{settings.PUBLIC_BASE_URL.rstrip('/')}/api/webhooks/twilio/{policy.connection.public_id}/"
    )
