"""Steps of a sequence: which is next for one person, when, and when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

LEAST_DELAY: Final = timedelta(hours=1)


class Condition(StrEnum):
    """What must be true of the message before; of the person for the last three."""

    ALWAYS = "always"
    OPENED = "opened"
    NOT_OPENED = "not_opened"
    CLICKED = "clicked"
    NOT_CLICKED = "not_clicked"
    REPLIED = "replied"
    CONVERTED = "converted"
    SEGMENT = "segment"


@dataclass(frozen=True)
class Step:
    """One message of a sequence.

    Attributes
    ----------
    delay : after the step before was sent or left out; of the first, after the beginning
    condition, segment : without which the step is left out; a segment only with 'segment'
    exits_on_reply, exits_on_conversion : whether the sequence ends before this step by them
    name, channel : for people; the campaign's channels decide where it names none
    """

    delay: timedelta
    condition: Condition = Condition.ALWAYS
    segment: str = ""
    exits_on_reply: bool = True
    exits_on_conversion: bool = True
    name: str = ""
    channel: str = ""


@dataclass(frozen=True)
class Done:
    """A step that is behind somebody.

    Attributes
    ----------
    at : when it was sent, or was due and left out
    is_sent : whether there was a message
    is_opened, is_clicked : of that message, up to now
    """

    at: datetime
    is_sent: bool
    is_opened: bool = False
    is_clicked: bool = False


@dataclass(frozen=True)
class Progress:
    """Where somebody stands.

    Attributes
    ----------
    entered_at : beginning of the sequence
    done : steps behind them, in order, from the first
    replied_at, converted_at : last such event; those before the beginning do not count
    segments : the person is in, now
    """

    entered_at: datetime
    done: tuple[Done, ...] = ()
    replied_at: datetime | None = None
    converted_at: datetime | None = None
    segments: frozenset[str] = frozenset()


class What(StrEnum):
    """What to do for somebody now."""

    SEND = "send"
    WAIT = "wait"
    EXIT = "exit"
    FINISHED = "finished"


@dataclass(frozen=True)
class Next:
    """What to do for somebody now.

    Attributes
    ----------
    what : to do
    step : place in the steps, to be sent or waited for; the number of steps at the end
    due_at : when that step is or was due; None at the end
    left_out : steps before it whose condition does not hold, with the moment they were due
    reason : of an exit: 'replied' or 'converted'
    """

    what: What
    step: int
    due_at: datetime | None = None
    left_out: tuple[tuple[int, datetime], ...] = ()
    reason: str = ""


def check_steps(steps: Sequence[Step]) -> None:
    """Refuse steps that cannot be gone through.

    Raises
    ------
    ValueError : none, a delay below an hour after the first step, a segment without its
        condition or the other way round, or a first step that asks for a message before it
    """
    if not steps:
        raise ValueError("steps: a sequence has one at least")
    for number, step in enumerate(steps, start=1):
        least = timedelta(0) if number == 1 else LEAST_DELAY
        if step.delay < least:
            raise ValueError(f"delay: step {number} comes {least} after the one before at least")
        if (step.condition == Condition.SEGMENT) != bool(step.segment):
            raise ValueError(f"segment: step {number} names a segment, or asks for none")
    if steps[0].condition not in (Condition.ALWAYS, Condition.SEGMENT):
        raise ValueError("condition: before step 1 there is no message to ask about")


def next_step(steps: Sequence[Step], progress: Progress, now: datetime) -> Next:
    """Say what to do for somebody now.

    A step is due its delay after the one before was sent, or was due and left out; so nobody who
    was sent something late gets two at once. Its condition is asked when it is due, of the last
    message that was sent.

    Parameters
    ----------
    steps : of the sequence, as `check_steps` takes them
    progress : of the person
    now : the moment, aware

    Returns
    -------
    Next

    Raises
    ------
    ValueError : more is done than there are steps
    """
    at = len(progress.done)
    if at > len(steps):
        raise ValueError(f"done: {at} of {len(steps)} steps")
    left_out: list[tuple[int, datetime]] = []
    anchor = progress.done[-1].at if progress.done else progress.entered_at
    sent = next((done for done in reversed(progress.done) if done.is_sent), None)
    while at < len(steps):
        step = steps[at]
        reason = _exit_by(step, progress)
        if reason:
            return Next(What.EXIT, at, None, tuple(left_out), reason)
        due = anchor + step.delay
        if due > now:
            return Next(What.WAIT, at, due, tuple(left_out))
        if _holds(step, progress, sent):
            return Next(What.SEND, at, due, tuple(left_out))
        left_out.append((at, due))
        anchor, at = due, at + 1
    return Next(What.FINISHED, at, None, tuple(left_out))


def _exit_by(step: Step, progress: Progress) -> str:
    if step.exits_on_conversion and _since(progress.converted_at, progress):
        return "converted"
    return "replied" if step.exits_on_reply and _since(progress.replied_at, progress) else ""


def _since(moment: datetime | None, progress: Progress) -> bool:
    return moment is not None and moment >= progress.entered_at


def _holds(step: Step, progress: Progress, sent: Done | None) -> bool:
    answers = {
        Condition.ALWAYS: True,
        Condition.OPENED: sent is not None and (sent.is_opened or sent.is_clicked),
        Condition.NOT_OPENED: sent is not None and not (sent.is_opened or sent.is_clicked),
        Condition.CLICKED: sent is not None and sent.is_clicked,
        Condition.NOT_CLICKED: sent is not None and not sent.is_clicked,
        Condition.REPLIED: _since(progress.replied_at, progress),
        Condition.CONVERTED: _since(progress.converted_at, progress),
        Condition.SEGMENT: step.segment in progress.segments,
    }
    return answers[step.condition]


def _days(days: int) -> timedelta:
    return timedelta(days=days)


# Days 1, 2, 3, 5 and 7.
DEFAULT: Final = (
    Step(_days(0), name="Welcome", channel="email"),
    Step(_days(1), Condition.OPENED, name="Follow up", channel="whatsapp"),
    Step(_days(1), Condition.CLICKED, name="Ask", channel="chat"),
    Step(_days(2), name="Offer", channel="email"),
    Step(_days(2), name="Reminder", channel="email"),
)
