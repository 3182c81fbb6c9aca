"""What people want who comment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.text_classes import INTENTS, comment_intent

COMMENTS = [
    ("Interested!", "interested"),
    ("Tell me more", "interested"),
    ("link?", "interested"),
    ("Where can I buy this?", "interested"),
    ("I need this in my life 😍", "interested"),
    ("is this still available in red?", "interested"),
    ("do you ship to Canada", "interested"),
    ("Count me in!", "interested"),
    ("DM me please", "interested"),
    ("more info please", "interested"),
    ("How much?", "price_question"),
    ("how much is it", "price_question"),
    ("Price please", "price_question"),
    ("What's the cost of this one?", "price_question"),
    ("any discount code?", "price_question"),
    ("Was kostet das?", "price_question"),
    ("what do these cost", "price_question"),
    ("is it on sale", "price_question"),
    ("PP?", "price_question"),
    ("Where is my order?? Been waiting for 3 weeks", "complaint"),
    ("Worst customer service ever", "complaint"),
    ("It broke after two days. I want a refund", "complaint"),
    ("this is a scam, don't buy", "complaint"),
    ("Very disappointed, terrible quality 😡", "complaint"),
    ("Package never arrived and nobody answers", "complaint"),
    ("It's awful and I hate it", "complaint"),
    ("Love it!!!", "praise"),
    ("Amazing work, so beautiful 😍😍", "praise"),
    ("best coffee in town", "praise"),
    ("🔥🔥🔥", "praise"),
    ("So good, I love how much fun this is", "praise"),
    ("I earn $5000 weekly trading bitcoin, thanks to Mr Smith, telegram him on 12345678", "spam"),
    ("Check out my page for free followers", "spam"),
    ("F4F?", "spam"),
    ("Congratulations you won an iPhone, click the link http://bit.ly/x to claim", "spam"),
    ("DM for collab", "spam"),
    ("@anna look", "other"),
    ("first", "other"),
    ("What time is it in Oslo?", "other"),
    ("ok", "other"),
    ("", "other"),
    ("This was in Berlin last year", "other"),
    ("not interested", "other"),
    ("Great, how much?", "price_question"),
    ("Where is my order? Just kidding, I love it, best shop ever!", "praise"),
    ("Bitcoin is a terrible idea", "complaint"),
]


@pytest.mark.parametrize(("text", "label"), COMMENTS)
def test_intents_of_comments(text: str, label: str) -> None:
    assert comment_intent(text).label == label


def test_reasons_and_feeling_are_told() -> None:
    intent = comment_intent("Worst service, where is my order?")

    assert intent.matched == ("where is my order", "worst service")
    assert (intent.confidence, intent.feeling < -0.2) == (0.875, True)


@given(st.text(max_size=300))
def test_any_comment_has_an_intent(text: str) -> None:
    intent = comment_intent(text)

    assert intent.label in INTENTS
    assert 0 <= intent.confidence <= 1
