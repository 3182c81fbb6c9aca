"""Answers: to the address that wrote, with time to undo, never past something newer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from inbox.models import Conversation, ConversationEvent, CustomerResponse, InboxPolicy
from inbox.selectors.replies import last_said
from inbox.services import desk
from inbox.services.answering import (
    AnswerError,
    NewerMessageError,
    Words,
    answer,
    take_back,
)
from inbox.services.incoming import Incoming
from inbox.services.restating import restate
from inbox.services.settling import settle_answers
from inbox.services.taking import take
from outreach.models import OutreachMessage, OutreachTask, Suppression
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.sending.steps import channel_on, letters, send_all, smtp_to
from tests.outreach.steps import point_of
from tests.sandbox.conftest import Box
from workspaces.gate import Proposer
from workspaces.models import Notification, User, Workspace
from workspaces.services.permissions import NotAllowedError

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(seconds=10)
HELLO = Words("It is on its way.")


@pytest.fixture
def by(agent: User) -> Proposer:
    return Proposer.person(agent)


@pytest.fixture
def asked(workspace: Workspace) -> CustomerResponse:
    row = conversation_of(workspace)
    point = row.contact.points.get()
    point.last_inbound_at = NOW
    point.save()
    asked = response_of(row, external_id="<1@example.com>", subject="My order")
    restate([row.pk], now=NOW)
    return asked


def again(row: CustomerResponse) -> CustomerResponse:
    return CustomerResponse.objects.select_related("conversation", "message").get(pk=row.pk)


def test_an_answer_goes_where_it_was_asked_in_the_same_thread(
    box: Box, workspace: Workspace, asked: CustomerResponse, by: Proposer
) -> None:
    channel_on(smtp_to(box, workspace))
    row = answer(to=asked, words=HELLO, by=by, now=NOW, seen=asked)
    assert (row.subject, row.point, row.send_at) == ("Re: My order", asked.point, SOON)
    assert again(asked).conversation.status == "waiting"
    # It is answered once the answer is out.
    state = again(asked)
    assert (state.answered_at, state.conversation.waiting_since) == (None, NOW)

    send_all(NOW)
    assert settle_answers(now=NOW) == 0
    send_all(SOON)
    assert settle_answers(now=SOON) == 1
    row = again(row)
    assert (row.delivery, row.sent_at) == ("sent", SOON)
    state = again(asked)
    assert (state.answered_at, state.conversation.waiting_since, state.is_kept) == (
        SOON, None, True,
    )  # fmt: skip
    (letter,) = letters(box)
    assert letter["recipient"] == "ann@example.com"
    mail = letter["headers"]
    assert (mail["In-Reply-To"], mail["References"]) == ("<1@example.com>", "<1@example.com>")
    assert row.message is not None
    assert mail["Message-ID"] == row.message.provider_message_id

    # What answers the answer comes back to where it belongs, whatever its subject.
    reply = Incoming(
        channel=asked.channel, address="bob@example.com", external_id="<2@example.com>", at=SOON,
        text="Thanks", subject="?", thread_ids=(mail["Message-ID"],),
    )  # fmt: skip
    (kept,) = take(workspace=workspace, incoming=[reply], now=SOON)
    assert kept.conversation == asked.conversation


def test_it_can_be_taken_back_until_it_goes(
    box: Box, workspace: Workspace, asked: CustomerResponse, by: Proposer
) -> None:
    channel_on(smtp_to(box, workspace))
    row = answer(to=asked, words=HELLO, by=by, now=NOW)
    take_back(response=row, by=by, now=NOW)
    send_all(SOON)
    assert (again(row).delivery, OutreachMessage.objects.get().status) == ("cancelled", "cancelled")
    state = again(asked)
    assert (state.conversation.status, state.answered_at) == ("open", None)
    with pytest.raises(AnswerError, match="taken back already"):
        take_back(response=row, by=by, now=NOW)

    late = answer(to=asked, words=HELLO, by=by, now=NOW)
    send_all(SOON)
    with pytest.raises(AnswerError, match="on its way already"):
        take_back(response=late, by=by, now=SOON)
    settle_answers(now=SOON)
    with pytest.raises(AnswerError, match="sent already"):
        take_back(response=late, by=by, now=SOON)
    assert len(letters(box)) == 1


@pytest.mark.parametrize("before", ["open", "snoozed", "waiting", "closed"])
def test_taken_back_it_stands_as_it_was(
    box: Box, workspace: Workspace, asked: CustomerResponse, by: Proposer, before: str
) -> None:
    channel_on(smtp_to(box, workspace))
    talk = Conversation.objects.filter(pk=asked.conversation_id)
    until = NOW + timedelta(hours=1)
    own = {"snoozed": {"snoozed_until": until}, "closed": {"closed_at": NOW}}
    if before == "waiting":  # for the answer before
        answer(to=asked, words=HELLO, by=by, now=NOW)
    else:
        talk.update(status=before, **own.get(before, {}))
    row = answer(to=asked, words=HELLO, by=by, now=NOW, seen=last_said(asked.conversation))
    assert talk.get().status == ("closed" if before == "closed" else "waiting")

    take_back(response=row, by=by, now=NOW)

    assert talk.get().status == before
    assert talk.get().snoozed_until == (until if before == "snoozed" else None)


def test_of_two_answers_the_last_one_taken_back_opens_again(
    box: Box, workspace: Workspace, asked: CustomerResponse, by: Proposer
) -> None:
    channel_on(smtp_to(box, workspace))
    first = answer(to=asked, words=HELLO, by=by, now=NOW)
    second = answer(to=asked, words=HELLO, by=by, now=NOW, seen=first)
    take_back(response=first, by=by, now=NOW)
    assert again(asked).conversation.status == "waiting"
    take_back(response=second, by=by, now=NOW)
    assert again(asked).conversation.status == "open"


def test_after_a_merge_it_is_taken_back_where_it_stands(
    box: Box, workspace: Workspace, asked: CustomerResponse, by: Proposer
) -> None:
    channel_on(smtp_to(box, workspace))
    row = answer(to=asked, words=HELLO, by=by, now=NOW)
    other = conversation_of(workspace, contact=asked.conversation.contact, status="waiting")
    rows = Conversation.objects.filter(pk=asked.conversation_id)
    desk.merge(into=other, rows=rows, by=by, now=NOW)

    take_back(response=row, by=by, now=NOW)

    assert again(row).conversation == other
    assert (again(row).conversation.status, again(row).delivery) == ("open", "cancelled")
    assert rows.get().status == "closed"


def test_nothing_goes_out_past_something_newer(
    workspace: Workspace, asked: CustomerResponse, by: Proposer
) -> None:
    newer = response_of(asked.conversation, at=NOW + timedelta(minutes=1), text="Never mind.")
    with pytest.raises(NewerMessageError) as refused:
        answer(to=asked, words=HELLO, by=by, now=SOON, seen=asked)
    assert refused.value.newer == newer
    # Who says nothing of what was seen answers the last message or none.
    with pytest.raises(NewerMessageError):
        answer(to=asked, words=HELLO, by=by, now=SOON)
    assert not CustomerResponse.objects.filter(direction="out").exists()


def test_a_mail_that_comes_late_is_news_whatever_time_it_claims(
    asked: CustomerResponse, by: Proposer
) -> None:
    late = response_of(asked.conversation, at=NOW - timedelta(hours=1), text="Never mind.")
    with pytest.raises(NewerMessageError) as refused:
        answer(to=asked, words=HELLO, by=by, now=SOON, seen=asked)
    assert refused.value.newer == late


def test_nothing_goes_out_past_a_colleagues_answer(
    box: Box, workspace: Workspace, asked: CustomerResponse, by: Proposer, operator: User
) -> None:
    channel_on(smtp_to(box, workspace))
    first = answer(to=asked, words=HELLO, by=by, now=NOW, seen=asked)
    other = Proposer.person(operator)
    for seen in (asked, None):
        with pytest.raises(NewerMessageError, match=f"{by.label} answered meanwhile") as refused:
            answer(to=asked, words=Words("Tomorrow."), by=other, now=NOW, seen=seen)
        assert refused.value.newer == first
    # What was taken back stands in nobody's way.
    take_back(response=first, by=by, now=NOW)
    assert answer(to=asked, words=Words("Tomorrow."), by=other, now=NOW, seen=asked).pk


def test_the_same_answer_is_sent_once(
    box: Box, workspace: Workspace, asked: CustomerResponse, by: Proposer, operator: User
) -> None:
    channel_on(smtp_to(box, workspace))
    first = answer(to=asked, words=HELLO, by=by, now=NOW, seen=asked, key="k")
    assert answer(to=asked, words=HELLO, by=by, now=NOW, seen=asked, key="k") == first
    with pytest.raises(NewerMessageError):
        answer(to=asked, words=HELLO, by=Proposer.person(operator), now=NOW, seen=asked, key="k")
    take_back(response=first, by=by, now=NOW)
    with pytest.raises(AnswerError, match="taken back"):
        answer(to=asked, words=HELLO, by=by, now=NOW, seen=asked, key="k")
    assert CustomerResponse.objects.filter(direction="out").count() == 1


def test_who_must_not_be_written_to_is_not(
    box: Box, workspace: Workspace, asked: CustomerResponse, by: Proposer
) -> None:
    with pytest.raises(AnswerError, match="No channel that is on"):
        answer(to=asked, words=HELLO, by=by, now=NOW)
    channel_on(smtp_to(box, workspace))
    Suppression.objects.create(
        workspace=workspace, value="ann@example.com", reason="complaint", at=NOW
    )
    with pytest.raises(AnswerError, match="must not be written to"):
        answer(to=asked, words=HELLO, by=by, now=NOW)
    assert again(asked).conversation.status == "open"


def test_what_is_refused_at_the_last_moment_waits_for_us_again(
    box: Box, workspace: Workspace, asked: CustomerResponse, by: Proposer
) -> None:
    channel_on(smtp_to(box, workspace))
    row = answer(to=asked, words=HELLO, by=by, now=NOW)
    Suppression.objects.create(
        workspace=workspace, value="ann@example.com", reason="complaint", at=NOW
    )
    send_all(SOON)
    settle_answers(now=SOON)
    row = again(row)
    assert (row.delivery, row.error) == ("failed", "The address must not be written to.")
    assert (row.conversation.status, row.conversation.waiting_since) == ("open", NOW)
    told = ConversationEvent.objects.get(kind="failed")
    assert told.after == {"response": row.pk, "why": row.error}
    notice = Notification.objects.get(topic="inbox.failed")
    assert (notice.user, notice.body) == (row.author, row.error)
    assert settle_answers(now=SOON + timedelta(minutes=1)) == 0


def test_on_linkedin_a_person_sends(workspace: Workspace, by: Proposer) -> None:
    row = conversation_of(workspace, channel="linkedin", contact=_on(workspace, "linkedin"))
    asked = response_of(row)
    asked.point.last_inbound_at = NOW
    asked.point.save()
    channel_on(None, "linkedin", workspace=workspace)
    out = answer(to=asked, words=HELLO, by=by, now=NOW)
    send_all(SOON)
    settle_answers(now=SOON)
    assert again(out).delivery == "by_hand"
    assert OutreachTask.objects.get().reason == "assisted"


def test_what_is_answered_in_the_chat_is_there(workspace: Workspace, by: Proposer) -> None:
    asked = response_of(conversation_of(workspace, channel="chat", contact=_on(workspace, "chat")))
    row = answer(to=asked, words=HELLO, by=by, now=NOW)
    assert (settle_answers(now=NOW), settle_answers(now=SOON)) == (0, 1)
    # Who sits before a chat is not kept waiting for as long as a mail may be taken back.
    assert (again(row).delivery, again(row).sent_at) == ("sent", NOW + timedelta(seconds=2))
    with pytest.raises(AnswerError):
        take_back(response=row, by=by, now=SOON)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"words": Words(" \x00 ")}, "text"),
        ({"words": Words("a" * 20_001)}, "text"),
        ({"send_at": NOW - timedelta(seconds=1)}, "send_at"),
    ],
)
def test_what_makes_no_sense_is_refused(
    asked: CustomerResponse, by: Proposer, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(AnswerError) as refused:
        answer(**{"to": asked, "words": HELLO, "by": by, "now": NOW} | values)
    assert refused.value.field == field


def test_answers_are_not_answered_and_viewers_answer_nothing(
    box: Box,
    workspace: Workspace,
    asked: CustomerResponse,
    by: Proposer,
    viewer: User,
    outsider: User,
) -> None:
    channel_on(smtp_to(box, workspace))
    row = answer(to=asked, words=HELLO, by=by, now=NOW)
    with pytest.raises(AnswerError):
        answer(to=row, words=HELLO, by=by, now=NOW)
    for user in (viewer, outsider):
        stranger = Proposer.person(user)
        with pytest.raises(NotAllowedError):
            answer(to=asked, words=HELLO, by=stranger, now=NOW)
        with pytest.raises(NotAllowedError):
            take_back(response=row, by=stranger, now=NOW)


def test_the_policy_says_how_long_and_a_person_says_when(
    box: Box, workspace: Workspace, asked: CustomerResponse, by: Proposer
) -> None:
    channel_on(smtp_to(box, workspace))
    InboxPolicy.objects.create(workspace=workspace, undo_s=30)
    row = answer(to=asked, words=HELLO, by=by, now=NOW)
    assert row.send_at == NOW + timedelta(seconds=30)
    later = NOW + timedelta(days=2)
    second = answer(to=asked, words=HELLO, by=by, now=NOW, seen=row, send_at=later)
    assert second.send_at == later


def _on(workspace: Workspace, channel: str) -> Any:
    contact = conversation_of(workspace).contact
    Conversation.objects.all().delete()
    point_of(contact, channel, f"{channel}-1")
    return contact
