"""To which conversation a message belongs, and who may be one person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from inbox.engine.identities import Sighting, Suggestion, suggest
from inbox.engine.matching import Arrived, By, Candidate, Match, match
from inbox.engine.threads import Address

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ANNA = "anna@x.example"


def candidate(number: int, days: float = 1, **told: object) -> Candidate:
    first = Candidate(number, "email", frozenset({ANNA}), NOW - timedelta(days=days))
    return replace(first, **told)  # type: ignore[arg-type]


def arrived(
    *refers_to: str, subject: str = "", value: str = ANNA, channel: str = "email"
) -> Arrived:
    return Arrived(Address(channel, value), NOW, refers_to, subject)


def test_the_nearest_reference_decides() -> None:
    old = candidate(1, external_ids=frozenset({"<a>"}), subject_key="order 7")
    new = candidate(2, external_ids=frozenset({"<b>"}), is_closed=True)

    assert match(arrived("<b>", "<a>", subject="order 7"), [old, new]) == Match(2, By.THREAD)
    assert match(arrived("<x>", "<a>"), [old, new]) == Match(1, By.THREAD)


def test_a_stranger_in_a_thread_is_told() -> None:
    thread = candidate(1, external_ids=frozenset({"<a>"}), others=frozenset({"bob@x.example"}))

    assert match(arrived("<a>", value="eve@y.example"), [thread]) == Match(1, By.THREAD, True)
    assert match(arrived("<a>", value="bob@x.example"), [thread]) == Match(1, By.THREAD)


def test_ids_of_another_channel_say_nothing() -> None:
    thread = candidate(1, external_ids=frozenset({"<a>"}))

    assert match(arrived("<a>", channel="sms"), [thread]) == Match(None, By.NOTHING)


def test_the_same_subject_of_the_same_sender_is_the_same_matter() -> None:
    alike = [candidate(1, 29, subject_key="order 7"), candidate(2, 20, subject_key="order 7")]
    others = candidate(3, subject_key="order 7", wrote=frozenset({"bob@x.example"}))

    assert match(arrived(subject="order 7"), [*alike, others]) == Match(2, By.SUBJECT)
    assert match(arrived(subject="order 8"), [*alike, others]) == Match(None, By.NOTHING)
    assert match(arrived(subject="order 7"), [candidate(1, 31, subject_key="order 7")]) == Match(
        None, By.NOTHING
    )


def test_people_in_common_count_more_than_days() -> None:
    with_bob = candidate(1, 9, subject_key="s", others=frozenset({"bob@x.example"}))
    told = replace(arrived(subject="s"), others=frozenset({"bob@x.example"}))

    assert match(told, [with_bob, candidate(2, 1, subject_key="s")]).conversation == 1


def test_without_a_subject_the_sender_goes_on_with_what_is_open() -> None:
    assert match(arrived(), [candidate(1, 7), candidate(2, 6)]) == Match(2, By.SENDER)
    assert match(arrived(), [candidate(1, 1, is_closed=True)]) == Match(None, By.NOTHING)
    assert match(arrived(), [candidate(1, 7.01)]) == Match(None, By.NOTHING)
    assert match(arrived(), []) == Match(None, By.NOTHING)


@given(st.permutations([candidate(n, 1, subject_key="s") for n in range(5)]))
def test_the_order_of_candidates_does_not_matter(candidates: list[Candidate]) -> None:
    assert match(arrived(subject="s"), candidates) == Match(4, By.SUBJECT)


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
