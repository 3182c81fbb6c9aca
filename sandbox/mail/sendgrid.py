"""SendGrid: one call for many recipients, an answer without ids, events signed with ECDSA."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from sandbox import messages
from sandbox.context import Context, Refusal
from sandbox.entities import Account
from sandbox.mail.letters import (
    Letter,
    account_by_token,
    is_address,
    take,
    texts,
)
from sandbox.messages import Event
from sandbox.web import Answer, JsonObject, as_list, as_object
from sandbox.webhooks import webhook_secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

MAX_PERSONALIZATIONS, MAX_RECIPIENTS = 1_000, 1_000


def fail(status: int, message: str, field: str | None = None) -> Refusal:
    """Build an error answer to raise."""
    error = {"message": message, "field": field, "help": None}
    return Refusal(Answer.json({"errors": [error]}, status))


def handle(context: Context) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as SendGrid refuses
    """
    request = context.request
    account = account_by_token(context.store, "sendgrid", request.bearer)
    if account is None:
        raise fail(401, "The provided authorization grant is invalid, expired, or revoked")
    match request.method, request.segments[1:]:
        case "GET", ["scopes"]:
            return Answer.json({"scopes": ["mail.send"]})
        case "POST", ["mail", "send"]:
            try:
                body = request.json()
            except ValueError:
                raise fail(400, "Bad Request") from None
            return Answer(202, b"", {"X-Message-Id": _send(context, account, body)[:22]})
    raise fail(404, "Not Found")


def _send(context: Context, account: Account, body: JsonObject) -> str:
    parts = [as_object(part) for part in as_list(body.get("personalizations"))]
    _check(body, parts)
    message_id = messages.new_id(context.store, account, "letter")
    for part in parts:
        for kind in ("to", "cc", "bcc"):
            for recipient in _addresses(part.get(kind)):
                take(context, account, _letter(body, part, recipient), message_id)
    return message_id


def _check(body: JsonObject, parts: list[JsonObject]) -> None:
    """Refuse the whole call for one thing that is wrong."""
    if not 1 <= len(parts) <= MAX_PERSONALIZATIONS:
        message = f"There must be 1 to {MAX_PERSONALIZATIONS} personalizations."
        raise fail(400, message, "personalizations")
    if not is_address(str(as_object(body.get("from")).get("email", ""))):
        raise fail(400, "The from email does not contain a valid address.", "from.email")
    for index, part in enumerate(parts):
        field = f"personalizations.{index}.to"
        if not _addresses(part.get("to")):
            raise fail(400, "The to array is required and must have at least one.", field)
        every = [one for kind in ("to", "cc", "bcc") for one in _addresses(part.get(kind))]
        if not all(is_address(one) for one in every):
            message = "Does not contain a valid address."
            raise fail(400, message, f"{field}.0.email")
        if len(set(every)) != len(every):
            message = "Each email address in the personalization block should be unique."
            raise fail(400, message, field)
    content = [as_object(one) for one in as_list(body.get("content"))]
    if not any(one.get("value") for one in content) and not body.get("template_id"):
        raise fail(
            400, "Unless a valid template_id is provided, the content is required", "content"
        )


def _addresses(value: object) -> list[str]:
    return [str(as_object(one).get("email", "")).lower() for one in as_list(value)]


def _letter(body: JsonObject, part: JsonObject, recipient: str) -> Letter:
    given = as_object(body.get("headers")) | as_object(part.get("headers"))
    content = {
        str(one.get("type")): str(one.get("value"))
        for one in map(as_object, as_list(body.get("content")))
    }
    files = [str(as_object(one).get("filename", "")) for one in as_list(body.get("attachments"))]
    return Letter(
        sender=str(as_object(body.get("from")).get("email", "")).lower(),
        recipient=recipient,
        subject=str(part.get("subject") or body.get("subject", "")),
        text=content.get("text/plain", ""),
        html=content.get("text/html", ""),
        headers={name: str(value) for name, value in given.items()},
        metadata=as_object(body.get("custom_args")) | as_object(part.get("custom_args")),
        tags=texts(body.get("categories")),
        more={"attachments": files},
    )


# Webhooks

_NAMES = {
    "sent": "processed",
    "delivered": "delivered",
    "deferred": "deferred",
    "hard": "bounce",
    "soft": "bounce",
    "dropped": "dropped",
    "opened": "open",
    "clicked": "click",
    "complained": "spamreport",
    "unsubscribed": "unsubscribe",
}
_DETAILS: dict[str, JsonObject] = {
    "delivered": {"response": "250 OK"},
    "deferred": {"response": "451 4.3.0 Try again later", "attempt": "1"},
    "hard": {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 No such user"},
    "soft": {"type": "blocked", "status": "4.2.2", "reason": "452 4.2.2 Mailbox full"},
    "opened": {"useragent": "Mozilla/5.0", "ip": "192.0.2.1", "sg_machine_open": False},
    "clicked": {"useragent": "Mozilla/5.0", "ip": "192.0.2.1"},
}
_DROPPED = {
    "hard": "Bounced Address",
    "complained": "Spam Reporting Address",
    "unsubscribed": "Unsubscribed Address",
}


def calls(
    account: Account, events: list[Event], url: str, sent: float, *, forged: bool
) -> list[JsonObject]:
    """Write one signed call with all the events."""
    if not events:
        return []
    rows = (json.dumps(event_body(event), separators=(",", ":")) for event in events)
    # The body ends in a line break, which is signed too.
    body = "[" + ",\r\n".join(rows) + "]\r\n"
    stamp = str(int(sent))
    key = signing_key("not the key" if forged else webhook_secret(account))
    headers = {
        "Content-Type": "application/json",
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        "X-Twilio-Email-Event-Webhook-Signature": _signature(key, stamp + body),
    }
    return [{"url": url, "headers": headers, "body": body}]


def signing_key(secret: str) -> EllipticCurvePrivateKey:
    """Return the private key that belongs to a secret."""
    from cryptography.hazmat.primitives.asymmetric import ec

    number = int.from_bytes(hashlib.sha256(secret.encode()).digest()) >> 1
    return ec.derive_private_key(number, ec.SECP256R1())


def public_key(secret: str) -> str:
    """Return the public key as SendGrid shows it: base64 of its DER form."""
    from cryptography.hazmat.primitives import serialization

    public = signing_key(secret).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(public.public_bytes(serialization.Encoding.DER, form)).decode()


def _signature(key: EllipticCurvePrivateKey, text: str) -> str:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return base64.b64encode(key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))).decode()


def event_body(event: Event) -> JsonObject:
    """Return one event; what the sender gave along lies flat in it."""
    message, content = event.message, event.message.content
    digest = hashlib.sha256(f"{message.account_id}:{event.row}".encode()).digest()
    body: JsonObject = {
        "email": message.recipient,
        "timestamp": int(event.at),
        "smtp-id": f"<{message.id}@sandbox>",
        "event": _NAMES[event.kind],
        "category": content.get("tags", []),
        "sg_event_id": base64.urlsafe_b64encode(digest[:16]).decode().rstrip("="),
        "sg_message_id": f"{message.id[:22]}.recvd-sandbox-0",
        **as_object(content.get("metadata")),
        **_DETAILS.get(event.kind, {}),
    }
    if event.kind == "clicked":
        body["url"] = event.detail.get("link", "https://example.com/")
    if event.kind == "dropped":
        body["reason"] = _DROPPED.get(str(event.detail.get("reason")), "Invalid")
    return body
