"""Answers that go out without a signature: only where every rule allows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from inbox.models import AutoSendRule, CustomerResponse, ReplyDraft, ResponseTemplate
from inbox.services.auto_sending import demote_all, hold_back, switch_off, switch_on
from inbox.services.drafting import draft_by_template
from inbox.services.incoming import Incoming
from inbox.services.restating import restate
from inbox.services.taking import take
from tests.inbox.auto_steps import WORDS, judged, read_as, template_of
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.sending.steps import channel_on, letters, send_all, smtp_to
from tests.sandbox.conftest import Box
from tests.workspaces.gate_steps import fresh, run_due
from workspaces.gate import NotAllowedError, RequestError, StateError
from workspaces.models import Notification, Proposal, Signature, Status, User, Workspace
from workspaces.services import brake

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(seconds=10)


@pytest.fixture
def asked(box: Box, workspace: Workspace, approver: User) -> CustomerResponse:
    """A question that may be answered without a signature, whatever rule is asked."""
    channel_on(smtp_to(box, workspace))
    conversation = conversation_of(workspace, posture="auto")
    # Has a lower key than what they ask, as what they wrote before it.
    response_of(conversation_of(workspace, contact=conversation.contact, subject="Earlier"))
    asked = response_of(conversation)
    asked.point.last_inbound_at = NOW
    asked.point.save()
    read_as(asked)
    restate([conversation.pk], now=NOW)
    template_of(workspace, approver)
    judged(workspace, approver, good=299)
    AutoSendRule.objects.create(workspace=workspace, intent="question", is_on=True)
    return asked


def drafted(asked: CustomerResponse) -> Proposal:
    asked = CustomerResponse.objects.select_related(
        "workspace", "point__contact", "conversation"
    ).get(pk=asked.pk)
    template = ResponseTemplate.objects.get(workspace=asked.workspace)
    made = draft_by_template(to=asked, template=template, why="Alike", now=NOW)
    assert made is not None
    return fresh(made)


def test_what_every_rule_allows_goes_out_after_the_seconds_to_undo_it(
    box: Box, asked: CustomerResponse
) -> None:
    proposal = drafted(asked)
    assert proposal.status == Status.APPROVED
    signature = Signature.objects.get(plan=proposal.current_plan)
    assert (signature.person, signature.policy_version) == (None, "replies v1")

    run_due(SOON - timedelta(milliseconds=1))
    assert not CustomerResponse.objects.filter(direction="out").exists()
    run_due(SOON)
    sent = CustomerResponse.objects.get(direction="out")
    assert (sent.text, sent.author, sent.author_label) == (WORDS, None, "Automatic answers")
    draft = ReplyDraft.objects.get(proposal=proposal)
    assert (draft.was_auto, draft.response) == (True, sent)
    assert ResponseTemplate.objects.get().uses == 1
    send_all(SOON)
    (letter,) = letters(box)
    assert letter["recipient"] == "ann@example.com"


def _read(**values: Any) -> Callable[[CustomerResponse], object]:
    return lambda asked: read_as(asked, **values)


def _said(text: str) -> Callable[[CustomerResponse], object]:
    return lambda asked: CustomerResponse.objects.filter(pk=asked.pk).update(text=text)


def _template(**values: Any) -> Callable[[CustomerResponse], object]:
    return lambda asked: ResponseTemplate.objects.update(**values)


def _talk(**values: Any) -> Callable[[CustomerResponse], object]:
    return lambda asked: type(asked.conversation).objects.update(**values)


def _rule(**values: Any) -> Callable[[CustomerResponse], object]:
    return lambda asked: AutoSendRule.objects.update(**values)


def _earlier(**values: Any) -> Callable[[CustomerResponse], object]:
    rows = CustomerResponse.objects.filter(conversation__subject="Earlier")
    return lambda asked: rows.update(conversation=asked.conversation, **values)


def _earlier_read(asked: CustomerResponse) -> None:
    read_as(CustomerResponse.objects.get(conversation__subject="Earlier"), intent="complaint")
    _earlier(read_at=NOW)(asked)


def _one_bad(asked: CustomerResponse) -> None:
    judged(asked.workspace, User.objects.first(), bad=1)


#: Each changes one thing of a reply that goes out.
FORBIDDEN: dict[str, Callable[[CustomerResponse], object]] = {
    "complaint": _read(intent="complaint"),
    "objection": _read(intent="objection"),
    "unsubscribe": _read(intent="unsubscribe"),
    "feedback": _read(intent="feedback"),
    "other": _read(intent="other"),
    "an intent that was not switched on": _read(intent="compliment"),
    "urgency high": _read(urgency="high"),
    "confidence under 0.80": _read(confidence=0.799),
    "confidence under 0.90": _read(confidence=0.899),
    "no sentiment": _read(sentiment=-0.201),
    "words about money": _said("Where is my refund?"),
    "words about law": _said("My lawyer asks where it is."),
    "words about health": _said("Is it safe with my asthma medication?"),
    "words of leaving": _said("Please stop sending me messages, where is it?"),
    "a machine's message": lambda asked: CustomerResponse.objects.filter(pk=asked.pk).update(
        is_auto=True
    ),
    "a template nobody approved": _template(approved_by=None, approved_at=None),
    "a template that always wants a person": _template(requires_approval=True),
    "a conversation whose drafts wait": _talk(posture="draft_only"),
    "a conversation without drafts": _talk(posture="off"),
    "the switch is off": _rule(is_on=False),
    "99 % is not shown": _one_bad,
    "an earlier message that nobody answered": _earlier(),
    "an earlier message that is flagged": _earlier(is_flagged=True),
    "an earlier complaint that waits for a person": _earlier_read,
}


def test_nothing_goes_out_that_one_rule_forbids(asked: CustomerResponse) -> None:
    for rule, change in FORBIDDEN.items():
        point = transaction.savepoint()
        change(asked)
        assert drafted(asked).status == Status.PENDING, rule
        run_due(SOON)
        assert not CustomerResponse.objects.filter(direction="out").exists(), rule
        transaction.savepoint_rollback(point)
    _earlier(answered_at=NOW)(asked)
    assert drafted(asked).status == Status.APPROVED


def test_an_empty_place_is_no_draft(asked: CustomerResponse) -> None:
    asked.conversation.contact.first_name = ""
    asked.conversation.contact.save()
    template = ResponseTemplate.objects.get()
    response = CustomerResponse.objects.get(pk=asked.pk)
    assert draft_by_template(to=response, template=template, why="Alike", now=NOW) is None


@pytest.mark.parametrize(
    "change", ["they write again", "switched off", "demoted", "template changed", "closed"]
)
def test_what_changes_in_the_seconds_to_undo_stops_it(
    asked: CustomerResponse, operator: User, change: str
) -> None:
    proposal = drafted(asked)
    workspace, later = asked.workspace, NOW + timedelta(seconds=5)
    if change == "they write again":
        one = Incoming(
            channel="email", address="ann@example.com", external_id="2@x", at=later,
            text="And another thing", subject="My order",
        )  # fmt: skip
        take(workspace=workspace, incoming=[one], now=later)
    elif change == "switched off":
        switch_off(workspace=workspace, intent="question", by=operator, reason="Odd", now=later)
    elif change == "demoted":
        demote_all(workspace=workspace, reason="The reading drifts.", now=later)
    elif change == "template changed":
        ResponseTemplate.objects.update(body="Hello {{ first_name }}, wait.")
    else:
        talk = asked.conversation
        talk.status, talk.closed_at = "closed", later
        talk.save()
    run_due(SOON)
    assert fresh(proposal).status in (Status.PENDING, Status.CANCELLED)
    assert not CustomerResponse.objects.filter(direction="out").exists()


def test_the_kill_switch_stops_it_at_once(
    asked: CustomerResponse, operator: User, approver: User
) -> None:
    proposal = drafted(asked)
    brake.pull(workspace=asked.workspace, by=operator, reason="Odd.", now=NOW)
    run_due(SOON)
    assert not CustomerResponse.objects.filter(direction="out").exists()
    brake.release(
        workspace=fresh(proposal).workspace, by=approver, reason="It was nothing.", now=SOON
    )
    run_due(SOON)
    assert fresh(proposal).status == Status.EXECUTED


def test_the_conversation_shows_what_is_about_to_go_out(
    asked: CustomerResponse, agent: User, client_as: Callable[[User], Client]
) -> None:
    proposal = drafted(asked)
    client = client_as(agent)
    html = client.get(f"/inbox/{asked.conversation.public_id}/").content.decode()
    assert "It goes out by itself" in html
    form = {"workspace": str(asked.workspace.public_id)}
    client.post(f"/inbox/drafts/{proposal.public_id}/hold/", form)
    assert fresh(proposal).status == Status.PENDING


def test_a_person_holds_it_back(asked: CustomerResponse, agent: User, viewer: User) -> None:
    proposal = drafted(asked)
    with pytest.raises(NotAllowedError):
        hold_back(proposal=proposal, by=viewer, now=NOW)
    hold_back(proposal=proposal, by=agent, now=NOW)
    run_due(SOON)
    held = fresh(proposal)
    assert (held.status, held.current_plan.why) == (Status.PENDING, f"Held back by {agent}.")
    assert not CustomerResponse.objects.filter(direction="out").exists()
    with pytest.raises(StateError, match="too late"):
        hold_back(proposal=held, by=agent, now=NOW)


def test_it_is_switched_on_when_99_per_cent_is_shown_and_not_before(
    workspace: Workspace, admin: User, approver: User
) -> None:
    judged(workspace, approver, good=298)
    own: dict[str, Any] = {"workspace": workspace, "intent": "question", "now": NOW}
    with pytest.raises(StateError, match=r"298 of 298 judged drafts were good\. 1 more"):
        switch_on(**own, by=admin)
    judged(workspace, approver, good=1)
    with pytest.raises(NotAllowedError):
        switch_on(**own, by=approver)
    assert switch_on(**own, by=admin).is_on
    with pytest.raises(StateError, match="already"):
        switch_on(**own, by=admin)


@pytest.mark.parametrize("intent", ["complaint", "spam", "feedback", "nonsense"])
def test_other_intents_have_no_switch(workspace: Workspace, admin: User, intent: str) -> None:
    with pytest.raises(RequestError):
        switch_on(workspace=workspace, intent=intent, by=admin, now=NOW)


def test_switching_off_is_a_stop_on_record(
    workspace: Workspace, operator: User, agent: User
) -> None:
    AutoSendRule.objects.create(workspace=workspace, intent="question", is_on=True)
    own: dict[str, Any] = {"workspace": workspace, "intent": "question", "now": NOW}
    with pytest.raises(NotAllowedError):
        switch_off(**own, by=agent, reason="Odd")
    with pytest.raises(RequestError):
        switch_off(**own, by=operator, reason=" ")
    switch_off(**own, by=operator, reason="Odd answers.")
    stop = Proposal.objects.get(kind="workspaces.stop")
    assert (stop.status, stop.reason) == (Status.EXECUTED, "Odd answers.")
    with pytest.raises(StateError):
        switch_off(**own, by=operator, reason="Odd answers.")


def test_admins_hear_of_a_demotion(workspace: Workspace, admin: User, operator: User) -> None:
    AutoSendRule.objects.create(workspace=workspace, intent="purchase", is_on=True)
    assert demote_all(workspace=workspace, reason="The reading drifts.", now=NOW) == 1
    rule = AutoSendRule.objects.get()
    assert (rule.is_on, rule.demoted_at, rule.demoted_because) == (
        False,
        NOW,
        "The reading drifts.",
    )
    notices = Notification.objects.filter(topic="inbox.demoted")
    assert list(notices.values_list("user", flat=True)) == [admin.pk]
    assert operator.pk != admin.pk
