"""One row of every model of the inbox."""

from __future__ import annotations

from attribution.models import Site
from inbox.models import (
    AgentProfile,
    AIClassification,
    AssignmentRule,
    Attachment,
    AuditedReply,
    AutoSendRule,
    BusinessHours,
    ChatVisitor,
    ChatWidget,
    ConversationEvent,
    IdentitySuggestion,
    InboxPolicy,
    InternalNote,
    Mailbox,
    ReplyDraft,
    ResponseTemplate,
    Satisfaction,
    SLAPolicy,
)
from outreach.models import Contact, ContactPoint
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of
from workspaces.models import Connection, Proposal, User, Workspace


def fill(workspace: Workspace, person: User, draft: Proposal) -> None:
    """Make a row of each."""
    own = {"workspace": workspace}
    contact = Contact.objects.filter(workspace=workspace).first() or contact_of(workspace)
    conversation = conversation_of(workspace, contact=contact)
    response = response_of(conversation)
    InboxPolicy.objects.create(**own)
    SLAPolicy.objects.create(**own, channel="email", urgency="high", first_minutes=60)
    BusinessHours.objects.create(**own, time_zone="UTC")
    AssignmentRule.objects.create(**own, name="All")
    AutoSendRule.objects.create(**own, intent="question")
    AgentProfile.objects.create(**own, user=person)
    ResponseTemplate.objects.create(**own, name="Hours", body="We are there from nine.")
    Attachment.objects.create(
        **own, response=response, name="a.exe", content_type="application/x-dosexec", size=1,
        sha256="0" * 64, held_because="Programs are not opened.",
    )  # fmt: skip
    AIClassification.objects.create(
        **own, response=response, intent="question", confidence=0.9, sentiment=0,
        sentiment_label="neutral", urgency="low", model="words", ms=1, read_at=NOW,
    )  # fmt: skip
    ConversationEvent.objects.create(
        **own, conversation=conversation, kind="opened", at=NOW, by_label="System"
    )
    InternalNote.objects.create(
        **own, conversation=conversation, author=person, text="Look", written_at=NOW
    )
    reply = ReplyDraft.objects.create(
        **own, proposal=draft, conversation=conversation, answers=response, source="template",
        text="It is on its way.",
    )  # fmt: skip
    AuditedReply.objects.create(
        **own, draft=reply, intent="question", was_auto=False, drawn_on=NOW.date()
    )
    Satisfaction.objects.create(**own, conversation=conversation, asked_at=NOW)
    other = Contact.objects.create(**own, person=contact.person)
    IdentitySuggestion.objects.create(**own, first=contact, second=other)
    _ways_in(workspace, contact)


def _ways_in(workspace: Workspace, contact: Contact) -> None:
    own = {"workspace": workspace}
    connection = Connection.objects.create(**own, kind="imap", name="Hello")
    Mailbox.objects.create(**own, connection=connection, since=NOW.date(), next_at=NOW)
    site = Site.objects.filter(**own).first() or Site.objects.create(**own, name="Shop")
    widget = ChatWidget.objects.create(**own, site=site)
    point = ContactPoint.objects.create(**own, contact=contact, channel="chat", address="visitor-1")
    ChatVisitor.objects.create(
        **own,
        widget=widget,
        point=point,
        token_hash=f"{workspace.pk:064}",
        started_at=NOW,
        last_seen_at=NOW,
    )
