"""What a message says, and as what it goes out. Once written it stays, through every try."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from outreach.addresses import preferences_address, unsubscribe_address
from outreach.models import ChannelPolicy, MessageChannel, OutreachMessage, Purpose, TemplateVersion
from outreach.platforms.base import Outgoing

_HTML: Final = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
_TEXT: Final = SandboxedEnvironment(autoescape=False, undefined=StrictUndefined)  # plain text


class TextError(Exception):
    """A text that cannot be written for this person."""


def write(message: OutreachMessage, version: TemplateVersion | None) -> None:
    """Fill a message in, unless that was done before."""
    if message.text or message.html or version is None:
        return
    values = variables_of(message)
    try:
        message.subject = _TEXT.from_string(version.subject).render(values)
        message.text = _TEXT.from_string(version.text).render(values)
        message.html = _HTML.from_string(version.body).render(values)
    except TemplateError as error:
        raise TextError(f"The text cannot be filled in: {error}") from error
    message.content_sha256 = message.content_sha256 or version.sha256


def variables_of(message: OutreachMessage) -> dict[str, Any]:
    """What the text of a message may name."""
    contact = message.contact
    return {
        **contact.attributes,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "name": contact.name,
        "locale": contact.locale,
        "country": contact.country,
        "unsubscribe_url": unsubscribe_address(message.public_id),
        "preferences_url": preferences_address(message.public_id),
        **message.variables,
    }


def digest_of(subject: str, text: str, html: str = "") -> str:
    """Digest of a text that no template holds."""
    return hashlib.sha256("\x1f".join((subject, text, html)).encode()).hexdigest()


def outgoing_of(
    message: OutreachMessage, *, policy: ChannelPolicy, version: TemplateVersion | None
) -> Outgoing:
    """Return what the provider is given; the same message always gives the same."""
    template = version.template if version else None
    key = template.provider_key if template and message.channel == "whatsapp" else ""
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
    )


def _headers(message: OutreachMessage) -> dict[str, str]:
    """Headers of every mail; those of leaving the list only where there is something to leave."""
    workspace, campaign = message.workspace, message.campaign_id or "single"
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname or "localhost"
    headers = {"Feedback-ID": f"{campaign}:{message.purpose}:{workspace.slug}"}
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
