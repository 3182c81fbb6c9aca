"""How it was: asked once, said by whoever holds the link, counted once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from inbox.models import (
    Conversation,
    ConversationEvent,
    CustomerResponse,
    InboxPolicy,
    ResponseTemplate,
    Satisfaction,
)
from inbox.selectors.replies import why_not
from inbox.services import desk
from inbox.services.rating import RatingError, ask_due, rate, rating_address
from inbox.services.topics import UNCONFIRMED
from outreach.models import Contact
from outreach.services.people.erasing import erase_contact
from tests.inbox.desk_steps import answer_to, draft_of
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.sending.steps import channel_on, letters, send_all, smtp_to
from tests.outreach.steps import contact_of
from tests.sandbox.conftest import Box
from workspaces.gate import Proposer
from workspaces.models import Notification, User, Workspace

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=90)


@pytest.fixture
def policy(workspace: Workspace) -> InboxPolicy:
    return InboxPolicy.objects.create(workspace=workspace, asks_satisfaction=True)


def closed(workspace: Workspace, address: str = "ann@example.com", **values: Any) -> Conversation:
    """A conversation that was answered and closed at NOW."""
    contact = values.pop("contact", None) or contact_of(workspace, address)
    contact.points.update(last_inbound_at=NOW)
    row = conversation_of(workspace, contact=contact)
    answer_to(response_of(row, external_id=f"<{row.pk}@x>", at=NOW - timedelta(hours=1),
                          received_at=NOW - timedelta(hours=1)))  # fmt: skip
    own = {"status": "closed", "closed_at": NOW} | values
    Conversation.objects.filter(pk=row.pk).update(**own)
    row.refresh_from_db()
    return row


def question_of(workspace: Workspace, **values: Any) -> Satisfaction:
    row = values.pop("conversation", None) or closed(workspace)
    return Satisfaction.objects.create(
        workspace=workspace, conversation=row, **{"asked_at": NOW} | values
    )


def path_of(question: Satisfaction, score: int | None = None) -> str:
    return "/" + rating_address(question, score).split("/", 3)[3]


def test_who_was_answered_is_asked_once_in_the_same_thread(
    box: Box, workspace: Workspace, policy: InboxPolicy
) -> None:
    channel_on(smtp_to(box, workspace))
    row = closed(workspace)
    assert ask_due(now=NOW + timedelta(minutes=59)) == 0
    assert (ask_due(now=LATER), ask_due(now=LATER)) == (1, 0)
    closed(workspace, contact=Contact.objects.get())  # asked lately, of something else
    assert ask_due(now=LATER) == 0
    send_all(LATER)

    (letter,) = letters(box)
    question = Satisfaction.objects.get()
    assert letter["headers"]["In-Reply-To"] == f"<{row.pk}@x>"
    assert letter["headers"]["Auto-Submitted"] == "auto-replied"
    assert all(rating_address(question, score) in letter["text"] for score in range(1, 6))
    assert Conversation.objects.get(pk=row.pk).status == "closed"


@pytest.mark.parametrize(
    "values",
    [
        {"intent": "spam"}, {"channel": "comment"}, {"archived_at": NOW},
        {"closed_at": NOW - timedelta(days=3)}, {"status": "open", "closed_at": None},
    ],
)  # fmt: skip
def test_nobody_is_asked_for_nothing(
    box: Box, workspace: Workspace, policy: InboxPolicy, values: dict[str, Any]
) -> None:
    channel_on(smtp_to(box, workspace))
    row = closed(workspace, **values)
    unanswered = conversation_of(workspace, contact=contact_of(workspace, "bo@example.com"),
                                 status="closed", closed_at=NOW)  # fmt: skip
    response_of(unanswered)

    assert ask_due(now=LATER) == 0
    assert not CustomerResponse.objects.filter(conversation=row, is_auto=True).exists()


def test_who_cannot_be_asked_holds_up_nobody(
    box: Box, workspace: Workspace, policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel_on(smtp_to(box, workspace))
    monkeypatch.setattr("inbox.services.rating._BATCH", 1)
    for name in ("typed", "broken"):
        row = closed(workspace, f"{name}@example.com", closed_at=NOW - timedelta(hours=1))
        row.responses.filter(direction="in").update(
            flag_reason=UNCONFIRMED if name == "typed" else ""
        )
    last = closed(workspace)

    def breaks_once(to: CustomerResponse, now: datetime) -> str:
        if to.conversation == row:
            raise ValueError
        return why_not(to, now)

    monkeypatch.setattr("inbox.services.rating.why_not", breaks_once)

    assert ask_due(now=LATER) == 1
    assert Satisfaction.objects.get().conversation == last


def test_nobody_is_asked_below_a_post(box: Box, workspace: Workspace, policy: InboxPolicy) -> None:
    """A comment that was merged into a talk by e-mail is no place to ask."""
    channel_on(smtp_to(box, workspace))
    row = closed(workspace)
    mail = row.responses.get(direction="in")
    response_of(row, channel="comment", point=mail.point, at=NOW - timedelta(minutes=5))

    assert ask_due(now=LATER) == 1
    assert Satisfaction.objects.get().response.answers == mail


def test_looking_keeps_nothing_and_sending_keeps_it(client: Client, workspace: Workspace) -> None:
    question = question_of(workspace, asked_at=timezone.now())

    looked = client.get(path_of(question, 4))
    before = Satisfaction.objects.values_list("score", flat=True).get()
    said = client.post(path_of(question), {"score": "4", "comment": "Quick."})
    client.post(path_of(question), {"score": "5"})

    page = " ".join(looked.content.decode().split())
    assert 'value="4" required checked' in page
    assert page.count("checked") == 1
    assert (before, said.status_code) == (None, 200)
    row = Satisfaction.objects.get()
    assert (row.score, row.comment) == (5, "")
    kinds = ConversationEvent.objects.filter(kind="rated").order_by("pk")
    assert [one.after["score"] for one in kinds] == [4, 5]
    assert client.post(path_of(question), {"score": "6"}).status_code == 400
    assert client.get("/r/" + "0" * 32 + ".made-up").status_code == 404
    assert Satisfaction.objects.get().score == 5


def test_a_template_is_counted_once_however_often_they_say_it(workspace: Workspace) -> None:
    template = ResponseTemplate.objects.create(workspace=workspace, name="Hours", body="9 to 5")
    question = question_of(workspace, template=template)

    for score in (5, 5, 2):
        rate(question=question, score=score, comment="", now=LATER)
        template.refresh_from_db()

    assert (template.rated, template.satisfied) == (1, 0)


def test_who_was_not_glad_is_told_of_and_with_words_it_opens_again(
    workspace: Workspace, agent: User
) -> None:
    row = closed(workspace, assignee=agent)
    question = question_of(workspace, conversation=row)

    rate(question=question, score=2, comment="", now=LATER)
    row.refresh_from_db()
    silent = row.status
    rate(question=question, score=2, comment="It never came.", now=LATER)
    row.refresh_from_db()

    assert (silent, row.status, row.closed_at) == ("closed", "open", None)
    assert Notification.objects.filter(user=agent, topic="inbox.rated").count() == 2
    with pytest.raises(RatingError, match="too long ago"):
        rate(question=question, score=5, comment="", now=NOW + timedelta(days=30))


def test_who_leads_hears_of_what_nobody_has(
    workspace: Workspace, agent: User, approver: User
) -> None:
    row = closed(workspace)
    question = question_of(workspace, conversation=row)
    rate(question=question, score=1, comment="", now=LATER)
    assert Notification.objects.get(topic="inbox.rated").user == approver

    # Who had it answers here no more.
    Conversation.objects.filter(pk=row.pk).update(assignee=agent)
    workspace.memberships.filter(user=agent).delete()
    rate(question=question, score=2, comment="", now=LATER)
    assert {one.user for one in Notification.objects.filter(topic="inbox.rated")} == {approver}


def test_what_is_said_of_a_merged_talk_is_told_where_it_stands(
    workspace: Workspace, agent: User
) -> None:
    row, into = closed(workspace), closed(workspace, "ben@example.com", assignee=agent)
    by = Proposer.person(agent)
    desk.reopen(rows=Conversation.objects.filter(pk=into.pk), workspace=workspace, by=by, now=NOW)
    into.refresh_from_db()
    desk.merge(rows=Conversation.objects.filter(pk=row.pk), into=into, by=by, now=NOW)
    desk.close(rows=Conversation.objects.filter(pk=into.pk), workspace=workspace, by=by, now=NOW)

    question = question_of(workspace, conversation=row)
    rate(question=question, score=2, comment="It never came.", now=LATER)

    into.refresh_from_db()
    row.refresh_from_db()
    assert (into.status, row.status) == ("open", "closed")
    told = Notification.objects.get(topic="inbox.rated")
    assert (told.user, told.url) == (agent, f"/inbox/{into.public_id}/")


def test_what_is_said_again_and_again_is_kept_so_often_a_day(workspace: Workspace) -> None:
    cache.clear()
    question = question_of(workspace)
    for number in range(20):
        # The same once more is no change.
        for _ in range(2):
            rate(question=question, score=1 + number % 5, comment="", now=LATER)
    with pytest.raises(RatingError, match="tomorrow"):
        rate(question=question, score=1, comment="", now=LATER)
    assert ConversationEvent.objects.filter(kind="rated").count() == 20
    rate(question=question, score=1, comment="", now=LATER + timedelta(days=1))


def test_the_link_of_somebody_erased_leads_nowhere(client: Client, workspace: Workspace) -> None:
    contact = contact_of(workspace)
    question = question_of(workspace, conversation=closed(workspace, contact=contact))
    path = path_of(question)
    erase_contact(contact=contact, by=Proposer.rule("A wish"), now=LATER)
    assert client.post(path, {"score": "1", "comment": "It is Ann."}).status_code == 404
    assert Satisfaction.objects.get().comment == ""


def test_the_template_of_the_last_answer_is_what_is_judged(
    box: Box, workspace: Workspace, policy: InboxPolicy
) -> None:
    channel_on(smtp_to(box, workspace))
    row = closed(workspace)
    template = ResponseTemplate.objects.create(workspace=workspace, name="Hours", body="9 to 5")
    draft = draft_of(row.responses.get(direction="in"), template=template)
    type(draft).objects.update(response=row.responses.get(direction="out"))

    ask_due(now=LATER)

    assert Satisfaction.objects.get().template == template
