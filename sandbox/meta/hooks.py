"""The part of the control surface that plays people on Facebook and Instagram, and calls back."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence

from sandbox import messages
from sandbox.entities import Account
from sandbox.messages import Event, MessageError
from sandbox.meta import messaging, pages
from sandbox.social import items
from sandbox.store import Store
from sandbox.traffic import Traffic
from sandbox.web import JsonObject, Request, as_object
from sandbox.webhooks import arranged, is_forged, upto, webhook_secret

MAX_BATCH = 1_000
#: What Instagram does not tell of: it has no receipts of delivery.
_UNTOLD = {("instagram", "delivered")}


def _inbound(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"account", "from", "text", "channel"?: "instagram", "by_ad"?: true}`: a person writes."""
    body = request.json()
    page, person = _page(store, body), str(body.get("from", ""))
    channel, now = _channel(body), store.now()
    if not person:
        raise MessageError("from is the id of who writes")
    messaging.heard(store, page, channel, person, now)
    message: JsonObject = {"text": str(body.get("text", ""))}
    if body.get("by_ad"):
        messaging.heard(store, page, f"{channel}:ad", person, now)
        message["referral"] = {"source": "ADS", "type": "OPEN_THREAD", "ad_id": "1"}
    digest = hashlib.sha256(f"{page.id}:{person}:{now}:{message['text']}".encode()).hexdigest()
    message["mid"] = f"m_{digest[:40]}"
    told = _messaging(page, channel, person, now, message=message)
    tell(store, page, now, channel, "messaging", told)
    return {"mid": message["mid"]}


