"""What has become of a message, in whatever order it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.story import TIMED, Story, Told, firsts

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
KINDS = ("accepted", "deferred", "soft_bounced", *TIMED)
TOLD = st.builds(
    Told,
    kind=st.sampled_from(KINDS),
    at=st.integers(0, 50).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    url=st.sampled_from(["", "https://a.example/", "https://b.example/"]),
)


def story_of(*kinds: str) -> Story:
    story = Story()
    for place, kind in enumerate(kinds):
        story = story.after(Told(kind, NOON + timedelta(minutes=place)))
    return story


@given(
    st.lists(TOLD, max_size=8).flatmap(lambda told: st.tuples(st.just(told), st.permutations(told)))
)
def test_every_order_tells_the_same(both: tuple[list[Told], list[Told]]) -> None:
    one, other = Story(), Story()
    for told in both[0]:
        one = one.after(told)
    for told in both[1]:
        other = other.after(told)

    assert one == other
    assert one.status == other.status


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ((), ""),
        (("deferred",), ""),
        (("accepted",), "sent"),
        (("sent", "delivered"), "delivered"),
        (("opened", "delivered"), "opened"),
        (("sent", "clicked"), "clicked"),
        (("sent", "delivered", "opened", "replied"), "replied"),
        (("sent", "bounced"), "bounced"),
        (("sent", "delivered", "bounced"), "bounced"),
        (("sent", "bounced", "opened"), "opened"),
        (("sent", "opened", "complained", "clicked"), "complained"),
        (("sent", "clicked", "unsubscribed"), "unsubscribed"),
        (("sent", "failed"), "failed"),
        (("sent", "failed", "delivered"), "delivered"),
        (("sent", "converted"), "sent"),
        (("sent", "soft_bounced"), "sent"),
    ],
)
def test_a_message_is_called_by_what_tells_most(kinds: tuple[str, ...], status: str) -> None:
    assert story_of(*kinds).status == status


def test_who_clicks_has_opened() -> None:
    story = Story().after(Told("clicked", NOON, "https://a.example/"))

    assert story.times == {"clicked": NOON, "opened": NOON}
    assert (story.opens, story.clicks, story.links) == (0, 1, {"https://a.example/": 1})


def test_the_first_of_a_kind_counts_once() -> None:
    before = story_of("sent", "opened")

    assert firsts(before, before.after(Told("opened", NOON))) == ()
    assert firsts(before, before.after(Told("clicked", NOON))) == ("clicked",)
    assert firsts(Story(), before) == ("sent", "opened")
