"""What is measured of a running installation, and what its processes count of it.

Counts of all processes on all hosts come together in Redis, so any of them can tell the sum. What
stands in rows is read when somebody asks: higher apps bring their own by ``register_source``.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock, Timer
from typing import Any, Final

from django.conf import settings
from django.db import connection
from redis.exceptions import RedisError

from workspaces.cache import add_up, sums_of

logger = logging.getLogger(__name__)

#: No source counts further.
CAP: Final = 10_000
_NAME: Final = "telemetry"
_KEEP_S: Final = 30 * 24 * 3600


@dataclass(frozen=True)
class Measure:
    """One thing that is measured; ``labels`` name what its figures are told apart by."""

    name: str
    words: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timed(Measure):
    """How long something takes: how often it took at most so many seconds."""

    bounds_s: tuple[float, ...] = ()


HTTP_REQUESTS: Final = Measure(
    "countersign_http_requests", "Requests answered.", ("method", "route", "status")
)
HTTP_SECONDS: Final = Timed(
    "countersign_http_request_seconds",
    "Time of requests in the web process.",
    ("route",),
    (0.05, 0.15, 0.5, 1.0, 5.0),  # 0.15 s is what pages promise
)
TASKS: Final = Measure("countersign_tasks", "Tasks that ended.", ("task", "state"))
TASK_SECONDS: Final = Timed(
    "countersign_task_seconds", "Time of tasks.", ("task",), (0.1, 1.0, 10.0, 60.0, 600.0)
)
WEBHOOKS_GIVEN_UP: Final = Measure(
    "countersign_webhook_deliveries_given_up",
    "Webhook deliveries that no try brought to their end.",
)
COUNTED: Final = (HTTP_REQUESTS, TASKS, WEBHOOKS_GIVEN_UP)
TIMED: Final = (HTTP_SECONDS, TASK_SECONDS)

#: A measure, its labels' values, its figure.
Reading = tuple[Measure, tuple[str, ...], float]
Reader = Callable[[datetime], Iterable[Reading]]


@dataclass(frozen=True)
class Source:
    """Figures that one query or one look into Redis gives."""

    name: str
    measures: tuple[Measure, ...]
    read: Reader


_sources: dict[str, Source] = {}


def register_source(source: Source) -> None:
    """Add figures. Called while the apps are loaded."""
    _sources[source.name] = source


def sources() -> Sequence[Source]:
    """All figures that are read when somebody asks, in the order of their registration."""
    return tuple(_sources.values())


def rows_of(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Rows of one query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


class _Tally:
    """Counts of this process, on their way to Redis."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: Counter[str] = Counter()
        self._timer: Timer | None = None

    def add(self, amounts: Mapping[str, float], *, within_s: float) -> None:
        """Add to what waits; it is written once ``within_s`` are over, or at once for zero."""
        with self._lock:
            for member, amount in amounts.items():
                self._waiting[member] += amount  # type: ignore[assignment]  # seconds, too
            if within_s and self._timer is None:
                self._timer = Timer(within_s, self.write)
                self._timer.daemon = True
                self._timer.start()
        if not within_s:
            self.write()

    def write(self) -> None:
        """Hand over what waits. Counts are lost while Redis is away: work is not."""
        with self._lock:
            amounts, self._waiting, self._timer = self._waiting, Counter(), None
        try:
            add_up(_NAME, amounts, keep_s=_KEEP_S)
        except (RedisError, OSError):
            logger.warning("counts were lost", extra={"counts": len(amounts)})


_tally = _Tally()


def count_request(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count a request that was answered; it is told a moment later, so that no page waits."""
    amounts = {
        _member(HTTP_REQUESTS, method, route, str(status)): 1.0,
        **_spent(HTTP_SECONDS, route, seconds=seconds),
    }
    _tally.add(amounts, within_s=settings.TELEMETRY_DELAY_S)


def count_task(*, task: str, state: str, seconds: float) -> None:
    """Count a task that ended, at once: its process may end with it."""
    amounts = {_member(TASKS, task, state): 1.0, **_spent(TASK_SECONDS, task, seconds=seconds)}
    _tally.add(amounts, within_s=0)


def count(measure: Measure, *labels: str) -> None:
    """Count one more."""
    _tally.add({_member(measure, *labels): 1.0}, within_s=settings.TELEMETRY_DELAY_S)


def _spent(measure: Timed, *labels: str, seconds: float) -> dict[str, float]:
    """What one more time adds: to the times within its bound, and to their sum."""
    bound = next((str(one) for one in measure.bounds_s if seconds <= one), "+Inf")
    return {_member(measure, *labels, bound): 1.0, _member(measure, *labels, "sum"): seconds}


def _member(measure: Measure, *labels: str) -> str:
    return json.dumps([measure.name, *labels])


def counted() -> dict[str, dict[tuple[str, ...], float]]:
    """All counts of all processes: by measure, by labels; of times also by bound and ``sum``."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for member, amount in sums_of(_NAME).items():
        name, *labels = json.loads(member)
        found.setdefault(name, {})[tuple(labels)] = amount
    return found
