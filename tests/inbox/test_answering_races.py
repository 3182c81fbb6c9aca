"""Two people answer at once, on connections of their own: one of them hears of the other."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from inbox.models import Conversation, CustomerResponse
from inbox.services.answering import NewerMessageError, Words, answer
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of, point_of
from tests.workspaces.gate_steps import InThread, is_waiting_for_a_lock, until
from workspaces.gate import Proposer
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(workspace: Workspace) -> CustomerResponse:
    contact = contact_of(workspace)
    point_of(contact, "chat", "chat-1")
    return response_of(conversation_of(workspace, channel="chat", contact=contact))


def at_once(asked: CustomerResponse, *tries: dict[str, Any]) -> list[object]:
    """Answer by two at the same time; what came of it."""
    threads = []
    with transaction.atomic():
        Conversation.objects.select_for_update().get(pk=asked.conversation_id)
        for one in tries:
            own = CustomerResponse.objects.select_related("workspace", "point", "conversation")
            to = own.get(pk=asked.pk)
            threads.append(InThread(lambda to=to, one=one: answer(to=to, seen=to, now=NOW, **one)))
            waiting = len(threads)
            until(lambda waiting=waiting: is_waiting_for_a_lock(at_least=waiting))
    return [thread.outcome() for thread in threads]


def test_two_agents_answer_at_once_and_one_is_sent(
    asked: CustomerResponse, agent: User, operator: User
) -> None:
    first, second = at_once(
        asked,
        {"words": Words("Today."), "by": Proposer.person(agent)},
        {"words": Words("Tomorrow."), "by": Proposer.person(operator)},
    )
    sent = CustomerResponse.objects.get(direction="out")
    assert (first, sent.text) == (sent, "Today.")
    assert isinstance(second, NewerMessageError)
    assert second.newer == sent


def test_a_second_click_sends_nothing_more(asked: CustomerResponse, agent: User) -> None:
    same = {"words": Words("Today."), "by": Proposer.person(agent), "key": "k"}
    assert at_once(asked, same, same) == [CustomerResponse.objects.get(direction="out")] * 2
