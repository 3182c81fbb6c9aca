"""Short ways to conversations and messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from inbox.models import Conversation, CustomerResponse
from outreach.models import Contact, ContactPoint
from tests.outreach.steps import contact_of
from workspaces.models import Workspace

NOW: Final = datetime(2026, 9, 15, 10, 0, tzinfo=UTC)


def conversation_of(workspace: Workspace, **values: Any) -> Conversation:
    """Make a conversation by e-mail."""
    contact: Contact = values.pop("contact", None) or contact_of(workspace)
    own = {"channel": "email", "opened_at": NOW, "last_message_at": NOW, "subject": "My order"}
    return Conversation.objects.create(workspace=workspace, contact=contact, **own | values)


def response_of(conversation: Conversation, **values: Any) -> CustomerResponse:
    """Make a message of theirs in it."""
    own = {
        "workspace": conversation.workspace, "conversation": conversation,
        "arrived_in": conversation, "channel": conversation.channel, "direction": "in",
        "point": point_of(conversation), "text": "Where is my order?", "at": NOW,
        "received_at": NOW,
    }  # fmt: skip
    return CustomerResponse.objects.create(**own | values)


def point_of(conversation: Conversation) -> ContactPoint:
    """Address of the contact on the conversation's channel."""
    return ContactPoint.objects.get(contact=conversation.contact, channel=conversation.channel)
