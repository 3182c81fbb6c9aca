"""Conversations, messages, answers and rules of the inbox."""

from __future__ import annotations

from inbox.models.conversations import (
    UNCLOSED,
    Conversation,
    ConversationStatus,
    InboxChannel,
    Intent,
    Posture,
    SlaState,
    Team,
    Urgency,
)
from inbox.models.people import IdentitySuggestion, SuggestionStatus
from inbox.models.replies import (
    AuditedReply,
    AutoSendRule,
    DraftSource,
    ReplyDraft,
    ResponseTemplate,
    TemplateCategory,
    Verdict,
)
from inbox.models.responses import (
    AIClassification,
    Attachment,
    CustomerResponse,
    Delivery,
    Direction,
)
from inbox.models.rules import (
    AgentProfile,
    AssignHow,
    AssignmentRule,
    BusinessHours,
    InboxPolicy,
    ListOrder,
    Satisfaction,
    SLAPolicy,
)
from inbox.models.story import ConversationEvent, HappenedKind, InternalNote
from inbox.models.ways_in import ChatVisitor, ChatWidget, Mailbox

__all__ = [
    "UNCLOSED",
    "AIClassification",
    "AgentProfile",
    "AssignHow",
    "AssignmentRule",
    "Attachment",
    "AuditedReply",
    "AutoSendRule",
    "BusinessHours",
    "ChatVisitor",
    "ChatWidget",
    "Conversation",
    "ConversationEvent",
    "ConversationStatus",
    "CustomerResponse",
    "Delivery",
    "Direction",
    "DraftSource",
    "HappenedKind",
    "IdentitySuggestion",
    "InboxChannel",
    "InboxPolicy",
    "Intent",
    "InternalNote",
    "ListOrder",
    "Mailbox",
    "Posture",
    "ReplyDraft",
    "ResponseTemplate",
    "SLAPolicy",
    "Satisfaction",
    "SlaState",
    "SuggestionStatus",
    "Team",
    "TemplateCategory",
    "Urgency",
    "Verdict",
]
