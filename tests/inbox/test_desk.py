"""What people do with conversations: who may, what it leaves behind, and how it is undone."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest

from inbox.models import AIClassification, Conversation, ConversationEvent, InternalNote
from inbox.services import desk
from inbox.services.desk import DeskError
from inbox.services.restating import restate
from outreach.models import Consent
from tests.inbox.desk_steps import columns_of, draft_of, rows_of, talk_of
from tests.inbox.steps import NOW, conversation_of
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import Notification
from workspaces.services.live import version

LATER = NOW + timedelta(days=1)


READ = {
    "intent": "question", "confidence": 0.9, "sentiment": 0, "sentiment_label": "neutral",
    "urgency": "low", "model": "words", "ms": 1, "read_at": NOW,
}  # fmt: skip


@pytest.fixture
def act(workspace, agent):
    """Do something as an agent."""

    def do(name, *conversations, **values):
        own = {"workspace": workspace, "by": Proposer.person(agent), "now": NOW}
        return getattr(desk, name)(rows=rows_of(*conversations), **own | values)

    return do


@pytest.fixture
def talk(workspace):
    return talk_of(workspace, "ann@example.com")


def again(conversation):
    conversation.refresh_from_db()
    return conversation


def test_assigning_is_told_with_who_it_was_before(act, talk, agent, operator):
    act("assign", talk, to=operator)
    done = act("assign", talk, to=agent)

    event = ConversationEvent.objects.get(batch=done.batch)
    assert again(talk).assignee == agent
    assert (event.kind, event.by, event.at) == ("assigned", agent, NOW)
    assert (event.before, event.after) == (
        {"assignee_id": operator.pk}, {"assignee_id": agent.pk}
    )  # fmt: skip
    assert act("assign", talk, to=None).changed == (talk.pk,)
    assert again(talk).assignee is None


def test_what_is_so_already_is_told_by_nobody(act, talk):
    assert act("assign", talk, to=None).changed == ()
    assert not ConversationEvent.objects.exists()


def test_only_who_may_answer_gets_conversations(act, talk, viewer, outsider):
    for who in (viewer, outsider):
        with pytest.raises(DeskError, match="an agent or more") as refused:
            act("assign", talk, to=who)
        assert refused.value.field == "assignee"
    assert again(talk).assignee is None


ACTS = {
    "assign": {"to": None}, "set_team": {"team": "sales"}, "set_posture": {"posture": "off"},
    "add_tags": {"tags": ["vip"]}, "remove_tags": {"tags": ["old"]}, "close": {}, "reopen": {},
    "snooze": {"until": LATER},
}  # fmt: skip


@pytest.mark.parametrize("name", ACTS)
def test_viewers_do_nothing_and_others_reach_nothing(
    name, act, talk, workspace, viewer, outsider, other_workspace, agent
):
    Conversation.objects.filter(pk=talk.pk).update(tags=["old"], assignee=agent)
    before = columns_of(talk)

    with pytest.raises(NotAllowedError, match="needs the role of agent"):
        act(name, talk, by=Proposer.person(viewer), **ACTS[name])
    with pytest.raises(NotAllowedError):
        act(name, talk, by=Proposer.person(outsider), **ACTS[name])
    done = act(name, talk, workspace=other_workspace, by=Proposer.person(outsider), **ACTS[name])

    assert done.changed == ()
    assert columns_of(talk) == before
    assert not ConversationEvent.objects.exists()


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("set_team", {"team": "kitchen"}, "team"),
        ("set_posture", {"posture": "loud"}, "posture"),
        ("add_tags", {"tags": []}, "tags"),
        ("add_tags", {"tags": [" "]}, "tags"),
        ("add_tags", {"tags": ["x" * 41]}, "tags"),
        ("remove_tags", {"tags": ["a\0"]}, "tags"),
        ("snooze", {"until": NOW}, "until"),
        ("snooze", {"until": NOW + timedelta(days=400)}, "until"),
        ("snooze", {"until": datetime(2030, 1, 1)}, "until"),  # noqa: DTZ001  # on purpose
    ],
)
def test_nonsense_is_refused_by_its_field(act, talk, name, values, field):
    with pytest.raises(DeskError) as refused:
        act(name, talk, **values)

    assert refused.value.field == field


@pytest.mark.parametrize("name", ["assign", "set_team", "set_posture", "snooze"])
def test_closed_conversations_are_opened_first(act, talk, name):
    act("close", talk)

    with pytest.raises(DeskError, match="It is closed; open it again first"):
        act(name, talk, **ACTS[name])


@pytest.mark.parametrize("name", ACTS)
def test_archived_conversations_stay(act, talk, name):
    Conversation.objects.filter(pk=talk.pk).update(archived_at=NOW)

    with pytest.raises(DeskError, match="It is archived"):
        act(name, talk, **ACTS[name])


def test_closing_ends_promises_and_drafts(act, talk, workspace):
    Conversation.objects.filter(pk=talk.pk).update(
        sla_state="running", due_at=LATER, warn_at=LATER, escalate_at=LATER, resolve_by=LATER
    )
    draft = draft_of(talk.responses.first())
    other = draft_of(talk_of(workspace, "bob@example.com").responses.first())

    act("close", talk)

    row = again(talk)
    assert (row.status, row.closed_at, row.sla_state) == ("closed", NOW, "")
    assert {row.due_at, row.warn_at, row.escalate_at, row.resolve_by} == {None}
    draft.proposal.refresh_from_db()
    other.proposal.refresh_from_db()
    assert (draft.proposal.status, draft.proposal.decision_reason) == (
        "cancelled", "The conversation was closed."
    )  # fmt: skip
    assert other.proposal.status == "pending"


def test_opened_again_they_wait_for_us(act, talk):
    act("close", talk)
    assert again(talk).waiting_since is None

    act("reopen", talk)

    assert (again(talk).status, talk.closed_at, talk.waiting_since) == ("open", None, NOW)


def test_sleepers_wake_when_it_is_time(act, talk, workspace, agent):
    other = conversation_of(workspace, contact=talk.contact)
    act("snooze", talk, until=LATER)
    act("snooze", other, until=LATER + timedelta(seconds=1))

    assert desk.wake_due(now=LATER - timedelta(seconds=1)) == 0
    assert desk.wake_due(now=LATER) == 1
    assert desk.wake_due(now=LATER) == 0

    assert (again(talk).status, talk.snoozed_until) == ("open", None)
    event = ConversationEvent.objects.get(kind="woken")
    assert (event.by, event.by_label, event.before["status"]) == (None, "Countersign", "snoozed")
    assert again(other).status == "snoozed"


def test_tags_are_kept_once_and_taken_off(act, talk):
    act("add_tags", talk, tags=["VIP", "late  order"])
    act("add_tags", talk, tags=["vip", "refund"])
    assert again(talk).tags == ["vip", "late order", "refund"]

    act("remove_tags", talk, tags=["Late order", "unknown"])
    assert again(talk).tags == ["vip", "refund"]
    with pytest.raises(DeskError, match="more than 20 tags"):
        act("add_tags", talk, tags=[f"t{number}" for number in range(19)])


def test_many_at_once_leave_out_what_refuses(
    act, talk, workspace, agent, django_assert_num_queries
):
    others = [conversation_of(workspace, contact=talk.contact) for _ in range(3)]
    act("close", others[0])
    seen = version(workspace.pk, "inbox")

    with django_assert_num_queries(8):
        done = act("assign", talk, *others, to=agent)

    assert done.refused == {"It is closed; open it again first.": 1}
    assert sorted(done.changed) == sorted([talk.pk, others[1].pk, others[2].pk])
    assert ConversationEvent.objects.filter(batch=done.batch).count() == 3
    assert version(workspace.pk, "inbox") == seen  # told when the transaction ends


def test_too_many_are_refused(act, talk, workspace, monkeypatch):
    monkeypatch.setattr("inbox.services.desk.acting.MOST", 1)
    other = conversation_of(workspace, contact=talk.contact)

    with pytest.raises(DeskError, match="at most 1 conversations"):
        act("close", talk, other)
    assert again(talk).status == "open"


@pytest.mark.parametrize(
    "name", ["assign", "set_team", "set_posture", "add_tags", "close", "snooze"]
)
def test_undo_puts_everything_back(act, talk, workspace, agent, name):
    Conversation.objects.filter(pk=talk.pk).update(tags=["old"], assignee=agent)
    other = conversation_of(workspace, contact=talk.contact)
    before = columns_of(talk), columns_of(other)
    undo = partial(desk.undo, workspace=workspace, by=Proposer.person(agent), now=NOW)

    done = act(name, talk, other, **ACTS[name])
    after = columns_of(talk), columns_of(other)
    undone = undo(batch=done.batch)
    assert (columns_of(talk), columns_of(other)) == before

    with pytest.raises(DeskError, match="changed since"):
        undo(batch=done.batch)
    undo(batch=undone.batch)
    assert (columns_of(talk), columns_of(other)) == after


def test_what_was_undone_counts_for_no_promise(act, talk, workspace, agent):
    before = columns_of(talk)
    own = {"workspace": workspace, "by": Proposer.person(agent), "now": NOW}
    done = act("close", talk)
    undone = desk.undo(batch=done.batch, **own)

    restate([talk.pk], now=NOW)
    assert columns_of(talk) == before
    assert before["due_at"] == NOW + timedelta(hours=4)
    desk.undo(batch=undone.batch, **own)
    restate([talk.pk], now=NOW)
    assert again(talk).due_at is None


def test_undo_leaves_what_changed_since(act, talk, workspace, agent, operator):
    other = conversation_of(workspace, contact=talk.contact)
    done = act("assign", talk, other, to=agent)
    act("assign", other, to=operator)
    act("set_team", talk, team="sales")  # another matter

    undone = desk.undo(workspace=workspace, batch=done.batch, by=Proposer.person(agent), now=NOW)

    assert undone.changed == (talk.pk,)
    assert undone.refused == {"It was changed since; look at it first.": 1}
    assert (again(talk).assignee, talk.team, again(other).assignee) == (None, "sales", operator)


def test_undo_is_for_agents_of_the_workspace(act, talk, workspace, viewer, outsider, agent):
    done = act("assign", talk, to=agent)
    who = {"batch": done.batch, "now": NOW}

    with pytest.raises(NotAllowedError):
        desk.undo(workspace=workspace, by=Proposer.person(viewer), **who)
    with pytest.raises(DeskError, match="no such act"):
        desk.undo(
            workspace=outsider.memberships.get().workspace, by=Proposer.person(outsider), **who
        )
    with pytest.raises(DeskError, match="no such act"):
        desk.undo(workspace=workspace, by=Proposer.person(agent), batch=uuid4(), now=NOW)
    assert again(talk).assignee == agent


def test_a_person_knows_better_what_was_meant(talk, agent, viewer):
    first, last = talk.responses.order_by("at")
    for one in (first, last):
        AIClassification.objects.create(response=one, **READ, workspace=talk.workspace)
    by = Proposer.person(agent)

    desk.correct_reading(response=first, intent="complaint", by=by, now=NOW)
    assert again(talk).intent == ""
    desk.correct_reading(response=last, intent="purchase", by=by, now=NOW)

    reading = AIClassification.objects.get(response=last)
    assert again(talk).intent == "purchase"
    assert (reading.corrected_intent, reading.corrected_by, reading.corrected_at) == (
        "purchase", agent, NOW
    )  # fmt: skip
    with pytest.raises(NotAllowedError):
        desk.correct_reading(response=last, intent="spam", by=Proposer.person(viewer), now=NOW)
    with pytest.raises(DeskError, match="Choose among"):
        desk.correct_reading(response=last, intent="love", by=by, now=NOW)


def test_what_follows_of_a_reading_follows_of_a_correction(talk, agent):
    first, last = talk.responses.order_by("at")
    for one in (first, last):
        AIClassification.objects.create(response=one, **READ, workspace=talk.workspace)
    own = {"by": Proposer.person(agent), "now": NOW}

    told = desk.correct_reading(response=first, intent="unsubscribe", **own)
    refusal = Consent.objects.get(contact=talk.contact, is_given=False)
    assert (refusal.channel, refusal.source) == ("email", "stop")
    assert told.remarks == ("They get no more marketing by E-mail.",)

    told = desk.correct_reading(response=first, intent="question", **own)
    assert "stays withdrawn" in told.remarks[0]
    assert Consent.objects.order_by("-pk").first() == refusal

    # Spam among other things closes nothing; as the last word it does.
    assert desk.correct_reading(response=first, intent="spam", **own).closed is None
    told = desk.correct_reading(response=last, intent="spam", **own)
    assert again(talk).status == "closed"
    desk.undo(workspace=talk.workspace, batch=told.closed.batch, **own)
    assert again(talk).status == "open"


def test_what_nothing_read_cannot_be_corrected(talk, agent):
    with pytest.raises(DeskError, match="Nothing has read"):
        desk.correct_reading(
            response=talk.responses.first(), intent="spam", by=Proposer.person(agent), now=NOW
        )


def test_notes_call_members_only(talk, agent, operator, outsider, viewer):
    text = "@operator look, and @agent too. Not ops@operator.example nor @nobody"

    note = desk.write_note(conversation=talk, text=text, by=Proposer.person(agent), now=NOW)

    assert note.mentions == sorted([operator.pk, agent.pk])
    told = Notification.objects.get()
    assert (told.user, told.url) == (operator, f"/inbox/{talk.public_id}/")
    assert told.title == f"{agent} calls you: ann@example.com"
    with pytest.raises(NotAllowedError):
        desk.write_note(conversation=talk, text="x", by=Proposer.person(viewer), now=NOW)
    with pytest.raises(DeskError, match="Write 1 to"):
        desk.write_note(conversation=talk, text=" ", by=Proposer.person(agent), now=NOW)
    with pytest.raises(DeskError, match="A person has to stand"):
        desk.write_note(conversation=talk, text="x", by=Proposer.rule("r"), now=NOW)
    assert InternalNote.objects.count() == 1


def test_opened_messages_are_read_as_far_as_they_were_shown(talk, agent, viewer):
    assert talk.unread == 2
    first = talk.responses.order_by("pk").first()
    own = {"conversation": talk, "by": Proposer.person(agent)}
    with pytest.raises(NotAllowedError):
        desk.mark_viewed(conversation=talk, upto=first, by=Proposer.person(viewer), now=NOW)
    # What arrived since the page was made is still new.
    assert desk.mark_viewed(upto=first, now=NOW, **own) == 1
    assert again(talk).unread == 1
    assert desk.mark_viewed(upto=None, now=LATER, **own) == 1
    assert desk.mark_viewed(upto=None, now=LATER, **own) == 0

    assert again(talk).unread == 0
    assert [one.first_viewed_at for one in talk.responses.order_by("pk")] == [NOW, LATER]
