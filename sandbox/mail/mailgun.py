"""Mailgun: form fields, variables for each recipient, one id for all, signed events."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from sandbox import messages
from sandbox.context import Context, Refusal
from sandbox.entities import Account
from sandbox.mail.letters import (
    Letter,
    account_by_token,
    address,
    addresses,
    hmac_sha256,
    is_address,
    take,
    texts,
)
from sandbox.messages import Event, Message
from sandbox.web import Answer, JsonObject, as_list, as_object
from sandbox.webhooks import webhook_secret

MAX_RECIPIENTS, PAGE = 1_000, 100
Form = Mapping[str, list[str]]


def fail(status: int, message: str) -> Refusal:
    """Build an error answer to raise."""
    return Refusal(Answer.json({"message": message}, status))


def handle(context: Context) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as Mailgun refuses
    """
    request = context.request
    name, key = request.basic
    account = account_by_token(context.store, "mailgun", key)
    if name != "api" or account is None:
        raise Refusal(Answer(401, b"Forbidden", {"Content-Type": "text/plain"}))
    match request.method, request.segments[1:]:
        case "GET", ["domains"]:
            items = [{"name": name, "state": "active"} for name in _domains(account)]
            return Answer.json({"total_count": len(items), "items": items})
        case "POST", [domain, "messages"]:
            _check_domain(account, domain)
            return Answer.json(_send(context, account, domain))
        case "GET", [domain, "events"]:
            _check_domain(account, domain)
            return Answer.json(_events(context, account, domain))
    # What Mailgun really says about a path that it does not have.
    return Answer(200, b"Mailgun Magnificent API", {"Content-Type": "text/plain"})


def _domains(account: Account) -> list[str]:
    return texts(account.extra.get("domains"))


def _check_domain(account: Account, domain: str) -> None:
    if _domains(account) and domain not in _domains(account):
        raise fail(404, f"Domain not found: {domain}")


def _send(context: Context, account: Account, domain: str) -> JsonObject:
    form: dict[str, list[str]] = {}
    for name, value in context.request.pairs():
        form.setdefault(name, []).append(value)
    to = addresses(form.get("to", []))
    every = to + addresses(form.get("cc", [])) + addresses(form.get("bcc", []))
    if not is_address(address(_first(form, "from"))):
        raise fail(400, "from parameter is not a valid address. please check documentation")
    if not to or len(to) > MAX_RECIPIENTS or not all(is_address(one) for one in every):
        raise fail(400, "to parameter is not a valid address. please check documentation")
    if not (_first(form, "text") or _first(form, "html") or _first(form, "template")):
        raise fail(400, "Need at least one of 'text', 'html', 'amp-html' or 'template'")
    try:
        variables = as_object(json.loads(_first(form, "recipient-variables") or "{}"))
    except ValueError:
        raise fail(400, "'recipient-variables' parameter is not a valid JSON dict") from None
    message_id = f"<{messages.new_id(context.store, account, 'letter')}@{domain}>"
    for recipient in every:
        own = _own(variables, recipient)
        take(context, account, _letter(form, recipient, own, domain), message_id)
    return {"id": message_id, "message": "Queued. Thank you."}


def _own(variables: JsonObject, recipient: str) -> JsonObject:
    lowered = {name.lower(): value for name, value in variables.items()}
    return as_object(lowered.get(recipient))


def _first(form: Form, name: str) -> str:
    return form.get(name, [""])[0]


def _letter(form: Form, recipient: str, own: JsonObject, domain: str) -> Letter:
    def filled(text: str) -> str:
        return re.sub(r"%recipient\.([^%\s]+)%", lambda m: str(own.get(m[1], m[0])), text)

    headers = {name[2:]: filled(form[name][0]) for name in form if name.startswith("h:")}
    metadata = {name[2:]: filled(form[name][0]) for name in form if name.startswith("v:")}
    return Letter(
        sender=address(_first(form, "from")),
        recipient=recipient,
        subject=filled(_first(form, "subject")),
        text=filled(_first(form, "text")),
        html=filled(_first(form, "html")),
        # A recipient without a value of their own leaves the header out.
        headers={name: value for name, value in headers.items() if value},
        metadata=metadata,
        tags=[*form.get("o:tag", [])],
        more={"domain": domain, "attachments": [*form.get("attachment", [])]},
    )


