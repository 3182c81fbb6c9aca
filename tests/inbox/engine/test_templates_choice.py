"""Which approved text answers a message."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from inbox.engine.templates_choice import Choice, Template, Wanted, choose

WANTED = Wanted("question", "email", "en-GB", frozenset({"first_name"}))
SIZES = Template(
    1, True, 0.70, frozenset({"question"}), frozenset({"email"}),
    variables=("first_name", "size_chart"),
)  # fmt: skip
ANY = Template(2, True, 0.75)


def test_the_most_alike_wins_and_says_what_is_missing() -> None:
    found = choose(WANTED, [ANY, SIZES])

    assert found == Choice(1, ("size_chart",), "0.70 alike, for question", (2,))
    assert not found.is_complete
    assert choose(WANTED, [ANY]).is_complete


def test_a_text_for_any_intent_wins_when_it_is_much_more_alike() -> None:
    assert choose(WANTED, [replace(ANY, similarity=0.81), SIZES]).template == 2


def test_ratings_move_it_a_little() -> None:
    liked = replace(ANY, id=3, satisfied=50, rated=50)
    disliked = replace(ANY, id=4, satisfied=0, rated=50)

    assert choose(WANTED, [disliked, ANY, liked]).template == 3
    assert choose(WANTED, [disliked, ANY]).template == 2
    assert choose(WANTED, [replace(disliked, similarity=0.86), liked]).template == 4


def test_of_equal_ones_it_is_that_with_less_to_fill_in() -> None:
    gaps = replace(ANY, id=1, variables=("order_number",))

    assert choose(WANTED, [gaps, ANY]).template == 2
    assert choose(WANTED, [replace(ANY, id=9), ANY]).template == 2


def test_without_one_it_says_why() -> None:
    def reason(*templates: Template, wanted: Wanted = WANTED) -> str:
        found = choose(wanted, templates)
        assert (found.template, found.is_complete) == (None, False)
        return found.reason

    assert reason() == "No template is approved."
    assert reason(replace(SIZES, is_approved=False)) == "No template is approved."
    assert reason(replace(SIZES, intents=frozenset({"purchase"}))) == (
        "No template for question is approved."
    )
    assert reason(SIZES, wanted=replace(WANTED, channel="sms")) == (
        "No template for question on sms is approved."
    )
    assert reason(SIZES, wanted=replace(WANTED, language="de")) == (
        "No template for question on email is in the language “de”."
    )
    assert reason(replace(SIZES, similarity=0.34)) == (
        "No template for question on email is like the message."
    )


@given(st.permutations([replace(ANY, id=n, similarity=0.5 + n % 3 / 10) for n in range(6)]))
def test_the_order_of_templates_does_not_matter(templates: list[Template]) -> None:
    assert choose(WANTED, templates) == Choice(2, (), "0.70 alike", (5, 1, 4))
