"""A conversation lived minute by minute: slow, and with nothing in common with the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from inbox.engine.hours import BusinessHours
from inbox.engine.sla import Event, Happened
from inbox.engine.sla_policy import LEVELS, Policy, Promise

MINUTE = timedelta(minutes=1)


def shows_open(hours: BusinessHours, at: datetime) -> bool:
    """What a person says who looks at the clock on the wall."""
    local = at.astimezone(ZoneInfo(hours.zone))
    day = dict(hours.special).get(local.date(), hours.week[local.weekday()])
    return any(start <= local.hour * 60 + local.minute < end for start, end in day)


@dataclass
class Watch:
    """A stopwatch of one promise of one message; `reached` by name of the share."""

    minutes: int
    policy: Policy
    used: int = 0
    reached: dict[str, datetime] = field(default_factory=dict)

    def tick(self, at: datetime) -> None:
        self.used += 1
        shares = {
            "warn": self.policy.warn_share,
            "due": 1.0,
            "escalate": self.policy.escalate_share,
        }
        for name, share in shares.items():
            if self.used == self.minutes * share:
                self.reached[name] = at + MINUTE


@dataclass
class Lived:
    """A promise as it was lived, up to its end."""

    promise: Promise
    watches: list[Watch] = field(default_factory=list)
    window: datetime | None = None  # when the reply window ends, if nobody writes before
    ended_at: datetime | None = None
    is_answered: bool = False

    def reached(self, name: str) -> datetime | None:
        """First moment at which one of its watches showed a share."""
        return min((one.reached[name] for one in self.watches if name in one.reached), default=None)


class Life:
    """All turns and the resolution of a conversation, after `run`."""

    def __init__(self, policy: Policy, hours: BusinessHours) -> None:
        self.policy, self.hours = policy, hours
        self.turns: list[Lived] = []
        self.resolution = Lived(Promise.RESOLUTION)
        self.best = len(LEVELS)
        self.is_waiting = self.is_closed = self.has_answered = False

    def run(self, events: list[Event], until: datetime) -> None:
        at = min(event.at for event in events)
        while at < until:
            for event in events:
                if event.at == at:
                    self._take(event)
            if shows_open(self.hours, at) and not self.is_waiting and not self.is_closed:
                lived = [*self.turns, self.resolution]
                for watch in (w for one in lived if not one.ended_at for w in one.watches):
                    watch.tick(at)
            at += MINUTE

    def _take(self, event: Event) -> None:
        what, is_closed = event.what, self.is_closed
        if what is Happened.WROTE:
            self._wrote(event)
        elif what is Happened.ANSWERED:
            self.has_answered = True
            self._end(event, is_answered=True)
        elif what is Happened.WAITING and not is_closed:
            self.is_waiting = True
        elif what is Happened.RESUMED and not is_closed:
            self.is_waiting = False
        elif what is Happened.CLOSED and not is_closed:
            self._end(event, is_answered=False)
            self.is_closed, self.resolution.ended_at = True, event.at
        elif what is Happened.REOPENED and is_closed:
            self._open()
            if self.turns and not self.turns[-1].is_answered:
                self.turns[-1].ended_at = None

    def _open(self) -> None:
        self.is_waiting = self.is_closed = False
        self.resolution.ended_at = None

    def _wrote(self, event: Event) -> None:
        self._open()
        if not self.turns or self.turns[-1].ended_at:
            first = Promise.NEXT_RESPONSE if self.has_answered else Promise.FIRST_RESPONSE
            self.turns.append(Lived(first))
        turn = self.turns[-1]
        self._start(turn, event)
        minutes = self.policy.windows.get(event.channel)
        if minutes and (turn.window is None or event.at <= turn.window):
            turn.window = event.at + minutes * MINUTE
        if (rank := LEVELS.index(event.level)) < self.best:
            self.best = rank
            self._start(self.resolution, event)

    def _start(self, lived: Lived, event: Event) -> None:
        minutes = self.policy.minutes(lived.promise, event.channel, event.level)
        assert minutes is not None
        lived.watches.append(Watch(minutes, self.policy))

    def _end(self, event: Event, *, is_answered: bool) -> None:
        if self.turns and not self.turns[-1].ended_at:
            self.turns[-1].ended_at, self.turns[-1].is_answered = event.at, is_answered
