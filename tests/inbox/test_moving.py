"""Conversations merged, taken apart and split: messages and the answers to them stay together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from inbox.models import Conversation, ConversationEvent, CustomerResponse
from inbox.services import desk
from inbox.services.desk import DeskError
from tests.inbox.desk_steps import answer_to, columns_of, draft_of, rows_of, talk_of
from tests.inbox.steps import NOW
from workspaces.gate import NotAllowedError, Proposer

LATER = NOW + timedelta(days=1)


@pytest.fixture
def ann(workspace):
    return talk_of(workspace, "ann@example.com")


@pytest.fixture
def bob(workspace):
    return talk_of(workspace, "bob@example.com")


@pytest.fixture
def by(agent):
    return Proposer.person(agent)


def where(*conversations):
    """What stands in each."""
    return [
        list(
            CustomerResponse.objects.filter(conversation=one).order_by("at", "pk").values_list(
                "text", flat=True
            )
        )
        for one in conversations
    ]  # fmt: skip


def test_merged_conversations_are_read_in_one(ann, bob, by):
    answer_to(bob.responses.first())
    draft = draft_of(bob.responses.last())

    done = desk.merge(into=ann, rows=rows_of(bob, ann), by=by, now=LATER)

    ann.refresh_from_db()
    bob.refresh_from_db()
    draft.proposal.refresh_from_db()
    assert where(bob) == [[]]
    assert len(where(ann)[0]) == 5
    assert (bob.status, bob.closed_at, bob.merged_into, bob.due_at) == ("closed", LATER, ann, None)
    assert (ann.status, ann.unread, ann.waiting_since) == ("open", 4, NOW + timedelta(hours=1))
    assert (ann.due_at, ann.sla_state) == (NOW + timedelta(hours=5), "escalated")
    assert draft.proposal.status == "cancelled"
    assert ConversationEvent.objects.filter(batch=done.batch, kind="merged").count() == 2


def test_taken_apart_they_are_as_before(ann, bob, by, workspace):
    answer_to(bob.responses.first())
    Conversation.objects.filter(pk=ann.pk).update(status="waiting")
    cat = talk_of(workspace, "cat@example.com", 1)
    desk.close(rows=rows_of(cat), workspace=workspace, by=by, now=NOW)
    all_of = (ann, bob, cat)
    before = [columns_of(one) for one in all_of], where(*all_of)
    done = desk.merge(into=ann, rows=rows_of(bob, cat), by=by, now=NOW)

    desk.undo(workspace=workspace, batch=done.batch, by=by, now=NOW)

    after = [columns_of(one) for one in all_of], where(*all_of)
    for old, new in zip(before[0], after[0], strict=True):
        assert {name: (old[name], new[name]) for name in old if old[name] != new[name]} == {}
    assert after[1] == before[1]
    with pytest.raises(DeskError, match="It is not merged"):
        desk.unmerge(conversation=bob, by=by, now=LATER)


def test_what_was_answered_meanwhile_goes_with_its_message(ann, bob, by):
    desk.merge(into=ann, rows=rows_of(bob), by=by, now=NOW)
    theirs = CustomerResponse.objects.get(text="bob@example.com 1")
    answer = answer_to(theirs, text="To Bob")

    desk.unmerge(conversation=bob, by=by, now=LATER)

    answer.refresh_from_db()
    bob.refresh_from_db()
    assert answer.conversation == bob
    assert bob.waiting_since is None
    assert where(ann) == [["ann@example.com 0", "ann@example.com 1"]]


def test_merges_of_merges_come_apart_in_any_order(ann, bob, by, workspace):
    cat = talk_of(workspace, "cat@example.com", 1)
    before = where(ann, bob, cat)
    desk.merge(into=bob, rows=rows_of(ann), by=by, now=NOW)
    desk.merge(into=cat, rows=rows_of(bob), by=by, now=NOW)
    assert len(where(cat)[0]) == 5

    desk.unmerge(conversation=ann, by=by, now=NOW)
    assert where(ann) == before[:1]
    desk.merge(into=cat, rows=rows_of(ann), by=by, now=NOW)
    desk.unmerge(conversation=bob, by=by, now=NOW)
    assert where(bob) == before[1:2]
    desk.unmerge(conversation=ann, by=by, now=NOW)

    assert where(ann, bob, cat) == before


def test_what_is_closed_or_merged_takes_nothing_in(ann, bob, by, workspace):
    desk.close(rows=rows_of(ann), workspace=workspace, by=by, now=NOW)
    with pytest.raises(DeskError, match="It is closed"):
        desk.merge(into=ann, rows=rows_of(bob), by=by, now=NOW)
    desk.merge(into=bob, rows=rows_of(ann), by=by, now=NOW)

    for into, rows in ((ann, rows_of(bob)), (bob, rows_of(ann))):
        with pytest.raises(DeskError, match="It was merged"):
            desk.merge(into=into, rows=rows, by=by, now=NOW)
    with pytest.raises(DeskError, match="It was merged"):
        desk.reopen(rows=rows_of(ann), workspace=workspace, by=by, now=NOW)
    with pytest.raises(DeskError, match="It was merged"):
        desk.write_note(conversation=Conversation.objects.get(pk=ann.pk), text="x", by=by, now=NOW)
    assert where(ann) == [[]]


def test_conversations_of_others_are_not_merged(ann, by, other_workspace):
    theirs = talk_of(other_workspace, "bob@example.com")

    assert desk.merge(into=ann, rows=rows_of(theirs), by=by, now=NOW).changed == ()
    assert len(where(theirs)[0]) == 2
    assert not ConversationEvent.objects.exists()


@pytest.mark.parametrize("who", ["viewer", "outsider"])
@pytest.mark.parametrize("name", ["merge", "unmerge", "split"])
def test_only_agents_move_messages(name, who, ann, bob, by, request):
    desk.merge(into=ann, rows=rows_of(bob), by=by, now=NOW)
    before = where(ann, bob)
    stranger = Proposer.person(request.getfixturevalue(who))
    values = {
        "merge": {"into": ann, "rows": rows_of(bob)},
        "unmerge": {"conversation": bob},
        "split": {"conversation": ann, "responses": ann.responses.all()[:1]},
    }[name]

    with pytest.raises(NotAllowedError):
        getattr(desk, name)(by=stranger, now=NOW, **values)
    assert where(ann, bob) == before


def test_a_second_matter_gets_its_own_conversation(ann, by, agent):
    first, second = ann.responses.order_by("at")
    answer = answer_to(second)
    draft = draft_of(second)
    Conversation.objects.filter(pk=ann.pk).update(assignee=agent, tags=["vip"])

    made = desk.split(
        conversation=ann, responses=CustomerResponse.objects.filter(pk=second.pk), by=by, now=NOW
    )

    answer.refresh_from_db()
    ann.refresh_from_db()
    draft.proposal.refresh_from_db()
    assert answer.conversation == made
    assert (made.contact, made.assignee, made.tags) == (ann.contact, agent, ["vip"])
    assert (made.waiting_since, made.due_at, made.sla_state) == (None, None, "")
    assert (ann.waiting_since, ann.due_at) == (first.at, first.at + timedelta(hours=4))
    assert draft.proposal.status == "cancelled"
    events = ConversationEvent.objects.filter(kind="split").order_by("pk")
    assert [one.after for one in events] == [
        {"into": made.pk, "responses": [second.pk]},
        {"out_of": ann.pk},
    ]
    with pytest.raises(DeskError, match="Merge it back"):
        desk.undo(workspace=ann.workspace, batch=events[0].batch, by=by, now=NOW)


def test_split_refuses_what_makes_no_sense(ann, bob, by):
    first = ann.responses.order_by("at").first()
    answer = answer_to(first)
    wrong = {
        "Choose messages of this": [[], [bob.responses.first().pk]],
        "An answer goes with": [[answer.pk]],
        "Leave at least one": [[one.pk for one in ann.responses.all()]],
    }

    for sentence, choices in wrong.items():
        for keys in choices:
            rows = CustomerResponse.objects.filter(pk__in=keys)
            with pytest.raises(DeskError, match=sentence) as refused:
                desk.split(conversation=ann, responses=rows, by=by, now=NOW)
            assert refused.value.field == "responses"
    assert Conversation.objects.count() == 2


RAW = {
    "an answer moved alone": "UPDATE inbox_customerresponse SET conversation_id = %(bob)s"
    " WHERE id = %(answer)s",
    "a message moved without its answer": "UPDATE inbox_customerresponse"
    " SET conversation_id = %(bob)s WHERE id = %(theirs)s",
    "an answer to another address": "UPDATE inbox_customerresponse SET point_id = %(point)s"
    " WHERE id = %(answer)s",
    "an answer to another message": "UPDATE inbox_customerresponse SET answers_id = %(other)s"
    " WHERE id = %(answer)s",
    "a merged one that is open": "UPDATE inbox_conversation SET merged_into_id = %(bob)s"
    " WHERE id = %(ann)s",
}


def run(sql, keys):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, keys)
        connection.check_constraints()


@pytest.mark.parametrize("sql", RAW.values(), ids=RAW.keys())
def test_the_database_refuses(sql, ann, bob):
    theirs, other = ann.responses.first(), bob.responses.first()
    keys = {
        "ann": ann.pk, "bob": bob.pk, "theirs": theirs.pk, "answer": answer_to(theirs).pk,
        "other": other.pk, "point": other.point_id,
    }  # fmt: skip

    with pytest.raises(IntegrityError):
        run(sql, keys)
