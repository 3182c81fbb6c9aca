"""After an erasure the inbox knows the person no more; what others wrote stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage

from inbox.engine.mail import Attachment as File
from inbox.models import (
    Attachment,
    AuditedReply,
    ChatVisitor,
    Conversation,
    CustomerResponse,
    IdentitySuggestion,
    InboxChannel,
    ReplyDraft,
    Satisfaction,
)
from inbox.services import desk
from inbox.services.answering import Words, answer
from inbox.services.drafting import propose_reply
from inbox.services.incoming import Incoming
from inbox.services.reading import read_new
from inbox.services.taking import take
from inbox.services.topics import UNCONFIRMED
from outreach.models import Contact, ContactPoint
from outreach.services.people.erasing import erase_contact, export_contact
from tests.inbox.chat.steps import begin, chat_of
from tests.inbox.desk_steps import draft_of
from tests.inbox.steps import NOW
from tests.outreach.launch_steps import email_on
from tests.outreach.social.test_erasing_people import found
from tests.outreach.steps import contact_of
from workspaces.gate import Proposer
from workspaces.models import Proposal, User, Workspace

pytestmark = pytest.mark.django_db

PLANTED = ("zebulon", "quigley", "marzipan")
THEIRS, BOTH = "a" * 64, "b" * 64


def _file(sha256: str) -> File:
    return File(
        name="marzipan.txt", content_type="text/plain", claimed_type="text/plain", size=1,
        sha256=sha256, content=b"x",
    )  # fmt: skip


def _mail(number: int, address: str = "zeb.quigley@example.com", **values: Any) -> Incoming:
    own: dict[str, Any] = {
        "channel": InboxChannel.EMAIL, "address": address, "external_id": f"{number}@mailer",
        "at": NOW, "text": "My marzipan is late. Yours, Zebulon", "name": "Zebulon Quigley",
        "subject": "Marzipan", "quoted": "> marzipan", "html": "<p>marzipan</p>",
        "files": (_file(THEIRS), _file(BOTH)),
    }  # fmt: skip
    return Incoming(**own | values)


@pytest.fixture
def zeb(workspace: Workspace, agent: User, operator: User) -> Contact:
    """Somebody who wrote, was answered, noted about, drafted to and asked how it was."""
    email_on(workspace)
    by = Proposer.person(agent)
    (asked,) = take(workspace=workspace, incoming=[_mail(1)], now=NOW)
    read_new(now=NOW)
    talk = asked.conversation
    answer(to=asked, words=Words("Dear Zebulon, marzipan is on its way."), by=by, now=NOW)
    propose_reply(
        to=asked, text="More marzipan, Zebulon?", by=Proposer.rule("Helpdesk"), reason="Marzipan",
        now=NOW,
    )  # fmt: skip
    desk.write_note(conversation=talk, text="Zebulon loves marzipan", by=by, now=NOW)
    Satisfaction.objects.create(
        workspace=workspace, conversation=talk, asked_at=NOW, score=5, comment="Marzipan!",
        answered_at=NOW,
    )  # fmt: skip
    other = contact_of(workspace, "bob@example.com", first_name="Bob")
    first, second = sorted((talk.contact, other), key=lambda one: one.pk)
    IdentitySuggestion.objects.create(
        workspace=workspace, first=first, second=second, evidence=["both like marzipan"]
    )
    take(
        workspace=workspace, now=NOW,
        incoming=[
            _mail(2, "bob@example.com", text="Bread", subject="Bread", name="Bob", quoted="",
                  html="", files=(_file(BOTH),)),
        ],
    )  # fmt: skip
    return talk.contact


def test_no_table_holds_an_erased_person(
    zeb: Contact, admin: User, django_capture_on_commit_callbacks: Any
) -> None:
    assert {"inbox_customerresponse", "inbox_conversation", "inbox_internalnote"} <= {
        *found(*PLANTED)
    }
    Attachment.objects.filter(response__text="Bread").update(name="bread.txt")

    places = [f"inbox/{zeb.workspace_id}/{one[:2]}/{one}" for one in (THEIRS, BOTH)]
    with django_capture_on_commit_callbacks(execute=True):
        counts = erase_contact(contact=zeb, by=Proposer.person(admin), now=NOW)
        # Until it is sure, the files stay.
        assert [default_storage.exists(place) for place in places] == [True, True]

    assert set(found(*PLANTED)) == set()
    assert (counts["conversations"], counts["inbox messages"], counts["files"]) == (1, 2, 2)
    point = ContactPoint.objects.get(contact=zeb)
    assert point.address == f"erased:{point.pk}"
    assert CustomerResponse.objects.filter(conversation__contact=zeb, text="").count() == 2
    assert ReplyDraft.objects.get().text == ""
    assert Proposal.objects.get().status == "cancelled"
    # Others keep theirs, and the files that they sent too.
    assert CustomerResponse.objects.get(text="Bread").sender_name == "Bob"
    assert [default_storage.exists(place) for place in places] == [False, True]


def test_who_was_erased_can_write_again_as_somebody_new(zeb: Contact, admin: User) -> None:
    erase_contact(contact=zeb, by=Proposer.person(admin), now=NOW)
    later = NOW + timedelta(days=1)
    (kept,) = take(workspace=zeb.workspace, incoming=[_mail(3, at=later)], now=later)
    assert kept.conversation.contact != zeb
    assert Conversation.objects.filter(contact=zeb).count() == 1


def test_people_are_told_what_is_kept(zeb: Contact, operator: User) -> None:
    told = export_contact(contact=zeb, by=Proposer.person(operator), now=NOW)
    assert [one["subject"] for one in told["conversations"]] == ["Marzipan"]
    assert len(told["inbox messages"]) == 2
    assert [one["intent"] for one in told["readings"]] == [
        one.intent for one in Conversation.objects.filter(contact=zeb)
    ]


def test_people_are_told_what_is_kept_of_forms_too(
    zeb: Contact, typed: CustomerResponse, operator: User
) -> None:
    told = export_contact(contact=zeb, by=Proposer.person(operator), now=NOW)
    assert [one["subject"] for one in told["conversations"]] == ["Marzipan", "Marzipan"]
    assert [one["comment"] for one in told["ratings"]] == ["Marzipan!", "Marzipan!"]
    assert len(told["inbox messages"]) == 3


@pytest.fixture
def typed(zeb: Contact, agent: User) -> CustomerResponse:
    """Their address in a form, which began a conversation of nobody's, and in a chat."""
    workspace, by = zeb.workspace, Proposer.person(agent)
    (form,) = take(workspace=workspace, incoming=[_mail(4, doubt=UNCONFIRMED)], now=NOW)
    talk = form.conversation
    desk.write_note(conversation=talk, text="Zebulon again", by=by, now=NOW)
    Conversation.objects.filter(pk=talk.pk).update(tags=["marzipan"])
    Satisfaction.objects.create(
        workspace=workspace, conversation=talk, asked_at=NOW, score=5, comment="Marzipan!",
        answered_at=NOW,
    )  # fmt: skip
    draft = draft_of(form, sources=[{"quote": "marzipan"}])
    AuditedReply.objects.create(
        workspace=workspace, draft=draft, intent="question", was_auto=False, drawn_on=NOW.date(),
        verdict="bad", why="Zebulon wants none", judged_at=NOW,
    )  # fmt: skip
    visitor, _ = begin(chat_of(workspace))
    ChatVisitor.objects.filter(pk=visitor.pk).update(email=form.sender_address)
    return form


def test_what_they_typed_in_a_form_or_a_chat_is_forgotten_too(
    zeb: Contact, typed: CustomerResponse, admin: User
) -> None:
    assert typed.conversation.contact != zeb
    Attachment.objects.filter(response__text="Bread").update(name="bread.txt")
    assert {"inbox_auditedreply", "inbox_chatvisitor", "inbox_satisfaction"} <= {*found(*PLANTED)}

    counts = erase_contact(contact=zeb, by=Proposer.person(admin), now=NOW)

    assert set(found(*PLANTED)) == set()
    assert (counts["conversations"], counts["notes"]) == (2, 2)


def test_where_somebody_else_wrote_too_the_conversation_stays_theirs(
    zeb: Contact, typed: CustomerResponse, admin: User
) -> None:
    bob = CustomerResponse.objects.get(text="Bread")
    CustomerResponse.objects.filter(pk=bob.pk).update(conversation=typed.conversation)

    erase_contact(contact=zeb, by=Proposer.person(admin), now=NOW)

    talk = Conversation.objects.get(pk=typed.conversation.pk)
    assert (talk.subject, talk.tags, talk.preview) == ("Marzipan", ["marzipan"], "")
    assert talk.contact.first_name == "Zebulon"
