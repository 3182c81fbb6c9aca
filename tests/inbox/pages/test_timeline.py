"""One person's story, and the clock of an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from inbox.models import Conversation, ConversationEvent, InternalNote
from inbox.selectors import timeline
from inbox.selectors.clock import clock_of, length
from inbox.selectors.customer import customer_of
from inbox.selectors.timeline import conversations_of, find_conversation, timeline_of
from inbox.selectors.worth import Worth
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of, point_of
from workspaces.gate import RequestError
from workspaces.models import User, Workspace

MINUTE = timedelta(minutes=1)


@pytest.fixture
def conversation(workspace: Workspace) -> Conversation:
    return conversation_of(workspace)


def event_of(conversation: Conversation, at: datetime, **values: Any) -> ConversationEvent:
    return ConversationEvent.objects.create(
        workspace=conversation.workspace, conversation=conversation, at=at,
        **{"kind": "closed", "by_label": "Olga", **values},
    )  # fmt: skip


def told(line: timeline.Timeline) -> list[str]:
    return [one.text or one.row.text for one in line.items]


def test_all_channels_of_a_person_make_one_story(
    conversation: Conversation, workspace: Workspace, agent: User, other_workspace: Workspace
) -> None:
    contact = conversation.contact
    point_of(contact, "sms", "+436601234567")
    other = conversation_of(workspace, contact=contact, channel="sms")
    merged_person = contact_of(workspace, "ann@work.example")
    merged_person.person.root = contact.person
    merged_person.person.save()
    third = conversation_of(workspace, contact=merged_person)
    stranger = conversation_of(workspace, contact=contact_of(workspace, "bob@example.com"))
    for n, one in enumerate([conversation, other, third, stranger]):
        response_of(one, text=str(n), at=NOW + n * MINUTE)
    InternalNote.objects.create(workspace=workspace, conversation=other, author=agent,
                                text="note", written_at=NOW + 5 * MINUTE)  # fmt: skip
    event_of(conversation, NOW - MINUTE, kind="assigned", after={"assignee_id": agent.pk})

    theirs = conversations_of(conversation)

    assert {one.pk for one in theirs} == {conversation.pk, other.pk, third.pk}
    assert told(timeline_of(theirs)) == [f"gave it to {agent}", "0", "1", "2", "note"]
    assert {one.pk for one in conversations_of(third)} == {one.pk for one in theirs}


@pytest.mark.parametrize("size", [1, 2, 3, 20])
def test_earlier_pages_hold_each_thing_once(
    size: int, conversation: Conversation, workspace: Workspace, agent: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(timeline, "ITEMS", size)
    for n in range(3):  # several of each kind at one moment
        at = NOW + (n // 2) * MINUTE
        response_of(conversation, text=f"m{n}", at=at)
        InternalNote.objects.create(workspace=workspace, conversation=conversation, author=agent,
                                    text=f"n{n}", written_at=at)  # fmt: skip
        event_of(conversation, at, kind="tagged", after={"tags": [f"t{n}"]})

    found: list[str] = []
    before = ""
    for _ in range(12):
        line = timeline_of([conversation], before)
        found = told(line) + found
        before = line.earlier
        if not before:
            break

    assert found == ["tags: t0", "tags: t1", "m0", "m1", "n0", "n1", "tags: t2", "m2", "n2"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "closed"}, "closed"),
        ({"kind": "assigned", "after": {"assignee_id": None}}, "took it from whoever had it"),
        ({"kind": "assigned", "after": {"assignee_id": 0}}, "took it from whoever had it"),
        ({"kind": "tagged", "after": {"tags": []}}, "took the tags off"),
        ({"kind": "team", "after": {"team": "sales"}}, "gave it to the team Sales"),
        ({"kind": "posture", "after": {"posture": "off"}}, "machine: Nothing"),
        ({"kind": "reading", "after": {"intent": "spam"}}, "read it as Spam"),
    ],
)
def test_events_are_said_in_words(
    values: dict[str, Any], words: str, conversation: Conversation
) -> None:
    event_of(conversation, NOW, **values)

    assert told(timeline_of([conversation])) == [words]


@pytest.mark.parametrize("before", ["x", "~~", f"{NOW.isoformat()}~3~1", f"{NOW.isoformat()}~1~x"])
def test_damaged_cursors_are_refused(before: str, conversation: Conversation) -> None:
    with pytest.raises(RequestError):
        timeline_of([conversation], before)


def test_conversations_of_others_are_not_found(
    conversation: Conversation, other_workspace: Workspace
) -> None:
    assert find_conversation(conversation.workspace, conversation.public_id) == conversation
    assert find_conversation(other_workspace, conversation.public_id) is None


@pytest.mark.parametrize(
    ("span", "words"),
    [(timedelta(seconds=20), "1 min"), (59 * MINUTE, "59 min"), (60 * MINUTE, "1 h"),
     (200 * MINUTE, "3 h 20 min"), (timedelta(days=1), "1 d"), (timedelta(hours=51), "2 d 3 h")],
)  # fmt: skip
def test_spans_in_words(span: timedelta, words: str) -> None:
    assert length(span) == words


@pytest.mark.parametrize(
    ("values", "words", "state"),
    [
        ({"due_at": NOW + 12 * MINUTE}, "due in 12 min", "soon"),
        ({"due_at": NOW + 200 * MINUTE}, "due in 3 h 20 min", "ok"),
        ({"due_at": NOW + 200 * MINUTE, "sla_state": "warned"}, "due in 3 h 20 min", "soon"),
        ({"due_at": NOW - 5 * MINUTE}, "5 min over", "over"),
    ],
)
def test_the_clock(values: dict[str, Any], words: str, state: str) -> None:
    clock = clock_of(Conversation(**values), NOW)

    assert clock is not None
    assert (clock.text, clock.state) == (words, state)


def test_no_clock_without_a_promise() -> None:
    assert clock_of(Conversation(), NOW) is None
    assert clock_of(Conversation(status="closed", due_at=NOW), NOW) is None


def test_the_card_says_what_is_known_and_what_is_not(conversation: Conversation) -> None:
    card = customer_of(conversation)

    assert [str(one) for one in card.points] == ["ann@example.com"]
    assert [(one.channel, one.consent and one.consent.is_given) for one in card.agreed] == [
        ("E-mail", True)
    ]
    assert (card.earned, card.worth, card.deals, card.touches, card.tests) == (
        0, Worth(), [], [], []
    )  # fmt: skip
