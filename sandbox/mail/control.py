"""The part of the control surface that has the providers of e-mail tell what happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

from sandbox import messages
from sandbox.entities import Account, Platform
from sandbox.mail import brevo, mailgun, mandrill, postmark, resend, sendgrid
from sandbox.messages import Event
from sandbox.store import Store
from sandbox.traffic import Traffic
from sandbox.web import JsonObject, Request
from sandbox.webhooks import arranged, is_forged, upto, webhook_secret


class Teller(Protocol):
    """Writes the calls of a provider; a body under `json` still has to be encoded."""

    def __call__(
        self, account: Account, events: list[Event], url: str, sent: float, *, forged: bool
    ) -> list[JsonObject]: ...


TELLERS: dict[Platform, Teller] = {
    "brevo": brevo.calls,
    "mailgun": mailgun.calls,
    "mandrill": mandrill.calls,
    "postmark": postmark.calls,
    "resend": resend.calls,
    "sendgrid": sendgrid.calls,
}


def deliver(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"platform", "account", "url", "send"?, "ahead_s"?, "duplicates"?, "order"?, …}`.

    What happened up to now (and up to `ahead_s` later) and was not told yet, in the provider's
    own form; `age_s` makes the signatures older, `signature` wrong; `keep` tells it again later.
    """
    body = request.json()
    account = messages.account_of(store, body, *TELLERS)
    now, url = store.now(), str(body.get("url", ""))
    events = messages.waiting(store, account, upto(body, now))
    if not body.get("keep"):
        messages.told(store, events)
    sent = now - float(str(body.get("age_s", 0)))
    calls = TELLERS[account.platform](
        account, arranged(events, body, store.seed), url, sent, forged=is_forged(body)
    )
    return {"calls": [_encoded(call) for call in calls]}


def shown_secrets(account: Account) -> JsonObject:
    """Return what a receiver needs to know an account's webhooks by."""
    is_called = account.platform in (*TELLERS, "x") or account.extra.get("page")
    if not is_called:
        return {}
    secret = webhook_secret(account)
    public = {"webhook_key": sendgrid.public_key(secret)} if account.platform == "sendgrid" else {}
    return {"webhook_secret": secret, **public}


def _encoded(call: JsonObject) -> JsonObject:
    if "json" not in call:
        return call
    body = json.dumps(call["json"], separators=(",", ":"))
    return {"url": call["url"], "headers": call["headers"], "body": body}


ACTIONS: dict[tuple[str, str], Callable[[Store, Traffic, Request], JsonObject]] = {
    ("POST", "mail/deliver"): deliver,
}
