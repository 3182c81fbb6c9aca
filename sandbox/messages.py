"""Messages that were taken for delivery, one row for each recipient, and what happens to them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox import fates
from sandbox.entities import PLATFORMS, Account, Platform
from sandbox.fates import Channel, Step
from sandbox.store import Store
from sandbox.traffic import Traffic
from sandbox.web import JsonObject, Request, as_list, as_object

PAGE = 1_000


class MessageError(ValueError):
    """A control call about messages that cannot be carried out; the message says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one recipient."""

    row: int
    at: float
    platform: Platform
    account_id: str
    #: The provider's id; some providers give one to a whole batch.
    id: str
    sender: str
    recipient: str
    content: JsonObject
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, or will, to a message; `row` 0 of a message means to its address."""

    row: int
    at: float
    kind: str
    message: Message
    detail: JsonObject


def keep(
    store: Store, account: Account, message_id: str, sender: str, recipient: str,
    content: JsonObject,
) -> Message:  # fmt: skip
    """Keep one message; nothing happens to it yet."""
    now = store.now()
    rows = store.query(
        "SELECT count(*) AS n FROM message WHERE platform = ? AND account_id = ? AND recipient = ?",
        *(account.platform, account.id, recipient),
    )
    row = store.execute(
        "INSERT INTO message VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
        *(now, account.platform, account.id, message_id, sender, recipient),
        *(int(rows[0]["n"]), json.dumps(content), store.call_id),
    )
    return Message(row, now, account.platform, account.id, message_id, sender, recipient, content)


def decide(store: Store, message: Message, channel: Channel) -> list[Step]:
    """Return what the model has in store for a message."""
    rows = store.query("SELECT nth FROM message WHERE id = ?", message.row)
    nth = int(rows[0]["nth"])
    return fates.fate(store, channel, message.platform, message.recipient, nth)


def note(store: Store, message: Message, kind: str, at: float, **detail: object) -> None:
    """Keep an event of a message; it is told once its time has come."""
    store.execute(
        "INSERT INTO message_event VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, 0)",
        *(at, message.platform, message.account_id, message.recipient),
        *(message.row, kind, json.dumps(detail)),
    )


def new_id(store: Store, account: Account, kind: str) -> str:
    """Return a fresh id of 32 hexadecimal digits; with a frozen clock every run makes the same."""
    rows = store.query("SELECT coalesce(max(id), 0) AS last FROM message")
    text = f"{account.platform}:{account.id}:{kind}:{rows[0]['last']}:{store.now()}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def find(store: Store, platform: Platform, message_id: str) -> list[Message]:
    """Return the messages with a provider's id."""
    rows = store.query(
        "SELECT * FROM message WHERE platform = ? AND message_id = ? ORDER BY id",
        *(platform, message_id),
    )
    return [_message(row) for row in rows]


def of_account(store: Store, account: Account, recipient: str = "") -> list[Message]:
    """Return an account's messages, newest first."""
    rows = store.query(
        "SELECT * FROM message WHERE platform = ?1 AND account_id = ?2"
        " AND (?3 = '' OR recipient = ?3) ORDER BY id DESC",
        *(account.platform, account.id, recipient),
    )
    return [_message(row) for row in rows]


def history(store: Store, message: Message, until: float) -> list[Event]:
    """Return what happened to a message up to a time, in order."""
    rows = store.query(
        "SELECT * FROM message_event WHERE message = ? AND at <= ? ORDER BY at, id",
        *(message.row, until),
    )
    return [_event(row, message) for row in rows]


def waiting(store: Store, account: Account, until: float) -> list[Event]:
    """Return the events up to a time that nobody was told of yet."""
    rows = store.query(
        "SELECT * FROM message_event WHERE platform = ? AND account_id = ? AND at <= ?"
        " AND NOT delivered AND message != 0 ORDER BY at, id",
        *(account.platform, account.id, until),
    )
    by_row = {row["message"]: _one(store, row["message"]) for row in rows}
    return [_event(row, by_row[row["message"]]) for row in rows]


def told(store: Store, events: Iterable[Event]) -> None:
    """Mark events as told."""
    for event in events:
        store.execute("UPDATE message_event SET delivered = 1 WHERE id = ?", event.row)


def trouble(store: Store, account: Account, recipient: str, now: float) -> str:
    """Return why an address gets nothing more (hard, complained, unsubscribed), or nothing."""
    rows = store.query(
        "SELECT kind FROM message_event WHERE recipient = ? AND platform = ? AND account_id = ?"
        " AND kind IN ('hard', 'complained', 'unsubscribed') AND at <= ? ORDER BY at LIMIT 1",
        *(recipient, account.platform, account.id, now),
    )
    return str(rows[0]["kind"]) if rows else ""


def _one(store: Store, row: int) -> Message:
    return _message(store.query("SELECT * FROM message WHERE id = ?", row)[0])


def _message(row: sqlite3.Row) -> Message:
    names = ("at", "platform", "account_id", "sender", "recipient", "raw")
    more = {name: row[name] for name in names}
    content = as_object(json.loads(row["content"]))
    return Message(row=row["id"], id=row["message_id"], content=content, **more)


