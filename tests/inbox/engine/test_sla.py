"""When answers are due, and what was kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.engine.hours import BusinessHours
from inbox.engine.sla import Due, Event, Happened, Outcome, Resolution, Turn, evaluate
from inbox.engine.sla_policy import COMMENT, OTHER, Policy, Promise, Urgency, level_of
from inbox.engine.sla_watch import Alarm, Compliance, alarm, compliance, due_many
from tests.examples import examples
from tests.inbox.engine.sla_oracle import Life, Lived

POLICY = Policy()
OFFICE = BusinessHours.of("Europe/Berlin", [((540, 1_020),)] * 5 + [(), ()])
ALWAYS = BusinessHours.always()
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 9:00 in Berlin
MINUTE = timedelta(minutes=1)
WROTE, ANSWERED, WAITING = Happened.WROTE, Happened.ANSWERED, Happened.WAITING
CLOSED, REOPENED = Happened.CLOSED, Happened.REOPENED
HIGH, MEDIUM, LOW = Urgency


def at(minutes: float) -> datetime:
    return MONDAY + minutes * MINUTE


def wrote(minutes: float, level: Urgency = MEDIUM, channel: str = "email") -> Event:
    return Event(at(minutes), WROTE, channel, level)


def did(minutes: float, what: Happened) -> Event:
    return Event(at(minutes), what)


def turns(*events: Event, hours: BusinessHours = OFFICE, policy: Policy = POLICY) -> list[Turn]:
    return list(evaluate(events, policy, hours).turns)


def resolution(*events: Event) -> Resolution:
    found = evaluate(events, POLICY, OFFICE).resolution
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("channel", "high", "medium", "low"),
    [
        ("chat", 2, 5, 15), ("whatsapp", 15, 30, 120), ("sms", 15, 30, 120),
        ("instagram", 30, 60, 240), ("facebook", 30, 60, 240), ("twitter", 30, 60, 240),
        ("linkedin", 60, 240, 480), ("email", 60, 240, 480), (COMMENT, 15, 60, 240),
        ("pigeon", 60, 240, 480),
    ],
)  # fmt: skip
def test_first_responses_are_due_as_promised(
    channel: str, high: int, medium: int, low: int
) -> None:
    for level, minutes in zip(Urgency, (high, medium, low), strict=True):
        (turn,) = turns(wrote(0, level, channel))
        assert turn.due.due_at == at(minutes)
        assert turn.due.warn_at == at(0.75 * minutes)
        assert turn.promise is Promise.FIRST_RESPONSE
        assert turn.outcome is Outcome.RUNNING


def test_complaints_and_unhappy_people_move_one_level_up() -> None:
    assert level_of(LOW, is_complaint=True, sentiment=0) is MEDIUM
    assert level_of(MEDIUM, is_complaint=False, sentiment=-0.51) is HIGH
    assert level_of(MEDIUM, is_complaint=False, sentiment=-0.5) is MEDIUM
    assert level_of(LOW, is_complaint=True, sentiment=-0.9) is MEDIUM
    assert level_of(HIGH, is_complaint=True, sentiment=-0.9) is HIGH


def test_breach_and_half_escalates() -> None:
    (turn,) = turns(wrote(0, HIGH))

    assert turn.due == Due(at(60), at(45), at(90))
    assert alarm(turn.due, at(44)) is Alarm.SOON
    assert alarm(turn.due, at(-1)) is Alarm.NONE
    assert alarm(turn.due, at(45)) is Alarm.WARNED
    assert alarm(turn.due, at(60)) is Alarm.WARNED
    assert alarm(turn.due, at(60.1)) is Alarm.BREACHED
    assert alarm(turn.due, at(90)) is Alarm.ESCALATED
    assert alarm(Due(), at(90)) is Alarm.NONE


def test_nights_do_not_count() -> None:
    (turn,) = turns(wrote(7 * 60))  # 16:00, four hours

    assert turn.due.due_at == at(24 * 60 + 180)


def test_an_acknowledgement_is_no_answer() -> None:
    (turn,) = turns(wrote(0, HIGH), did(1, Happened.ACKNOWLEDGED), did(61, ANSWERED))

    assert turn.outcome is Outcome.MISSED
    assert turn.ended_at == at(61)


def test_an_answer_in_the_last_moment_is_in_time() -> None:
    (turn,) = turns(wrote(0, HIGH), did(60, ANSWERED))

    assert turn.outcome is Outcome.KEPT


def test_the_clock_stands_still_while_waiting_for_the_customer() -> None:
    waits = (wrote(0, HIGH), did(20, WAITING))
    (paused,) = turns(*waits)
    (resumed,) = turns(*waits, did(200, Happened.RESUMED))

    assert (paused.outcome, paused.due) == (Outcome.PAUSED, Due())
    assert resumed.due.due_at == at(240)
    assert resumed.due.warn_at == at(225)


def test_each_message_after_an_answer_is_a_next_response() -> None:
    first, second = turns(wrote(0), did(10, ANSWERED), wrote(30, HIGH), did(95, ANSWERED))

    assert (first.promise, first.outcome) == (Promise.FIRST_RESPONSE, Outcome.KEPT)
    assert (second.promise, second.started_at) == (Promise.NEXT_RESPONSE, at(30))
    assert (second.due.due_at, second.outcome) == (at(90), Outcome.MISSED)


def test_an_urgent_message_counts_from_when_it_was_written() -> None:
    (turn,) = turns(wrote(0, LOW), wrote(300, HIGH))
    (soon,) = turns(wrote(0, LOW), wrote(460, HIGH))

    assert [one.due_at for one in turn.messages] == [at(480), at(360)]
    assert turn.due.due_at == at(360)
    assert soon.due.due_at == at(480)


def test_the_reply_window_caps_on_the_wall() -> None:
    friday = 4 * 24 * 60 + 460  # 16:40
    (turn,) = turns(wrote(friday, channel="whatsapp"))
    (again,) = turns(wrote(friday, channel="whatsapp"), wrote(friday + 60, LOW, "whatsapp"))
    (late,) = turns(wrote(friday, channel="whatsapp"), wrote(friday + 1_441, LOW, "whatsapp"))
    (sms,) = turns(wrote(friday, channel="sms"))

    day = 24 * 60
    assert turn.due == Due(at(friday + day), at(friday + 0.75 * day), at(friday + day))
    assert again.due.due_at == at(friday + 60 + day)
    assert late.due.due_at == at(friday + day)  # it had lapsed before
    assert sms.due.due_at == at(7 * day + 10)


def test_closing_in_time_without_an_answer_counts_nowhere() -> None:
    dropped = turns(wrote(0, HIGH), did(30, CLOSED))
    missed = turns(wrote(0, HIGH), did(61, CLOSED))
    later = turns(wrote(0, HIGH), did(30, CLOSED), wrote(40, HIGH))

    assert [one.outcome for one in dropped] == [Outcome.DROPPED]
    assert [one.outcome for one in missed] == [Outcome.MISSED]
    assert [one.outcome for one in later] == [Outcome.DROPPED, Outcome.RUNNING]
    assert later[1].due.due_at == at(100)
    assert later[1].promise is Promise.FIRST_RESPONSE


def test_reopening_goes_on_with_what_was_not_answered() -> None:
    (turn,) = turns(wrote(0, HIGH), did(30, CLOSED), did(130, REOPENED))

    assert (turn.ended_at, turn.outcome, turn.due.due_at) == (None, Outcome.RUNNING, at(160))


def test_what_came_while_an_answer_waited_is_not_answered_by_it() -> None:
    sent = Event(at(120), ANSWERED, written_at=at(60))
    theirs = Event(at(120), WAITING, written_at=at(60))
    first, second = turns(wrote(0), wrote(90), sent, theirs)
    assert (first.ended_at, first.outcome, len(first.messages)) == (at(120), Outcome.KEPT, 1)
    assert (second.started_at, second.due.due_at, second.outcome) == (
        at(90), at(330), Outcome.RUNNING,
    )  # fmt: skip
    assert second.promise is Promise.NEXT_RESPONSE
    (whole,) = turns(wrote(0), wrote(60), sent, theirs)
    assert (whole.ended_at, whole.outcome) == (at(120), Outcome.KEPT)
    (late,) = turns(wrote(0), Event(at(300), ANSWERED, written_at=at(10)))
    assert late.outcome is Outcome.MISSED


def test_a_resolution_runs_until_it_is_closed() -> None:
    open_ = resolution(wrote(0, HIGH), did(10, ANSWERED))
    closed = resolution(wrote(0, HIGH), did(10, ANSWERED), did(481, CLOSED))
    waited = resolution(wrote(0, HIGH), did(10, WAITING), wrote(110), did(485, CLOSED))
    raised = resolution(wrote(0, LOW), wrote(100, HIGH))

    assert (open_.due.due_at, open_.outcome) == (at(480), Outcome.RUNNING)
    assert (closed.outcome, closed.ended_at) == (Outcome.MISSED, at(481))
    assert waited.outcome is Outcome.KEPT
    assert raised.due.due_at == at(24 * 60 + 100)


def test_nobody_wrote() -> None:
    standing = evaluate([did(0, ANSWERED), did(5, CLOSED)], POLICY, OFFICE)

    assert (standing.turns, standing.resolution, standing.waiting_for_us) == ((), None, None)


def test_hours_that_never_open_promise_nothing_but_the_window() -> None:
    closed = BusinessHours.of("UTC", [()] * 7)
    (mail,) = turns(wrote(0), hours=closed)
    (direct,) = turns(wrote(0, channel="instagram"), hours=closed)

    assert mail.due == Due()
    assert direct.due.due_at == at(24 * 60)


def test_compliance_is_what_was_kept_of_what_could_be_judged() -> None:
    told = turns(
        wrote(0, HIGH), did(10, ANSWERED), wrote(20, HIGH), did(100, ANSWERED),
        wrote(110, HIGH), did(115, CLOSED), wrote(120, HIGH),
    )  # fmt: skip

    assert compliance(told, at(180)) == Compliance(1, 2)
    assert compliance(told, at(181)) == Compliance(1, 3)
    assert compliance([], at(0)).share is None
    assert compliance(told, at(180)).share == 0.5


def test_new_targets_and_new_hours_are_the_same_call_again() -> None:
    rows = {promise: {OTHER: (10, 20, 30)} for promise in Promise}
    events = (wrote(470), did(481, WAITING), did(500, Happened.RESUMED))

    assert turns(*events)[0].due.due_at == at(24 * 60 + 230)
    assert turns(*events, policy=Policy(rows), hours=ALWAYS)[0].due.due_at == at(509)


def test_many_at_once_are_as_one_by_one() -> None:
    channels = ("email", "whatsapp")
    rng = np.random.default_rng(5)
    code, level = rng.integers(0, 2, 60), rng.integers(0, 3, 60)
    starts = np.datetime64("2026-11-20", "us") + rng.integers(0, 6 * 10**11, 60).astype("m8[us]")
    minutes = POLICY.table(Promise.FIRST_RESPONSE, channels)[code, level]
    windows = np.where(code == 1, 1_440.0, 0.0)
    ends = np.where(code == 1, starts + np.timedelta64(1, "D"), np.datetime64("NaT"))

    found = due_many(POLICY, OFFICE, starts, minutes, ends, windows)

    for row in range(60):
        start = starts[row].item().replace(tzinfo=UTC)
        event = Event(start, WROTE, channels[code[row]], list(Urgency)[level[row]])
        due = turns(event)[0].due
        assert found.due_at[row].item().replace(tzinfo=UTC) == due.due_at
        assert found.warn_at[row].item().replace(tzinfo=UTC) == due.warn_at
        assert found.escalate_at[row].item().replace(tzinfo=UTC) == due.escalate_at


def test_what_is_not_promised_is_not_due() -> None:
    policy = Policy({Promise.FIRST_RESPONSE: {"chat": (1, None, 3)}})
    story = (wrote(0, HIGH, "chat"), did(9, ANSWERED), wrote(10, HIGH, "chat"))

    first, second = turns(*story, policy=policy)
    (medium,) = turns(wrote(0, MEDIUM, "chat"), policy=policy)

    assert (first.outcome, second.due, medium.due) == (Outcome.MISSED, Due(), Due())
    assert evaluate(story, policy, OFFICE).resolution == Resolution(Due(), None, Outcome.RUNNING)
    none = due_many(policy, OFFICE, np.array(["2026-11-23"], "M8[us]"), np.array([np.nan]))
    assert np.isnat(none.due_at).all()


def test_a_promise_that_was_not_made_is_not_counted() -> None:
    policy = Policy({})

    (turn,) = turns(wrote(0), did(9, ANSWERED), policy=policy)

    assert turn.outcome is Outcome.KEPT
    assert compliance([turn], at(10)) == Compliance(0, 0)


def test_nonsense_is_refused() -> None:
    for wrong in ((0, 1, 2), (1, 2)):
        with pytest.raises(ValueError, match="resolution of other"):
            Policy({Promise.RESOLUTION: {OTHER: wrong}})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="warn_share"):
        Policy(warn_share=1)
    with pytest.raises(ValueError, match="windows"):
        Policy(windows={"whatsapp": 0})


# --- against a slow oracle ---------------------------------------------------------------------

SHORT = Policy(
    {
        Promise.FIRST_RESPONSE: {OTHER: (20, 60, 120)},
        Promise.NEXT_RESPONSE: {OTHER: (8, 40, 80)},
        Promise.RESOLUTION: {OTHER: (100, 200, 400)},
    },
    windows={"whatsapp": 90},
)
# Clocks change on Sunday at three; there is an hour off each day.
SHIFTS = BusinessHours.of("Europe/Berlin", [((0, 200), (260, 600), (700, 1_440))] * 7)
CHANGE = datetime(2026, 10, 24, 20, tzinfo=UTC)


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    moments = sorted(draw(st.lists(st.integers(0, 900), min_size=1, max_size=9, unique=True)))
    told = [Event(CHANGE + moments[0] * MINUTE, WROTE, "whatsapp", draw(st.sampled_from(Urgency)))]
    for minute in moments[1:]:
        what = draw(st.sampled_from([WROTE, *Happened]))
        channel = draw(st.sampled_from(["email", "whatsapp"]))
        level = draw(st.sampled_from(Urgency))
        event = Event(CHANGE + minute * MINUTE, what, channel, level)
        if what is ANSWERED and (took := draw(st.integers(0, 300))):
            # It waited for its moment; from when it went out it is theirs to answer.
            event = replace(event, written_at=event.at - took * MINUTE)
            told.append(replace(event, what=WAITING))
        told.append(event)
    return told


def same(found: datetime | None, lived: datetime | None, end: datetime) -> bool:
    """Equal as far as it was lived; what comes after the end is nobody's to say."""
    return found == lived if lived and lived <= end else found is None or found > end