# Looking up


def _events(context: Context, account: Account, domain: str) -> JsonObject:
    """`event`, `recipient`, `message-id` narrow; every message begins with `accepted`."""
    query = context.request.query
    asked = query.get("event", "")
    limit = min(int(query.get("limit", PAGE)), 300)
    items: list[JsonObject] = []
    for message in messages.of_account(context.store, account, query.get("recipient", "").lower()):
        wanted = query.get("message-id", "").strip("<>")
        if message.content.get("domain") != domain or wanted not in ("", message.id.strip("<>")):
            continue
        accepted = Event(0, message.at, "accepted", message, {})
        seen = [accepted, *messages.history(context.store, message, context.now)]
        items += [event_data(event) for event in seen if event.kind in _NAMES]
    items = [item for item in items if asked in ("", item["event"])]
    begin = int(query.get("page", 0))
    path = f"http://{context.request.headers.get('host', '')}{context.request.path}"
    after = f"{path}?{urlencode(query | {'page': str(begin + limit)})}"
    return {"items": items[begin : begin + limit], "paging": {"next": after, "previous": path}}


# Webhooks

_NAMES = {
    "accepted": "accepted",
    "delivered": "delivered",
    "deferred": "failed",
    "hard": "failed",
    "soft": "failed",
    "dropped": "failed",
    "opened": "opened",
    "clicked": "clicked",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
}
_FAILURES: dict[str, tuple[str, str, int, str]] = {
    "deferred": ("temporary", "generic", 451, "4.3.0 Try again later"),
    "soft": ("temporary", "generic", 452, "4.2.2 Mailbox full"),
    "hard": ("permanent", "bounce", 550, "5.1.1 No such user"),
    "dropped": (
        "permanent",
        "suppress-bounce",
        605,
        "Not delivering to previously bounced address",
    ),
}


def calls(
    account: Account, events: list[Event], url: str, sent: float, *, forged: bool
) -> list[JsonObject]:
    """Write one call for each event, its signature inside."""
    key = "not the key" if forged else webhook_secret(account)
    told: list[JsonObject] = []
    for event in events:
        if event.kind not in _NAMES:
            continue
        token = hashlib.sha256(f"{account.id}:{event.row}".encode()).hexdigest()[:50]
        stamp = str(int(sent))
        signature = hmac_sha256(key, stamp + token).hex()
        block = {"token": token, "timestamp": stamp, "signature": signature}
        body = {"signature": block, "event-data": event_data(event)}
        told.append({"url": url, "headers": {"Content-Type": "application/json"}, "json": body})
    return told


def event_data(event: Event) -> JsonObject:
    """Return one event as its webhook and the list of events show it."""
    message, content = event.message, event.message.content
    digest = hashlib.sha256(f"{message.row}:{event.kind}:{event.row}".encode()).hexdigest()
    data: JsonObject = {
        "id": digest[:22],
        "event": _NAMES[event.kind],
        "timestamp": event.at,
        "recipient": message.recipient,
        "recipient-domain": message.recipient.partition("@")[2],
        "log-level": "info",
        "tags": as_list(content.get("tags")),
        "user-variables": as_object(content.get("metadata")),
        "message": {"headers": _headers(message), "attachments": [], "size": 1000},
        "campaigns": [],
    }
    if event.kind in _FAILURES:
        severity, reason, code, text = _FAILURES[event.kind]
        status = {"code": code, "message": text, "description": "", "attempt-no": 1}
        data |= {"severity": severity, "reason": reason, "delivery-status": status}
    if event.kind == "delivered":
        data["delivery-status"] = {"code": 250, "message": "OK", "description": "", "tls": True}
    if event.kind in ("opened", "clicked"):
        data |= {"client-info": {"user-agent": "Mozilla/5.0"}, "ip": "192.0.2.1"}
    if event.kind == "clicked":
        data["url"] = event.detail.get("link", "https://example.com/")
    return data


def _headers(message: Message) -> JsonObject:
    return {
        "to": message.recipient,
        "message-id": message.id.strip("<>"),
        "from": message.sender,
        "subject": message.content.get("subject", ""),
    }
