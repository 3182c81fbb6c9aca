"""When a call may be sent again, and after how long."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

import httpx

from countersign_client.calls import SAFE, Call

#: Nothing was done: the call may be sent again whatever it is.
_NOT_DONE: Final = frozenset({429, 503})
#: Nobody knows: only what has one effect however often it is sent.
_UNKNOWN: Final = frozenset({502, 504})


@dataclass(frozen=True)
class Retries:
    """At most ``tries`` times; pauses double from ``first_s`` to ``most_s``, with full jitter.

    An answer that says when to come back (Retry-After) is believed up to ``longest_s``.
    """

    tries: int = 4
    first_s: float = 0.5
    most_s: float = 20.0
    longest_s: float = 120.0
    rng: random.Random = field(default_factory=random.Random)

    def pause_s(self, call: Call, tried: int, came: httpx.Response | Exception) -> float | None:
        """Seconds until the next try, ``None`` where there is none."""
        if tried >= self.tries or not _may_repeat(call, came):
            return None
        asked = retry_after_s(came) if isinstance(came, httpx.Response) else 0.0
        if asked > self.longest_s:
            return None
        own = self.rng.uniform(0, min(self.first_s * 2 ** (tried - 1), self.most_s))
        return max(asked, own)


def _may_repeat(call: Call, came: httpx.Response | Exception) -> bool:
    has_one_effect = call.operation.method in SAFE or call.operation.is_repeatable
    if isinstance(came, httpx.Response):
        return came.status_code in _NOT_DONE or (came.status_code in _UNKNOWN and has_one_effect)
    if isinstance(came, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return True
    return isinstance(came, httpx.TransportError) and has_one_effect


def retry_after_s(answer: httpx.Response) -> float:
    """Seconds that an answer asks to wait; 0 where it does not say."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0