@settings(max_examples=examples(60))
@given(stories())
def test_promises_are_as_a_minute_by_minute_life_has_them(events: list[Event]) -> None:
    until = CHANGE + 1_500 * MINUTE
    life = Life(SHORT, SHIFTS)
    life.run(events, until)

    standing = evaluate(reversed(events), SHORT, SHIFTS)

    assert standing.resolution is not None
    assert [turn.promise for turn in standing.turns] == [lived.promise for lived in life.turns]
    for turn, lived in zip(standing.turns, life.turns, strict=True):
        _compare(turn, lived, until)
    _compare(standing.resolution, life.resolution, until)


def _compare(promise: Turn | Resolution, lived: Lived, until: datetime) -> None:
    end = lived.ended_at or until
    reached = [lived.reached("due"), lived.window]
    due = min((one for one in reached if one), default=None)
    escalate = min((one for one in (lived.reached("escalate"), lived.window) if one), default=None)
    warned = lived.reached("warn")

    assert promise.ended_at == lived.ended_at
    assert same(promise.due.due_at, due, end)
    assert same(promise.due.escalate_at, escalate, end)
    if lived.window is None:
        assert same(promise.due.warn_at, warned, end)
    if lived.ended_at:
        assert (promise.outcome is Outcome.MISSED) == bool(due and due < lived.ended_at)
