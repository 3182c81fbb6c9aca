"""Mandrill: the key in the body, an answer for each recipient, signed events."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import urlencode

from sandbox import messages
from sandbox.context import Context, Refusal
from sandbox.entities import Account
from sandbox.mail.letters import (
    Letter,
    account_by_token,
    is_address,
    take,
    texts,
    trouble,
)
from sandbox.messages import Event
from sandbox.web import Answer, JsonObject, as_list, as_object
from sandbox.webhooks import webhook_secret

_REASONS = {"hard": "hard-bounce", "complained": "spam", "unsubscribed": "unsub"}


def fail(code: int, name: str, message: str, status: int = 500) -> Refusal:
    """Build an error answer to raise."""
    body = {"status": "error", "code": code, "name": name, "message": message}
    return Refusal(Answer.json(body, status))


def handle(context: Context) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as Mandrill refuses
    """
    try:
        body = context.request.json()
    except ValueError:
        raise fail(-2, "ValidationError", "You must specify a key value", 400) from None
    account = account_by_token(context.store, "mandrill", str(body.get("key", "")))
    if account is None:
        raise fail(-1, "Invalid_Key", "Invalid API key", 401)
    match context.request.method, context.request.segments[2:]:
        case "POST", ["users", "ping2.json"]:
            return Answer.json({"PING": "PONG!"})
        case "POST", ["messages", "send.json"]:
            return Answer.json(_send(context, account, as_object(body.get("message"))))
        case "POST", ["messages", "search.json"]:
            return Answer.json(_found(context, account, body))
    raise fail(-1, "Unknown_Method", "Unknown method", 404)


def _send(context: Context, account: Account, message: JsonObject) -> list[JsonObject]:
    """Answer for each recipient; refused ones do not stop the others."""
    to = [as_object(one) for one in as_list(message.get("to"))]
    if not to:
        raise fail(-2, "ValidationError", 'Validation error: {"message":{"to":"Missing"}}', 400)
    if not is_address(str(message.get("from_email", ""))):
        raise fail(-2, "ValidationError", "Validation error: from_email", 400)
    left_out = context.left_out("mail_partial")
    answers: list[JsonObject] = []
    for index, one in enumerate(to):
        recipient = str(one.get("email", ""))
        reason = trouble(context, account, recipient.lower())
        answer: JsonObject = {
            "email": recipient,
            "_id": messages.new_id(context.store, account, str(index)),
        }
        if index == left_out or not is_address(recipient):
            answer |= {"status": "invalid", "reject_reason": None}
        elif reason:
            answer |= {"status": "rejected", "reject_reason": _REASONS[reason]}
        else:
            take(context, account, _letter(message, recipient.lower()), str(answer["_id"]))
            answer |= {"status": "sent", "reject_reason": None}
        answers.append(answer)
    return answers


def _letter(message: JsonObject, recipient: str) -> Letter:
    headers = {name: str(value) for name, value in as_object(message.get("headers")).items()}
    own = as_list(message.get("recipient_metadata"))
    more = [as_object(one) for one in own if str(as_object(one).get("rcpt")).lower() == recipient]
    metadata = as_object(message.get("metadata"))
    for one in more:
        metadata = metadata | as_object(one.get("values"))
    files = [str(as_object(one).get("name", "")) for one in as_list(message.get("attachments"))]
    return Letter(
        sender=str(message.get("from_email", "")).lower(),
        recipient=recipient,
        subject=str(message.get("subject", "")),
        text=str(message.get("text", "")),
        html=str(message.get("html", "")),
        headers=headers,
        metadata=metadata,
        tags=texts(message.get("tags")),
        more={"attachments": files},
    )


def _found(context: Context, account: Account, body: JsonObject) -> list[JsonObject]:
    """`query`: `email:ADDRESS` or an address; newest first."""
    asked = str(body.get("query", "")).removeprefix("email:").lower()
    found = messages.of_account(context.store, account, asked)
    now = context.now
    return [
        _shown(Event(0, now, "sent", message, {}))
        for message in found[: int(str(body.get("limit", 100)))]
    ]


# Webhooks

_NAMES = {
    "sent": "send",
    "deferred": "deferral",
    "hard": "hard_bounce",
    "soft": "soft_bounce",
    "opened": "open",
    "clicked": "click",
    "complained": "spam",
    "unsubscribed": "unsub",
}
_DIAGNOSES = {
    "hard": "smtp;550 5.1.1 No such user",
    "soft": "smtp;452 4.2.2 Mailbox full",
    "deferred": "smtp;451 4.3.0 Try again later",
}


def calls(
    account: Account, events: list[Event], url: str, sent: float, *, forged: bool
) -> list[JsonObject]:
    """Write one signed form with all the events; Mandrill does not tell of deliveries."""
    told = [event_body(event) for event in events if event.kind in _NAMES]
    if not told:
        return []
    rows = json.dumps(told, separators=(",", ":"))
    key = "not the key" if forged else webhook_secret(account)
    mac = hmac.new(key.encode(), f"{url}mandrill_events{rows}".encode(), hashlib.sha1).digest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Mandrill-Signature": base64.b64encode(mac).decode(),
    }
    return [{"url": url, "headers": headers, "body": urlencode({"mandrill_events": rows})}]


def event_body(event: Event) -> JsonObject:
    """Return one event."""
    body: JsonObject = {
        "event": _NAMES[event.kind],
        "_id": event.message.id,
        "ts": int(event.at),
        "msg": _shown(event),
    }
    if event.kind in ("opened", "clicked"):
        body |= {"ip": "192.0.2.1", "user_agent": "Mozilla/5.0", "location": None}
    if event.kind == "clicked":
        body["url"] = event.detail.get("link", "https://example.com/")
    return body


def _shown(event: Event) -> JsonObject:
    message, content = event.message, event.message.content
    states = {"hard": "bounced", "soft": "soft-bounced", "deferred": "deferred"}
    shown: JsonObject = {
        "_id": message.id,
        "ts": int(message.at),
        "email": message.recipient,
        "sender": message.sender,
        "subject": content.get("subject", ""),
        "state": states.get(event.kind, "sent"),
        "tags": as_list(content.get("tags")),
        "metadata": as_object(content.get("metadata")),
        "opens": [],
        "clicks": [],
    }
    if event.kind in _DIAGNOSES:
        shown["diag"] = _DIAGNOSES[event.kind]
    return shown
