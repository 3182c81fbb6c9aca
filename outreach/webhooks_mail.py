"""Mails that people wrote, as providers hand them over: each as the mail that it was.

Which calls carry mails is told by their form, so that one address takes them beside the events of
messages. A provider that posts the whole mail is taken at its word; of one that took it apart
anymail puts it together again.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from typing import Any, Final

from anymail.exceptions import AnymailConfigurationError, AnymailError
from anymail.inbound import AnymailInboundMessage
from anymail.webhooks.brevo import BrevoInboundWebhookView
from anymail.webhooks.mailgun import MailgunInboundWebhookView
from anymail.webhooks.postmark import PostmarkInboundWebhookView
from anymail.webhooks.sendgrid import SendGridInboundWebhookView
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest
from django.http.multipartparser import MultiPartParserError

from outreach.engine.mail_addresses import addresses_in
from workspaces.inbound.base import Event, UnreadableError, digest_of, kind_of, require_few

#: What consumers ask for; events of messages begin with ``mail``.
KIND: Final = kind_of("inbound", "mail")
#: A mail of 25 MB, as text.
MAX_BODY_BYTES: Final = 36 * 1024 * 1024
#: What Django and anymail raise over a body that is not what it should be.
UNREAD: Final = (
    AnymailError, AnymailConfigurationError, SuspiciousOperation, MultiPartParserError,
    ValueError, KeyError, IndexError, TypeError, AttributeError, LookupError, MessageError,
)  # fmt: skip
_ADDRESS: Final = re.compile(r"[^\s<>]{1,320}")
_ID: Final = re.compile(r"^message-id:\s*(<[^>\r\n]{1,300}>)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class _Given:
    """One mail of a call."""

    raw: bytes
    recipient: str = ""
    sender: str = ""
    event_id: str = ""
    files_left_out: int = 0


def mails_in(provider: str, request: WSGIRequest) -> tuple[Event, ...] | None:
    """Return the mails of a call as events, or None where it carries none.

    Raises
    ------
    UnreadableError : a mail that cannot be put together
    """
    read = {
        "postmark": _postmark, "mailgun": _mailgun, "sendgrid": _sendgrid, "brevo": _brevo,
        "mandrill": _mandrill,
    }.get(provider)  # fmt: skip
    if read is None:
        return None
    try:
        given = list(read(request))
    except UNREAD:
        raise UnreadableError("This is no mail that the provider took in.") from None
    require_few(len(given))
    return tuple(_event(provider, one) for one in given) or None


def _event(provider: str, given: _Given) -> Event:
    raw = b"".join(
        f"{name}: {value}\r\n".encode()
        for name, value in (
            ("Delivered-To", given.recipient), ("Return-Path", _angled(given.sender)),
        )
        if value
    ) + given.raw  # fmt: skip
    body = {
        "provider": provider,
        "recipient": given.recipient,
        "files_left_out": given.files_left_out,
        # So that an erasure finds it.
        "addresses": addresses_in(raw),
        "raw": base64.b64encode(raw).decode("ascii"),
    }
    head = given.raw[:64_000].decode("utf-8", "replace")
    found = _ID.search(head)
    # Tokens and the borders of parts are new with each try; the mail's own id is not.
    name = found[1] if found else given.event_id or hashlib.sha256(given.raw).hexdigest()
    return Event(digest_of(provider, "inbound", name, given.recipient), KIND, json.dumps(body))


def _angled(address: str) -> str:
    return f"<{address}>" if address else ""


def _clean(value: object) -> str:
    text = str(value or "").strip().strip("<>")
    return text.lower() if _ADDRESS.fullmatch(text) else ""


# Providers


def _postmark(request: WSGIRequest) -> Iterator[_Given]:
    told = _json(request)
    if told.get("RecordType", "Inbound") != "Inbound" or "FromFull" not in told:
        return
    recipient, name = _clean(told.get("OriginalRecipient")), str(told.get("MessageID", ""))
    if isinstance(told.get("RawEmail"), str):
        yield _Given(_raw(told["RawEmail"]), recipient, event_id=name)
        return
    event = PostmarkInboundWebhookView.esp_to_anymail_event(_view(PostmarkInboundWebhookView), told)
    yield _built(event.message, recipient, name)


def _mailgun(request: WSGIRequest) -> Iterator[_Given]:
    form = _form(request)
    if "recipient" not in form or form.get("event", "inbound") != "inbound":
        return
    recipient, sender = _clean(form["recipient"]), _clean(form.get("sender"))
    if "body-mime" in form:
        yield _Given(_raw(form["body-mime"]), recipient, sender)
        return
    view = _view(MailgunInboundWebhookView)
    yield _built(view.esp_to_anymail_event(request).message, recipient, "", sender)


def _sendgrid(request: WSGIRequest) -> Iterator[_Given]:
    form = _form(request)
    if not {"email", "headers"} & set(form):
        return
    envelope = json.loads(form.get("envelope") or "{}")
    recipient = _clean(next(iter(envelope.get("to") or []), ""))
    sender = _clean(envelope.get("from"))
    if "email" in form:
        yield _Given(_raw(form["email"]), recipient, sender)
        return
    view = _view(SendGridInboundWebhookView)
    yield _built(view.message_from_sendgrid_parsed(request), recipient, "", sender)


def _brevo(request: WSGIRequest) -> Iterator[_Given]:
    told = _json(request)
    for one in told.get("items") or []:
        # Its files lie at Brevo and would have to be fetched; the mail does not wait for them.
        files = one.pop("Attachments", None) or []
        event = _view(BrevoInboundWebhookView).esp_to_anymail_event(one)
        given = _built(event.message, _clean(event.message.envelope_recipient), event.event_id)
        yield _Given(given.raw, given.recipient, "", given.event_id, len(files))


def _mandrill(request: WSGIRequest) -> Iterator[_Given]:
    try:
        told_all = json.loads(_form(request).get("mandrill_events") or "[]")
    except (ValueError, RecursionError):
        return
    for one in told_all if isinstance(told_all, list) else []:
        if isinstance(one, dict) and one.get("event") == "inbound":
            told = one["msg"]
            yield _Given(_raw(told["raw_msg"]), _clean(told.get("email")))


def _json(request: WSGIRequest) -> Mapping[str, Any]:
    """Return the body; what is none is no mail, and the readers of events say what it is."""
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _form(request: WSGIRequest) -> Mapping[str, str]:
    try:
        return {name: str(value) for name, value in request.POST.items()}
    except (MultiPartParserError, ValueError):
        return {}


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _view(kind: Any) -> Any:
    """Make one of anymail's readers; it verifies nothing here, that was done before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind.__new__(kind)


def _built(
    message: AnymailInboundMessage, recipient: str, name: object, sender: str = ""
) -> _Given:
    for way in (policy.SMTP, policy.compat32.clone(linesep="\r\n")):
        try:
            return _Given(message.as_bytes(policy=way), recipient, sender, str(name or ""))
        except (*UNREAD, UnicodeError):
            continue
    raise UnreadableError("The mail cannot be put together from its parts.")
