"""The part of the control surface that plays phones, and calls back as Twilio does."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from sandbox import messages
from sandbox.entities import Account
from sandbox.messages import Event, MessageError
from sandbox.store import Store
from sandbox.traffic import Traffic
from sandbox.twilio import texts
from sandbox.web import JsonObject, Request
from sandbox.webhooks import arranged, is_forged, upto

TOLD = ("sent", "delivered", "undelivered", "failed", "read")


def _deliver(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"account", "url"?, "send"?, "ahead_s"?, "duplicates"?, "order"?, "signature"?, "keep"?}`.

    Status callbacks of what happened and was not told yet, to the address that each message was
    sent with (`url` takes its place).
    """
    body = request.json()
    account = messages.account_of(store, body, "twilio")
    until = upto(body, store.now())
    events = [event for event in messages.waiting(store, account, until) if event.kind in TOLD]
    if not body.get("keep"):
        messages.told(store, events)
    calls = []
    for event in arranged(events, body, store.seed):
        url = str(body.get("url") or event.message.content.get("callback", ""))
        if url:
            calls.append(_call(account, url, _status(event), forged=is_forged(body)))
    return {"calls": calls}


def _inbound(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"account", "from", "to", "body", "url"?, "send"?, "by_ad"?, "opt_out"?, …}`.

    A person writes; words like STOP and START (SMS) change what later sends are answered.
    """
    body = request.json()
    account = messages.account_of(store, body, "twilio")
    person, ours = str(body.get("from", "")), str(body.get("to", ""))
    if not texts.is_number(person) or not ours:
        raise MessageError("from and to are numbers like +15550100 or whatsapp:+15550100")
    told = str(body.get("body", ""))
    word, (_, was_out) = told.strip().upper(), texts.last_inbound(store, account, ours, person)
    is_text = not texts.is_whatsapp(person)
    opted_out = bool(body.get("opt_out", was_out))
    if is_text and word in texts.STOP_WORDS | texts.START_WORDS:
        opted_out = word in texts.STOP_WORDS
    texts.heard(store, account, ours, person, at=store.now(), opted_out=opted_out)
    digest = hashlib.sha256(f"{account.id}:{person}:{ours}:{store.now()}:{told}".encode())
    form = _received(account, "SM" + digest.hexdigest()[:32], body)
    if is_text and "opt_out_type" in body:
        form["OptOutType"] = str(body["opt_out_type"])
    call = _call(account, str(body.get("url", "")), form, forged=is_forged(body))
    return {"sid": form["MessageSid"], "calls": arranged([call], body, store.seed)}


def _received(account: Account, sid: str, body: JsonObject) -> dict[str, str]:
    person, told = str(body["from"]), str(body.get("body", ""))
    form = {
        "ToCountry": "US",
        "SmsMessageSid": sid,
        "NumMedia": str(body.get("media", 0)),
        "SmsSid": sid,
        "SmsStatus": "received",
        "Body": told,
        "FromCountry": "US",
        "To": str(body["to"]),
        "NumSegments": str(texts.segments(told)),
        "MessageSid": sid,
        "AccountSid": account.id,
        "From": person,
        "ApiVersion": texts.API_VERSION,
    }
    if texts.is_whatsapp(person):
        form["ProfileName"] = str(body.get("profile_name", "Sandbox"))
        form["WaId"] = person.removeprefix("whatsapp:+")
        form["MessageType"] = "text"
        if body.get("by_ad"):
            form |= {"ReferralSourceId": "1", "ReferralSourceType": "ad", "ReferralCtwaClid": "c1"}
    return form


def _status(event: Event) -> dict[str, str]:
    message = event.message
    form = {
        "SmsSid": message.id,
        "SmsStatus": event.kind,
        "MessageStatus": event.kind,
        "To": message.recipient,
        "MessageSid": message.id,
        "AccountSid": message.account_id,
        "From": message.sender,
        "ApiVersion": texts.API_VERSION,
    }
    if message.content.get("service"):
        form["MessagingServiceSid"] = str(message.content["service"])
    if event.detail.get("code"):
        form["ErrorCode"] = str(event.detail["code"])
    return form


def _call(account: Account, url: str, form: Mapping[str, str], *, forged: bool) -> JsonObject:
    key = f"not {account.token}" if forged else account.token
    signed = url + "".join(name + form[name] for name in sorted(form))
    mac = hmac.new(key.encode(), signed.encode(), hashlib.sha1).digest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "X-Twilio-Signature": base64.b64encode(mac).decode(),
        "I-Twilio-Idempotency-Token": hashlib.sha256(signed.encode()).hexdigest()[:32],
    }
    return {"url": url, "headers": headers, "body": urlencode(form)}


ACTIONS: dict[tuple[str, str], Callable[[Store, Traffic, Request], JsonObject]] = {
    ("POST", "twilio/deliver"): _deliver,
    ("POST", "twilio/inbound"): _inbound,
}
