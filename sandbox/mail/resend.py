"""Resend: one e-mail, batches, idempotency keys, reading back, webhooks signed as Svix does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from sandbox import messages
from sandbox.context import Context, Refusal, utc_text
from sandbox.entities import Account
from sandbox.mail.letters import (
    Letter,
    account_by_token,
    address,
    addresses,
    as_uuid,
    is_address,
    take,
    texts,
)
from sandbox.messages import Event, Message
from sandbox.web import Answer, JsonObject, as_list, as_object
from sandbox.webhooks import webhook_secret

MAX_BATCH, MAX_RECIPIENTS = 100, 50
#: A key is remembered for a day.
KEY_LIVES_S = 24 * 3600
_STAMP = "%Y-%m-%d %H:%M:%S.000000+00"


def fail(status: int, name: str, message: str) -> Refusal:
    """Build an error answer to raise."""
    return Refusal(Answer.json({"statusCode": status, "name": name, "message": message}, status))


def handle(context: Context) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as Resend refuses
    """
    request = context.request
    if not request.bearer:
        raise fail(401, "missing_api_key", "Missing API Key")
    account = account_by_token(context.store, "resend", request.bearer)
    if account is None:
        raise fail(403, "invalid_api_key", "API key is invalid")
    match request.method, request.segments:
        case "GET", ["domains"]:
            return Answer.json({"object": "list", "has_more": False, "data": []})
        case "POST", ["emails"]:
            return _once(context, account, is_batch=False)
        case "POST", ["emails", "batch"]:
            return _once(context, account, is_batch=True)
        case "GET", ["emails", message_id]:
            found = messages.find(context.store, "resend", message_id)
            if found and found[0].account_id == account.id:
                return Answer.json(_shown(context, found))
    raise fail(404, "not_found", "The requested endpoint or e-mail does not exist")


def _once(context: Context, account: Account, *, is_batch: bool) -> Answer:
    """Do it once for each idempotency key: the same key and body get the same answer again."""
    key = context.request.headers.get("idempotency-key", "")
    if not key:
        return Answer.json(_send(context, account, is_batch=is_batch))
    if len(key) > 256:
        raise fail(400, "invalid_idempotency_key", "The key must be between 1-256 chars")
    fingerprint = hashlib.sha256(context.request.path.encode() + context.request.body).hexdigest()
    name = ("resend", account.id, key)
    rows = context.store.query(
        "SELECT * FROM kept_answer WHERE platform = ? AND account_id = ? AND name = ? AND at > ?",
        *(*name, context.now - KEY_LIVES_S),
    )
    if rows and rows[0]["fingerprint"] != fingerprint:
        raise fail(
            409,
            "invalid_idempotent_request",
            "Same idempotency key used with a different request payload",
        )
    if rows:
        return Answer.json(json.loads(rows[0]["answer"]))
    reply = _send(context, account, is_batch=is_batch)
    context.store.execute(
        "INSERT OR REPLACE INTO kept_answer VALUES (?, ?, ?, ?, ?, ?)",
        *(*name, fingerprint, json.dumps(reply), context.now),
    )
    return Answer.json(reply)


def _send(context: Context, account: Account, *, is_batch: bool) -> JsonObject:
    try:
        value = context.request.json_value()
    except ValueError:
        raise fail(422, "validation_error", "The body must be JSON") from None
    if not is_batch:
        return {"id": _take(context, account, as_object(value))}
    items = [as_object(item) for item in as_list(value)]
    if not items or len(items) > MAX_BATCH:
        raise fail(422, "validation_error", f"A batch has 1 to {MAX_BATCH} e-mails")
    if context.fault_is("mail_partial"):
        raise fail(422, "validation_error", "One e-mail is not valid: the batch was not sent")
    # One that is wrong stops the whole batch before anything is sent.
    for item in items:
        _check(item)
    return {"data": [{"id": _take(context, account, item)} for item in items]}


def _check(body: JsonObject) -> None:
    if not is_address(address(str(body.get("from", "")))):
        raise fail(422, "validation_error", "Invalid `from` field.")
    to = addresses(texts(body.get("to")))
    if not to or len(to) > MAX_RECIPIENTS:
        raise fail(422, "validation_error", f"`to` has 1 to {MAX_RECIPIENTS} recipients.")
    if not all(is_address(one) for one in to):
        raise fail(422, "validation_error", "Invalid `to` field.")
    if not (body.get("html") or body.get("text")):
        raise fail(422, "missing_required_field", "Missing `html` or `text` field.")


