"""Events of e-mail providers: verified as each signs, taken apart by django-anymail.

A connection of kind ``email`` names its provider; ``webhook_secret`` is what that provider's calls
are verified by: user and password of the address (Postmark, Brevo), a signing secret (Resend), a
signing key (Mailgun), the public key (SendGrid) or the webhook key (Mandrill).
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

from anymail.exceptions import (
    AnymailInsecureWebhookWarning,
    AnymailWebhookValidationFailure,
)
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.base import AnymailCoreWebhookView
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.module_loading import import_string

from outreach.engine.mail_events import is_for_now
from outreach.webhooks_mail import MAX_BODY_BYTES, UNREAD, mails_in
from workspaces.inbound.base import (
    Batch,
    Call,
    Event,
    ForgedError,
    Provider,
    UnreadableError,
    digest_of,
    header,
    keys_in_use,
    kind_of,
    require_few,
    text_of,
)
from workspaces.inbound.providers.meta import MetaProvider
from workspaces.platforms import standard_webhooks

_MAX_AGE_S: Final = 600
_SECRET: Final = "webhook_secret"  # noqa: S105  # a name


@dataclass(frozen=True)
class _Sender:
    """How anymail reads a provider, and by which of its settings it verifies."""

    view: str
    key: str = "webhook_secret"
    is_signed_by_standard: bool = False
    stamp: str = ""


_SENDERS: Final[Mapping[str, _Sender]] = {
    "postmark": _Sender("anymail.webhooks.postmark.PostmarkTrackingWebhookView"),
    "brevo": _Sender("anymail.webhooks.brevo.BrevoTrackingWebhookView"),
    "resend": _Sender(
        "anymail.webhooks.resend.ResendTrackingWebhookView", is_signed_by_standard=True
    ),
    "mailgun": _Sender(
        "anymail.webhooks.mailgun.MailgunTrackingWebhookView", "webhook_signing_key"
    ),
    "sendgrid": _Sender(
        "anymail.webhooks.sendgrid.SendGridTrackingWebhookView",
        "tracking_webhook_verification_key",
        stamp="x-twilio-email-event-webhook-timestamp",
    ),
    "mandrill": _Sender("anymail.webhooks.mandrill.MandrillCombinedWebhookView", "webhook_key"),
}


class EmailProvider(Provider):
    """All providers of e-mail; whose address is called says which."""

    name = "email"
    max_body_bytes = MAX_BODY_BYTES

    def verify(self, call: Call, secret: Mapping[str, str], *, now: datetime) -> None:
        """Verify as the provider signs; without a secret nothing is accepted."""
        sender = _sender_of(secret)
        keys = [key.decode() for key in keys_in_use(secret, _SECRET)]
        if sender.is_signed_by_standard:
            _verify_standard(call, keys, now)
            return
        if sender.stamp:
            _require_recent(header(call, sender.stamp), now)
        if not any(_is_verified(call, sender, key) for key in keys):
            raise ForgedError("the call is not signed with the connection's secret")

    def split(self, call: Call, secret: Mapping[str, str]) -> Batch:
        """One event for each thing that is told of a message, or for each mail that came in."""
        provider = secret.get("provider", "")
        if mails := mails_in(provider, _request(call)):
            return Batch(mails)
        text_of(call.body)
        view = _view(_sender_of(secret), None)
        try:
            told = view.parse_events(_request(call))
        except UNREAD:
            # What the provider sends for another purpose, or nothing it ever sent.
            raise UnreadableError("These are no events of messages.") from None
        require_few(len(told))
        return Batch(tuple(_event(provider, one) for one in told))


class MessengerProvider(MetaProvider):
    """Calls about a page and its Instagram account, at the address of the page's connection."""

    name = "messenger"


def _sender_of(secret: Mapping[str, str]) -> _Sender:
    try:
        return _SENDERS[secret.get("provider", "")]
    except KeyError:
        raise ForgedError("the connection's provider sends no events") from None


def _verify_standard(call: Call, keys: list[str], now: datetime) -> None:
    """Resend signs as Standard Webhooks does, under the headers of its delivery service."""
    headers = {
        f"webhook-{name}": header(call, f"svix-{name}") for name in ("id", "timestamp", "signature")
    }
    for key in keys:
        try:
            standard_webhooks.verify(
                secret=key, received=headers, body=call.body, now_s=now.timestamp()
            )
        except (standard_webhooks.SignatureError, ValueError):
            continue
        return
    raise ForgedError("no signature fits, or it is not from now")


def _require_recent(stamp: str, now: datetime) -> None:
    is_number = stamp.isascii() and stamp.isdigit() and len(stamp) < 12
    if not is_number or abs(now.timestamp() - int(stamp)) > _MAX_AGE_S:
        raise ForgedError("the call is not from now")


def _is_verified(call: Call, sender: _Sender, key: str) -> bool:
    try:
        _view(sender, key, call.url).run_validators(_request(call))
    except AnymailWebhookValidationFailure:
        return False
    except (
        ValueError, TypeError, KeyError, AttributeError, SuspiciousOperation, MultiPartParserError,
    ):  # fmt: skip
        return False  # a body or a key of another shape verifies nothing
    return True


def _view(sender: _Sender, key: str | None, url: str = "") -> AnymailCoreWebhookView:
    build: Callable[..., AnymailCoreWebhookView] = import_string(sender.view)
    settings = {sender.key: key if key is not None else "x"} if _takes_key(sender, key) else {}
    if sender.key == "webhook_key" and url:
        settings["webhook_url"] = url
    with warnings.catch_warnings():
        # Resend's calls are verified above, and nothing unverified comes this far.
        warnings.simplefilter("ignore", AnymailInsecureWebhookWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        return build(**settings)


def _takes_key(sender: _Sender, key: str | None) -> bool:
    # To read, a signing key must only be there; SendGrid's would have to be one.
    return key is not None or sender.key in ("webhook_signing_key", "webhook_key")


def _request(call: Call) -> WSGIRequest:
    """Write the call as the request that anymail's views expect."""
    parts = urlsplit(call.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": call.method,
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": BytesIO(call.body),
        "CONTENT_LENGTH": str(len(call.body)),
        "CONTENT_TYPE": call.headers.get("content-type", ""),
    }
    for name, value in call.headers.items():
        if name not in ("content-type", "content-length"):
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    request = WSGIRequest(environ)
    # Read already, and within the limit of its provider; Django's own is for forms of people.
    request._body = call.body
    return request


def _event(provider: str, told: AnymailTrackingEvent) -> Event:
    raw = told.esp_event if isinstance(told.esp_event, dict) else dict(told.esp_event or {})
    metadata = told.metadata if isinstance(told.metadata, dict) else {}
    body = {
        "provider": provider,
        "type": told.event_type,
        "at": told.timestamp.isoformat() if told.timestamp else None,
        "message_id": told.message_id,
        "touch_id": metadata.get("touch_id"),
        "recipient": told.recipient,
        "reject_reason": told.reject_reason,
        "description": told.description,
        "mta_response": told.mta_response,
        "url": told.click_url,
        "user_agent": told.user_agent,
        "is_for_now": is_for_now(provider, raw),
        "raw": raw,
    }
    text = json.dumps(body, default=str, separators=(",", ":"))
    key = digest_of(provider, told.event_id) if told.event_id else digest_of(provider, raw)
    return Event(key, kind_of("mail", told.event_type), text)
