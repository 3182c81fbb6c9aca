"""The channel a person gets: every figure of the specification, the order, ties and fallbacks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.channels import (
    DEFAULT_TABLE,
    Channel,
    CustomerType,
    Device,
    Urgency,
)
from outreach.engine.choice import By, choose, engagement, list_places, scores
from outreach.engine.learned import Learned
from tests.outreach.engine.oracle import (
    COSTS,
    LISTS,
    TIES,
    best_hour,
    hour_worth,
    worth,
)

ALL = tuple(Channel)


def picked(viable, told, *, preferred=-1, places=None, channels=ALL, is_learned=False):
    """Choice for one person."""
    found = choose(
        np.array([viable], np.bool_),
        np.array([told], np.float64),
        channels=channels,
        ties=DEFAULT_TABLE.ties,
        preferred=np.array([preferred], np.int8),
        places=np.full((1, len(channels)), np.inf) if places is None else places,
        is_learned=np.array([is_learned]),
    )
    names = [Channel(one).key for one in (found.channel[0], *found.fallbacks[0]) if one >= 0]
    return names, By(found.by[0])


@pytest.mark.parametrize("channel", ALL)
def test_figures_of_the_specification(channel: Channel) -> None:
    one, name = (channel,), channel.key

    for kind in CustomerType:
        assert DEFAULT_TABLE.by_type(one)[kind, 0] == worth(kind.key, name)
        assert DEFAULT_TABLE.hours(one)[kind, 0] == best_hour(kind.key, name)
    for device in Device:
        assert DEFAULT_TABLE.by_device(one)[device, 0] == worth(device.key, name)
    for urgency in Urgency:
        assert DEFAULT_TABLE.urgencies[urgency][channel] == worth(urgency.key, name)
    hours = DEFAULT_TABLE.by_hour(one)[:, 0].tolist()
    assert hours == [hour_worth(name, hour) for hour in range(24)]
    assert DEFAULT_TABLE.costs(one)[0] == COSTS.get(name, 0)


def test_lists_and_ties_of_the_specification() -> None:
    for kind in CustomerType:
        assert tuple(one.key for one in DEFAULT_TABLE.lists[kind]) == LISTS[kind.key]
    assert tuple(one.key for one in DEFAULT_TABLE.ties) == TIES


def test_engagement() -> None:
    sent = np.array([0, 10, 10, 10, 2])
    opened, clicked, replied = np.array([[0, 0, 5, 10, 9], [0, 0, 2, 10, 0], [0, 0, 1, 10, 0]])

    found = engagement(sent, opened, clicked, replied)

    assert found.round(6).tolist() == pytest.approx([0.5, 0.2, 0.26, 1.0, 0.3])


def test_one_score_by_hand() -> None:
    """0.3·0.9 + 0.3·0.26 + 0.2·0.7 + 0.1·0.5 + 0.1·1.0; of an unknown device 0.2·0.85."""
    told = {"customer_type": np.zeros(2, np.int8), "device": np.array([0, -1], np.int8)}

    found = scores(
        DEFAULT_TABLE, (Channel.EMAIL,), engaged=np.full((2, 1), 0.26, np.float32),
        hour=np.array([10, 10]), urgency=Urgency.URGENT, **told,
    )  # fmt: skip

    assert found[:, 0].tolist() == pytest.approx([0.638, 0.668], abs=1e-7)


def test_the_order_is_preference_list_score() -> None:
    told = [0.1, 0.2, 0.3, 0.9, 0.5, 0.6, 0.7, 0.8]
    every = [True] * 8
    places = list_places([(Channel.SMS, Channel.TWITTER)], ALL)

    assert picked(every, told) == (["instagram", "chat", "twitter"], By.SCORE)
    assert picked(every, told, places=places) == (["sms", "twitter", "instagram"], By.LIST)
    preferred = {"preferred": Channel.EMAIL, "places": places}
    assert picked(every, told, **preferred) == (["email", "sms", "twitter"], By.PREFERENCE)
    without = [False, *every[1:]]
    assert picked(without, told, **preferred) == (["sms", "twitter", "instagram"], By.LIST)
    assert picked(every, told, is_learned=True)[1] == By.LEARNED
    assert picked([False] * 8, told) == ([], By.NOTHING)
    assert picked([False] * 7 + [True], told) == (["chat"], By.SCORE)


def test_ties_go_by_their_order_whatever_the_columns() -> None:
    """The same sum by another way of adding is a tie too."""
    assert picked([True] * 8, [0.5] * 8)[0] == ["email", "instagram", "linkedin"]
    columns = (Channel.CHAT, Channel.TWITTER, Channel.FACEBOOK, Channel.LINKEDIN)
    assert picked([True] * 4, [0.3, 0.3 + 1e-8, 0.3, 0.3], channels=columns)[0] == [
        "linkedin", "facebook", "twitter",
    ]  # fmt: skip


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=8, max_size=8),
    st.integers(-1, 7),
    st.lists(st.sampled_from(ALL), unique=True, max_size=4),
)
def test_it_is_what_sorting_says(rows, preferred, wished) -> None:
    viable = [row[0] for row in rows]
    told = [round(row[1], 3) for row in rows]

    found, _ = picked(viable, told, preferred=preferred, places=list_places([wished], ALL))

    wanted = sorted(
        (one for one in ALL if viable[one]),
        key=lambda one: (
            one != preferred,
            wished.index(one) if one in wished else 99,
            -told[one],
            TIES.index(one.key),
        ),
    )
    assert found == [one.key for one in wanted[:3]]


def test_what_was_learnt_moves_to_the_better_channel() -> None:
    """A draw is as good as what is known: little says little, much says much."""
    few = Learned(np.array([[4, 4]]), np.array([[1, 2]]), least=1)
    many = Learned(np.array([[4_000, 4_000]]), np.array([[1_000, 1_200]]))
    who = np.zeros(4_000, np.int64)

    def wins(learned: Learned) -> float:
        drawn, _ = learned.draws(who, np.random.default_rng(1), np.random.default_rng(2))
        return float((drawn[:, 1] > drawn[:, 0]).mean())

    assert 0.6 < wins(few) < 0.85
    assert wins(many) > 0.999


@pytest.mark.parametrize(
    ("messages", "successes", "share", "field"),
    [
        ([[5]], [[6]], 0.1, "successes"),
        ([[5]], [[-1]], 0.1, "successes"),
        ([[5]], [5], 0.1, "successes"),
        ([[5]], [[5]], 1.5, "share"),
    ],
)
def test_what_cannot_have_been_learnt_is_named(messages, successes, share, field) -> None:
    with pytest.raises(ValueError, match=rf"^{field}: "):
        Learned(np.array(messages), np.array(successes), share=share)
