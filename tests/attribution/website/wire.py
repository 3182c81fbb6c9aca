"""Events of the wire for tests."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ORIGIN = "https://shop.example"
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
    " Safari/537.36"
)
VISITOR = uuid.UUID("0b0f1a52-8a53-4a6f-9f3e-2f9f7f8f2f10")


def event_id(at: datetime, number: int = 0) -> str:
    """A UUIDv7 of a moment; others of the same moment follow in the order of their numbers."""
    milliseconds = round(at.timestamp() * 1000)
    raw = (milliseconds << 80) | (7 << 76) | (2 << 62) | number
    return str(uuid.UUID(int=raw))


def event(kind: str = "page_view", *, at: datetime = NOW, number: int = 0, **more: Any) -> Any:
    """One event; a path becomes an address of the shop."""
    path = more.pop("path", "/")
    return {"id": event_id(at, number), "type": kind, "url": f"{ORIGIN}{path}", **more}


def call(*events: Any, **more: Any) -> dict[str, Any]:
    """A call of a visitor with consent; ``visitor_id=None`` for one without."""
    visitor = more.pop("visitor_id", VISITOR)
    told = {"consent": True, "visitor_id": str(visitor)} if visitor else {}
    return {**told, "events": list(events), **more}


def minutes(number: float) -> timedelta:
    """So many."""
    return timedelta(minutes=number)
