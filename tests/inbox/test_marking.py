"""What is told of promises that were missed and escalate: once a turn, whoever finds it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from inbox.models import AgentProfile, Conversation, ConversationEvent, CustomerResponse, SLAPolicy
from inbox.services import desk
from inbox.services.restating import restate
from inbox.services.sweeping import renew_changed, sweep
from tests.inbox.desk_steps import answer_to, rows_of, talk_of
from tests.inbox.steps import NOW, response_of
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import Notification, User, Workspace

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LATE = NOW + 7 * HOUR  # half as much time again as four hours is over


@pytest.fixture
def talk(workspace: Workspace) -> Conversation:
    return talk_of(workspace, "ann@example.com", 1)


@pytest.fixture
def by(agent: User) -> Proposer:
    return Proposer.person(agent)


def told(talk: Conversation) -> list[tuple[str, Any]]:
    rows = ConversationEvent.objects.filter(conversation=talk, kind__in=["breached", "escalated"])
    return list(rows.order_by("pk").values_list("kind", "at"))


def again(talk: Conversation) -> Conversation:
    return Conversation.objects.get(pk=talk.pk)


def test_a_miss_is_told_once_whoever_finds_it(talk: Conversation, approver: User) -> None:
    restate([talk.pk], now=LATE)
    sweep(now=LATE + HOUR)
    renew_changed(now=LATE + HOUR)

    assert told(talk) == [("breached", LATE), ("escalated", LATE)]
    assert (again(talk).sla_state, again(talk).is_escalated) == ("escalated", True)
    (notice,) = Notification.objects.filter(user=approver)
    assert (notice.topic, notice.title) == ("inbox.escalated", "Escalated: ann@example.com")
    # What was promised anew and missed once more is the same turn.
    rule = SLAPolicy.objects.create(
        workspace=talk.workspace, channel="email", urgency="medium", first_minutes=9_000
    )
    renew_changed(now=LATE + HOUR)
    assert (again(talk).sla_state, again(talk).is_escalated) == ("running", False)
    rule.delete()
    renew_changed(now=LATE + HOUR)
    assert again(talk).is_escalated
    assert len(told(talk)) == 2


def test_an_answer_ends_it_and_the_next_turn_is_told_anew(talk: Conversation) -> None:
    sweep(now=LATE)
    answer_to(talk.responses.get(), at=LATE)
    assert (again(talk).is_escalated, again(talk).sla_state) == (False, "")

    response_of(talk, at=LATE + HOUR, text="And?")
    sweep_at = LATE + 9 * HOUR
    restate([talk.pk], now=LATE + HOUR)
    sweep(now=sweep_at)
    assert told(talk)[2:] == [("breached", sweep_at), ("escalated", sweep_at)]


def test_an_answer_between_two_sweeps_was_late_too(talk: Conversation) -> None:
    at = NOW + 4 * HOUR + timedelta(seconds=20)
    answer_to(talk.responses.get(), at=at)
    assert told(talk) == [("breached", at)]
    assert not again(talk).is_escalated


def test_a_person_calls_those_who_lead(
    talk: Conversation, workspace: Workspace, by: Proposer, approver: User, admin: User
) -> None:
    AgentProfile.objects.create(workspace=workspace, user=admin, team="support")
    do = {"workspace": workspace, "by": by, "now": NOW}
    done = desk.escalate(rows=rows_of(talk), **do)
    assert done.changed == (talk.pk,)
    restate([talk.pk], now=NOW)
    assert again(talk).is_escalated
    assert desk.escalate(rows=rows_of(talk), **do).changed == ()
    (notice,) = Notification.objects.filter(topic="inbox.escalated")
    assert (notice.user, notice.body) == (admin, "agent@acme.example escalated it.")

    desk.undo(workspace=workspace, batch=done.batch, by=by, now=NOW)
    restate([talk.pk], now=NOW)
    assert not again(talk).is_escalated

    desk.escalate(rows=rows_of(talk), **do)
    answer_to(talk.responses.get(), at=NOW + HOUR)
    assert not again(talk).is_escalated


def test_viewers_call_nobody(talk: Conversation, workspace: Workspace, viewer: User) -> None:
    with pytest.raises(NotAllowedError):
        desk.escalate(rows=rows_of(talk), workspace=workspace, by=Proposer.person(viewer), now=NOW)
    assert not again(talk).is_escalated
    assert not Notification.objects.exists()


def test_many_at_once_are_one_notice(
    workspace: Workspace, approver: User, client_as: Callable[[User], Client]
) -> None:
    talks = [talk_of(workspace, f"{name}@example.com", 1) for name in "abcd"]
    sweep(now=LATE)
    (notice,) = Notification.objects.filter(user=approver)
    assert notice.title == "4 conversations of Support are escalated"
    assert all(again(one).is_escalated for one in talks)
    filters = client_as(approver).get(notice.url).context["filters"]
    assert (filters.view, filters.team) == ("breaching", "support")


def test_what_waits_to_be_sent_has_not_answered(talk: Conversation) -> None:
    out = answer_to(talk.responses.get(), delivery="scheduled", sent_at=None, at=NOW + HOUR)
    assert again(talk).due_at == NOW + 4 * HOUR
    sweep(now=LATE)
    assert told(talk) == [("breached", LATE), ("escalated", LATE)]

    CustomerResponse.objects.filter(pk=out.pk).update(delivery="sent", sent_at=LATE)
    restate([talk.pk], now=LATE)
    first = talk.responses.get(direction="in")
    assert (again(talk).due_at, first.answered_at, first.is_kept) == (None, LATE, False)


@pytest.mark.parametrize("delivery", ["scheduled", "by_hand", "failed", "cancelled"])
def test_nothing_but_what_went_out_stops_the_clock(talk: Conversation, delivery: str) -> None:
    answer_to(talk.responses.get(), delivery=delivery, sent_at=None)
    assert (again(talk).due_at, again(talk).waiting_since) == (NOW + 4 * HOUR, NOW)


def test_opened_again_and_taken_back_nothing_is_due(
    talk: Conversation, workspace: Workspace, by: Proposer
) -> None:
    do = {"workspace": workspace, "by": by, "now": NOW + HOUR}
    desk.close(rows=rows_of(talk), **do)
    done = desk.reopen(rows=rows_of(talk), **do)
    assert again(talk).due_at == NOW + 4 * HOUR

    back = desk.undo(batch=done.batch, **do)
    assert (again(talk).status, again(talk).due_at, again(talk).sla_state) == ("closed", None, "")
    desk.undo(batch=back.batch, **do)
    assert (again(talk).status, again(talk).due_at) == ("open", NOW + 4 * HOUR)


@pytest.mark.parametrize(("hours", "is_kept"), [(4, None), (5, False)])
def test_closed_too_late_is_missed(
    talk: Conversation, workspace: Workspace, by: Proposer, hours: int, is_kept: bool | None
) -> None:
    first, do = talk.responses.get(), {"workspace": workspace, "by": by}
    done = desk.close(rows=rows_of(talk), now=NOW + hours * HOUR, **do)
    first.refresh_from_db()
    assert first.is_kept is is_kept
    desk.undo(batch=done.batch, now=NOW + hours * HOUR, **do)
    first.refresh_from_db()
    assert again(talk).due_at == NOW + 4 * HOUR
    assert first.is_kept is None


def test_what_was_closed_stays_done_where_it_is_merged(
    talk: Conversation, workspace: Workspace, by: Proposer
) -> None:
    other = talk_of(workspace, "bob@example.com", 2)
    do = {"by": by, "now": NOW + 2 * HOUR}
    desk.close(rows=rows_of(talk), workspace=workspace, **do)
    answer_to(other.responses.order_by("at").last(), at=NOW + 2 * HOUR)

    desk.merge(into=other, rows=rows_of(talk), **do)
    assert (again(other).waiting_since, again(other).due_at) == (None, None)

    desk.unmerge(conversation=again(talk), **do)
    desk.reopen(rows=rows_of(talk), workspace=workspace, **do)
    assert (again(talk).waiting_since, again(talk).due_at) == (NOW, NOW + 4 * HOUR)


def test_another_team_has_other_hours(
    talk: Conversation, workspace: Workspace, by: Proposer
) -> None:
    workspace.business_hours.create(team="sales", time_zone="UTC", week={})
    done = desk.set_team(rows=rows_of(talk), workspace=workspace, team="sales", by=by, now=NOW)
    assert again(talk).due_at is None
    desk.undo(workspace=workspace, batch=done.batch, by=by, now=NOW)
    assert again(talk).due_at == NOW + 4 * HOUR
