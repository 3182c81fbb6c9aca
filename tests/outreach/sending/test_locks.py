"""Who settles, marks and hears at once waits for the others and never in a ring."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from outreach.models import Contact, MessageDay, OutreachMessage
from outreach.platforms.base import Sent
from outreach.services.hearing import Heard, hear
from outreach.services.sending.calling import Answer
from outreach.services.sending.claiming import Claimed, claim
from outreach.services.sending.dispatching import settle_and_mark
from outreach.services.sending.lanes import Lane
from outreach.services.sending.marking import mark
from outreach.services.sending.settling import settle
from tests.outreach.sending.steps import channel_on, connection_to, due
from tests.outreach.steps import NOW, contact_of
from tests.sandbox.conftest import Box
from tests.workspaces.gate_steps import InThread, is_waiting_for_a_lock, until
from workspaces.models import Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lane(box: Box, workspace: Workspace) -> Lane:
    connection = connection_to(box, workspace, provider="smtp", host="127.0.0.1")
    return Lane(channel_on(connection))


def person(workspace: Workspace, name: str, domain: str) -> Contact:
    return contact_of(workspace, f"{name}@{domain}.example")


def called(lane: Lane, count: int) -> list[Claimed]:
    found, _ = claim(lane=lane, worker="w#1", now=NOW, limit=count)
    return found


def sent(one: Claimed) -> Answer:
    return Answer(one, "smtp", Sent(f"id-{one.message.pk}"))


def refused(one: Claimed) -> Answer:
    return Answer(one, "smtp", PlatformError(ErrorKind.INVALID, "No"))


def delivered(workspace: Workspace, *messages: OutreachMessage) -> int:
    told = [
        Heard("delivered", NOW, f"d:{one.public_id}", message=one.public_id) for one in messages
    ]
    return hear(workspace=workspace, events=told, now=NOW)


def test_settling_and_hearing_count_the_same_days_in_one_order(
    lane: Lane, workspace: Workspace
) -> None:
    out = [due(person(workspace, "was", name), NOW, status="sent", sent_at=NOW) for name in "ab"]
    for name in "ab":
        MessageDay.objects.create(
            workspace=workspace, day=NOW.date(), channel="email", domain=f"{name}.example"
        )
    goes, fails = due(person(workspace, "ann", "b"), NOW), due(person(workspace, "bob", "a"), NOW)
    by_pk = {one.message.pk: one for one in called(lane, 2)}
    mark(lane, list(by_pk.values()), NOW)
    answers = [sent(by_pk[goes.pk]), refused(by_pk[fails.pk])]

    with transaction.atomic():
        MessageDay.objects.select_for_update().get(domain="a.example")
        hearing = InThread(lambda: delivered(workspace, *out))
        until(lambda: is_waiting_for_a_lock(at_least=1))
        settling = InThread(lambda: settle(lane=lane, answers=answers, now=NOW, can_tell=False))
        until(lambda: is_waiting_for_a_lock(at_least=2))
    outcomes = [hearing.outcome(), settling.outcome()]

    assert outcomes == [2, None]
    days = MessageDay.objects.order_by("domain").values_list(
        "domain", "delivered", "failed", "sent"
    )
    assert list(days) == [("a.example", 1, 1, 0), ("b.example", 1, 0, 1)]


def test_marking_after_settling_meets_no_one_who_hears_of_what_is_marked(
    lane: Lane, workspace: Workspace
) -> None:
    first, second = (due(person(workspace, name, "a"), NOW) for name in ("ann", "bob"))
    MessageDay.objects.create(
        workspace=workspace, day=NOW.date(), channel="email", domain="a.example"
    )
    by_pk = {one.message.pk: one for one in called(lane, 2)}
    mark(lane, [by_pk[first.pk]], NOW)

    with transaction.atomic():
        MessageDay.objects.select_for_update().get(domain="a.example")
        settling = InThread(
            lambda: settle_and_mark(
                lane, [sent(by_pk[first.pk])], [by_pk[second.pk]], now=NOW, can_tell=False
            )
        )
        until(lambda: is_waiting_for_a_lock(at_least=1))
        hearing = InThread(lambda: delivered(workspace, second))
        until(lambda: is_waiting_for_a_lock(at_least=2))
    marked = settling.outcome()

    assert [one.message.pk for one in marked] == [second.pk]
    assert hearing.outcome() == 1
    second.refresh_from_db()
    assert (second.status, second.sent_at) == ("delivered", NOW)
    assert MessageDay.objects.get().sent == 2


def test_hearing_and_settling_of_one_message_come_to_one_end(
    lane: Lane, workspace: Workspace
) -> None:
    message = due(person(workspace, "ann", "a"), NOW)
    (one,) = called(lane, 1)
    mark(lane, [one], NOW)

    with transaction.atomic():
        OutreachMessage.objects.select_for_update().get(pk=message.pk)
        hearing = InThread(lambda: delivered(workspace, message))
        until(lambda: is_waiting_for_a_lock(at_least=1))
        settling = InThread(
            lambda: settle(
                lane=lane, answers=[sent(one)], now=NOW + timedelta(seconds=1), can_tell=False
            )
        )
        until(lambda: is_waiting_for_a_lock(at_least=2))

    assert (hearing.outcome(), settling.outcome()) == (1, None)
    message.refresh_from_db()
    told = (message.status, message.sent_at, message.provider_message_id)
    assert told == ("delivered", NOW, f"id-{message.pk}")
    assert MessageDay.objects.get().sent == 1
    message.point.refresh_from_db()
    assert message.point.sent == 1
