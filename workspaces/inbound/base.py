"""What a sender of webhooks is to us: how its calls are verified and taken apart.

Pure: bytes, headers and a clock go in, events come out. No table, no network.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

MAX_EVENTS: Final = 1000  # the largest batch that a sender of ours documents (Meta)

_KIND = re.compile(r"[A-Za-z0-9_.:/-]{1,80}")
_GAP = re.compile(r"[ \t\n\r,]*")


class ForgedError(Exception):
    """The call is not from whom it should be, or not from now. The reason is for our log only."""


class UnreadableError(Exception):
    """A verified call whose body is not what its sender promises; the text may be answered."""


@dataclass(frozen=True)
class Call:
    """One HTTP call as it was made.

    ``url`` is the public address as the sender called it, query included; header names are in lower
    case; ``body`` is untouched.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Event:
    """One event of a call: ``body`` as it came, ``dedup_key`` the same for every repeat."""

    dedup_key: str
    kind: str
    body: str


@dataclass(frozen=True)
class Batch:
    """Events of a call in its order. ``dropped`` counts those of accounts that are not ours."""

    events: tuple[Event, ...]
    dropped: int = 0


class Provider(ABC):
    """A sender of webhooks; its name is the kind of its connections and part of its address."""

    name: ClassVar[str]
    # What the sender wants to hear when all is well.
    answer: ClassVar[bytes] = b""
    # More than that of a call is not read.
    max_body_bytes: ClassVar[int] = 1024 * 1024
    answer_type: ClassVar[str] = "text/plain; charset=utf-8"

    @abstractmethod
    def verify(self, call: Call, secret: Mapping[str, str], *, now: datetime) -> None:
        """Raise ``ForgedError`` unless the raw call is signed with the connection's secret."""

    @abstractmethod
    def split(self, call: Call, secret: Mapping[str, str]) -> Batch:
        """Take a verified call apart, or raise ``UnreadableError``."""

    def challenge(self, call: Call, secret: Mapping[str, str]) -> str | None:
        """Text that proves to the sender that this address is ours; ``None``: it never asks."""
        return None


def keys_in_use(secret: Mapping[str, str], name: str) -> list[bytes]:
    """The current key and, while it is being replaced, the one before.

    Raises
    ------
    ForgedError : the connection has none, so nothing can be verified
    """
    keys = [secret[part] for part in (name, f"previous_{name}") if secret.get(part)]
    if not keys:
        raise ForgedError(f"the connection has no {name}")
    return [key.encode() for key in keys]


def require_same(expected: list[str], offered: str) -> None:
    """Compare in constant time, whichever of the keys it was."""
    # Bytes, because compare_digest refuses text beyond ASCII, which a forger may well send.
    fits = [hmac.compare_digest(one.encode(), offered.encode()) for one in expected]
    if not any(fits):
        raise ForgedError("the signature does not fit")


def header(call: Call, name: str) -> str:
    """Value of a header that must be there; ``name`` in lower case."""
    try:
        return call.headers[name]
    except KeyError:
        raise ForgedError(f"the header {name} is missing") from None


def digest_of(*parts: object) -> str:
    """De-duplication key of any length of parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def kind_of(*parts: object) -> str:
    """Type of an event for consumers to ask for; empty where the sender gave none we can store."""
    text = ".".join(part for part in parts if isinstance(part, str) and part)
    return text if _KIND.fullmatch(text) else ""


def text_of(body: bytes) -> str:
    """Body as text that PostgreSQL can hold."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise UnreadableError("The body is not UTF-8.") from None
    if "\x00" in text:
        raise UnreadableError("The body holds a NUL character.")
    return text


def read_json(text: str) -> Any:
    """Parsed body; endless numbers and bottomless nesting are refused like any other nonsense."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        raise UnreadableError("The JSON is nested too deeply.") from None
    except ValueError:
        raise UnreadableError("The body is not valid JSON.") from None


def require_few(count: int) -> None:
    """Refuse calls that would keep us from answering in time."""
    if count > MAX_EVENTS:
        raise UnreadableError(f"More than {MAX_EVENTS} events in one call; send fewer at once.")


def json_items(text: str) -> Iterator[tuple[Any, str]]:
    """Each element of a JSON array with its own text, not a byte of it rewritten."""
    whole = read_json(text)
    if not isinstance(whole, list):
        raise UnreadableError("The body is not a JSON array.")
    require_few(len(whole))
    decoder = json.JSONDecoder()
    place = text.index("[") + 1
    for value in whole:
        start = _after_gap(text, place)
        place = decoder.raw_decode(text, start)[1]
        yield value, text[start:place]


def _after_gap(text: str, place: int) -> int:
    gap = _GAP.match(text, place)
    return gap.end() if gap else place


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text[:20])
    return number