def _comment(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"account", "network": "instagram", "post", "from", "text", "id"?, "parent"?}`."""
    body = request.json()
    page, network = _page(store, body), str(body.get("network", "facebook"))
    post = items.find(store, network, str(body.get("post", "")))
    if post is None:
        raise MessageError("post is the id of a post of this page")
    number = items.number_below(store, network, post.id, float("inf"))
    item_id = str(body.get("id") or f"{post.id}{number:04d}8")
    items.add(
        store, network, post.account_id, "comment", item_id, at=store.now(),
        author=str(body.get("from", "")), parent=str(body.get("parent") or post.id),
        content={"text": str(body.get("text", ""))},
    )  # fmt: skip
    comment = items.find(store, network, item_id)
    assert comment is not None  # noqa: S101  # put in just now
    tell_of(store, page, comment, post.id)
    return {"id": item_id}


def tell_of(store: Store, page: Account, item: items.Item, post_id: str) -> None:
    """Keep for telling, at its time, that there is a new comment or mention."""
    known = items.person(store, item.network, item.author)
    if item.network == "facebook":
        value: JsonObject = {
            "item": "comment",
            "verb": "add",
            "comment_id": item.id,
            "post_id": post_id,
            "parent_id": item.parent,
            "from": {"id": item.author, "name": known.get("name", "Somebody")},
            "message": item.text(),
            "created_time": int(item.at),
        }
        field = "feed"
    elif item.kind == "mention":
        value, field = {"media_id": item.id}, "mentions"
    else:
        value, field = (
            {
                "id": item.id,
                "text": item.text(),
                "from": {"id": item.author, "username": known.get("username", "somebody")},
                "media": {"id": post_id, "media_product_type": "FEED"},
                **({"parent_id": item.parent} if item.parent != post_id else {}),
            },
            "comments",
        )
    channel = "instagram" if item.network == "instagram" else "messenger"
    tell(store, page, item.at, channel, "changes", {"field": field, "value": value})


def tell(store: Store, page: Account, at: float, channel: str, part: str, what: JsonObject) -> None:
    """Keep something for telling once its time has come."""
    body = {"channel": channel, "part": part, "what": what}
    store.execute(
        "INSERT INTO told_later VALUES (NULL, ?, 'meta', ?, ?)", at, page.id, json.dumps(body)
    )


def _deliver(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"account", "url", "send"?, "ahead_s"?, "duplicates"?, "order"?, "signature"?, …}`."""
    body = request.json()
    page = _page(store, body)
    until = upto(body, store.now())
    entries = _waiting(store, page, until, keep=bool(body.get("keep")))
    size = min(int(str(body.get("batch", 1))), MAX_BATCH)
    ready = arranged([(channel, entry) for _, channel, entry in entries], body, store.seed)
    calls, forged = [], is_forged(body)
    for channel in ("messenger", "instagram"):
        of_it = [entry for told_on, entry in ready if told_on == channel]
        for start in range(0, len(of_it), size):
            part = of_it[start : start + size]
            calls.append(_call(page, str(body.get("url", "")), channel, part, forged=forged))
    return {"calls": calls}


def _waiting(
    store: Store, page: Account, until: float, *, keep: bool
) -> list[tuple[float, str, JsonObject]]:
    """Return what was not told yet, in the order of time: when, channel, entry."""
    found: list[tuple[float, str, JsonObject]] = []
    rows = store.query(
        "SELECT * FROM told_later WHERE platform = 'meta' AND account_id = ? AND at <= ?",
        *(page.id, until),
    )
    for row in rows:
        body = as_object(json.loads(row["body"]))
        channel, part = str(body["channel"]), str(body["part"])
        found.append((row["at"], channel, _entry(page, channel, row["at"], part, body["what"])))
    events = messages.waiting(store, page, until)
    for event in events:
        channel = str(event.message.content.get("channel", "messenger"))
        told = _receipt(page, channel, event)
        if told:
            entry = _entry(page, channel, event.at, "messaging", told)
            found.append((event.at, channel, entry))
    if not keep:
        messages.told(store, events)
        store.execute(
            "DELETE FROM told_later WHERE platform = 'meta' AND account_id = ? AND at <= ?",
            *(page.id, until),
        )
    return sorted(found, key=lambda one: one[0])


def _receipt(page: Account, channel: str, event: Event) -> JsonObject:
    """Write what Meta tells of a message of ours: its echo, its delivery, its reading."""
    message, stamp = event.message, round(1000 * event.at)
    if (channel, event.kind) in _UNTOLD:
        return {}
    if event.kind == "sent":
        echo = {"mid": message.id, "text": message.content.get("text", ""), "is_echo": True}
        told = _messaging(page, channel, message.recipient, event.at, message=echo)
        return told | {"sender": told["recipient"], "recipient": told["sender"]}
    if event.kind == "delivered":
        delivery = {"mids": [message.id], "watermark": stamp}
        return _messaging(page, channel, message.recipient, event.at, delivery=delivery)
    if event.kind == "opened":
        read: JsonObject = {"watermark": stamp} if channel == "messenger" else {"mid": message.id}
        return _messaging(page, channel, message.recipient, event.at, read=read)
    return {}


def _messaging(
    page: Account, channel: str, person: str, at: float, **what: JsonObject
) -> JsonObject:
    ends = {"sender": {"id": person}, "recipient": {"id": messaging.ours(page, channel)}}
    return {**ends, "timestamp": round(1000 * at), **what}


def _entry(page: Account, channel: str, at: float, part: str, what: object) -> JsonObject:
    # Changes are dated in seconds, messages in milliseconds.
    stamp = int(at) if part == "changes" else round(1000 * at)
    return {"id": messaging.ours(page, channel), "time": stamp, part: [what]}


def _call(
    page: Account, url: str, channel: str, entries: Sequence[JsonObject], *, forged: bool
) -> JsonObject:
    kind = "instagram" if channel == "instagram" else "page"
    # What is not ASCII is escaped before it is signed, as Meta does.
    body = json.dumps({"object": kind, "entry": list(entries)}, separators=(",", ":"))
    key = "not the key" if forged else webhook_secret(page)
    digest = hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}
    return {"url": url, "headers": headers, "body": body}


def _page(store: Store, body: JsonObject) -> Account:
    page = messages.account_of(store, body, "meta")
    if not pages.is_page(page):
        raise MessageError(f'{page.id} is no page; seed one with "page": true')
    return page


def _channel(body: JsonObject) -> str:
    channel = str(body.get("channel", "messenger"))
    if channel not in messaging.MAX_TEXT:
        raise MessageError(f"channel is one of {', '.join(messaging.MAX_TEXT)}")
    return channel


ACTIONS: dict[tuple[str, str], Callable[[Store, Traffic, Request], JsonObject]] = {
    ("POST", "meta/inbound"): _inbound,
    ("POST", "meta/comment"): _comment,
    ("POST", "meta/deliver"): _deliver,
}
