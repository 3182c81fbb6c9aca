"""Comments below our posts: messages of the inbox, answered for all to read where they stand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache

from inbox.models import Conversation, ConversationEvent, CustomerResponse
from inbox.services import commenting
from inbox.services.answering import AnswerError, Words, answer, take_back
from inbox.services.commenting import send_replies, take_comments
from inbox.services.desk import close, merge, reopen, snooze
from inbox.services.reading import read_new
from inbox.services.settling import settle_answers
from outreach.models import ContactPoint, OutreachMessage, SocialAccount, SocialFunnelEntry
from outreach.services.social.matching import match_funnels
from tests.inbox.desk_steps import talk_of
from tests.outreach.social.steps import (
    INSTAGRAM,
    NOON,
    comment_at,
    done_of,
    funnel_of,
    page_on,
    person_of,
)
from tests.sandbox.conftest import Box
from tests.workspaces.gate_steps import run_due
from workspaces.gate import Proposer
from workspaces.models import Connection, User, Workspace

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    cache.clear()


@pytest.fixture
def account(box: Box, workspace: Workspace) -> SocialAccount:
    return page_on(box, workspace)


@pytest.fixture
def asked(box: Box, account: SocialAccount) -> CustomerResponse:
    comment_at(box, account, text="Why is mine broken?")
    assert take_comments(now=NOON) == 1
    return CustomerResponse.objects.get()


def replies(box: Box) -> list[str]:
    """What stands below the comment at the far end."""
    token = {"Authorization": "Bearer sandbox-meta-social-ptd-fitness"}
    found = box.http.get("/v26.0/c1/replies", params={"fields": "id,text"}, headers=token)
    return [one["text"] for one in found.json()["data"]]


def say(asked: CustomerResponse, agent: User, text: str = "Sorry! Write to us.") -> Any:
    return answer(to=asked, words=Words(text), by=Proposer.person(agent), now=NOON)


def test_a_comment_is_a_message_once(asked: CustomerResponse) -> None:
    talk = asked.conversation
    assert (asked.channel, asked.external_id, asked.text) == (
        "comment", "instagram:c1", "Why is mine broken?",
    )  # fmt: skip
    assert (talk.channel, talk.subject, talk.status) == ("comment", "Comment: Week 12", "open")
    # In public within an hour; and nobody may write to them privately because of it.
    assert talk.due_at == NOON + 60 * MINUTE
    point = ContactPoint.objects.get()
    assert (point.channel, point.address, point.last_inbound_at) == ("instagram", "u1", None)
    assert take_comments(now=NOON + MINUTE) == 0


def test_what_asks_for_nothing_is_none(box: Box, account: SocialAccount) -> None:
    somebody = person_of(account.workspace)
    ours = person_of(account.workspace, "us")
    type(ours).objects.filter(pk=ours.pk).update(external_id=INSTAGRAM)
    for name, values in (
        ("like", {"kind": "like"}), ("mention", {"kind": "mention", "text": "Hi"}),
        ("empty", {"text": ""}),
    ):  # fmt: skip
        done_of(somebody, name, **values)
    done_of(ours, "own", text="Thanks all!")
    assert take_comments(now=NOON) == 0


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("So beautiful, I love it!", "closed"),
        ("Love it! Do you deliver to Vienna?", "open"),
        ("This is terrible, mine broke after a day.", "open"),
    ],
)
def test_praise_below_a_post_waits_for_nobody(
    box: Box, account: SocialAccount, text: str, status: str
) -> None:
    comment_at(box, account, text=text)
    assert take_comments(now=NOON) == 1
    assert read_new(now=NOON) == 1
    talk = Conversation.objects.get()
    assert (talk.status, talk.due_at is None) == (status, status == "closed")


def _comment(box: Box, account: SocialAccount, name: str, text: str, at: datetime) -> None:
    comment_at(box, account, name, text=text, at=at)
    assert take_comments(now=at) == 1


def _status() -> str:
    return Conversation.objects.get().status


def test_praise_closes_no_question_that_came_after_it(box: Box, account: SocialAccount) -> None:
    _comment(box, account, "c1", "So beautiful, I love it!", NOON)
    _comment(box, account, "c2", "Do you deliver to Vienna?", NOON + MINUTE)
    # The question may be read by another worker, or later.
    assert read_new(now=NOON + MINUTE, limit=1) == 1
    assert _status() == "open"
    assert read_new(now=NOON + 2 * MINUTE) == 1
    assert _status() == "open"


def test_praise_after_praise_waits_for_nobody_either(box: Box, account: SocialAccount) -> None:
    _comment(box, account, "c1", "So beautiful, I love it!", NOON)
    _comment(box, account, "c2", "I love it, so beautiful!", NOON + MINUTE)
    assert read_new(now=NOON + MINUTE) == 2
    assert _status() == "closed"
    _comment(box, account, "c3", "So beautiful, I love it!", NOON + 2 * MINUTE)
    assert _status() == "open"
    assert read_new(now=NOON + 2 * MINUTE) == 1
    assert _status() == "closed"


@pytest.mark.parametrize(("is_back", "status"), [(False, "closed"), (True, "open")])
def test_what_somebody_closed_unanswered_waits_no_more(
    box: Box, account: SocialAccount, agent: User, is_back: bool, status: str
) -> None:
    _comment(box, account, "c1", "Do you deliver to Vienna?", NOON)
    read_new(now=NOON)
    rows, given = Conversation.objects.all(), {"workspace": account.workspace}
    close(rows=rows, by=Proposer.person(agent), now=NOON + MINUTE, **given)
    if is_back:
        reopen(rows=rows, by=Proposer.person(agent), now=NOON + MINUTE, **given)
    _comment(box, account, "c2", "So beautiful, I love it!", NOON + 2 * MINUTE)
    read_new(now=NOON + 2 * MINUTE)
    assert _status() == status


@pytest.mark.parametrize("is_slept", [False, True])
def test_what_somebody_ended_before_it_was_read_stays_so(
    box: Box, account: SocialAccount, agent: User, is_slept: bool
) -> None:
    _comment(box, account, "c1", "So beautiful, I love it!", NOON)
    given: Any = {
        "rows": Conversation.objects.all(), "workspace": account.workspace,
        "by": Proposer.person(agent), "now": NOON,
    }  # fmt: skip
    if is_slept:
        snooze(until=NOON + timedelta(days=1), **given)
    else:
        close(**given)
    read_new(now=NOON + MINUTE)
    assert _status() == ("snoozed" if is_slept else "closed")
    assert ConversationEvent.objects.filter(kind="closed").count() == (not is_slept)


def test_old_comments_are_no_news(box: Box, account: SocialAccount) -> None:
    comment_at(box, account, text="Why is mine broken?")
    assert take_comments(now=NOON + timedelta(days=3)) == 0
    assert take_comments(now=NOON + timedelta(days=1)) == 1


def test_answers_to_comments_go_below_them(box: Box, asked: CustomerResponse, agent: User) -> None:
    row = say(asked, agent)
    settle_answers(now=NOON + MINUTE)
    assert (replies(box), send_replies(now=NOON)) == ([], 0)
    assert send_replies(now=NOON + MINUTE) == 1
    row.refresh_from_db()
    assert (replies(box), row.delivery, row.sent_at) == (
        ["Sorry! Write to us."], "sent", NOON + MINUTE,
    )  # fmt: skip
    assert (row.point, OutreachMessage.objects.count()) == (asked.point, 0)
    asked.refresh_from_db()
    assert (asked.answered_at, asked.is_kept) == (NOON + MINUTE, True)


def test_an_answer_whose_end_was_lost_is_written_once(
    box: Box, asked: CustomerResponse, agent: User
) -> None:
    row = say(asked, agent)
    send_replies(now=NOON + MINUTE)
    # As if the worker had died before it noted the end.
    CustomerResponse.objects.filter(pk=row.pk).update(delivery="scheduled", sent_at=None)
    cache.clear()
    send_replies(now=NOON + 2 * MINUTE)
    row.refresh_from_db()
    assert (replies(box), row.delivery) == (["Sorry! Write to us."], "sent")


def test_an_answer_can_be_taken_back_before_it_is_written(
    box: Box, asked: CustomerResponse, agent: User
) -> None:
    take_back(response=say(asked, agent), by=Proposer.person(agent), now=NOON)
    assert (send_replies(now=NOON + MINUTE), replies(box)) == (0, [])


@pytest.mark.parametrize(
    ("status", "text", "field"),
    [("paused", "Sorry!", "channel"), ("active", "x" * 2_201, "text")],
)
def test_what_cannot_be_written_there_is_refused(
    asked: CustomerResponse, agent: User, status: str, text: str, field: str
) -> None:
    Connection.objects.update(status=status)
    with pytest.raises(AnswerError) as raised:
        say(asked, agent, text)
    assert raised.value.field == field
    assert CustomerResponse.objects.filter(direction="out").count() == 0


def test_what_cannot_be_written_for_a_day_has_failed(asked: CustomerResponse, agent: User) -> None:
    row = say(asked, agent)
    Connection.objects.update(status="paused")
    send_replies(now=NOON + MINUTE)
    row.refresh_from_db()
    assert row.delivery == "scheduled"
    cache.clear()
    send_replies(now=NOON + timedelta(days=2))
    row.refresh_from_db()
    asked.conversation.refresh_from_db()
    assert (row.delivery, asked.conversation.status) == ("failed", "open")
    assert row.error == "messenger is not connected any more."


def test_what_a_funnel_answered_is_shown_as_answered(
    box: Box, account: SocialAccount, workspace: Workspace
) -> None:
    funnel_of(workspace)
    comment_at(box, account, text="How much is it?")
    match_funnels(workspace=workspace, now=NOON)
    take_comments(now=NOON)
    later = NOON + 5 * MINUTE
    box.control("clock", {"set": later.isoformat()})
    run_due(later)
    for _ in range(2):
        take_comments(now=later)
    theirs, ours = CustomerResponse.objects.order_by("direction")
    assert (ours.text, ours.author_label, ours.delivery) == (
        "We wrote to you, user.u1.", "Funnel Ask", "sent",
    )  # fmt: skip
    assert theirs.answered_at == ours.sent_at
    assert Conversation.objects.get().status == "waiting"


def _funnel_answers(box: Box, account: SocialAccount) -> datetime:
    """Two comments that a funnel has answered, and when."""
    funnel_of(account.workspace)
    comment_at(box, account, "c1", "u1", text="How much is it?")
    comment_at(box, account, "c2", "u2", text="How much is it?")
    match_funnels(workspace=account.workspace, now=NOON)
    later = NOON + 5 * MINUTE
    box.control("clock", {"set": later.isoformat()})
    run_due(later)
    return later


def _shown() -> list[str]:
    rows = CustomerResponse.objects.filter(direction="out").order_by("answers__external_id")
    return [row.answers.external_id for row in rows if row.answers]


def test_many_answers_of_funnels_are_all_shown(
    box: Box, account: SocialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commenting, "BATCH", 1)
    later = _funnel_answers(box, account)
    for _ in range(3):
        take_comments(now=later)
    assert _shown() == ["instagram:c1", "instagram:c2"]


def test_an_answer_that_cannot_be_shown_holds_up_no_other(
    box: Box, account: SocialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = _funnel_answers(box, account)
    said = commenting._said

    def breaks(entry: SocialFunnelEntry) -> str:
        if entry.engagement.external_id == "c1":
            raise ValueError
        return said(entry)

    monkeypatch.setattr(commenting, "_said", breaks)
    take_comments(now=later)
    assert _shown() == ["instagram:c2"]


def _say_two(asked: CustomerResponse, agent: User) -> CustomerResponse:
    """The second of two answers."""
    given: Any = {"to": asked, "by": Proposer.person(agent), "now": NOON}
    return answer(words=Words("Second."), seen=say(asked, agent, "First."), **given)


def test_an_answer_is_looked_at_anew_before_it_is_written(
    box: Box, asked: CustomerResponse, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = _say_two(asked, agent)
    write = commenting.reply

    def takes_long(**given: Any) -> str:
        # As if the second were ended by another worker meanwhile.
        CustomerResponse.objects.filter(pk=second.pk).update(delivery="cancelled")
        return write(**given)

    monkeypatch.setattr(commenting, "reply", takes_long)
    assert send_replies(now=NOON + MINUTE) == 1
    assert replies(box) == ["First."]


def test_an_answer_is_noted_where_it_stands_by_then(
    box: Box, asked: CustomerResponse, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = say(asked, agent)
    into = talk_of(asked.workspace, "ann@example.com", 1)
    write = commenting.reply

    def is_merged(**given: Any) -> str:
        merge(
            rows=Conversation.objects.exclude(pk=into.pk), into=into,
            by=Proposer.person(agent), now=NOON,
        )  # fmt: skip
        return write(**given)

    monkeypatch.setattr(commenting, "reply", is_merged)
    send_replies(now=NOON + MINUTE)
    row.refresh_from_db()
    into.refresh_from_db()
    assert (row.conversation, row.delivery) == (into, "sent")
    assert into.first_answered_at == NOON + MINUTE


def test_one_that_breaks_keeps_no_other_answer_back(
    box: Box, asked: CustomerResponse, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    _say_two(asked, agent)
    write = commenting.reply

    def breaks(*, words: str, **given: Any) -> str:
        if words == "First.":
            raise ValueError
        return write(words=words, **given)

    monkeypatch.setattr(commenting, "reply", breaks)
    assert send_replies(now=NOON + MINUTE) == 1
    assert replies(box) == ["Second."]


def test_a_workspace_whose_comments_break_holds_up_no_other(
    box: Box, account: SocialAccount, other_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment_at(box, account, text="Why is mine broken?")
    done_of(person_of(other_workspace), "c9", text="Why is mine broken?")
    find = commenting._new

    def breaks(workspace: Workspace, now: datetime) -> Any:
        if workspace == min(other_workspace, account.workspace, key=lambda one: one.pk):
            raise ValueError
        return find(workspace, now)

    monkeypatch.setattr(commenting, "_new", breaks)
    assert take_comments(now=NOON) == 1


def test_two_workers_show_an_answer_of_a_funnel_once(box: Box, account: SocialAccount) -> None:
    later = _funnel_answers(box, account)
    take_comments(now=later)
    # As if this one had looked before the other one noted it.
    commenting._note_answer(SocialFunnelEntry.objects.order_by("pk")[0], later)
    assert _shown() == ["instagram:c1", "instagram:c2"]


def test_a_comment_that_cannot_be_taken_in_holds_up_no_other(
    box: Box, account: SocialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment_at(box, account, "c1", "u1", text="Why is mine broken?")
    comment_at(box, account, "c2", "u2", text="Why is mine broken too?")
    take_in = commenting.take

    def breaks(**given: Any) -> Any:
        if any(one.external_id == "instagram:c1" for one in given["incoming"]):
            raise ValueError
        return take_in(**given)

    monkeypatch.setattr(commenting, "take", breaks)
    take_comments(now=NOON)
    assert CustomerResponse.objects.get().external_id == "instagram:c2"
    monkeypatch.undo()
    take_comments(now=NOON)
    assert CustomerResponse.objects.count() == 2
