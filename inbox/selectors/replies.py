"""What a proposed answer is about, and what speaks for and against sending it now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from inbox.engine.auto_send import Clearance, Reply, may_send
from inbox.engine.drafting_rules import Handling, Message, Posture, handle
from inbox.engine.filling import Filled, fill
from inbox.engine.sla_policy import Urgency
from inbox.models import (
    AIClassification,
    AutoSendRule,
    Conversation,
    ConversationStatus,
    CustomerResponse,
    Delivery,
    Direction,
    InboxChannel,
    ResponseTemplate,
)
from inbox.selectors.automation import record_for
from inbox.selectors.comments import why_not_below
from outreach.engine.rendering import TemplateError
from outreach.services.sending.judging import Decision
from outreach.services.sending.replying import would_send
from outreach.services.sending.single import NO_CHANNEL
from workspaces.models import Proposal, Workspace

KIND: Final = "inbox.reply"
#: Channels whose messages stand in our own database: nobody has to carry them.
OWN_CHANNELS: Final = (InboxChannel.CHAT,)
#: What was said, by either side. What was taken back, failed or only acknowledges says nothing.
SAID: Final = Q(direction=Direction.IN) | (
    Q(direction=Direction.OUT, is_auto=False)
    & ~Q(delivery__in=(Delivery.CANCELLED, Delivery.FAILED))
)

#: What judging an answer reads beside the message.
ASKED: Final = (
    "conversation__contact", "conversation__assignee", "point__contact",
    "workspace__inbox_policy", "reading",
)  # fmt: skip


def subject_of(response: CustomerResponse) -> str:
    """What proposals to answer in a conversation call it; one of them is open at a time."""
    return f"{KIND}:{response.conversation.public_id}"


def response_named(workspace: Workspace, public_id: object) -> CustomerResponse | None:
    """A message of theirs by its id; ``None`` for what is no id too."""
    try:
        key = UUID(str(public_id))
    except ValueError:
        return None
    rows = CustomerResponse.objects.select_related(*ASKED)
    return rows.filter(workspace=workspace, public_id=key, direction=Direction.IN).first()


def newest_of(response: CustomerResponse) -> CustomerResponse:
    """The last that they wrote in the conversation of a message."""
    rows = CustomerResponse.objects.filter(
        conversation=response.conversation_id, direction=Direction.IN
    )
    # As they came: what a network told late was not read by who answered before.
    return rows.order_by("-pk").first() or response


def last_said(conversation: Conversation) -> CustomerResponse | None:
    """What came last into a conversation, of theirs or ours, whatever time a mail claims."""
    return CustomerResponse.objects.filter(SAID, conversation=conversation).order_by("-pk").first()


def is_over(response: CustomerResponse, newest: CustomerResponse | None = None) -> bool:
    """Whether nothing is left to answer: somebody answered the last message, or closed it.

    ``newest`` is that message, where it is known already.
    """
    conversation = response.conversation
    if conversation.status == ConversationStatus.CLOSED or conversation.archived_at is not None:
        return True
    ours = CustomerResponse.objects.filter(
        conversation=conversation, direction=Direction.OUT, is_auto=False,
        at__gte=(newest or newest_of(response)).came_at,
    )  # fmt: skip
    return ours.exclude(delivery__in=(Delivery.CANCELLED, Delivery.FAILED)).exists()


def why_not(response: CustomerResponse, now: datetime) -> str:
    """Why nobody may write to that address now; empty: they may."""
    if response.channel in OWN_CHANNELS:
        return ""
    if response.channel == InboxChannel.COMMENT:
        return why_not_below(response)
    return words_against(would_send(point=response.point, now=now))


def words_against(decision: Decision | None) -> str:
    """What speaks against sending there, by the dispatcher's word; empty: nothing."""
    if decision is None:
        return NO_CHANNEL
    return decision.words if decision.what == "drop" else ""


