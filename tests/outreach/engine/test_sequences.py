"""Which step comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.sequences import (
    DEFAULT,
    Condition,
    Done,
    Next,
    Progress,
    Step,
    What,
    check_steps,
    next_step,
)

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _sent(at: datetime, **seen: bool) -> Done:
    return Done(at, is_sent=True, **seen)


def test_the_default_goes_days_1_2_3_5_and_7() -> None:
    done: tuple[Done, ...] = ()
    days = []
    for _ in DEFAULT:
        waiting = next_step(DEFAULT, Progress(START, done), START - HOUR)
        now = waiting.due_at
        found = next_step(DEFAULT, Progress(START, done), now)
        assert found.what == What.SEND
        days.append((now - START).days + 1)
        done = (*done, _sent(now, is_opened=True, is_clicked=True))

    assert days == [1, 2, 3, 5, 7]
    assert next_step(DEFAULT, Progress(START, done), now).what == What.FINISHED


def test_what_was_not_opened_is_followed_by_the_offer_on_its_day() -> None:
    progress = Progress(START, (_sent(START),))

    assert next_step(DEFAULT, progress, START + DAY) == Next(
        What.WAIT, 2, START + 2 * DAY, ((1, START + DAY),)
    )
    assert next_step(DEFAULT, progress, START + 4 * DAY) == Next(
        What.SEND, 3, START + 4 * DAY, ((1, START + DAY), (2, START + 2 * DAY))
    )


def test_a_late_message_moves_the_next() -> None:
    late = START + 3 * DAY
    progress = Progress(START, (_sent(late, is_opened=True),))

    assert next_step(DEFAULT, progress, late) == Next(What.WAIT, 1, late + DAY)


@pytest.mark.parametrize(
    ("event", "reason"), [("replied_at", "replied"), ("converted_at", "converted")]
)
def test_a_reply_or_a_conversion_ends_it(event: str, reason: str) -> None:
    progress = Progress(START, (_sent(START),), **{event: START + HOUR})

    assert next_step(DEFAULT, progress, START + HOUR) == Next(What.EXIT, 1, reason=reason)
    earlier = replace(progress, **{event: START - HOUR})
    assert next_step(DEFAULT, earlier, START + HOUR).what == What.WAIT


def test_a_step_may_stay_in_spite_of_a_reply() -> None:
    steps = (Step(0 * DAY), Step(DAY, Condition.REPLIED, exits_on_reply=False))
    progress = Progress(START, (_sent(START),))

    assert next_step(steps, progress, START + DAY).what == What.FINISHED
    replied = replace(progress, replied_at=START + HOUR)
    assert next_step(steps, replied, START + DAY).what == What.SEND


@pytest.mark.parametrize(
    ("condition", "seen", "holds"),
    [
        (Condition.OPENED, {"is_opened": True}, True),
        (Condition.OPENED, {"is_clicked": True}, True),  # whose reader loads no pictures
        (Condition.OPENED, {}, False),
        (Condition.NOT_OPENED, {}, True),
        (Condition.NOT_OPENED, {"is_opened": True}, False),
        (Condition.CLICKED, {"is_opened": True}, False),
        (Condition.CLICKED, {"is_clicked": True}, True),
        (Condition.NOT_CLICKED, {"is_opened": True}, True),
        (Condition.NOT_CLICKED, {"is_clicked": True}, False),
    ],
)
def test_conditions_ask_the_last_message(condition: Condition, seen: dict, holds: bool) -> None:
    steps = (Step(0 * DAY), Step(DAY, Condition.SEGMENT, "vip"), Step(DAY, condition))
    done = (_sent(START, **seen), Done(START + DAY, is_sent=False))

    found = next_step(steps, Progress(START, done), START + 2 * DAY)

    assert found.what == (What.SEND if holds else What.FINISHED)


def test_segments_are_asked_when_the_step_is_due() -> None:
    steps = (Step(0 * DAY, Condition.SEGMENT, "vip"),)

    assert next_step(steps, Progress(START, segments=frozenset(["vip"])), START).what == What.SEND
    assert next_step(steps, Progress(START), START).left_out == ((0, START),)


def test_without_a_message_there_is_nothing_to_have_ignored() -> None:
    steps = (Step(0 * DAY, Condition.SEGMENT, "vip"), Step(DAY, Condition.NOT_OPENED))

    assert next_step(steps, Progress(START), START + DAY).what == What.FINISHED


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((), "has one at least"),
        ((Step(-HOUR),), "delay: step 1"),
        ((Step(HOUR), Step(0 * HOUR)), "delay: step 2"),
        ((Step(HOUR, Condition.SEGMENT),), "segment: step 1"),
        ((Step(HOUR, segment="vip"),), "segment: step 1"),
        ((Step(HOUR, Condition.OPENED),), "condition: before step 1"),
    ],
)
def test_steps_that_cannot_be_gone_through(steps: tuple[Step, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_steps(steps)
    check_steps(DEFAULT)


def test_more_done_than_there_is() -> None:
    with pytest.raises(ValueError, match="done: 2 of 1"):
        next_step(DEFAULT[:1], Progress(START, (_sent(START),) * 2), START)


STEPS = st.lists(
    st.builds(
        Step,
        st.integers(1, 60).map(lambda hours: hours * HOUR),
        st.sampled_from([c for c in Condition if c != Condition.SEGMENT]),
        exits_on_reply=st.booleans(),
        exits_on_conversion=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)
EVENTS = st.sampled_from(["", "", "", "reply", "buy"])
TICKS = st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.booleans(), EVENTS), max_size=30)


@given(STEPS, TICKS)
def test_a_person_goes_through_in_order_one_at_a_time_and_never_after_the_exit(
    steps: list[Step], ticks: list[tuple[int, bool, bool, str]]
) -> None:
    progress, now, sends, is_out = Progress(START), START, [], False
    for hours, opens, clicks, event in ticks:
        now += hours * HOUR
        if event:
            field = "replied_at" if event == "reply" else "converted_at"
            progress = replace(progress, **{field: now})
        found = next_step(steps, progress, now)
        assert not (is_out and found.what == What.SEND)
        is_out = is_out or found.what in (What.EXIT, What.FINISHED)
        done = [*progress.done, *(Done(due, is_sent=False) for _, due in found.left_out)]
        assert found.step == len(done)
        if found.what == What.SEND:
            assert found.due_at <= now
            if done:
                assert now >= done[-1].at + steps[found.step].delay
            sends.append((found.step, now))
            done.append(Done(now, is_sent=True, is_opened=opens, is_clicked=clicks))
        progress = replace(progress, done=tuple(done))
    order = [step for step, _ in sends]
    assert order == sorted(set(order))
    assert all(b - a >= HOUR for (_, a), (_, b) in pairwise(sends))
