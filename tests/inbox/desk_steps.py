"""Short ways to what people do with conversations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from inbox.models import Conversation, CustomerResponse, ReplyDraft
from inbox.services.restating import restate
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of
from workspaces.models import Proposal, Workspace


def talk_of(workspace: Workspace, address: str, count: int = 2, **values: Any) -> Conversation:
    """A conversation with somebody, in which they wrote so often, an hour apart."""
    contact = values.pop("contact", None) or contact_of(workspace, address)
    conversation = conversation_of(workspace, contact=contact, subject=address, **values)
    for number in range(count):
        response_of(
            conversation, at=NOW + timedelta(hours=number), text=f"{address} {number}",
            sender_address=address,
        )  # fmt: skip
    restate([conversation.pk], now=NOW)
    conversation.refresh_from_db()
    return conversation


def answer_to(response: CustomerResponse, **values: Any) -> CustomerResponse:
    """Our answer to a message of theirs, sent."""
    at = values.pop("at", response.at + timedelta(minutes=5))
    own = {
        "workspace_id": response.workspace_id, "conversation_id": response.conversation_id,
        "arrived_in_id": response.conversation_id, "channel": response.channel,
        "direction": "out", "point_id": response.point_id, "answers": response, "text": "Thanks.",
        "at": at, "delivery": "sent", "sent_at": at,
    }  # fmt: skip
    made = CustomerResponse.objects.create(**own | values)
    restate([made.conversation_id], now=at)
    return made


def draft_of(response: CustomerResponse, **values: Any) -> ReplyDraft:
    """A draft of an answer that waits for a signature."""
    proposal = Proposal.objects.create(
        workspace=response.workspace, kind="inbox.reply", subject_key=f"reply:{response.pk}",
        subject_label="A reply", summary="Answer", reason="They asked.", proposer_type="rule",
        proposer_key="rule:inbox", proposer_label="inbox", created_at=NOW,
    )  # fmt: skip
    own = {"source": "template", "text": "It is on its way."}
    return ReplyDraft.objects.create(
        proposal=proposal, workspace=response.workspace, conversation=response.conversation,
        answers=response, **own | values,
    )  # fmt: skip


def rows_of(*conversations: Conversation) -> Any:
    """The rows of some conversations, whosever they are."""
    return Conversation.objects.filter(pk__in=[one.pk for one in conversations])


def columns_of(conversation: Conversation) -> dict[str, Any]:
    """All of a row, but when it was last touched and where lists have it."""
    row = Conversation.objects.filter(pk=conversation.pk).values().get()
    # What waiting costs is told anew with the messages.
    return {name: value for name, value in row.items() if name not in ("updated_at", "order_key")}
