"""Events of files before they are stored: those of the wire, with who they are told of."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

_COUNTER: Final = 0xFFF  # 12 bits beside the version, so that order inside a millisecond holds
_RANDOM: Final = (1 << 62) - 1


@dataclass(frozen=True)
class Draft:
    """An event of the wire, the key of its visitor in the file, and what is known of his device.

    `visitor` is whatever tells people apart in the file; it is hashed before it is stored.
    """

    event: dict[str, Any]
    visitor: str
    session: str = ""
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Skipped:
    """A line that is no visit of a page, and why."""

    reason: str


def made_id(at: datetime, *, counter: int, text: str) -> str:
    """Make the UUIDv7 that a line of a file always gets, so that reading it again adds nothing.

    Parameters
    ----------
    at : when it happened
    counter : place among the events of the same moment; beyond 4095 the order is lost
    text : what tells the line from others

    Returns
    -------
    UUIDv7 of the moment's millisecond
    """
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    number = (
        round(at.timestamp() * 1000) << 80
        | 7 << 76
        | min(counter, _COUNTER) << 64
        | 2 << 62
        | int.from_bytes(digest) & _RANDOM
    )
    return str(uuid.UUID(int=number))