def _take(context: Context, account: Account, body: JsonObject) -> str:
    _check(body)
    message_id = as_uuid(messages.new_id(context.store, account, "letter"))
    kinds = ("to", "cc", "bcc")
    for recipient in [one for kind in kinds for one in addresses(texts(body.get(kind)))]:
        take(context, account, _letter(body, recipient), message_id)
    return message_id


def _letter(body: JsonObject, recipient: str) -> Letter:
    headers = {name: str(value) for name, value in as_object(body.get("headers")).items()}
    given = {name.lower(): value for name, value in headers.items()}
    files = [str(as_object(one).get("filename", "")) for one in as_list(body.get("attachments"))]
    return Letter(
        sender=address(str(body.get("from", ""))),
        recipient=recipient,
        subject=str(body.get("subject", "")),
        text=str(body.get("text", "")),
        html=str(body.get("html", "")),
        headers=headers,
        metadata=as_object(_json(given.get("x-metadata", "{}"))),
        tags=[str(tag) for tag in as_list(_json(given.get("x-tags", "[]")))],
        more={"to": ", ".join(texts(body.get("to"))), "attachments": files},
    )


def _json(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return None
    return value


def _shown(context: Context, found: list[Message]) -> JsonObject:
    content = found[0].content
    seen = messages.history(context.store, found[0], context.now)
    last = next((_NAMES[event.kind] for event in reversed(seen) if event.kind in _NAMES), "")
    return {
        "object": "email",
        "id": found[0].id,
        "to": [message.recipient for message in found],
        "from": found[0].sender,
        "created_at": utc_text(found[0].at, _STAMP),
        "subject": content.get("subject"),
        "html": content.get("html"),
        "text": content.get("text"),
        "bcc": [],
        "cc": [],
        "reply_to": [],
        "last_event": last.removeprefix("email.") or "queued",
    }


# Webhooks

_NAMES = {
    "sent": "email.sent",
    "delivered": "email.delivered",
    "deferred": "email.delivery_delayed",
    "hard": "email.bounced",
    "soft": "email.bounced",
    "dropped": "email.bounced",
    "opened": "email.opened",
    "clicked": "email.clicked",
    "complained": "email.complained",
}
_BOUNCES = {
    "hard": ("Permanent", "General", "The recipient's email provider sent a hard bounce message."),
    "soft": ("Transient", "MailboxFull", "The recipient's email provider sent a bounce message"
             " because the recipient's inbox was full."),
    "dropped": ("Permanent", "Suppressed", "Resend has suppressed sending to this address because"
                " it is on the account-level suppression list."),
}  # fmt: skip


def calls(
    account: Account, events: list[Event], url: str, sent: float, *, forged: bool
) -> list[JsonObject]:
    """Write one signed call for each event that Resend tells of."""
    return [
        _signed(account, event, url, sent, forged=forged)
        for event in events
        if event.kind in _NAMES
    ]


def _signed(account: Account, event: Event, url: str, sent: float, *, forged: bool) -> JsonObject:
    body = json.dumps(event_body(event), separators=(",", ":"))
    digest = hashlib.sha256(f"{account.id}:{event.row}".encode()).hexdigest()
    delivery, stamp = f"msg_{digest[:24]}", str(int(sent))
    key = base64.b64decode(webhook_secret(account).removeprefix("whsec_"))
    signed = f"{delivery}.{stamp}.{body}".encode()
    mac = hmac.new(b"not the key" if forged else key, signed, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "svix-id": delivery,
        "svix-timestamp": stamp,
        "svix-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
    return {"url": url, "headers": headers, "body": body}


def event_body(event: Event) -> JsonObject:
    """Return what Resend posts of an event."""
    message, at = event.message, utc_text(event.at, "%Y-%m-%dT%H:%M:%S.000Z")
    headers = as_object(message.content.get("headers"))
    data: JsonObject = {
        "created_at": utc_text(message.at, _STAMP),
        "email_id": message.id,
        "from": message.sender,
        "to": [message.recipient],
        "subject": message.content.get("subject", ""),
        "headers": [{"name": name, "value": value} for name, value in headers.items()],
        "tags": {},
    }
    if event.kind in _BOUNCES:
        kind, subtype, text = _BOUNCES[event.kind]
        data["bounce"] = {"type": kind, "subType": subtype, "message": text}
    if event.kind == "clicked":
        data["click"] = {
            "ipAddress": "192.0.2.1",
            "link": event.detail.get("link", "https://example.com/"),
            "timestamp": at,
            "userAgent": "Mozilla/5.0",
        }
    return {"type": _NAMES[event.kind], "created_at": at, "data": data}
