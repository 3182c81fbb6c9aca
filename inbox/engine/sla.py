"""The clock of a conversation: when an answer is due, and whether promises were kept.

Each message of a customer that is not answered has a due time of its own, and the earliest is that
of the conversation: an urgent message among patient ones counts from when *it* was written. What
happened is told as events; nothing is kept between two calls, so new targets or new hours are the
same call again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from inbox.engine.hours import BusinessHours, add, between
from inbox.engine.sla_policy import LEVELS, Policy, Promise, Urgency


class Happened(StrEnum):
    """What can happen in a conversation."""

    WROTE = "wrote"  # the customer
    ANSWERED = "answered"  # we did: a person, or a reply that the gate let out
    ACKNOWLEDGED = "acknowledged"  # a machine said that the message has come: no answer
    WAITING = "waiting"  # it was set to wait for the customer
    RESUMED = "resumed"  # it was set to open again
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Attributes
    ----------
    at, what : when, and which
    channel, level : of a customer's message, 'comment' for a public one; see `level_of`
    written_at : of an answer, and of the waiting that begins with it, when it was written: what
        came between that and its sending is not answered by it; none for at once
    """

    at: datetime
    what: Happened
    channel: str = ""
    level: Urgency = Urgency.MEDIUM
    written_at: datetime | None = None

    def answers(self, message: Event) -> bool:
        """Whether an answer is one to a message."""
        return self.written_at is None or message.at <= self.written_at


@dataclass(frozen=True)
class Due:
    """When one promise is due, warned of and escalated.

    None where nothing is promised, its clock stands still or its hours never open.
    """

    due_at: datetime | None = None
    warn_at: datetime | None = None
    escalate_at: datetime | None = None


class Outcome(StrEnum):
    """What became of a promise."""

    KEPT = "kept"
    MISSED = "missed"
    RUNNING = "running"
    PAUSED = "paused"
    #: Closed without an answer before it was due: none was wanted, and it counts nowhere.
    DROPPED = "dropped"


@dataclass(frozen=True)
class Turn:
    """Messages of a customer up to the answer to them.

    Attributes
    ----------
    promise : the first response of the conversation, or a next one
    started_at : of its first message
    messages : due times of each message, in order
    due : of the turn: the earliest of its messages, or where the channel's reply window ends
    ended_at : when it was answered or closed
    outcome : kept, missed or dropped; running or paused while it has not ended
    """

    promise: Promise
    started_at: datetime
    messages: tuple[Due, ...]
    due: Due
    ended_at: datetime | None
    outcome: Outcome


@dataclass(frozen=True)
class Resolution:
    """The promise to be done with it; `ended_at` is when it was closed."""

    due: Due
    ended_at: datetime | None
    outcome: Outcome


@dataclass(frozen=True)
class Standing:
    """Where a conversation stands; `waiting_for_us` is the turn that nobody has answered."""

    turns: tuple[Turn, ...] = ()
    resolution: Resolution | None = None

    @property
    def waiting_for_us(self) -> Turn | None:
        """The last turn where it has not ended."""
        return self.turns[-1] if self.turns and self.turns[-1].ended_at is None else None


@dataclass
class _Open:
    """A turn while events are read."""

    promise: Promise
    messages: list[Event]
    ended_at: datetime | None = None
    is_answered: bool = False


@dataclass
class _Story:
    """What events say, one after the other."""

    turns: list[_Open] = field(default_factory=list)
    written: list[Event] = field(default_factory=list)
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    closed_at: datetime | None = None
    is_answered: bool = False

    def take(self, event: Event) -> None:
        """Go on with the next event; what changes nothing in this state is passed over."""
        match event.what:
            case Happened.WROTE:
                self._wrote(event)
            case Happened.ANSWERED:
                self._answered(event)
            case Happened.WAITING if self.closed_at is None and not self._has_newer(event):
                self._pause(event.at)
            case Happened.RESUMED if self.closed_at is None:
                self._resume(event.at)
            case Happened.CLOSED if self.closed_at is None:
                self._end_turn(event.at, is_answered=False)
                self._pause(event.at)
                self.closed_at = event.at
            case Happened.REOPENED if self.closed_at is not None:
                self._reopen(event.at)

    def _wrote(self, event: Event) -> None:
        self._resume(event.at)
        self.closed_at = None
        self.written.append(event)
        if not self.turns or self.turns[-1].ended_at is not None:
            promise = Promise.NEXT_RESPONSE if self.is_answered else Promise.FIRST_RESPONSE
            self.turns.append(_Open(promise, []))
        self.turns[-1].messages.append(event)

    def _answered(self, event: Event) -> None:
        """End a turn; what they wrote while the answer was on its way begins the next one."""
        self.is_answered = True
        newer = [one for one in self._unanswered() if not event.answers(one)]
        if len(newer) < len(self._unanswered()):
            if newer:
                del self.turns[-1].messages[-len(newer) :]
            self._end_turn(event.at, is_answered=True)
            if newer:
                self.turns.append(_Open(Promise.NEXT_RESPONSE, newer))

    def _has_newer(self, event: Event) -> bool:
        return any(not event.answers(one) for one in self._unanswered())

    def _unanswered(self) -> list[Event]:
        """Messages of the turn that has not ended."""
        return self.turns[-1].messages if self.turns and self.turns[-1].ended_at is None else []

    def _end_turn(self, at: datetime, *, is_answered: bool) -> None:
        if self.turns and self.turns[-1].ended_at is None:
            self.turns[-1].ended_at, self.turns[-1].is_answered = at, is_answered

    def _reopen(self, at: datetime) -> None:
        """Go on where it was closed: what was not answered then is still to be answered."""
        self._resume(at)
        self.closed_at = None
        if self.turns and not self.turns[-1].is_answered:
            self.turns[-1].ended_at = None

    def _pause(self, at: datetime) -> None:
        if not self.pauses or self.pauses[-1][1] is not None:
            self.pauses.append((at, None))

    def _resume(self, at: datetime) -> None:
        if self.pauses and self.pauses[-1][1] is None:
            self.pauses[-1] = (self.pauses[-1][0], at)


