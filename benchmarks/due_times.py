"""Due times of many messages at once, as after a change of hours or targets."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np

from benchmarks.figures import Figure, reset_peak_mb
from inbox.engine.hours import MINUTE_US, BusinessHours
from inbox.engine.ordering import Values, ranks
from inbox.engine.sla import Event, Happened, evaluate
from inbox.engine.sla_policy import Policy, Promise, Urgency
from inbox.engine.sla_watch import due_many

CONVERSATIONS = 100_000
TARGET_S = 1.0
_GROWTH = (1, 4, 16)
_CHANNELS = ("chat", "whatsapp", "sms", "instagram", "facebook", "linkedin", "email", "comment")
_DAY = ((540, 720), (780, 1_080))
_HOURS = BusinessHours.of(
    "Europe/Berlin", [_DAY] * 5 + [((540, 720),), ()],
    {date(2026, 1, 1) + timedelta(days=30 * n): () for n in range(12)},
)  # fmt: skip


def run() -> list[Figure]:
    """Due, warning and escalation, and the order of the list, over a year of messages."""
    peak_mb = reset_peak_mb()
    growth = []
    for factor in _GROWTH:
        count = factor * CONVERSATIONS // 16
        took_s, limit_s = _due(count)
        growth.append((count, count / took_s))
    order_s, limit_order_s = _order(CONVERSATIONS)
    return [
        Figure(
            f"due times of {CONVERSATIONS:,} conversations (due, warned, escalated)", took_s * 1e3,
            "ms", limit_name="ms for three bare additions in NumPy", limit=limit_s * 1e3,
            target=f"≤ {TARGET_S:g} s", is_met=took_s <= TARGET_S, growth=tuple(growth),
            peak_mb=peak_mb(),
        ),
        Figure(
            f"… and {CONVERSATIONS:,} heights for the order of the list", order_s * 1e3, "ms",
            limit_name="ms for one logarithm in NumPy", limit=limit_order_s * 1e3,
        ),
        _stories(),
    ]  # fmt: skip


def _due(count: int) -> tuple[float, float]:
    rng, policy = np.random.default_rng(11), Policy()
    year_us = 365 * 24 * 60 * MINUTE_US
    starts = np.datetime64("2026-01-01", "us") + rng.integers(0, year_us, count).astype("m8[us]")
    channel = rng.integers(0, len(_CHANNELS), count)
    table = policy.table(Promise.FIRST_RESPONSE, _CHANNELS)
    minutes = table[channel, rng.integers(0, 3, count)]
    windows = np.array([float(policy.windows.get(name, 0)) for name in _CHANNELS])[channel]
    ends = starts + (windows * MINUTE_US).astype("m8[us]")
    ends[windows == 0] = np.datetime64("NaT")
    length = (minutes * MINUTE_US).astype("m8[us]")
    return (
        _best(lambda: due_many(policy, _HOURS, starts, minutes, ends, windows)),
        _best(lambda: (starts + length, starts + length, starts + length)),
    )


def _stories() -> Figure:
    """One conversation after the other, by all that happened in it."""
    start, policy = datetime(2026, 11, 20, 8, tzinfo=UTC), Policy()
    hour = timedelta(hours=1)
    stories = [
        (
            Event(start + n * hour, Happened.WROTE, "email"),
            Event(start + (n + 1) * hour, Happened.ANSWERED),
            Event(start + (n + 1) * hour, Happened.WAITING),
            Event(start + (n + 9) * hour, Happened.WROTE, "whatsapp", Urgency.HIGH),
        )
        for n in range(1_000)
    ]
    took_s = _best(lambda: [evaluate(story, policy, _HOURS) for story in stories])
    bare_s = _best(lambda: [[event.at + hour for event in story] for story in stories])
    return Figure(
        "conversations of four events judged one by one", len(stories) / took_s, "a second",
        limit_name="a second with a bare addition for each event", limit=len(stories) / bare_s,
    )  # fmt: skip


def _order(count: int) -> tuple[float, float]:
    rng = np.random.default_rng(12)
    due = np.datetime64("2026-01-01", "us") + rng.integers(0, 10**13, count).astype("m8[us]")
    values = Values(rng.lognormal(5, 1, count), rng.random(count), 100.0)
    return _best(lambda: ranks(values, due, due)), _best(lambda: np.log(values.ltv))


def _best(work: Callable[[], object]) -> float:
    """Seconds of the quickest of five."""
    took = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return min(took)
