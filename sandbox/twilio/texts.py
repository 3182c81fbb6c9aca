"""Text messages: what is kept of one, what happens to it, and how Twilio shows it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.utils import format_datetime

from sandbox import messages
from sandbox.context import Context
from sandbox.entities import Account
from sandbox.messages import Message
from sandbox.store import Store
from sandbox.twilio.errors import MESSAGES, fail
from sandbox.web import JsonObject, as_object

MAX_BODY = 1_600
WINDOW_S = 24 * 3600
API_VERSION = "2010-04-01"
#: Whole messages that Twilio itself takes as an opt-out, and as its end.
STOP_WORDS = {
    *("STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"),
}
START_WORDS = {"START", "UNSTOP", "YES"}
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_GSM = re.compile(
    r"[A-Za-z0-9_ @£$¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ!\"#¤%&'()*+,\-./:;<=>?¡ÄÖÑÜ§¿äöñüà\r\n]*"
)
_TWICE = re.compile(r"[\^{}\\\[~\]|€]")
#: What a message ends with where the model says that it does not arrive.
_UNREACHABLE = {"hard": 30005, "soft": 30003}


def is_number(value: str) -> bool:
    """Whether this is a number in E.164, with or without the prefix of WhatsApp."""
    return _NUMBER.fullmatch(value.removeprefix("whatsapp:")) is not None


def is_whatsapp(value: str) -> bool:
    """Whether a number is one of WhatsApp."""
    return value.startswith("whatsapp:")


def segments(body: str) -> int:
    """Return how many parts a text is sent in: 160 or 153 characters, else 70 or 67."""
    plain = _TWICE.sub("", body)
    if plain.isascii() or _GSM.fullmatch(plain):
        length, single, part = len(body) + len(_TWICE.findall(body)), 160, 153
    else:
        length, single, part = len(body.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= single else -(-length // part)


def last_inbound(store: Store, account: Account, ours: str, person: str) -> tuple[float, bool]:
    """Return when a person last wrote to a number of ours, and whether they opted out of it."""
    rows = store.query(
        "SELECT * FROM conversation WHERE platform = ? AND account_id = ? AND ours = ?"
        " AND person = ?",
        *(account.platform, account.id, ours, person),
    )
    return (rows[0]["last_inbound"], bool(rows[0]["opted_out"])) if rows else (0.0, False)


def heard(
    store: Store, account: Account, ours: str, person: str, *, at: float, opted_out: bool
) -> None:
    """Keep that a person wrote, and whether they are opted out now."""
    store.execute(
        "INSERT OR REPLACE INTO conversation VALUES (?, ?, ?, ?, ?, ?)",
        *(account.platform, account.id, ours, person, at, opted_out),
    )


def template(account: Account, sid: str, variables: str) -> tuple[str, str]:
    """Return the text of a content template with its variables in place, and its category.

    Raises
    ------
    Refusal : no such template, or not the variables that it has
    """
    found = as_object(as_object(account.extra.get("templates")).get(sid))
    if not found:
        raise fail(21655)
    try:
        values = as_object(json.loads(variables or "{}"))
    except ValueError:
        raise fail(21656) from None
    text = str(found.get("body", ""))
    if set(re.findall(r"{{\s*(\w+)\s*}}", text)) - set(values):
        raise fail(21656)
    for name, value in values.items():
        text = re.sub(r"{{\s*" + re.escape(name) + r"\s*}}", lambda _, v=value: str(v), text)  # type: ignore[misc]  # the value of this turn
    return text, str(found.get("category", "utility"))


def decide(context: Context, account: Account, message: Message, category: str) -> None:
    """Note what happens to a message that was taken."""
    store, now, to = context.store, context.now, message.recipient
    steps = messages.decide(store, message, "whatsapp" if is_whatsapp(to) else "sms")
    problem = _whatsapp_problem(context, account, message, category) if is_whatsapp(to) else 0
    for step in steps:
        code = step.code or _UNREACHABLE.get(step.kind, 0)
        if problem and step.kind == "sent":
            messages.note(store, message, "failed", now + step.after_s, code=problem)
            return
        kind = _STATUSES.get(step.kind, step.kind)
        if kind in ("sent", "delivered", "undelivered", "read"):
            detail = {"code": code} if kind == "undelivered" else {}
            messages.note(store, message, kind, now + step.after_s, **detail)


_STATUSES = {"hard": "undelivered", "soft": "undelivered", "opened": "read"}


def _whatsapp_problem(context: Context, account: Account, message: Message, category: str) -> int:
    """Return the error of a message that WhatsApp will not carry, or 0."""
    heard_at, is_out = last_inbound(context.store, account, message.sender, message.recipient)
    if not category:
        return 63016 if context.now - heard_at >= WINDOW_S else 0
    if category == "marketing" and is_out:
        return 63032
    # Marketing templates are not delivered to numbers of the United States.
    is_american = message.recipient.startswith("whatsapp:+1")
    return 63049 if category == "marketing" and is_american else 0


def shown(context: Context, message: Message) -> JsonObject:
    """Write a message as Twilio does, with what happened to it up to now."""
    content, seen = message.content, messages.history(context.store, message, context.now)
    is_own = content.get("direction") == "outbound-api"
    first = ("accepted" if content.get("service") else "queued") if is_own else "received"
    status = seen[-1].kind if seen else first
    code = next((event.detail["code"] for event in seen if "code" in event.detail), None)
    sent_at = next((event.at for event in seen if event.kind == "sent"), None)
    account, body = message.account_id, str(content.get("body", ""))
    uri = f"/{API_VERSION}/Accounts/{account}/Messages/{message.id}"
    return {
        "account_sid": account,
        "api_version": API_VERSION,
        "body": body,
        "date_created": stamp(message.at),
        "date_sent": stamp(sent_at if sent_at or is_own else message.at),
        "date_updated": stamp(seen[-1].at if seen else message.at),
        "direction": content.get("direction"),
        "error_code": code,
        "error_message": MESSAGES.get(int(str(code))) if code else None,
        "from": message.sender if is_own else message.recipient,
        "messaging_service_sid": content.get("service"),
        "num_media": str(content.get("media", 0)),
        "num_segments": str(segments(body)),
        "price": None,
        "price_unit": "USD",
        "sid": message.id,
        "status": status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.recipient if is_own else message.sender,
        "uri": f"{uri}.json",
    }


def stamp(at: float | None) -> str | None:
    """Write a time as RFC 2822 wants it."""
    return None if at is None else format_datetime(datetime.fromtimestamp(int(at), UTC))
