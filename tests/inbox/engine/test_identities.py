"""Who may be one person."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inbox.engine.identities import Sighting, Suggestion, suggest

ANNA = "anna@x.example"


def seen(contact: int, value: str, where: str = "wrote from it", kind: str = "email") -> Sighting:
    return Sighting(contact, kind, value, where)


def test_one_address_on_two_people_is_a_suggestion_with_its_evidence() -> None:
    found = suggest(
        [
            seen(2, ANNA), seen(1, ANNA, "in a form"), seen(3, "c@x.example"),
            seen(1, "+431", kind="phone"), seen(2, "+431", kind="phone"),
        ]
    )  # fmt: skip

    assert found == [
        Suggestion(
            1, 2,
            (
                "Same email anna@x.example: in a form; wrote from it",
                "Same phone +431: wrote from it; wrote from it",
            ),
        )
    ]  # fmt: skip


def test_what_was_decided_is_not_asked_again_and_what_is_shared_says_nothing() -> None:
    assert suggest([seen(1, ANNA), seen(2, ANNA)], {(1, 2)}) == []
    assert suggest([seen(n, "info@x.example") for n in range(4)]) == []
    assert len(suggest([seen(n, "info@x.example") for n in range(3)])) == 3
    assert suggest([seen(1, ""), seen(2, "")]) == []


sightings = st.lists(
    st.builds(seen, st.integers(1, 4), st.sampled_from(["a", "b"]), st.sampled_from(["x", "y"])),
    max_size=8,
)


@given(sightings, st.randoms())
def test_suggestions_do_not_depend_on_the_order(told: list[Sighting], random: object) -> None:
    shuffled = list(told)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    found = suggest(told)

    assert found == suggest(shuffled)
    assert all(one.first < one.second and one.evidence for one in found)
