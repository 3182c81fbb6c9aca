"""Conversions that were sent back: kept by data set, repetitions told apart, read back by tests."""

from __future__ import annotations

import json
import re

from sandbox.store import Store
from sandbox.traffic import Traffic
from sandbox.web import JsonObject, Request

#: The same name and id of a data set within this time counts once.
SAME_EVENT_S = 48 * 3600
_HASH = re.compile(r"[0-9a-f]{64}")


def keep(
    store: Store, platform: str, dataset: str, name: str, event_id: str, payload: JsonObject,
    *, request_id: str = "",
) -> bool:  # fmt: skip
    """Keep one event; returns whether it is new."""
    now = store.now()
    seen = store.query(
        "SELECT 1 FROM conversion_event WHERE platform = ? AND dataset = ? AND name = ?"
        " AND event_id = ? AND event_id != '' AND at > ? LIMIT 1",
        *(platform, dataset, name, event_id, now - SAME_EVENT_S),
    )
    store.execute(
        "INSERT INTO conversion_event VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(now, platform, dataset, name, event_id, json.dumps(payload), bool(seen), request_id),
    )
    return not seen


def is_hash(value: object) -> bool:
    """Whether a value is a SHA-256 in lower-case hexadecimal."""
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def kept(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """Everything that was sent back; what counts is what is no repetition."""
    rows = store.query("SELECT * FROM conversion_event ORDER BY id")
    return {"events": [{**dict(row), "payload": json.loads(row["payload"])} for row in rows]}


ACTIONS = {("GET", "conversions"): kept}
