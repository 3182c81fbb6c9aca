"""Brevo: one e-mail or versions of it, looking messages up, webhooks behind a password."""

from __future__ import annotations

import base64
import json

from sandbox import messages
from sandbox.context import Context, Refusal, utc_text
from sandbox.entities import Account
from sandbox.mail.letters import (
    Letter,
    account_by_token,
    is_address,
    take,
    texts,
)
from sandbox.messages import Event, Message
from sandbox.web import Answer, JsonObject, as_list, as_object
from sandbox.webhooks import webhook_secret

MAX_VERSIONS, MAX_RECIPIENTS = 1_000, 99


def fail(status: int, code: str, message: str) -> Refusal:
    """Build an error answer to raise."""
    return Refusal(Answer.json({"code": code, "message": message}, status))


def handle(context: Context) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as Brevo refuses
    """
    request = context.request
    account = account_by_token(context.store, "brevo", request.headers.get("api-key", ""))
    if account is None:
        raise fail(401, "unauthorized", "Key not found")
    match request.method, request.segments[1:]:
        case "GET", ["account"]:
            return Answer.json({"email": "sandbox@example.com", "companyName": account.name})
        case "POST", ["smtp", "email"]:
            try:
                body = request.json()
            except ValueError:
                raise fail(400, "invalid_parameter", "Input must be a valid JSON object") from None
            return Answer.json(_send(context, account, body), 201)
        case "GET", ["smtp", "emails"]:
            return Answer.json(_found(context, account))
    raise fail(404, "document_not_found", "Resource not found")


def _send(context: Context, account: Account, body: JsonObject) -> JsonObject:
    versions = [as_object(one) for one in as_list(body.get("messageVersions"))]
    if len(versions) > MAX_VERSIONS:
        raise fail(400, "invalid_parameter", f"messageVersions has at most {MAX_VERSIONS}")
    # One that is wrong stops all of them before anything is sent.
    for version in versions or [{}]:
        _check(body | version)
    ids = [_take(context, account, body, version) for version in versions or [{}]]
    return {"messageIds": ids} if versions else {"messageId": ids[0]}


def _check(body: JsonObject) -> None:
    to = _addresses(body.get("to"))
    if not is_address(str(as_object(body.get("sender")).get("email", ""))):
        raise fail(400, "invalid_parameter", "valid sender email required")
    if not to or len(to) > MAX_RECIPIENTS:
        raise fail(400, "missing_parameter", "to is missing")
    if not all(is_address(one) for one in to):
        raise fail(400, "invalid_parameter", "email is not valid in to")
    if not (body.get("htmlContent") or body.get("textContent") or body.get("templateId")):
        raise fail(400, "missing_parameter", "htmlContent or textContent is missing")


def _take(context: Context, account: Account, body: JsonObject, version: JsonObject) -> str:
    day = utc_text(context.now, "%Y%m%d%H%M")
    message_id = (
        f"<{day}.{messages.new_id(context.store, account, 'letter')[:16]}@smtp-relay.mailin.fr>"
    )
    whole = body | version
    headers = as_object(body.get("headers")) | as_object(version.get("headers"))
    for kind in ("to", "cc", "bcc"):
        for recipient in _addresses(whole.get(kind)):
            take(context, account, _letter(whole, headers, recipient), message_id)
    return message_id


def _addresses(value: object) -> list[str]:
    return [str(as_object(one).get("email", "")).lower() for one in as_list(value)]


def _letter(body: JsonObject, headers: JsonObject, recipient: str) -> Letter:
    given = {name.lower(): str(value) for name, value in headers.items()}
    try:
        metadata = as_object(json.loads(given.get("x-mailin-custom", "{}")))
    except ValueError:
        metadata = {}
    files = [str(as_object(one).get("name", "")) for one in as_list(body.get("attachment"))]
    return Letter(
        sender=str(as_object(body.get("sender")).get("email", "")).lower(),
        recipient=recipient,
        subject=str(body.get("subject", "")),
        text=str(body.get("textContent", "")),
        html=str(body.get("htmlContent", "")),
        headers={name: str(value) for name, value in headers.items()},
        metadata=metadata,
        tags=texts(body.get("tags")),
        more={"attachments": files, "custom": given.get("x-mailin-custom", "")},
    )


def _found(context: Context, account: Account) -> JsonObject:
    """`email` or `messageId` (one of them is required); newest first."""
    query = context.request.query
    if not query.get("email") and not query.get("messageId"):
        raise fail(400, "missing_parameter", "email, messageId or templateId is required")
    fitting = [
        message
        for message in messages.of_account(context.store, account, query.get("email", "").lower())
        if query.get("messageId", "") in ("", message.id)
    ]
    begin, limit = int(query.get("offset", 0)), min(int(query.get("limit", 500)), 1000)
    rows = [_shown(message) for message in fitting[begin : begin + limit]]
    return {"count": len(fitting), "transactionalEmails": rows} if rows else {"count": 0}


def _shown(message: Message) -> JsonObject:
    return {
        "email": message.recipient,
        "subject": message.content.get("subject", ""),
        "messageId": message.id,
        "uuid": message.id.strip("<>").partition("@")[0],
        "date": utc_text(message.at, "%Y-%m-%dT%H:%M:%S.000+00:00"),
        "from": message.sender,
        "tags": as_list(message.content.get("tags")),
    }


# Webhooks

_NAMES = {
    "sent": "request",
    "delivered": "delivered",
    "deferred": "deferred",
    "hard": "hard_bounce",
    "soft": "soft_bounce",
    "dropped": "blocked",
    "opened": "unique_opened",
    "clicked": "click",
    "complained": "spam",
    "unsubscribed": "unsubscribe",
}
_REASONS = {
    "hard": "550 5.1.1 No such user",
    "soft": "452 4.2.2 Mailbox full",
    "deferred": "451 4.3.0 Try again later",
    "dropped": "blocked : due to blacklist user",
}


def calls(
    account: Account, events: list[Event], url: str, sent: float, *, forged: bool
) -> list[JsonObject]:
    """Write one call for each event; Brevo signs nothing."""
    password = "sandbox:not the password" if forged else webhook_secret(account)
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Basic {base64.b64encode(password.encode()).decode()}",
    }
    told = [event_body(event) for event in events if event.kind in _NAMES]
    return [{"url": url, "headers": headers, "json": body} for body in told]


def event_body(event: Event) -> JsonObject:
    """Return what Brevo posts of an event."""
    message, content = event.message, event.message.content
    body: JsonObject = {
        "event": _NAMES[event.kind],
        "email": message.recipient,
        "id": event.row,
        "date": utc_text(event.at, "%Y-%m-%d %H:%M:%S"),
        "ts": int(message.at),
        "ts_event": int(event.at),
        "ts_epoch": round(1000 * event.at),
        "message-id": message.id,
        "subject": content.get("subject", ""),
        "sender_email": message.sender,
        "tags": as_list(content.get("tags")),
    }
    if content.get("custom"):
        body["X-Mailin-custom"] = content["custom"]
    if event.kind in _REASONS:
        body["reason"] = _REASONS[event.kind]
    if event.kind == "clicked":
        body["link"] = event.detail.get("link", "https://example.com/")
    return body
