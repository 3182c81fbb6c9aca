"""Rules and their words, evidence of many tests, judgements, drafts held against the best."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.practices import drafts, evidence, judging
from experiments.engine.practices.evidence import Arm, Contrast, Estimate, contrast, estimates
from experiments.engine.practices.known import KNOWN
from experiments.engine.practices.traits import (
    Piece,
    closeness,
    in_words,
    keeps,
    measured,
    read_rule,
)


@pytest.mark.parametrize(
    ("piece", "measure", "value"),
    [
        (Piece("Save 20 % today"), "number", 1),
        (Piece("Why wait?"), "question", 1),
        (Piece("What you get"), "you", 1),
        (Piece("Youth hostels"), "you", 0),
        (Piece("Ends tonight"), "urgency", 1),
        (Piece("Weekends away"), "urgency", 0),
        (Piece("LAST CHANCE to save"), "capitals", 0.5),
        (Piece("Go 👍🏽 now 🇩🇪"), "emoji", 2),
        (Piece("A family 👨‍👩‍👧 trip"), "emoji", 1),
        (Piece("Über uns"), "headline_length", 8),
        (Piece("Say it", "The text"), "length", 8),
        (Piece("Nothing here"), "call_to_action", 0),
        (Piece("Nothing here", call_to_action="SHOP_NOW"), "call_to_action", 1),
        (Piece("He said “no”"), "quote", 1),
    ],
)
def test_pieces_are_counted(piece: Piece, measure: str, value: float) -> None:
    assert measured(piece)[measure] == value


def test_what_is_not_known_is_left_out() -> None:
    assert "hour" not in measured(Piece("a"))
    assert keeps({"hour": [[19, 20]]}, measured(Piece("a"))) is None
    assert math.isnan(closeness({"hour": [[19, 20]]}, measured(Piece("a"))))


def test_a_rule_is_kept_within_one_of_its_ranges() -> None:
    rule = KNOWN["linkedin-time"].rule

    assert keeps(rule, measured(Piece(hour=9, weekday=1))) is True
    assert keeps(rule, measured(Piece(hour=17, weekday=3))) is True
    assert keeps(rule, measured(Piece(hour=12, weekday=1))) is False
    assert keeps(rule, measured(Piece(hour=9, weekday=4))) is False


def test_closeness_falls_with_the_distance() -> None:
    rule = {"length": ((None, 149),)}
    near = [closeness(rule, measured(Piece(body="x" * size))) for size in (100, 149, 299, 449)]

    assert near == [1.0, 1.0, 0.5, pytest.approx(1 / 3)]


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({}, "at least one measure"),
        ([], "at least one measure"),
        ({"lenght": [[1, 2]]}, "no measure 'lenght'"),
        ({"length": []}, "list of ranges"),
        ({"length": [[1]]}, "a pair"),
        ({"length": [[None, None]]}, "a low or a high end"),
        ({"length": [[3, 2]]}, "3 is above 2"),
        ({"length": [["a", 2]]}, "no number"),
        ({"length": [[True, 2]]}, "no number"),
        ({"length": [[float("inf"), None]]}, "no number"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(rule: object, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        read_rule(rule)


def test_rules_are_said_in_words() -> None:
    said = {key: in_words(KNOWN[key].rule) for key in ("linkedin-time", "number", "no-question")}

    assert said == {
        "linkedin-time": "day of the week Tue–Thu, hour of the day 8–10 h or 16–18 h",
        "number": "a number",
        "no-question": "without a question",
    }


RULE = KNOWN["number"].rule
WITH, WITHOUT = Piece("7 ways"), Piece("Many ways")


def test_a_test_speaks_by_the_ratio_of_its_rates() -> None:
    found = contrast(RULE, [Arm(WITHOUT, 1_000, 100), Arm(WITH, 1_000, 150)])

    assert found is not None
    assert found.log_effect == pytest.approx(math.log(1.5))
    assert found.variance == pytest.approx(1 / 150 - 1 / 1000 + 1 / 100 - 1 / 1000)
    assert (found.rate_without, found.rate_with, found.units) == (0.1, 0.15, 2_000)


@pytest.mark.parametrize(
    "arms",
    [
        [Arm(WITH, 1_000, 100), Arm(WITH, 1_000, 120)],
        [Arm(WITH, 1_000, 100), Arm(WITHOUT, 1_000, 4)],
        [],
    ],
)
def test_a_test_that_cannot_say_is_silent(arms: list[Arm]) -> None:
    assert contrast(RULE, arms) is None


def test_pooling_agrees_with_the_textbook() -> None:
    # BCG vaccine trials (Colditz 1994), DerSimonian-Laird: log risk ratio −0.7141, se 0.1787.
    trials = [
        (4, 123, 11, 139), (6, 306, 29, 303), (3, 231, 11, 220), (62, 13598, 248, 12867),
        (33, 5069, 47, 5808), (180, 1541, 372, 1451), (8, 2545, 10, 629), (505, 88391, 499, 88391),
        (29, 7499, 45, 7277), (17, 1716, 65, 1665), (186, 50634, 141, 27338), (5, 2498, 3, 2341),
        (27, 16913, 29, 17854),
    ]  # fmt: skip
    found = [
        Contrast(math.log(a / n * m / c), 1 / a - 1 / n + 1 / c - 1 / m, n + m, c / m, a / n)
        for a, n, c, m in trials
    ]

    mean, variance = evidence.pooled(found)

    assert mean == pytest.approx(-0.7141, abs=5e-4)
    assert math.sqrt(variance) == pytest.approx(0.1787, abs=5e-4)


def _contrast(effect: float, variance: float = 0.01, units: int = 2_000) -> Contrast:
    return Contrast(effect, variance, units, 0.1, 0.1 * math.exp(effect))


def test_the_largest_of_many_is_shrunk() -> None:
    rng = np.random.default_rng(7)
    by_rule = {
        str(n): [_contrast(float(effect))] for n, effect in enumerate(rng.normal(0, 0.1, 40))
    }
    by_rule["luck"] = [_contrast(0.3)]

    found = estimates(by_rule)

    assert found["luck"].raw == pytest.approx(math.expm1(0.3))
    assert 0 <= found["luck"].effect < 0.1


@given(st.lists(st.tuples(st.floats(-0.5, 0.5), st.floats(0.001, 0.2)), min_size=1, max_size=20))
def test_an_estimate_lies_between_nothing_and_what_was_seen(
    seen: list[tuple[float, float]],
) -> None:
    found = estimates({"one": [_contrast(*pair) for pair in seen]})["one"]

    assert min(found.raw, 0) - 1e-12 <= found.effect <= max(found.raw, 0) + 1e-12
    assert found.low <= found.effect <= found.high
    assert 0 <= found.confidence <= 1


def test_evidence_is_counted_twice_never() -> None:
    one = _contrast(0.2)
    with_both = evidence.pooled([one, one])[1]

    assert with_both == pytest.approx(one.variance / 2)


def test_what_was_expected_knows_nothing_of_the_test_itself() -> None:
    expected = evidence.foretold([_contrast(0.2), _contrast(-5.0), _contrast(0.2)])

    assert expected[0] is None
    assert expected[1] == pytest.approx(math.expm1(0.1))  # half: as sure as the usual spread
    assert expected[2] is not None
    assert expected[2] < -0.5


def _estimate(effect: float, low: float, tests: int = 2, units: int = 10_000) -> Estimate:
    return Estimate(tests, units, effect, effect, low, effect * 2 - low, 0.9, 0.1, 0.11)


@pytest.mark.parametrize(
    ("estimate", "state"),
    [
        (_estimate(0.1, 0.02), "validated"),
        (_estimate(0.1, -0.02), "to_test"),
        (_estimate(0.1, 0.02, tests=1, units=1_000), "validated"),
        (_estimate(0.1, 0.02, tests=1, units=999), "to_test"),
        (_estimate(-0.1, -0.15), "rejected"),
    ],
)
def test_a_tested_practice_is_judged(estimate: Estimate, state: str) -> None:
    verdict = judging.judge_tested(estimate, recent=(), was_validated=False, is_due=False)

    assert verdict.state == state


@pytest.mark.parametrize(
    ("recent", "state"),
    [((-0.01,), "deprecated"), ((0.049,), "review"), ((0.05,), "validated"), ((), "validated")],
)
def test_a_validated_practice_is_looked_at_again(recent: tuple[float, ...], state: str) -> None:
    verdict = judging.judge_tested(
        _estimate(0.1, 0.02), recent=recent, was_validated=True, is_due=True
    )

    assert verdict.state == state


def test_before_it_is_due_a_validated_practice_stays() -> None:
    verdict = judging.judge_tested(
        _estimate(0.1, 0.02), recent=(-0.5,), was_validated=True, is_due=False
    )

    assert verdict.state == "validated"


@pytest.mark.parametrize(
    ("correlation", "state"),
    [(0.71, "supported"), (0.7, "to_test"), (0.4, "to_test"), (0.39, "rejected"),
     (-0.9, "rejected"), (None, "to_test")],
)  # fmt: skip
def test_a_hypothesis_is_judged_by_its_rank(correlation: float | None, state: str) -> None:
    assert judging.judge_hypothesis(correlation).state == state


def test_few_or_equal_pieces_say_nothing() -> None:
    rising = np.arange(20.0)

    assert judging.rank_correlation(rising, rising**2) == pytest.approx(1.0)
    assert judging.rank_correlation(rising[:19], rising[:19]) is None
    assert judging.rank_correlation(np.ones(20), rising) is None
    with pytest.raises(ValueError, match="differ"):
        judging.rank_correlation(rising, rising[:5])


def _sent() -> list[drafts.Done]:
    """Short ones with a number do best, at nine."""
    best = [drafts.Done(Piece(f"Save {n} today", hour=9), 0.1) for n in range(30)]
    rest = [
        drafts.Done(
            Piece(f"Our very long and general newsletter number {n} for all", hour=15), 0.01
        )
        for n in range(30)
    ]
    return best + rest


def test_a_draft_unlike_the_best_gets_a_warning_and_other_wordings() -> None:
    profile = drafts.learn(_sent())
    draft = Piece(
        "OUR VERY LONG AND GENERAL NEWSLETTER, for all of you and your friends today", hour=20
    )

    found = drafts.check(draft, profile=profile, practices=())

    assert [one.kind for one in found] == ["subject", "call_to_action", "hour"]
    assert [one.severity for one in found] == ["warning", "warning", "suggestion"]
    assert profile is not None
    before = drafts.subject_score(profile, draft.headline)
    assert before < 0.7
    assert found[0].alternatives
    assert drafts.subject_score(profile, found[0].alternatives[0]) > before


def test_a_draft_like_the_best_gets_none() -> None:
    draft = Piece("Save 40 today", hour=10)

    assert drafts.check(draft, profile=drafts.learn(_sent()), practices=()) == []


def test_proven_practices_are_reminded_of() -> None:
    known = KNOWN["question"]
    practice = drafts.Practice("question", known.title, known.recommendation, known.rule, 0.12)

    found = drafts.check(Piece("Buy it now"), profile=None, practices=[practice])

    assert [(one.kind, one.practice) for one in found] == [("practice", "question")]
    assert found[0].text.endswith("In your tests that made +12.0 %.")


def test_few_pieces_have_no_profile() -> None:
    assert drafts.learn(_sent()[:19]) is None
