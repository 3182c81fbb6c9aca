"""Work on stored events: claim a run of them, offer it to the consumers, record what came of it.

One worker at a time works for a connection, in the order in which its events came. An event that
fails steps aside until its next try; those after it go on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet

from workspaces.inbound.registry import Consumer, Failure, consumers, consumers_of, wanted_by
from workspaces.models import Connection, ConnectionStatus, InboundEvent, InboundState, Workspace
from workspaces.roles import Role
from workspaces.services.locks import lock_names
from workspaces.services.notices import notify

BATCH: Final = 100
# Longer than the task that holds it may run: a lapsed lease is a dead worker's.
LEASE: Final = timedelta(minutes=5)
MAX_ATTEMPTS: Final = 8
BACKOFF_BASE_S: Final = 60.0
BACKOFF_CAP_S: Final = 3600.0
_RUNS: Final = 20


class TakenError(Exception):
    """Another worker works for the connection; it may not see what came since it began."""


@dataclass(frozen=True)
class _Claim:
    connection: Connection
    events: list[InboundEvent]
    leased_until: datetime
    #: Whether others were due, too.
    leaves_some: bool


def waiting_connections(*, now: datetime, limit: int = 100) -> list[int]:
    """Connections with events that are due and that somebody wants."""
    rows = _due(InboundEvent.objects.filter(wanted_by(consumers())), now)
    rows = rows.filter(
        connection__status=ConnectionStatus.ACTIVE,
        connection__workspace__in=Workspace.objects.open(),
    )
    found = rows.order_by("connection_id").values_list("connection_id", flat=True).distinct()
    return list(found[:limit])


def _due(rows: QuerySet[InboundEvent], now: datetime) -> QuerySet[InboundEvent]:
    return rows.filter(
        Q(next_attempt_at=None) | Q(next_attempt_at__lte=now), state=InboundState.RECEIVED
    )


def treat_waiting(*, connection_id: int, clock: Callable[[], datetime], rng: random.Random) -> int:
    """Treat all events that wait now; returns how many were tried.

    What comes meanwhile wakes a worker by itself: to look for it here would find few at a time.

    Raises
    ------
    TakenError : another worker holds the connection
    """
    treated = 0
    for _run in range(_RUNS):
        claim = _treat(connection_id, clock(), rng)
        if claim is None:
            break
        treated += len(claim.events)
        if not claim.leaves_some:
            break
    return treated


def treat_next(*, connection_id: int, now: datetime, rng: random.Random) -> int:
    """Treat the events that waited longest; returns how many were tried, 0 when none is due.

    What a consumer raises is recorded as a failure of the whole run and raised on. From then on
    each of its events is tried by itself, so that one bad event holds up nobody but itself.
    """
    try:
        claim = _treat(connection_id, now, rng)
    except TakenError:
        return 0
    return len(claim.events) if claim is not None else 0


def _treat(connection_id: int, now: datetime, rng: random.Random) -> _Claim | None:
    claim = _claim(connection_id, now)
    if claim is None:
        return None
    try:
        failures = _offer(claim, now)
    except Exception as error:
        failure = Failure(f"{type(error).__name__}: {error}")
        _settle(claim, {event.pk: failure for event in claim.events}, now=now, rng=rng)
        raise
    _settle(claim, failures, now=now, rng=rng)
    return claim


@transaction.atomic
def _claim(connection_id: int, now: datetime) -> _Claim | None:
    lock_names([f"inbound:{connection_id}"])
    connection = (
        Connection.objects.select_related("workspace")
        .filter(pk=connection_id, status=ConnectionStatus.ACTIVE)
        .first()
    )
    if connection is None:
        return None
    rows = InboundEvent.objects.filter(connection=connection, state=InboundState.RECEIVED)
    if rows.filter(leased_until__gt=now).exists():
        raise TakenError
    rows = _due(rows.filter(wanted_by(consumers_of(connection.kind))), now)
    due = list(rows.order_by("received_at", "position", "pk")[: BATCH + 1])
    events = _run_of(due[:BATCH])
    if not events:
        return None
    until = now + LEASE
    InboundEvent.objects.filter(pk__in=[event.pk for event in events]).update(
        attempts=F("attempts") + 1, leased_until=until
    )
    return _Claim(connection, events, until, leaves_some=len(due) > len(events))


def _run_of(due: list[InboundEvent]) -> list[InboundEvent]:
    """Fresh events together, one that was tried before alone."""
    if due and due[0].attempts:
        return due[:1]
    return list(takewhile(lambda event: not event.attempts, due))


def _offer(claim: _Claim, now: datetime) -> dict[int, Failure]:
    failures: dict[int, Failure] = {}
    for consumer in consumers_of(claim.connection.kind):
        wanted = [event for event in claim.events if consumer.wants(event)]
        if wanted:
            failures |= _named(consumer, consumer.consume(claim.connection, wanted, now))
    return failures


def _named(consumer: Consumer, failures: Mapping[int, Failure]) -> dict[int, Failure]:
    return {
        pk: Failure(f"{consumer.name}: {failure.why}", failure.retry_after_s, failure.is_final)
        for pk, failure in failures.items()
    }


@transaction.atomic
def _settle(
    claim: _Claim, failures: Mapping[int, Failure], *, now: datetime, rng: random.Random
) -> None:
    # Whoever was slower than his lease finds nothing of his here any more.
    events = list(
        InboundEvent.objects.select_for_update()
        .filter(pk__in=[event.pk for event in claim.events], leased_until=claim.leased_until)
        .order_by("pk")
    )
    done = [event.pk for event in events if event.pk not in failures]
    InboundEvent.objects.filter(pk__in=done).update(
        state=InboundState.DONE, processed_at=now, error="", leased_until=None,
        next_attempt_at=None,
    )  # fmt: skip
    failed = [event for event in events if event.pk in failures]
    for event in failed:
        event.leased_until = None
        _fail(event, failures[event.pk], now=now, rng=rng)
    InboundEvent.objects.bulk_update(
        failed, ["leased_until", "state", "processed_at", "error", "next_attempt_at"]
    )
    if lost := [event for event in failed if event.state == InboundState.FAILED]:
        _tell(claim.connection, lost[0], now=now)


def _fail(event: InboundEvent, failure: Failure, *, now: datetime, rng: random.Random) -> None:
    event.error = failure.why[:2000]
    if failure.is_final or event.attempts >= MAX_ATTEMPTS:
        event.state, event.processed_at, event.next_attempt_at = InboundState.FAILED, now, None
        return
    wait_s = failure.retry_after_s
    if wait_s is None:
        # Full jitter: what failed together does not come back together.
        wait_s = rng.uniform(0, min(BACKOFF_BASE_S * 2 ** (event.attempts - 1), BACKOFF_CAP_S))
    event.next_attempt_at = now + timedelta(seconds=min(max(wait_s, 0.0), BACKOFF_CAP_S))


def _tell(connection: Connection, event: InboundEvent, *, now: datetime) -> None:
    notify(
        workspace=connection.workspace,
        rank=Role.ADMIN.rank,
        topic="webhooks",
        title=f"Events of {connection.name} could not be treated"[:200],
        body=f"{event.error} Look at the failed events, repair the cause and run them again.",
        dedup_key=f"inbound-failed:{connection.pk}:{now.date()}",
        now=now,
    )
