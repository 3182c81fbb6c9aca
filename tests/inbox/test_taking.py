"""What arrives: kept once, from whom it is, where it belongs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from attribution.models import Person
from inbox.models import (
    Conversation,
    ConversationEvent,
    CustomerResponse,
    InboxChannel,
)
from inbox.services.incoming import Incoming
from inbox.services.restating import restate
from inbox.services.taking import _named, take
from outreach.models import Contact, ContactPoint
from tests.database import only_index
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of, message_of, point_of
from tests.workspaces.factories import WorkspaceFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


def mail(external_id: str = "<1@shop.example>", **values: Any) -> Incoming:
    own: dict[str, Any] = {
        "channel": InboxChannel.EMAIL, "address": "ann@example.com", "at": NOW,
        "external_id": external_id, "text": "Where is my order?", "subject": "Order 7",
        "name": "Ann Lee",
    }  # fmt: skip
    return Incoming(**own | values)


def test_a_stranger_becomes_a_contact_with_a_conversation(workspace: Workspace) -> None:
    (kept,) = take(workspace=workspace, incoming=[mail()], now=NOW)
    row = Conversation.objects.get(workspace=workspace)
    assert (row.contact.name, row.contact.source) == ("Ann Lee", "inbox")
    assert (row.channel, row.subject, row.status, row.unread) == ("email", "Order 7", "open", 1)
    assert (row.preview, row.waiting_since, row.last_inbound_at) == (
        "Where is my order?", NOW, NOW,
    )  # fmt: skip
    assert (kept.conversation, kept.arrived_in, kept.point.address) == (row, row, "ann@example.com")
    event = ConversationEvent.objects.get(conversation=row)
    assert (event.kind, event.by_label) == ("opened", "Countersign")


def test_the_same_message_is_kept_once_whoever_tells_it(workspace: Workspace) -> None:
    assert len(take(workspace=workspace, incoming=[mail(), mail()], now=NOW)) == 1
    assert take(workspace=workspace, incoming=[mail(text="Other words")], now=NOW) == []
    assert CustomerResponse.objects.get().text == "Where is my order?"
    # Ids are those of a channel; and of a workspace.
    text = mail(channel=InboxChannel.SMS, address="+4366012345")
    assert len(take(workspace=workspace, incoming=[text], now=NOW)) == 1
    assert len(take(workspace=WorkspaceFactory(), incoming=[mail()], now=NOW)) == 1


def test_a_batch_goes_where_each_belongs_in_its_order(workspace: Workspace) -> None:
    later = NOW + timedelta(minutes=1)
    batch = [
        mail("<2@x>", at=later, subject="Re: Order 7", text="Hello?"),
        mail("<3@x>", subject="Invoice", thread_ids=("<gone@x>",)),
        mail("<1@x>"),
        mail("<4@x>", address="bob@example.com", name="", thread_ids=("<gone@x>", "<1@x>")),
    ]
    take(workspace=workspace, incoming=batch, now=later)
    order, invoice, bob = Conversation.objects.order_by("subject", "pk").reverse()
    assert sorted(row.subject for row in (order, invoice, bob)) == ["Invoice", "Order 7", "Order 7"]
    ann = Conversation.objects.get(subject="Order 7", contact__first_name="Ann")
    assert list(ann.responses.order_by("at").values_list("text", flat=True)) == [
        "Where is my order?", "Hello?",
    ]  # fmt: skip
    # The clock runs from when we had it.
    assert (ann.preview, ann.unread, ann.waiting_since) == ("Hello?", 2, later)


def test_an_answer_to_a_mail_belongs_where_that_is_whoever_wrote_it(workspace: Workspace) -> None:
    take(workspace=workspace, incoming=[mail("<1@x>")], now=NOW)
    colleague = mail(
        "<2@x>", address="bob@example.com", name="Bob", subject="", thread_ids=("<1@x>",)
    )
    (kept,) = take(workspace=workspace, incoming=[colleague], now=NOW)
    assert kept.conversation.contact.name == "Ann Lee"
    assert kept.point.address == "bob@example.com"
    # An answer to it goes to Bob, so that is said.
    assert (kept.is_flagged, kept.flag_reason) == (True, "Bob wrote this, not Ann Lee")


def test_only_the_channel_of_a_message_names_others(workspace: Workspace) -> None:
    phone = mail("<1@x>", channel=InboxChannel.SMS, address="+4366012345", subject="")
    take(workspace=workspace, incoming=[phone], now=NOW)
    (kept,) = take(workspace=workspace, incoming=[mail("<2@x>", thread_ids=("<1@x>",))], now=NOW)
    assert (kept.conversation.channel, kept.is_flagged) == ("email", False)


def test_what_was_kept_is_found_by_the_index_that_keeps_it_once(workspace: Workspace) -> None:
    names = [("email", f"<{place}@x>") for place in range(50)]
    only_index("inbox_customerresponse_once")
    plan = _named(workspace, names).values_list("pk").explain()
    assert "inbox_customerresponse_once" in plan
    assert "external_id" in plan.partition("Index Cond")[2]


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        ({"status": "waiting"}, "reopened"),
        ({"status": "snoozed", "snoozed_until": NOW + timedelta(days=1)}, "woken"),
        ({"status": "closed", "closed_at": NOW - timedelta(days=1)}, "reopened"),
    ],
)
def test_an_answer_opens_again(workspace: Workspace, before: dict[str, Any], kind: str) -> None:
    row = conversation_of(workspace, subject="Order 7", **before)
    take(workspace=workspace, incoming=[mail()], now=NOW)
    row.refresh_from_db()
    assert (row.status, row.closed_at, row.snoozed_until) == ("open", None, None)
    event = ConversationEvent.objects.get(conversation=row)
    assert (event.kind, event.before) == (kind, {"status": before["status"]})


def test_what_was_closed_long_ago_or_merged_is_not_gone_on_with(workspace: Workspace) -> None:
    closed = {"status": "closed", "closed_at": NOW - timedelta(days=8)}
    old = conversation_of(workspace, **closed, subject="Order 7")
    newer = conversation_of(workspace, contact=old.contact, subject="Order 8")
    conversation_of(
        workspace, contact=old.contact, status="closed", closed_at=NOW, merged_into=newer,
        subject="Order 7",
    )  # fmt: skip
    (kept,) = take(workspace=workspace, incoming=[mail()], now=NOW)
    assert kept.conversation not in (old, newer)
    assert kept.conversation.contact == old.contact


def test_it_is_told_which_campaign_somebody_answers(workspace: Workspace) -> None:
    contact = contact_of(workspace)
    phone = point_of(contact, "sms", "+4366012345")
    asked = message_of(
        contact, point=phone, channel="sms", status="sent", sent_at=NOW - timedelta(days=1),
        provider_message_id="SM1",
    )  # fmt: skip
    text = mail("SM9", channel=InboxChannel.SMS, address="+4366012345", subject="")
    named = mail("<9@x>", thread_ids=("SM1",))
    for one in (text, named):
        (kept,) = take(workspace=workspace, incoming=[one], now=NOW)
        assert (kept.conversation.message, kept.conversation.contact) == (asked, contact)


def test_people_known_by_their_address_stay_who_they_are(workspace: Workspace) -> None:
    contact = contact_of(workspace)
    (kept,) = take(workspace=workspace, incoming=[mail(name="Somebody Else")], now=NOW)
    assert kept.conversation.contact == contact
    assert (Contact.objects.count(), Person.objects.count(), ContactPoint.objects.count()) == (
        1, 1, 1,
    )  # fmt: skip


def test_a_clock_that_runs_ahead_is_not_believed(workspace: Workspace) -> None:
    (kept,) = take(workspace=workspace, incoming=[mail(at=NOW + timedelta(days=1))], now=NOW)
    assert kept.at == NOW


def test_statements_do_not_grow_with_the_batch(
    workspace: Workspace, django_assert_num_queries: Any
) -> None:
    contact_of(workspace)
    take(workspace=workspace, incoming=[mail()], now=NOW)
    many = [mail(f"<b{place}@x>", text=f"Message {place}") for place in range(50)]
    with django_assert_num_queries(20):
        take(workspace=workspace, incoming=many, now=NOW)


def test_many_strangers_cost_as_few(
    workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    take(workspace=workspace, incoming=[mail()], now=NOW)
    many = [
        mail(f"<s{place}@x>", address=f"p{place}@example.com", name=f"P {place}", subject="")
        for place in range(30)
    ]
    # The same telephone by two networks is one person.
    phone = {"address": "+4366012345", "subject": ""}
    many.append(mail("sms-1", channel=InboxChannel.SMS, **phone))
    many.append(mail("whatsapp-1", channel=InboxChannel.WHATSAPP, **phone))
    with django_assert_max_num_queries(45):
        kept = take(workspace=workspace, incoming=many, now=NOW)

    assert {one.conversation.contact.name for one in kept[:3]} <= {f"P {n}" for n in range(30)}
    assert len({one.conversation_id for one in kept}) == 32
    assert Person.objects.filter(workspace=workspace).count() == 32
    assert ConversationEvent.objects.filter(kind="opened").count() == 33
    by_phone = {one.channel: one.point for one in kept if one.sender_address == phone["address"]}
    assert by_phone["sms"].contact.person_id == by_phone["whatsapp"].contact.person_id


def test_what_goes_out_goes_where_it_came_from(workspace: Workspace) -> None:
    row = conversation_of(workspace)
    theirs = response_of(row)
    other = response_of(conversation_of(workspace, contact=row.contact))
    elsewhere = point_of(row.contact, "sms", "+4366012345")
    ours: dict[str, Any] = {"direction": "out", "delivery": "scheduled", "answers": theirs}
    response_of(row, **ours)
    for wrong in (
        {"point": elsewhere},
        {"answers": other},
        {"answers": None},
        {"answers": CustomerResponse.objects.get(direction="out")},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            _write(row, ours | wrong)


def _write(row: Conversation, values: dict[str, Any]) -> None:
    response_of(row, **values)
    connection.check_constraints()


def test_the_row_says_what_the_messages_say(workspace: Workspace) -> None:
    row = conversation_of(workspace)
    minutes = [NOW + timedelta(minutes=place) for place in range(5)]
    first = response_of(row, at=minutes[0])
    answer = response_of(
        row, direction="out", delivery="scheduled", answers=first, at=minutes[1], text="Soon"
    )
    restate([row.pk], now=NOW)
    row.refresh_from_db()
    assert (row.waiting_since, row.first_answered_at) == (minutes[0], None)
    CustomerResponse.objects.filter(pk=answer.pk).update(delivery="sent", sent_at=minutes[2])
    second = response_of(row, at=minutes[3], text="When?")
    machine = response_of(row, at=minutes[4], is_auto=True, text="Out of office")
    restate([row.pk], now=NOW)
    for one in (row, first, second, machine):
        one.refresh_from_db()
    assert (row.waiting_since, row.first_answered_at) == (minutes[3], minutes[2])
    assert (row.unread, row.preview, row.last_message_at) == (3, "Out of office", minutes[4])
    assert (first.answered_at, first.is_kept, second.is_kept) == (minutes[2], True, None)
    # Taken back, it was never said.
    CustomerResponse.objects.filter(pk=answer.pk).update(delivery="cancelled")
    restate([row.pk], now=NOW)
    row.refresh_from_db()
    first.refresh_from_db()
    assert (row.waiting_since, row.first_answered_at, first.answered_at, first.is_kept) == (
        minutes[0], None, None, None,
    )  # fmt: skip