def handling_of(response: CustomerResponse) -> Handling:
    """Who answers a message, by how it was read; what nobody read is a person's."""
    reading: AIClassification | None = getattr(response, "reading", None)
    if reading is None:
        return Handling(wants_draft=True, needs_person=True, reasons=("It was not read yet.",))
    message = Message(
        text=response.text,
        intent=reading.corrected_intent or reading.intent,
        confidence=1.0 if reading.corrected_intent else reading.confidence,
        urgency=Urgency(reading.urgency),
        is_automatic=response.is_auto,
    )
    found = handle(message, Posture(response.conversation.posture))
    if response.is_flagged and found.wants_draft:
        # Such as an address that somebody only typed: nothing goes there that nobody signed.
        why = response.flag_reason or "The message is flagged."
        return replace(found, needs_person=True, reasons=(why, *found.reasons))
    return found


def clearance_of(response: CustomerResponse, body: Mapping[str, Any]) -> Clearance:
    """Whether an answer may go out unsigned, and all that stands in the way."""
    reading: AIClassification | None = getattr(response, "reading", None)
    intent = (reading.corrected_intent or reading.intent) if reading else ""
    reply = Reply(
        intent=intent, confidence=reading.confidence if reading else 0.0,
        sentiment=reading.sentiment if reading else None,
        is_from_approved_template=_is_as_approved(response, body),
    )  # fmt: skip
    rule = AutoSendRule.objects.filter(workspace=response.workspace, intent=intent).first()
    record = record_for(response.workspace, intent)
    is_on = rule is not None and rule.is_on
    found = may_send(reply, handling_of(response), record, is_on=is_on)
    if not _has_other_open(response):
        return found
    return Clearance(
        is_allowed=False, reasons=("Something else of theirs is not answered.", *found.reasons)
    )


def _has_other_open(response: CustomerResponse) -> bool:
    """Whether an answer would also pass for one to another message, which it was not made for."""
    theirs = CustomerResponse.objects.filter(
        conversation=response.conversation_id, direction=Direction.IN, is_auto=False
    )
    return theirs.filter(answered_at=None).exclude(pk=response.pk).exists()


def values_for(response: CustomerResponse) -> dict[str, str]:
    """What an answer can say of who wrote, and of us."""
    # Who wrote this, and nobody else who takes part: an answer goes to them.
    contact = response.point.contact
    return {
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "name": contact.name,
        "subject": response.subject or response.conversation.subject,
        "country": contact.country,
        "workspace": response.workspace.name,
        "sender_name": response.workspace.name,
    }


def filled_for(template: ResponseTemplate, response: CustomerResponse) -> Filled:
    """An approved answer, filled in for who wrote.

    Raises
    ------
    TemplateError : it cannot be filled in
    """
    return fill(
        subject=template.subject, body=template.body, values=values_for(response),
        locale=response.point.contact.locale or "en",
    )  # fmt: skip


def template_named(workspace: Workspace, public_id: object) -> ResponseTemplate | None:
    """A template by its id; ``None`` for what is no id too."""
    try:
        key = UUID(str(public_id))
    except ValueError:
        return None
    return ResponseTemplate.objects.filter(
        workspace=workspace, public_id=key, archived_at=None
    ).first()


def _is_as_approved(response: CustomerResponse, body: Mapping[str, Any]) -> bool:
    """Whether the words are those of an approved template: read from it, never told by anybody."""
    template = template_named(response.workspace, body.get("template"))
    if template is None or template.approved_at is None or template.requires_approval:
        return False
    try:
        filled = filled_for(template, response)
    except TemplateError:
        return False
    told = (body["text"], body["mail_subject"])
    return not filled.missing and (filled.text, filled.subject) == told


def reply_context(proposal: Proposal, _now: datetime) -> dict[str, Any]:
    """What the page of a proposed answer shows: what it answers, and why a person signs."""
    plan = proposal.current_plan
    body = plan.content if plan else {}
    response = response_named(proposal.workspace, body.get("answers"))
    if response is None:
        return {}
    return {"response": response, "body": body, "reasons": handling_of(response).reasons}
