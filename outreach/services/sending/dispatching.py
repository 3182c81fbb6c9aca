"""The dispatcher: take what is due, mark it, call, settle; until nothing is due or time is up.

The order makes a death harmless. Claiming judges, writes and leases messages (transaction 1).
Then, a few at a time: look once more whether something stopped them or somebody left, commit
``call_sent_at`` together with what the calls before said (transaction 2); call, without any
transaction. What is leased but not marked was never called and goes back. What is marked but not
settled may be out: see ``recovering``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from outreach.services.sending.calling import SAFE_AT_ONCE, Answer, Senders
from outreach.services.sending.claiming import Claimed, claim
from outreach.services.sending.lanes import Lane, lanes_due
from outreach.services.sending.marking import hold, mark
from outreach.services.sending.recovering import hand_over
from outreach.services.sending.settling import settle
from workspaces.away import AWAY
from workspaces.ids import uuid7
from workspaces.platforms.errors import PlatformError
from workspaces.services.connections import record_use

Clock = Callable[[], datetime]

#: Claimed at once: judged and written together.
BATCH: Final = SAFE_AT_ONCE
RUN_FOR: Final = timedelta(seconds=20)


@dataclass(frozen=True)
class Run:
    """What one run of the dispatcher did. ``wait_s``: when there is more to do, if not at once."""

    called: int
    is_done: bool
    wait_s: float = 0.0


def dispatch(*, worker: str, clock: Clock, senders: Senders, run_for: timedelta = RUN_FOR) -> Run:
    """Send what is due until nothing is left, or the time is up."""
    ends, called = clock() + run_for, 0
    while True:
        waits: list[float] = []
        looked_at = 0
        for lane in lanes_due(now=clock()):
            turn = _turn(lane, worker=worker, clock=clock, senders=senders)
            called, looked_at = called + turn.called, looked_at + turn.looked_at
            if turn.wait_s:
                waits.append(turn.wait_s)
            if clock() >= ends:
                return Run(called, is_done=False)
        if not looked_at:
            return Run(called, is_done=not waits, wait_s=min(waits, default=0.0))


@dataclass(frozen=True)
class _Turn:
    called: int = 0
    looked_at: int = 0
    wait_s: float = 0.0


def _turn(lane: Lane, *, worker: str, clock: Clock, senders: Senders) -> _Turn:
    """One batch of a lane."""
    rights, wait_s = (BATCH, 0.0) if lane.is_by_hand else lane.take(BATCH)
    if not rights:
        return _Turn(wait_s=wait_s)
    now = clock()
    try:
        chunk = 1 if lane.connection is None else senders.chunk_of(lane.connection)
    except PlatformError as error:
        if lane.connection is not None:
            record_use(connection=lane.connection, now=now, error=error.message, needs_login=True)
        return _Turn()
    owner = f"{worker}#{uuid7()}"
    try:
        claimed, looked_at = claim(lane=lane, worker=owner, now=now, limit=rights)
        called = _send(lane, claimed, chunk, clock, senders)
    except AWAY:
        hand_over(owner, clock=clock)
        raise
    if not lane.is_by_hand:
        lane.give_back(rights - called)
    return _Turn(called, looked_at)


def _send(
    lane: Lane, claimed: Sequence[Claimed], chunk: int, clock: Clock, senders: Senders
) -> int:
    """Call for all, a chunk at a time; how many were called."""
    connection = lane.connection
    if connection is None or not claimed:
        return 0
    sender = senders.first(connection)
    can_tell = sender.is_idempotent or sender.can_look_up
    answers: list[Answer] = []
    called = 0
    for some in _batched(claimed, chunk):
        now = clock()
        marked = settle_and_mark(lane, answers, some, now=now, can_tell=can_tell)
        answers = senders.call(connection, marked)
        called += len(marked)
    if answers:
        settle(lane=lane, answers=answers, now=clock(), can_tell=can_tell)
    return called


@transaction.atomic
def settle_and_mark(
    lane: Lane,
    answers: Sequence[Answer],
    claimed: Sequence[Claimed],
    *,
    now: datetime,
    can_tell: bool,
) -> list[Claimed]:
    """Write what was said to some and that others are about to be called, with one commit."""
    hold(one.message.pk for one in (*(each.claimed for each in answers), *claimed))
    if answers:
        settle(lane=lane, answers=answers, now=now, can_tell=can_tell)
    return mark(lane, claimed, now)


def _batched(claimed: Sequence[Claimed], size: int) -> list[Sequence[Claimed]]:
    return [claimed[start : start + size] for start in range(0, len(claimed), size)]
