"""Calls to the receiver's webhooks: their order, repeats, and the sending."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPConnection
from typing import TypeVar
from urllib.parse import urlsplit

from sandbox.entities import Account
from sandbox.web import Answer, JsonObject, Request, as_list, as_object

ORDERS = ("kept", "reversed", "shuffled")
SIGNATURES = ("valid", "wrong")
_Item = TypeVar("_Item")


def webhook_secret(account: Account) -> str:
    """Return what the account's webhooks are signed or opened with."""
    given = str(account.extra.get("webhook_secret", ""))
    if given:
        return given
    digest = hashlib.sha256(f"{account.platform}:{account.id}:{account.token}".encode()).digest()
    if account.platform == "resend":
        return "whsec_" + base64.b64encode(digest[:24]).decode()
    if account.platform in ("postmark", "brevo"):
        return f"sandbox:{digest.hex()[:24]}"
    return digest.hex()


def arranged(items: Sequence[_Item], body: JsonObject, seed: int) -> list[_Item]:
    """Repeat and reorder what waits, as `duplicates` and `order` of a control call say.

    Raises
    ------
    ValueError : an order that there is not
    """
    order = str(body.get("order", "kept"))
    if order not in ORDERS:
        raise ValueError(f"order is one of {', '.join(ORDERS)}")
    ready = list(items) * int(str(body.get("duplicates", 1)))
    if order == "reversed":
        ready.reverse()
    elif order == "shuffled":
        random.Random(seed).shuffle(ready)  # noqa: S311  # chance for tests
    return ready


def upto(body: JsonObject, now: float) -> float:
    """Return the time (unix seconds) up to which a control call wants to be told."""
    return float(str(body.get("until", now + float(str(body.get("ahead_s", 0))))))


def is_forged(body: JsonObject) -> bool:
    """Whether a control call wants signatures that do not hold.

    Raises
    ------
    ValueError : a signature that there is not
    """
    signature = str(body.get("signature", "valid"))
    if signature not in SIGNATURES:
        raise ValueError(f"signature is one of {', '.join(SIGNATURES)}")
    return signature == "wrong"


def sent(request: Request, answer: Answer) -> Answer:
    """Make the calls that a control call with `"send": true` prepared, and add what was answered.

    Outside of the transaction: who is told may ask back at once.
    """
    if answer.status != 200 or request.method != "POST" or b'"send"' not in request.body:
        return answer
    told = as_object(json.loads(answer.body))
    if "calls" not in told or not request.json().get("send"):
        return answer
    statuses = [_post(as_object(call)) for call in as_list(told["calls"])]
    return Answer.json({**told, "statuses": statuses})


def _post(call: JsonObject) -> int:
    """Status of one call; 0 when nobody answered within five seconds."""
    url = urlsplit(str(call["url"]))
    headers = {name: str(value) for name, value in as_object(call["headers"]).items()}
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    try:
        with closing(HTTPConnection(url.hostname or "", url.port or 80, timeout=5)) as connection:
            connection.request("POST", target, str(call["body"]).encode(), headers)
            return connection.getresponse().status
    except OSError:
        return 0