def _event(row: sqlite3.Row, message: Message) -> Event:
    return Event(row["id"], row["at"], row["kind"], message, as_object(json.loads(row["detail"])))


# Control


def account_of(store: Store, body: JsonObject, *platforms: Platform) -> Account:
    """Return the account that a control call names with `platform` and `account`.

    Raises
    ------
    MessageError : there is none
    """
    platform = next((p for p in PLATFORMS if p == body.get("platform")), None)
    if platform is None and len(platforms) == 1:
        platform = platforms[0]
    if platform is None or (platforms and platform not in platforms):
        raise MessageError(f"platform is one of {', '.join(platforms or PLATFORMS)}")
    account = store.account(platform, str(body.get("account", "")))
    if account is None:
        raise MessageError(f"{platform} has no account {body.get('account')!r}; seed it first")
    return account


def _listed(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`?platform=&recipient=&after=&limit=`: messages in the order they were taken, with events."""
    query = request.query
    rows = store.query(
        "SELECT * FROM message WHERE (?1 = '' OR platform = ?1) AND (?2 = '' OR recipient = ?2)"
        " AND id > ?3 ORDER BY id LIMIT ?4",
        *(query.get("platform", ""), query.get("recipient", "")),
        *(int(query.get("after", 0)), min(int(query.get("limit", PAGE)), PAGE)),
    )
    now = store.now()
    return {"messages": [_shown(store, _message(row), now) for row in rows]}


def _shown(store: Store, message: Message, now: float) -> JsonObject:
    from sandbox.smtp_text import parsed  # the parser of mails is only loaded where it is asked

    events = [
        {"kind": event.kind, "at": event.at, "is_past": event.at <= now} | event.detail
        for event in history(store, message, float("inf"))
    ]
    content = parsed(message.raw) if message.raw is not None else message.content
    return {
        "row": message.row,
        "at": message.at,
        "platform": message.platform,
        "account": message.account_id,
        "id": message.id,
        "sender": message.sender,
        "recipient": message.recipient,
        **content,
        "events": events,
    }


def _counted(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`?platform=&by=recipient|message_id|metadata.NAME|header.NAME`: how many, what repeats."""
    by = request.query.get("by", "recipient")
    rows = store.query(
        "SELECT * FROM message WHERE ?1 = '' OR platform = ?1", request.query.get("platform", "")
    )
    keys = [_key(_message(row), by) for row in rows]
    often = {key: times for key, times in Counter(keys).items() if times > 1}
    return {"total": len(keys), "different": len(set(keys)), "repeated": often}


def _key(message: Message, by: str) -> str:
    from sandbox.smtp_text import parsed

    if by in ("recipient", "message_id"):
        return message.recipient if by == "recipient" else message.id
    part, _, name = by.partition(".")
    if part not in ("metadata", "header") or not name:
        raise MessageError("by is recipient, message_id, metadata.NAME or header.NAME")
    content = parsed(message.raw) if message.raw is not None else message.content
    values = as_object(content.get("metadata" if part == "metadata" else "headers"))
    return str(values.get(name, ""))


def _model(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    defaults: JsonObject = {name: dict(shares) for name, shares in fates.DEFAULTS.items()}
    return {"rules": fates.rules_of(store), "defaults": defaults}


def _set_model(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"rules": [{"recipient": "@bounce\\\\.", "hard": 1}]}`; see `sandbox.fates`."""
    return {"rules": fates.set_rules(store, as_list(request.json().get("rules")))}


def _add_event(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"platform", "account", "id" | "recipient", "kind", "after_s"?, "code"?, "link"?}`.

    Without a message the address itself is meant: `hard`, `complained`, `unsubscribed` close it.
    """
    body = request.json()
    account, kind = account_of(store, body), str(body.get("kind", ""))
    recipient, message_id = str(body.get("recipient", "")), str(body.get("id", ""))
    found = [
        message
        for message in of_account(store, account, recipient)
        if message_id in ("", message.id)
    ]
    if kind not in KINDS:
        raise MessageError(f"kind is one of {', '.join(KINDS)}")
    if not found and (message_id or not recipient):
        raise MessageError("there is no such message; name it by id or recipient")
    at = store.now() + float(str(body.get("after_s", 0)))
    none = Message(0, at, account.platform, account.id, "", "", recipient, {})
    detail = {name: body[name] for name in ("code", "link") if name in body}
    note(store, found[0] if found else none, kind, at, **detail)
    return {"id": found[0].id if found else "", "kind": kind, "at": at}


KINDS = (
    *("sent", "delivered", "deferred", "hard", "soft", "opened", "clicked"),
    *("complained", "unsubscribed", "dropped"),
)
ACTIONS: dict[tuple[str, str], Callable[[Store, Traffic, Request], JsonObject]] = {
    ("GET", "messages"): _listed,
    ("GET", "messages/counts"): _counted,
    ("GET", "messages/model"): _model,
    ("POST", "messages/model"): _set_model,
    ("POST", "messages/event"): _add_event,
}
