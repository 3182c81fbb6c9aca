"""Waiting for the customer: the clock stands still, and who says no more is closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import tasks
from inbox.models import (
    Conversation,
    ConversationEvent,
    CustomerResponse,
    InboxChannel,
    InboxPolicy,
)
from inbox.services import desk, waiting
from inbox.services.incoming import Incoming
from inbox.services.sweeping import sweep
from inbox.services.taking import take
from inbox.services.waiting import close_silent
from tests.inbox.desk_steps import answer_to, rows_of, talk_of
from tests.inbox.steps import NOW
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def talk(workspace: Workspace) -> Conversation:
    return talk_of(workspace, "ann@example.com", 1)


@pytest.fixture
def do(workspace: Workspace, agent: User) -> dict[str, Any]:
    return {"workspace": workspace, "by": Proposer.person(agent)}


def again(talk: Conversation) -> Conversation:
    return Conversation.objects.get(pk=talk.pk)


def wrote(workspace: Workspace, at: Any) -> None:
    ann = "ann@example.com"
    one = Incoming(InboxChannel.EMAIL, ann, f"<{at}@x>", at, "?", subject=ann)
    take(workspace=workspace, now=at, incoming=[one])


def test_the_clock_stands_still_until_they_write(
    talk: Conversation, workspace: Workspace, do: dict[str, Any]
) -> None:
    desk.wait(rows=rows_of(talk), now=NOW + HOUR, **do)
    row = again(talk)
    assert (row.status, row.due_at, row.sla_state) == ("waiting", None, "")
    sweep(now=NOW + 9 * HOUR)
    assert again(talk).breached_at is None

    wrote(workspace, NOW + 10 * HOUR)
    row = again(talk)
    # An hour of the four was over; both messages wait.
    assert (row.status, row.due_at, row.waiting_since) == ("open", NOW + 13 * HOUR, NOW)
    kinds = ConversationEvent.objects.filter(conversation=talk).order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == ["waiting", "reopened"]


@pytest.mark.parametrize("how", ["undo", "reopen"])
def test_opened_by_hand_it_runs_again(talk: Conversation, do: dict[str, Any], how: str) -> None:
    done = desk.wait(rows=rows_of(talk), now=NOW + HOUR, **do)
    if how == "undo":
        desk.undo(batch=done.batch, now=NOW + 2 * HOUR, **do)
    else:
        desk.reopen(rows=rows_of(talk), now=NOW + 2 * HOUR, **do)
    hours = 4 if how == "undo" else 5
    assert (again(talk).status, again(talk).due_at) == ("open", NOW + hours * HOUR)


def test_viewers_set_nothing_to_wait(talk: Conversation, do: dict[str, Any], viewer: User) -> None:
    with pytest.raises(NotAllowedError):
        desk.wait(rows=rows_of(talk), now=NOW, **do | {"by": Proposer.person(viewer)})
    assert again(talk).status == "open"


def test_who_says_no_more_is_closed(talk: Conversation, workspace: Workspace) -> None:
    answer_to(talk.responses.get(), at=NOW)
    Conversation.objects.filter(pk=talk.pk).update(status="waiting")
    assert close_silent(now=NOW + 7 * DAY - HOUR) == 0
    InboxPolicy.objects.create(workspace=workspace, close_waiting_after_days=3)
    assert close_silent(now=NOW + 3 * DAY) == 1
    assert close_silent(now=NOW + 3 * DAY) == 0
    event = ConversationEvent.objects.get(conversation=talk, kind="closed")
    assert (again(talk).status, event.by_label) == ("closed", "Countersign")


def test_what_was_set_to_wait_later_or_has_an_answer_to_come_stays(
    talk: Conversation, workspace: Workspace, do: dict[str, Any]
) -> None:
    desk.wait(rows=rows_of(talk), now=NOW + 2 * DAY, **do)
    other = talk_of(workspace, "bob@example.com", 1)
    out = answer_to(other.responses.get(), at=NOW, delivery="scheduled", sent_at=None)
    Conversation.objects.filter(pk=other.pk).update(status="waiting")
    assert close_silent(now=NOW + 8 * DAY) == 0
    CustomerResponse.objects.filter(pk=out.pk).update(delivery="sent", sent_at=NOW)
    assert close_silent(now=NOW + 9 * DAY) == 2
    assert {again(talk).status, again(other).status} == {"closed"}


def _silent(workspace: Workspace, address: str) -> Conversation:
    row = talk_of(workspace, address, 1)
    answer_to(row.responses.get(), at=NOW)
    Conversation.objects.filter(pk=row.pk).update(status="waiting")
    return row


def test_a_workspace_where_nothing_can_be_closed_holds_up_no_other(
    workspace: Workspace, other_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [_silent(one, "ann@example.com") for one in (workspace, other_workspace)]
    first = min(workspace, other_workspace, key=lambda one: one.pk)
    works = waiting.close

    def refuses(**given: Any) -> Any:
        if given["workspace"] == first:
            raise NotAllowedError("not here")
        return works(**given)

    monkeypatch.setattr(waiting, "close", refuses)
    assert close_silent(now=NOW + 8 * DAY) == 1
    assert sorted(again(one).status for one in rows) == ["closed", "waiting"]


def test_who_writes_that_very_moment_is_not_closed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = _silent(workspace, "ann@example.com")
    works = waiting.close

    def late(**given: Any) -> Any:
        wrote(workspace, NOW + 8 * DAY)
        return works(**given)

    monkeypatch.setattr(waiting, "close", late)
    assert close_silent(now=NOW + 8 * DAY) == 0
    assert again(row).status == "open"


def test_what_is_silent_is_found_by_an_index_of_each_workspace(talk: Conversation) -> None:
    with CaptureQueriesContext(connection) as told:
        close_silent(now=NOW + 8 * DAY)
    looked = [one["sql"] for one in told if 'FROM "inbox_conversation"' in one["sql"]]
    assert looked
    assert all('"inbox_conversation"."workspace_id" =' in one for one in looked)


def test_a_chore_that_fails_keeps_no_other_from_being_done(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = _silent(workspace, "ann@example.com")

    def breaks(**_: Any) -> int:
        raise NotAllowedError("nobody")

    monkeypatch.setattr(tasks, "assign_waiting", breaks)
    monkeypatch.setattr("inbox.tasks.timezone.now", lambda: NOW + 8 * DAY)
    assert tasks.tend() == 1
    assert again(row).status == "closed"
