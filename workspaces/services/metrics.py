"""All figures of the installation in the text form that Prometheus reads."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from celery import current_app
from django.db import DatabaseError
from kombu.exceptions import OperationalError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from redis.exceptions import RedisError

from workspaces.services import beat_lock, health
from workspaces.telemetry import (
    COUNTED,
    TIMED,
    Measure,
    Reading,
    Source,
    Timed,
    counted,
    register_source,
    sources,
)

logger = logging.getLogger(__name__)

ALL_QUEUES: Final = (*health.QUEUES, *health.LATER_QUEUES, "drafts")
ANSWERS = Measure(
    "countersign_source_answers", "Whether these figures could be read: 1, else 0.", ("source",)
)
READ_SECONDS = Measure(
    "countersign_source_seconds", "Time that reading these figures took.", ("source",)
)
QUEUE_DEPTH = Measure("countersign_queue_tasks", "Tasks that wait for a worker.", ("queue",))
WORKER_AGE = Measure(
    "countersign_worker_heartbeat_age_seconds",
    "Since a worker of the queue was heard of; infinite: not within a minute.",
    ("queue",),
)
BEAT_AGE = Measure(
    "countersign_beat_age_seconds",
    "Since a task of beat arrived; infinite: not within 15 minutes.",
)
BEATS: Final = Measure(
    "countersign_beats", "Beats that run: one sends, others stand by.", ("role",)
)
_LOST: Final = (DatabaseError, RedisError, OperationalError, OSError)


def _queues(now: datetime) -> Iterator[Reading]:
    with current_app.connection_for_read() as broker:
        channel = broker.default_channel
        for queue in ALL_QUEUES:
            # The only way that also counts what waits under a priority of its own.
            yield QUEUE_DEPTH, (queue,), channel._size(queue)  # type: ignore[attr-defined]  # untyped


def _signs_of_life(now: datetime) -> Iterator[Reading]:
    for queue in ALL_QUEUES:
        yield WORKER_AGE, (queue,), health.age_of(queue)
    yield BEAT_AGE, (), health.age_of("beat")
    running = beat_lock.beats()
    yield BEATS, ("sends",), int(bool(running.sender))
    yield BEATS, ("stands by",), len(running.standbys)


def register() -> None:
    """Add what Redis knows. Called while the apps are loaded."""
    register_source(Source("queues", (QUEUE_DEPTH,), _queues))
    register_source(Source("heartbeats", (WORKER_AGE, BEAT_AGE, BEATS), _signs_of_life))


class _Collector:
    """What the library asks for families of figures."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def describe(self) -> list[Metric]:
        """Nothing: the library would else read everything once more to learn the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read source by source; one that fails says so and the others are told."""
        told: list[Reading] = []
        for source in sources():
            yield from self._read(source, told)
        started = time.perf_counter()
        try:
            found, answers = counted(), 1.0
        except (RedisError, OSError):
            found, answers = {}, 0.0
            logger.warning("counts could not be read", exc_info=True)
        told.append((ANSWERS, ("counts",), answers))
        told.append((READ_SECONDS, ("counts",), time.perf_counter() - started))
        for measure in COUNTED:
            yield _counter(measure, found.get(measure.name, {}))
        for timed in TIMED:
            yield _histogram(timed, found.get(timed.name, {}))
        yield from _gauges((ANSWERS, READ_SECONDS), told)

    def _read(self, source: Source, told: list[Reading]) -> Iterator[Metric]:
        started = time.perf_counter()
        try:
            readings = list(source.read(self._now))
            told.append((ANSWERS, (source.name,), 1.0))
        except _LOST:
            logger.warning("figures could not be read", extra={"source": source.name})
            readings = []
            told.append((ANSWERS, (source.name,), 0.0))
        told.append((READ_SECONDS, (source.name,), time.perf_counter() - started))
        yield from _gauges(source.measures, readings)


def _gauges(measures: tuple[Measure, ...], readings: list[Reading]) -> Iterator[Metric]:
    for measure in measures:
        family = GaugeMetricFamily(measure.name, measure.words, labels=measure.labels)
        for one, labels, figure in readings:
            if one is measure:
                family.add_metric(labels, float(figure))
        yield family


def _counter(measure: Measure, found: dict[tuple[str, ...], float]) -> Metric:
    family = CounterMetricFamily(measure.name, measure.words, labels=measure.labels)
    for labels, number in sorted(found.items()):
        family.add_metric(labels, number)
    return family


def _histogram(measure: Timed, found: dict[tuple[str, ...], float]) -> Metric:
    family = HistogramMetricFamily(measure.name, measure.words, labels=measure.labels)
    bounds = [*map(str, measure.bounds_s), "+Inf"]
    for labels in sorted({key[:-1] for key in found}):
        number, buckets = 0.0, []
        for bound in bounds:
            number += found.get((*labels, bound), 0.0)
            buckets.append((bound, number))
        family.add_metric(labels, buckets, sum_value=found.get((*labels, "sum"), 0.0))
    return family


def exposition(*, now: datetime) -> bytes:
    """All figures as Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(_Collector(now))
    return generate_latest(registry)


def names() -> frozenset[str]:
    """Names of all series that are told: what dashboards and alerts may ask for."""
    gauges = [one.name for source in sources() for one in source.measures]
    return frozenset(
        [
            *gauges,
            ANSWERS.name,
            READ_SECONDS.name,
            *(f"{one.name}_total" for one in COUNTED),
            *(f"{one.name}_{end}" for one in TIMED for end in ("bucket", "sum", "count")),
        ]
    )
