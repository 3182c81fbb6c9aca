"""Chats of visitors: each message once, with who has the token, and joined with nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from inbox.models import (
    AIClassification,
    BusinessHours,
    ChatVisitor,
    Conversation,
    CustomerResponse,
    IdentitySuggestion,
    InboxChannel,
    InboxPolicy,
    InternalNote,
)
from inbox.selectors.chat import cursor_of, heard_since, hours_of, moment_of, visitor_of
from inbox.selectors.replies import handling_of
from inbox.services import presence
from inbox.services.acknowledging import acknowledge
from inbox.services.answering import AnswerError, Words, answer, take_back
from inbox.services.chatting import (
    ChatError,
    TokenError,
    page_of,
    say,
    send_form,
    touch,
)
from inbox.services.incoming import Incoming
from inbox.services.reading import read_new
from inbox.services.settling import settle_answers
from inbox.services.taking import take
from inbox.services.topics import UNCONFIRMED
from outreach.models import Consent, Contact, ContactPoint, Suppression
from tests.inbox.chat.steps import KEY, begin, chat_of, last_of, said, write
from tests.inbox.steps import NOW
from tests.outreach.steps import contact_of
from workspaces.gate import Proposer
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(seconds=10)
LATER = NOW + timedelta(minutes=5)


def lines(visitor: ChatVisitor, now: Any = NOW, after: Any = None) -> list[tuple[bool, str]]:
    return [(one.is_theirs, one.text) for one in heard_since(visitor, after, now).lines]


def test_a_first_message_begins_a_chat_of_somebody_new(workspace: Workspace) -> None:
    known = contact_of(workspace)
    visitor, token = begin(
        chat_of(workspace), name=" Ann  Lee ", email="ann@example.com", visitor=str(KEY)
    )

    row = last_of(visitor)
    talk = row.conversation
    assert (row.channel, row.text, row.sender_name) == ("chat", "Do you deliver?", "Ann Lee")
    assert (talk.team, talk.status, talk.channel) == ("sales", "open", "chat")
    assert (talk.contact.name, visitor.email) == ("Ann Lee", "ann@example.com")
    assert (visitor.page_url, visitor.visitor) == ("https://shop.example/pricing", str(KEY))
    # An address that is only told joins nobody.
    assert talk.contact != known
    assert talk.contact.person != known.person
    assert talk.contact.points.get().channel == "chat"
    assert token not in {visitor.token_hash, str(visitor.public_id)}
    # It is asked, and a person says.
    asked = IdentitySuggestion.objects.get()
    assert {asked.first, asked.second} == {known, talk.contact}
    assert asked.evidence == ["Same email ann@example.com: known; typed in a chat"]


def test_it_goes_on_in_the_same_conversation(workspace: Workspace) -> None:
    widget = chat_of(workspace)
    visitor, token = begin(widget)

    spoken = write(widget, said("And to Austria?"), token, LATER)

    assert (spoken.token, spoken.at) == ("", LATER)
    assert Conversation.objects.count() == 1
    assert lines(visitor, LATER) == [(True, "Do you deliver?"), (True, "And to Austria?")]


def test_what_is_told_again_is_kept_once(workspace: Workspace) -> None:
    widget, first = chat_of(workspace), said(key=KEY)
    one, two = write(widget, first), write(widget, first, now=SOON)
    assert (one.token, one.at) == (two.token, two.at)
    write(widget, first, one.token, SOON)

    assert (CustomerResponse.objects.count(), ChatVisitor.objects.count()) == (1, 1)
    assert Contact.objects.count() == 1


def test_the_id_of_a_message_opens_no_chat_from_elsewhere_nor_later(workspace: Workspace) -> None:
    widget, first = chat_of(workspace), said(key=KEY)
    one = write(widget, first)

    other = say(widget=widget, said=first, token="", caller="two", now=NOW)
    assert other.token != one.token
    assert other.visitor != one.visitor
    with pytest.raises(TokenError, match="Send its token"):
        write(widget, first, now=NOW + timedelta(days=1, minutes=1))
    assert CustomerResponse.objects.count() == 2


def test_a_token_is_of_one_website(workspace: Workspace, other_workspace: Workspace) -> None:
    widget = chat_of(workspace)
    _, token = begin(widget)
    for elsewhere in (chat_of(workspace, "Second"), chat_of(other_workspace)):
        assert visitor_of(elsewhere, token) is None
        with pytest.raises(TokenError, match="not known any more"):
            write(elsewhere, token=token)
    with pytest.raises(TokenError):
        write(widget, token="\ud800")
    assert CustomerResponse.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"text": " \x00\n"}, "text"),
        ({"text": "a" * 4_001}, "text"),
        ({"email": "nobody"}, "email"),
    ],
)
def test_what_cannot_be_taken_is_named(
    workspace: Workspace, values: dict[str, str], field: str
) -> None:
    with pytest.raises(ChatError) as refused:
        write(chat_of(workspace), said(**{"text": "Hi", **values}))
    assert refused.value.field == field
    assert not CustomerResponse.objects.exists()
    assert not ChatVisitor.objects.exists()


def test_only_what_is_out_is_shown(workspace: Workspace, agent: User) -> None:
    visitor, _ = begin(chat_of(workspace))
    asked, by = last_of(visitor), Proposer.person(agent)
    InternalNote.objects.create(
        workspace=workspace, conversation=asked.conversation, author=agent, text="No.",
        written_at=NOW,
    )  # fmt: skip
    wrong = answer(to=asked, words=Words("Nein."), by=by, now=NOW)
    take_back(response=wrong, by=by, now=NOW)
    planned = answer(to=asked, words=Words("Tomorrow."), by=by, now=NOW, send_at=LATER)
    ours = answer(to=asked, words=Words("Yes."), by=by, now=NOW, seen=planned)
    before = ours.send_at - timedelta(microseconds=1)
    assert lines(visitor, before) == [(True, asked.text)]

    assert lines(visitor, ours.send_at) == [(True, asked.text), (False, "Yes.")]
    settle_answers(now=ours.send_at)
    assert lines(visitor, ours.send_at) == [(True, asked.text), (False, "Yes.")]
    assert lines(visitor, planned.send_at)[2:] == [(False, "Tomorrow.")]


def test_what_goes_out_while_somebody_waits_to_take_it_back_stays_out(
    workspace: Workspace, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, _ = begin(chat_of(workspace))
    by = Proposer.person(agent)
    ours = answer(to=last_of(visitor), words=Words("Yes."), by=by, now=NOW)
    # Another colleague works in the conversation, and holds its lock for 3 s.
    times = iter((0.0, 3.0))
    monkeypatch.setattr("inbox.services.answering.time.monotonic", lambda: next(times))
    with pytest.raises(AnswerError, match="out already"):
        take_back(response=ours, by=by, now=NOW)
    assert lines(visitor, SOON)[1:] == [(False, "Yes.")]


def test_nobody_elses_messages_are_shown(workspace: Workspace) -> None:
    widget = chat_of(workspace)
    one, _ = begin(widget)
    other, _ = begin(widget, text="Mine")
    assert [lines(visitor) for visitor in (one, other)] == [
        [(True, "Do you deliver?")],
        [(True, "Mine")],
    ]


def test_after_a_cursor_only_what_is_new_and_what_may_have_been_late(workspace: Workspace) -> None:
    widget = chat_of(workspace)
    visitor, token = begin(widget)
    write(widget, said("Still there?"), token, LATER)

    cursor = cursor_of(heard_since(visitor, None, LATER).lines)
    assert moment_of(cursor) == LATER
    assert lines(visitor, LATER, moment_of(cursor)) == [(True, "Still there?")]
    assert len(lines(visitor, LATER, NOW + timedelta(seconds=29))) == 2
    assert [moment_of(one) for one in ("", "x", "-1", "9" * 17, "²")] == [None] * 5


def test_who_writes_sees_what_was_read_and_who_types(workspace: Workspace, agent: User) -> None:
    widget = chat_of(workspace)
    visitor, token = begin(widget)
    first = last_of(visitor)
    write(widget, said("Hello?"), token, SOON)
    heard = heard_since(visitor, None, SOON)
    assert (heard.seen, heard.conversation) == ("", first.conversation_id)

    CustomerResponse.objects.filter(pk=first.pk).update(first_viewed_at=SOON)
    assert heard_since(visitor, None, SOON).seen == heard.lines[0].key
    presence.note(conversation=first.conversation, user=agent, what="viewing", now=NOW)
    assert not presence.is_typed_in(conversation_id=first.conversation_id, now=NOW)
    presence.note(conversation=first.conversation, user=agent, what="typing", now=NOW)
    assert presence.is_typed_in(conversation_id=first.conversation_id, now=NOW)
    assert not presence.is_typed_in(conversation_id=first.conversation_id, now=SOON)


def test_hours_say_who_is_there_and_when_next(workspace: Workspace) -> None:
    widget = chat_of(workspace)
    assert hours_of(widget, NOW).is_there
    BusinessHours.objects.create(
        workspace=workspace, team="sales", time_zone="Europe/Vienna",
        week={"wed": [["09:00", "17:00"]]},
    )  # fmt: skip
    hours = hours_of(widget, NOW)  # a Tuesday
    assert (hours.is_there, hours.back_at) == (False, NOW.replace(day=16, hour=7))


def test_where_somebody_was_last_is_kept_roughly(workspace: Workspace) -> None:
    visitor, _ = begin(chat_of(workspace))
    for now, expected in ((SOON, NOW), (LATER, LATER)):
        touch(visitor=visitor, now=now)
        visitor.refresh_from_db()
        assert visitor.last_seen_at == expected


def test_a_form_is_answered_by_mail_and_flagged(workspace: Workspace) -> None:
    widget, form = chat_of(workspace), said("A quote, please", email=" Bob@Example.com", name="Bob")
    row = send_form(widget=widget, said=form, now=NOW)
    assert send_form(widget=widget, said=form, now=SOON) is None

    assert row is not None
    assert (row.channel, row.sender_address, row.subject) == (
        "email", "bob@example.com", "Form on Shop",
    )  # fmt: skip
    assert (row.is_flagged, row.flag_reason) == (True, UNCONFIRMED)
    assert (row.point.verified_at, row.conversation.team) == (None, "sales")
    # Another form of that address is of the same contact, of whom nothing else is known.
    again = send_form(widget=widget, said=said("Well?", email="bob@example.com"), now=SOON)
    assert again is not None
    assert again.conversation != row.conversation
    assert again.conversation.contact == row.conversation.contact
    assert not IdentitySuggestion.objects.exists()


def test_who_types_somebodys_address_is_not_taken_for_them(workspace: Workspace) -> None:
    known = contact_of(workspace)
    point = ContactPoint.objects.get(contact=known, channel="email")
    row = send_form(
        widget=chat_of(workspace), said=said("Hi", email=point.address, name="Eve"), now=NOW
    )
    assert row is not None
    assert row.point == point
    assert row.conversation.contact != known
    assert row.conversation.contact.person != known.person
    asked = IdentitySuggestion.objects.get()
    assert {asked.first, asked.second} == {known, row.conversation.contact}
    assert asked.evidence == [f"Same email {point.address}: known; typed in a form"]


def test_an_address_that_many_type_speaks_for_nobody(workspace: Workspace) -> None:
    address = ContactPoint.objects.get(contact=contact_of(workspace), channel="email").address
    widget = chat_of(workspace)
    for number in range(3):
        send_form(widget=widget, said=said(f"Form {number}", email=address), now=NOW)
    begin(widget, email=address)
    assert CustomerResponse.objects.count() == 4
    assert IdentitySuggestion.objects.count() == 2


def test_who_types_an_address_first_is_not_taken_for_who_writes_from_it(
    workspace: Workspace,
) -> None:
    widget, form = chat_of(workspace), said("Hi", email="bob@example.com", name="Eve Wren")
    first = send_form(widget=widget, said=form, now=NOW)
    mail = Incoming(
        InboxChannel.EMAIL, "bob@example.com", "<1@x>", SOON, "Where is it?", "Bob Lee", "Order"
    )
    (row,) = take(workspace=workspace, incoming=[mail], now=SOON)
    again = send_form(widget=widget, said=replace(form, key=uuid4()), now=LATER)

    assert first is not None
    assert again is not None
    assert (row.conversation.contact.name, row.point.verified_at) == ("Bob Lee", SOON)
    # Somebody is known by it now: what is typed later is of nobody known.
    assert again.conversation.contact not in (row.conversation.contact, first.conversation.contact)
    asked = IdentitySuggestion.objects.get()
    assert {asked.first, asked.second} == {row.conversation.contact, again.conversation.contact}


def test_nothing_is_done_by_itself_for_an_address_that_was_only_typed(
    workspace: Workspace,
) -> None:
    InboxPolicy.objects.create(workspace=workspace, acknowledges=True, acknowledgement="We have it")
    row = send_form(
        widget=chat_of(workspace), now=NOW,
        said=said("Unsubscribe me from all of it", email="bob@example.com"),
    )  # fmt: skip
    assert row is not None
    read_new(now=NOW)
    row = CustomerResponse.objects.get(pk=row.pk)
    assert row.reading.intent == "unsubscribe"
    assert not Suppression.objects.exists()
    assert not Consent.objects.exists()
    handling = handling_of(row)
    assert (handling.needs_person, handling.reasons[:1]) == (True, (UNCONFIRMED,))
    AIClassification.objects.update(intent="question")
    assert acknowledge([row.conversation_id], now=NOW) == 0


@pytest.mark.parametrize(("values", "field"), [({"text": " "}, "text"), ({"email": "x"}, "email")])
def test_a_form_without_words_or_address_is_refused(
    workspace: Workspace, values: dict[str, str], field: str
) -> None:
    with pytest.raises(ChatError) as refused:
        send_form(
            widget=chat_of(workspace), now=NOW,
            said=said(**{"text": "Hi", "email": "a@example.com", **values}),
        )  # fmt: skip
    assert refused.value.field == field
    assert not CustomerResponse.objects.exists()


def test_of_a_page_nothing_private_is_kept_and_nothing_of_pages_elsewhere() -> None:
    ours = ["https://shop.example:8443", "https://shop.example"]
    assert page_of("https://shop.example:8443/a?token=1#c", ours) == "https://shop.example:8443/a"
    assert page_of("https://Shop.example/A", ours) == "https://shop.example/A"
    for odd in (
        "javascript:alert(1)", "https://", "http://[", "https://u:p@shop.example/", "x",
        "http://shop.example/", "https://shop.example.evil.example/", "https://evil.example/",
    ):  # fmt: skip
        assert page_of(odd, ours) == ""


def test_ids_are_of_one_chat(workspace: Workspace) -> None:
    widget, key = chat_of(workspace), uuid4()
    for caller in ("one", "two"):
        say(widget=widget, said=said(key=key), token="", caller=caller, now=NOW)
    assert CustomerResponse.objects.count() == 2
