"""When a machine may answer alone."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from inbox.engine.auto_send import (
    Record,
    Reply,
    Sent,
    Verdict,
    allowed_bad,
    chance_to_stay,
    demotion,
    lower_bound,
    may_send,
    needed,
    record_of,
    sample,
)
from inbox.engine.drafting_rules import Handling
from outreach.engine.shares import share_of

FREE = Handling(wants_draft=True)
GOOD = Record(299, 0)
REPLY = Reply("question", 0.90, -0.2, is_from_approved_template=True)


def test_at_its_limits_a_reply_goes_out_unsigned() -> None:
    assert may_send(REPLY, FREE, GOOD, is_on=True).reasons == ()
    assert may_send(REPLY, FREE, GOOD, is_on=True).is_allowed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"intent": "feedback"}, "Only questions, compliments and purchases"),
        ({"confidence": 0.8996}, "only 89.9 % sure, under 90 %"),
        ({"confidence": math.nan}, "only 0 % sure"),
        ({"sentiment": -0.21}, "seems unhappy"),
        ({"sentiment": None}, "seems unhappy"),
        ({"sentiment": math.nan}, "seems unhappy"),
        ({"is_from_approved_template": False}, "not an approved template"),
    ],
)
def test_each_limit_stops_it_alone(change: dict[str, object], reason: str) -> None:
    found = may_send(replace(REPLY, **change), FREE, GOOD, is_on=True)  # type: ignore[arg-type]

    assert not found.is_allowed
    assert len(found.reasons) == 1
    assert reason in found.reasons[0]


def test_a_switch_a_persons_message_and_a_thin_record_stop_it() -> None:
    person = replace(FREE, needs_person=True, reasons=("It is urgent.",))

    assert may_send(REPLY, FREE, GOOD, is_on=False).reasons == (
        "Automatic sending is off for this intent.",
    )
    assert may_send(REPLY, person, GOOD, is_on=True).reasons == ("It is urgent.",)
    assert may_send(REPLY, Handling(), GOOD, is_on=True).reasons == ("No answer is wanted.",)
    assert may_send(REPLY, FREE, Record(298, 0), is_on=True).reasons == (
        "298 of 298 judged replies were good, which shows 98.9 %; 1 more good ones are needed for"
        " 99 %.",
    )


replies = st.builds(
    Reply,
    st.sampled_from(["question", "complaint", "other"]),
    st.floats(0, 1),
    st.floats(-1, 1),
    st.booleans(),
)


@given(replies, st.builds(Record, st.integers(0, 1_000), st.integers(0, 5)), st.booleans())
def test_nothing_goes_out_that_breaks_a_limit(reply: Reply, record: Record, needs: bool) -> None:
    handling = Handling(wants_draft=True, needs_person=needs, reasons=("x",))

    found = may_send(reply, handling, record, is_on=True)

    assert found.is_allowed == (
        reply.intent == "question"
        and reply.confidence >= 0.9
        and (reply.sentiment or 0) >= -0.2
        and reply.is_from_approved_template
        and not needs
        and lower_bound(record.good, record.judged) >= 0.99
    )


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    # Clopper and Pearson's limits are quantiles of beta distributions; none bad: error^(1/n).
    assert lower_bound(299, 299) == pytest.approx(0.05 ** (1 / 299))
    assert lower_bound(95, 100) == pytest.approx(float(stats.beta.ppf(0.05, 95, 6)))
    exact = stats.binomtest(95, 100).proportion_ci(0.90, "exact").low
    assert lower_bound(95, 100) == pytest.approx(float(exact))
    assert lower_bound(0, 50) == 0
    assert lower_bound(0, 0) == 0


def test_how_many_replies_99_percent_takes() -> None:
    assert [needed(bad) for bad in range(5)] == [299, 473, 628, 773, 913]
    assert needed(0, 0.95) == 59
    assert [allowed_bad(n) for n in (298, 299, 1_000)] == [-1, 0, 4]
    assert Record(300, 1).missing == 172
    assert GOOD.missing == 0


def test_wilson_would_say_it_too_early() -> None:
    wilson = share_of(268, 268, z=1.6448536269514722).low

    assert wilson >= 0.99 > lower_bound(268, 268)
    assert 0.989**268 > 0.05  # a machine below 99 % passes it more often than promised


@given(st.integers(1, 400), st.floats(0.9, 0.9999))
def test_a_bound_lies_above_the_truth_in_one_of_twenty_at_most(n: int, truth: float) -> None:
    above = sum(
        float(stats.binom.pmf(bad, n, 1 - truth))
        for bad in range(n + 1)
        if lower_bound(n - bad, n) > truth
    ) if n <= 60 else float(
        stats.binom.cdf(
            max((b for b in range(41) if b <= n and lower_bound(n - b, n) > truth), default=-1),
            n, 1 - truth,
        )
    )  # fmt: skip

    assert above <= 0.05 + 1e-9


def test_it_ends_as_soon_as_99_percent_is_not_shown() -> None:
    assert not demotion(Record(996, 4)).is_due
    found = demotion(Record(995, 5))
    assert found.is_due
    assert found.reason == "995 of 1000 judged replies were good, which shows 98.9 %, under 99 %."
    assert demotion(Record()).is_due


def test_what_staying_means() -> None:
    chances = {p: round(chance_to_stay(p), 3) for p in (0.98, 0.99, 0.995, 0.998, 0.999)}

    assert chances == {0.98: 0.0, 0.99: 0.029, 0.995: 0.44, 0.998: 0.948, 0.999: 0.996}
    assert chance_to_stay(0.999, 100) == 0


def test_only_the_latest_verdicts_count() -> None:
    verdicts = [Verdict.BAD] * 3 + [Verdict.GOOD] * 5

    assert record_of(verdicts) == Record(5, 3)
    assert record_of(verdicts, 6) == Record(5, 1)
    assert record_of([]) == Record()


def day(count: int) -> list[Sent]:
    return [
        Sent(f"{intent}-{n}", intent, was_auto=n % 2 == 0)
        for intent in ("question", "purchase")
        for n in range(count)
    ]


@given(st.randoms())
def test_a_sample_is_the_same_in_whatever_order(random: object) -> None:
    replies, shuffled = day(80), day(80)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    drawn = sample(shuffled, share=0.1, seed="1/2026-11-23")

    assert drawn == sample(replies, share=0.1, seed="1/2026-11-23")
    assert drawn != sample(replies, share=0.1, seed="1/2026-11-24")


def test_a_sample_holds_enough_of_each_intent_and_some_that_were_signed() -> None:
    def counts(count: int, share: float) -> tuple[int, int]:
        mine = [
            one for one in sample(day(count), share=share, seed="s") if one.intent == "question"
        ]
        return sum(one.was_auto for one in mine), sum(not one.was_auto for one in mine)

    assert counts(80, 0.1) == (20, 10)
    assert counts(1_000, 0.1) == (50, 25)
    assert counts(10, 0.1) == (5, 3)
    assert sample([], share=0.5, seed="s") == ()


def test_each_reply_is_drawn_equally_often() -> None:
    hits = sum(
        any(one.id == "question-0" for one in sample(day(80), share=0.5, seed=str(n), least=1))
        for n in range(300)
    )

    assert 120 < hits < 180  # half, by four deviations; the seeds are fixed


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="good: 3"):
        lower_bound(3, 2)
    with pytest.raises(ValueError, match="error: 1"):
        lower_bound(1, 2, 1)
    with pytest.raises(ValueError, match="precision: 1"):
        needed(0, 1)
    with pytest.raises(ValueError, match="share: 0"):
        sample([], share=0, seed="s")