@dataclass(frozen=True)
class _Clock:
    """Policy, hours and the pauses of one conversation."""

    policy: Policy
    hours: BusinessHours
    pauses: Sequence[tuple[datetime, datetime | None]]

    def due(self, promise: Promise, message: Event, ended_at: datetime | None) -> Due:
        """When one message is due, warned of and escalated; never where nothing is promised."""
        minutes = self.policy.minutes(promise, message.channel, message.level)
        if minutes is None:
            return Due()
        start = message.at
        runs = _runs(start, ended_at, self.pauses)
        shares = (1.0, self.policy.warn_share, self.policy.escalate_share)
        return Due(*(self._reached(runs, minutes * share) for share in shares))

    def _reached(
        self, runs: list[tuple[datetime, datetime | None]], minutes: float
    ) -> datetime | None:
        for start, end in runs:
            if end is None:
                return add(self.hours, start, minutes)
            used = between(self.hours, start, end)
            if used >= minutes:
                return add(self.hours, start, minutes)
            minutes -= used
        return None


def _runs(
    start: datetime,
    ended_at: datetime | None,
    pauses: Sequence[tuple[datetime, datetime | None]],
) -> list[tuple[datetime, datetime | None]]:
    """List when a clock runs; the last is open, except where it stands still at its end."""
    runs: list[tuple[datetime, datetime | None]] = []
    for paused_at, resumed_at in pauses:
        if resumed_at is not None and resumed_at <= start:
            continue
        if ended_at is not None and paused_at >= ended_at:
            break
        if paused_at > start:
            runs.append((start, paused_at))
        if resumed_at is None or (ended_at is not None and resumed_at > ended_at):
            return runs
        start = resumed_at
    return [*runs, (start, None)]


def evaluate(events: Iterable[Event], policy: Policy, hours: BusinessHours) -> Standing:
    """Say what is due in a conversation, and what was kept.

    Parameters
    ----------
    events : all that happened, in any order; of one moment in the order given
    policy, hours : of the team as they are now, for the past too

    Returns
    -------
    Standing; without a turn where the customer never wrote

    Notes
    -----
    A first or next response runs from a message to the answer; an automatic acknowledgement is
    none. It stands still while waiting for the customer and outside business hours. Closing ends
    it without an answer; reopening goes on with it, a new message begins a new turn. Where a
    channel closes its reply window earlier, on the wall, the turn is due then. A resolution runs
    from the first message until it is closed; a message that is more urgent than all before it
    has a resolution time of its own.
    """
    story = _Story()
    for event in sorted(events, key=lambda one: one.at):
        story.take(event)
    if not story.written:
        return Standing()
    clock = _Clock(policy, hours, story.pauses)
    return Standing(tuple(_turn(turn, clock) for turn in story.turns), _resolution(story, clock))


def _turn(turn: _Open, clock: _Clock) -> Turn:
    messages = tuple(clock.due(turn.promise, one, turn.ended_at) for one in turn.messages)
    due = _earliest([*messages, *_window_end(turn.messages, clock.policy)])
    outcome = _outcome(due, turn.ended_at, is_done=turn.is_answered)
    if turn.ended_at is None and _stands_still(clock):
        outcome = Outcome.PAUSED
    return Turn(turn.promise, turn.messages[0].at, messages, due, turn.ended_at, outcome)


def _resolution(story: _Story, clock: _Clock) -> Resolution:
    dues, highest = [], len(LEVELS)
    for message in story.written:
        if (rank := LEVELS.index(message.level)) < highest:
            highest = rank
            dues.append(clock.due(Promise.RESOLUTION, message, story.closed_at))
    due = _earliest(dues)
    outcome = _outcome(due, story.closed_at, is_done=True)
    if story.closed_at is None and _stands_still(clock):
        outcome = Outcome.PAUSED
    return Resolution(due, story.closed_at, outcome)


def _stands_still(clock: _Clock) -> bool:
    return bool(clock.pauses) and clock.pauses[-1][1] is None


def _window_end(messages: Sequence[Event], policy: Policy) -> list[Due]:
    """First end of a reply window before which the customer did not write once more."""
    ends: datetime | None = None
    for message in messages:
        if ends is not None and message.at > ends:
            break
        if message.channel in policy.windows:
            ends = message.at + timedelta(minutes=policy.windows[message.channel])
            window = timedelta(minutes=policy.windows[message.channel])
    if ends is None:
        return []
    # Nobody can answer there afterwards, so it is escalated at once and not half a day later.
    return [Due(ends, ends - (1 - policy.warn_share) * window, ends)]


def _earliest(dues: Sequence[Due]) -> Due:
    return Due(
        *(
            min((at for at in times if at is not None), default=None)
            for times in zip(
                *((one.due_at, one.warn_at, one.escalate_at) for one in dues), strict=True
            )
        )
    )


def _outcome(due: Due, ended_at: datetime | None, *, is_done: bool) -> Outcome:
    if ended_at is None:
        return Outcome.RUNNING
    if due.due_at is not None and ended_at > due.due_at:
        return Outcome.MISSED
    return Outcome.KEPT if is_done else Outcome.DROPPED
