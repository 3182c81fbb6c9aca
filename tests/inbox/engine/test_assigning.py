"""Who gets a conversation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.engine.assigning import Agent, Asked, Pick, Rule, assign, assign_all

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
EARLIER = datetime(2026, 11, 23, 8, tzinfo=UTC)
SUPPORT = frozenset({"support"})
ANNA = Agent(1, SUPPORT, frozenset({"billing"}), frozenset({"en", "de"}), 10, 4, 900.0, NOW)
BEN = Agent(2, SUPPORT, frozenset(), frozenset({"en"}), 20, 5, 1_500.0, EARLIER)
CEM = Agent(3, frozenset({"sales"}), frozenset(), frozenset({"en", "tr"}))
ALL = (ANNA, BEN, CEM)
TURNS = Rule("In turn")


def test_in_turn_it_is_whom_was_given_nothing_for_longest() -> None:
    found = assign(Asked(7, "support"), ALL, [TURNS])

    assert (found.agent, found.rule) == (2, "In turn")
    assert found.reason == "In turn: given nothing for longest, of 2 who could take it"


def test_by_load_it_is_who_has_most_room() -> None:
    found = assign(Asked(7, "support"), ALL, [Rule("Room", pick=Pick.LOAD)])

    assert (found.agent, found.reason) == (2, "Room: most room, 5 of 20, of 2 who could take it")


def test_by_value_it_is_who_answers_for_least() -> None:
    found = assign(Asked(7, "support"), ALL, [Rule("Money", pick=Pick.VALUE_AT_RISK)])

    assert found.agent == 1


def test_skill_and_language_leave_those_who_have_them() -> None:
    billing = Rule("Billing", intents=frozenset({"complaint"}), skills=frozenset({"billing"}))
    speaks = Rule("Language", speaks=True)

    assert assign(Asked(7, "support", intent="complaint"), ALL, [billing]).agent == 1
    assert assign(Asked(7, "support", language="de"), ALL, [speaks]).agent == 1
    assert assign(Asked(7, language="tr"), ALL, [speaks]).agent == 3
    assert assign(Asked(7, "support", language=""), ALL, [speaks]).agent == 2


def test_the_first_rule_that_finds_somebody_decides() -> None:
    rich = Rule("Key accounts", least_value_at_risk=500, of_teams=frozenset({"sales"}))

    assert assign(Asked(7, "support", value_at_risk=500), ALL, [rich, TURNS]).agent == 3
    assert assign(Asked(7, "support", value_at_risk=499), ALL, [rich, TURNS]).agent == 2
    away = replace(CEM, away="until Monday")
    found = assign(Asked(7, "support", value_at_risk=500), (ANNA, BEN, away), [rich, TURNS])
    assert (found.agent, found.rule) == (2, "In turn")


def test_a_rule_names_people_and_a_limit() -> None:
    named = Rule("Named", people=frozenset({1, 3}))
    limited = Rule("Limited", most_open=5)

    assert assign(Asked(7, "support"), ALL, [named]).agent == 1
    assert assign(Asked(7, "support"), ALL, [limited]).agent == 1


def test_where_nobody_is_free_it_says_why() -> None:
    full, away = replace(ANNA, open_count=10), replace(BEN, away="ill")

    found = assign(Asked(7, "support"), (full, away, CEM), [TURNS, Rule("Mail", channels=SUPPORT)])

    assert (found.agent, found.rule) == (None, "")
    assert found.reason == "In turn: nobody free (1 away, 1 full, 1 of another team)"
    assert assign(Asked(7), ALL, []).reason == "No rule is for this conversation."
    assert assign(Asked(7), (), [TURNS]).reason == "In turn: nobody answers here"


def test_many_are_dealt_in_turn_until_all_are_full() -> None:
    agents = [Agent(number, SUPPORT, capacity=2) for number in (3, 1, 2)]

    found = assign_all([Asked(n, "support") for n in range(8)], agents, [TURNS], NOW)

    assert [one.agent for one in found] == [1, 2, 3, 1, 2, 3, None, None]


@given(st.permutations(ALL), st.sampled_from(Pick))
def test_the_order_of_agents_does_not_matter(agents: list[Agent], pick: Pick) -> None:
    rule, asked = Rule("Any", pick=pick), Asked(7)

    assert assign(asked, agents, [rule]) == assign(asked, ALL, [rule])


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=6),
    st.sampled_from(Pick),
)
def test_nobody_is_overfilled_or_called_from_away(
    told: list[tuple[int, int, bool]], pick: Pick
) -> None:
    agents = [
        Agent(n, capacity=most, open_count=now, away="x" if away else "")
        for n, (most, now, away) in enumerate(told)
    ]
    room = {a.id: 0 if a.away else max(0, a.capacity - a.open_count) for a in agents}

    found = assign_all([Asked(n) for n in range(12)], agents, [Rule("Any", pick=pick)], NOW)

    given_to = [one.agent for one in found if one.agent is not None]
    assert len(given_to) == min(12, sum(room.values()))
    assert all(given_to.count(agent) <= room[agent] for agent in room)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="below nothing"):
        Agent(1, capacity=-1)
