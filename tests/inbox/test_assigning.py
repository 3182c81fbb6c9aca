"""Who gets what arrives: by the rules, in turn, and never one who is not there."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.engine.assigning import Asked
from inbox.models import AgentProfile, AssignmentRule, Conversation, ConversationEvent
from inbox.selectors.agents import agents_of
from inbox.services import desk
from inbox.services.assigning import assign_new, assign_waiting, try_rules
from tests.database import answers_alone
from tests.inbox.desk_steps import rows_of, talk_of
from tests.inbox.steps import NOW
from tests.workspaces.factories import MembershipFactory
from workspaces.gate import Proposer
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)


def rule(workspace: Workspace, **values: Any) -> AssignmentRule:
    return AssignmentRule.objects.create(workspace=workspace, **{"name": "All"} | values)


def member(workspace: Workspace, name: str, role: str = "agent", **can: Any) -> User:
    user = MembershipFactory(workspace=workspace, role=role, user__email=f"{name}@b.example").user
    AgentProfile.objects.create(workspace=workspace, user=user, **can)
    return user


def talks(workspace: Workspace, count: int, **values: Any) -> list[Conversation]:
    first = Conversation.objects.count()
    return [talk_of(workspace, f"w{first + n}@example.com", 1, **values) for n in range(count)]


def given(rows: list[Conversation]) -> list[str]:
    """To whom, by what stands before the @; '' for nobody."""
    found = Conversation.objects.filter(pk__in=[one.pk for one in rows]).order_by("pk")
    return [str(one.assignee).partition("@")[0] if one.assignee else "" for one in found]


def give(rows: list[Conversation]) -> int:
    return assign_new([one.pk for one in rows], now=NOW)


def test_in_turn_with_the_reason_in_the_story(workspace: Workspace) -> None:
    for name in "abc":
        member(workspace, name)
    member(workspace, "looks", role="viewer")
    rule(workspace)
    rows = talks(workspace, 3)
    assert give(rows) == 3
    assert sorted(given(rows)) == ["a", "b", "c"]
    more = talks(workspace, 3)
    assert assign_waiting(now=LATER) == 3
    assert sorted(given(more)) == ["a", "b", "c"]
    event = ConversationEvent.objects.filter(kind="assigned").first()
    assert event is not None
    assert (event.by_label, event.after["rule"], event.after["why"]) == (
        "Countersign", "All", "All: given nothing for longest, of 3 who could take it",
    )  # fmt: skip
    assert give(rows) == 0


def test_what_everybody_has_is_counted_from_an_index(workspace: Workspace) -> None:
    profile = AgentProfile.objects.get(user=member(workspace, "a"))
    rows = talks(workspace, 2, value_at_risk=1.5)
    Conversation.objects.filter(pk__in=[one.pk for one in rows]).update(assignee=profile.user)
    with CaptureQueriesContext(connection) as asked:
        (agent,) = agents_of([profile], now=NOW)
    assert (agent.open_count, agent.value_at_risk) == (2, 3.0)

    answers_alone("inbox_conversation_whose")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked[0]['sql']}")
        assert "Index Only Scan using inbox_conversation_whose" in str(cursor.fetchall())


def test_without_rules_nobody_gets_anything(workspace: Workspace, agent: User) -> None:
    rows = talks(workspace, 1)
    rule(workspace, is_on=False)
    assert (give(rows), assign_waiting(now=LATER), given(rows)) == (0, 0, [""])
    assert not AgentProfile.objects.exists()


@pytest.mark.parametrize(
    ("can", "wants", "to"),
    [
        ({"is_away": True}, {}, ""),
        ({"is_away": True, "away_until": NOW}, {}, "a"),
        ({"capacity": 0}, {}, ""),
        ({"team": "sales"}, {}, ""),
        ({"skills": ["tax"]}, {"skills": ["tax"]}, "a"),
        ({}, {"skills": ["tax"]}, ""),
        ({"languages": ["de"]}, {}, "a"),
        ({"languages": ["fr"]}, {}, ""),
        ({}, {"channels": ["sms"]}, ""),
        ({}, {"intents": ["question"], "languages": ["de"]}, "a"),
        ({}, {"min_value_at_risk": 20}, ""),
        ({}, {"team": "sales"}, ""),
    ],
)
def test_who_can_take_it(
    workspace: Workspace, can: dict[str, Any], wants: dict[str, Any], to: str
) -> None:
    member(workspace, "a", **can)
    rule(workspace, **wants)
    rows = talks(workspace, 1, language="de", intent="question", value_at_risk=10)
    give(rows)
    assert given(rows) == [to]


def test_the_named_ones_take_it_whatever_their_team(workspace: Workspace) -> None:
    member(workspace, "a")
    boss = member(workspace, "boss", role="admin", team="success")
    rule(workspace, people=[boss.pk])
    rows = talks(workspace, 1)
    give(rows)
    assert given(rows) == ["boss"]


def test_the_next_rule_where_nobody_is_free(workspace: Workspace) -> None:
    full = member(workspace, "full", capacity=1)
    member(workspace, "b", team="sales")
    rule(workspace, name="First", people=[full.pk])
    rule(workspace, name="Second", position=1, people=[
        *User.objects.filter(email="b@b.example").values_list("pk", flat=True)
    ])  # fmt: skip
    rows = talks(workspace, 2)
    give(rows)
    assert sorted(given(rows)) == ["b", "full"]


def test_by_load_and_by_money(workspace: Workspace) -> None:
    a, b = member(workspace, "a"), member(workspace, "b")
    talks(workspace, 2, assignee=a, value_at_risk=1)
    talks(workspace, 1, assignee=b, value_at_risk=100)
    one = rule(workspace, how="load")
    rows = talks(workspace, 1)
    give(rows)
    assert given(rows) == ["b"]
    AssignmentRule.objects.filter(pk=one.pk).update(how="value_at_risk")
    rows = talks(workspace, 1)
    give(rows)
    assert given(rows) == ["a"]


def test_what_a_person_took_from_everybody_stays_there(workspace: Workspace, agent: User) -> None:
    rule(workspace)
    (row,) = rows = talks(workspace, 1)
    do = {"workspace": workspace, "by": Proposer.person(agent), "now": LATER}
    desk.assign(rows=rows_of(row), to=agent, **do)
    desk.assign(rows=rows_of(row), to=None, **do)
    assert (assign_waiting(now=LATER), given(rows)) == (0, [""])
    Conversation.objects.filter(pk=row.pk).update(last_inbound_at=LATER + timedelta(hours=1))
    assert assign_waiting(now=LATER + timedelta(hours=2)) == 1


@pytest.mark.parametrize("is_left", [True, False])
def test_opened_again_it_goes_to_somebody_who_is_there(
    workspace: Workspace, agent: User, is_left: bool
) -> None:
    gone = member(workspace, "gone", is_away=True)
    if is_left:
        workspace.memberships.filter(user=gone).delete()
    rule(workspace)
    (row,) = rows = talks(workspace, 1, assignee=gone)
    assert (give(rows), given(rows)) == (0, ["gone"])
    do = {"workspace": workspace, "by": Proposer.person(agent), "now": NOW}
    desk.close(rows=rows_of(row), **do)
    desk.reopen(rows=rows_of(row), **do)
    assert (give(rows), given(rows)) == (1, ["agent"])
    assert give(rows) == 0


def test_what_nobody_can_take_starves_nobody(
    workspace: Workspace, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr("inbox.services.assigning._MOST", 2)
    rule(workspace, languages=["de"])
    rows = talks(workspace, 7)
    for place, row in enumerate(rows):
        Conversation.objects.filter(pk=row.pk).update(
            order_key=10 - place, language="de" if place == 5 else "fr"
        )
    assert [assign_waiting(now=LATER) for _ in range(4)] == [0, 1, 0, 0]
    assert given(rows)[5] == "agent"
    # From the top again: the next one is found as well.
    Conversation.objects.filter(pk=rows[6].pk).update(language="de")
    assert sum(assign_waiting(now=LATER) for _ in range(3)) == 1


def test_trying_says_why_and_gives_nothing(workspace: Workspace, agent: User) -> None:
    rule(workspace, name="German", languages=["de"])
    tried = try_rules(workspace=workspace, asked=Asked(0, team="support", language="de"), now=NOW)
    assert (tried.to, tried.given.rule) == (agent, "German")
    tried = try_rules(workspace=workspace, asked=Asked(0, team="support", language="fr"), now=NOW)
    assert (tried.to, tried.given.reason) == (None, "No rule is for this conversation.")
    assert not AgentProfile.objects.exists()


def test_other_workspaces_have_their_own(
    workspace: Workspace, other_workspace: Workspace, agent: User
) -> None:
    rule(other_workspace)
    rows = talks(workspace, 1)
    assert (give(rows), given(rows)) == (0, [""])


def test_many_cost_as_few(workspace: Workspace, django_assert_max_num_queries: Any) -> None:
    for name in "ab":
        member(workspace, name)
    rule(workspace)
    rows = talks(workspace, 20)
    with django_assert_max_num_queries(18):
        give(rows)
    assert sorted(given(rows)) == ["a"] * 10 + ["b"] * 10


@pytest.mark.django_db(transaction=True)
def test_two_workers_give_in_turn(workspace: Workspace) -> None:
    for name in "ab":
        member(workspace, name)
    rule(workspace)
    rows = talks(workspace, 8)

    def run(some: list[Conversation]) -> None:
        give(some)
        connection.close()

    workers = [Thread(target=run, args=(rows[n::2],)) for n in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sorted(given(rows)) == ["a"] * 4 + ["b"] * 4
