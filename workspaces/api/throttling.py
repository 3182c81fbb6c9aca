"""Rates: so many calls in so many seconds per caller and scope, counted in Redis."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from workspaces.api.caller import Caller
from workspaces.cache import count_up

if TYPE_CHECKING:  # views load the settings, which load this module
    from rest_framework.views import APIView

DEFAULTS: Final[dict[str, tuple[int, int]]] = {
    "read": (600, 60),
    "write": (120, 60),
    "ml": (300, 60),
    "ingest": (100, 1),
    "visitor": (60, 60),
}
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Window:
    """One period of one caller: its limit, what it used of it, when the next one starts."""

    limit: int
    used: int
    seconds_left: int

    @property
    def headers(self) -> dict[str, str]:
        """The ``RateLimit`` headers."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.seconds_left),
        }


class KeyThrottle(BaseThrottle):
    """Fixed windows: one atomic increment a call, so that parallel calls cannot slip through."""

    window: Window | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the call; refuse it over the limit."""
        caller = request.auth
        if not isinstance(caller, Caller):
            return True
        scope = getattr(view, "throttle_group", "") or _group_of(request)
        self.window = count(caller, scope, clock_s=time.time())
        view.rate_window = self.window  # type: ignore[attr-defined]  # the view writes the headers
        return self.window.used <= self.window.limit

    def wait(self) -> float | None:
        """Seconds until the next window."""
        return float(self.window.seconds_left) if self.window else None


class VisitorThrottle(BaseThrottle):
    """Of one visitor, however many keys speak for him: the id in the body, else his address."""

    _seconds_left: int = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the call; refuse it over the limit."""
        caller, body = request.auth, request.data
        if not (isinstance(caller, Caller) and isinstance(body, Mapping)):
            return True
        visitor = body.get("visitor_id") or body.get("ip_address")
        if not (visitor and isinstance(visitor, str)):
            return True
        name = hashlib.sha256(visitor.encode()).hexdigest()
        window = count(caller, "visitor", clock_s=time.time(), owner=f"visitor:{name}")
        self._seconds_left = window.seconds_left
        return window.used <= window.limit

    def wait(self) -> float | None:
        """Seconds until the next window."""
        return float(self._seconds_left)


def _group_of(request: Request) -> str:
    return "read" if request.method in _READS else "write"


def count(caller: Caller, scope: str, *, clock_s: float, owner: str = "") -> Window:
    """Count one call of a caller, or of whom he speaks for, in the present window."""
    limit, seconds = rate_of(caller, scope)
    number, left = int(clock_s // seconds), seconds - int(clock_s % seconds)
    name = f"throttle:{caller.workspace.pk}:{owner or caller.owner}:{scope}:{number}"
    # The window's number is in the name, so the counter outlives its window and never ends in it.
    return Window(limit, count_up(name, keep_s=2 * seconds), left)


def rate_of(caller: Caller, scope: str) -> tuple[int, int]:
    """Calls and seconds: the key's own row, else the workspace's, else the default."""
    return caller.rates.get(scope) or DEFAULTS[scope]
