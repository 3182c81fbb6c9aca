"""How short texts feel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.sentiment import feeling_of, label_of


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Love it!", "positive"),
        ("This is the best phone I have ever had", "positive"),
        ("not bad at all", "positive"),
        ("I couldn't be happier", "positive"),
        ("No problems so far", "positive"),
        ("Slow at first, but the food was amazing", "positive"),
        ("🔥🔥", "positive"),
        ("thanks <3", "positive"),
        ("I don't like it", "negative"),
        ("not good", "negative"),
        ("Not even good for a joke", "negative"),
        ("Do not waste your time", "negative"),
        ("Don’t be fooled", "neutral"),
        ("The staff was friendly but the food was terrible", "negative"),
        ("without a doubt the worst service", "negative"),
        ("😡 where is my order", "negative"),
        (":(", "negative"),
        ("", "neutral"),
        ("It is a table", "neutral"),
        ("We'll see you at http://great.example/best", "neutral"),
        ("@lovely_anna", "neutral"),
    ],
)
def test_feelings(text: str, label: str) -> None:
    assert feeling_of(text).label == label


def test_words_that_counted_are_told() -> None:
    feeling = feeling_of("Not good, but very cheap")

    assert feeling.matched == (("not good", -2.0), ("cheap", -1.3))


def test_amplifiers_make_it_stronger_and_dampeners_weaker() -> None:
    scores = [feeling_of(text).score for text in ("slightly sad", "sad", "very sad")]

    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[1] > scores[2]


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (-1, "negative"),
        (-0.2, "negative"),
        (-0.19, "neutral"),
        (0.19, "neutral"),
        (0.2, "positive"),
    ],
)
def test_lines_between_labels(score: float, label: str) -> None:
    assert label_of(score) == label


@given(st.text(max_size=300))
def test_any_text_has_a_score(text: str) -> None:
    feeling = feeling_of(text)

    assert -1 <= feeling.score <= 1
    assert feeling.label == label_of(feeling.score)


@given(st.lists(st.sampled_from(["good", "bad", "the", "table", "awful", "love"]), max_size=12))
def test_case_changes_nothing(words: list[str]) -> None:
    text = " ".join(words)

    assert feeling_of(text.upper()) == feeling_of(text)
