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
    """A stopwatch of one message: the minutes that counted."""

    message: Event
    ticks: list[datetime] = field(default_factory=list)

    def reached(self, minutes: float) -> datetime | None:
        """When it showed so many minutes."""
        at = int(minutes) - 1
        return self.ticks[at] + MINUTE if at < len(self.ticks) else None


@dataclass
class Lived:
    """A promise as it was lived, up to its end."""

    promise: Promise
    policy: Policy
    watches: list[Watch] = field(default_factory=list)
    ended_at: datetime | None = None
    is_answered: bool = False

    def reached(self, name: str) -> datetime | None:
        """First moment at which one of its watches showed a share."""
        policy = self.policy
        share = {"warn": policy.warn_share, "due": 1.0, "escalate": policy.escalate_share}[name]
        found = []
        for one in self.watches:
            minutes = policy.minutes(self.promise, one.message.channel, one.message.level)
            assert minutes is not None
            assert minutes * share == int(minutes * share)
            found.append(one.reached(minutes * share))
        return min((at for at in found if at is not None), default=None)

    @property
    def window(self) -> datetime | None:
        """When the reply window ends, if nobody writes before; a resolution has none."""
        end: datetime | None = None
        if self.promise is Promise.RESOLUTION:
            return None
        for message in (one.message for one in self.watches):
            minutes = self.policy.windows.get(message.channel)
            if minutes and (end is None or message.at <= end):
                end = message.at + minutes * MINUTE
        return end


class Life:
    """All turns and the resolution of a conversation, after `run`."""

    def __init__(self, policy: Policy, hours: BusinessHours) -> None:
        self.policy, self.hours = policy, hours
        self.turns: list[Lived] = []
        self.resolution = Lived(Promise.RESOLUTION, policy)
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
                    watch.ticks.append(at)
            at += MINUTE

    def _take(self, event: Event) -> None:
        what, is_closed = event.what, self.is_closed
        if what is Happened.WROTE:
            self._wrote(event)
        elif what is Happened.ANSWERED:
            self.has_answered = True
            self._answered(event)
        elif what is Happened.WAITING and not is_closed:
            left = self.turns[-1] if self.turns and not self.turns[-1].ended_at else None
            if left is None or not self._newer(left, event):
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
            self.turns.append(Lived(first, self.policy))
        self.turns[-1].watches.append(Watch(event))
        if (rank := LEVELS.index(event.level)) < self.best:
            self.best = rank
            self.resolution.watches.append(Watch(event))

    def _newer(self, turn: Lived, event: Event) -> list[Watch]:
        written = event.written_at or event.at
        return [one for one in turn.watches if one.message.at > written]

    def _answered(self, event: Event) -> None:
        """Whoever wrote while the answer was on its way goes on waiting."""
        if not self.turns or self.turns[-1].ended_at:
            return
        turn = self.turns[-1]
        newer = self._newer(turn, event)
        if len(newer) == len(turn.watches):
            return
        turn.watches = [one for one in turn.watches if one not in newer]
        self._end(event, is_answered=True)
        if newer:
            self.turns.append(Lived(Promise.NEXT_RESPONSE, self.policy, newer))

    def _end(self, event: Event, *, is_answered: bool) -> None:
        if self.turns and not self.turns[-1].ended_at:
            self.turns[-1].ended_at, self.turns[-1].is_answered = event.at, is_answered
