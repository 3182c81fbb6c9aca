"""Conversations, messages and answers, to read; work is done on the page."""

from __future__ import annotations

from django.contrib import admin

from inbox.models import (
    AIClassification,
    Attachment,
    AuditedReply,
    Conversation,
    ConversationEvent,
    CustomerResponse,
    IdentitySuggestion,
    InternalNote,
    ReplyDraft,
    Satisfaction,
)
from workspaces.modeladmin import ReadOnlyAdmin, fields_of


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin[Conversation]):
    """What people and we write to each other."""

    list_display = ("__str__", "channel", "status", "contact", "assignee", "intent", "urgency",
                    "sla_state", "due_at", "last_message_at")  # fmt: skip
    list_filter = ("status", "channel", "intent", "urgency", "sla_state", "team")
    list_select_related = ("contact", "assignee")
    list_prefetch_related = ("contact__points",)
    search_fields = ("subject", "=public_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(Conversation)


@admin.register(CustomerResponse)
class CustomerResponseAdmin(ReadOnlyAdmin[CustomerResponse]):
    """Messages, theirs and ours."""

    list_display = ("__str__", "channel", "direction", "point", "conversation", "delivery",
                    "is_kept", "at")  # fmt: skip
    list_filter = ("channel", "direction", "delivery")
    list_select_related = ("point", "conversation")
    search_fields = ("=sender_address", "=external_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(CustomerResponse)


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin[Attachment]):
    """Files that came with messages."""

    list_display = ("name", "content_type", "size", "held_because")
    search_fields = ("name", "=sha256")
    ordering = ("-pk",)
    readonly_fields = fields_of(Attachment)


@admin.register(AIClassification)
class AIClassificationAdmin(ReadOnlyAdmin[AIClassification]):
    """What messages were read as."""

    list_display = ("response", "intent", "confidence", "sentiment", "urgency", "model",
                    "corrected_intent", "read_at")  # fmt: skip
    list_filter = ("intent", "urgency", "model", "corrected_intent")
    list_select_related = ("response",)
    ordering = ("-pk",)
    readonly_fields = fields_of(AIClassification)


@admin.register(ConversationEvent)
class ConversationEventAdmin(ReadOnlyAdmin[ConversationEvent]):
    """What was done with conversations."""

    list_display = ("kind", "conversation", "by_label", "at")
    list_filter = ("kind",)
    list_select_related = ("conversation",)
    ordering = ("-pk",)
    readonly_fields = fields_of(ConversationEvent)


@admin.register(InternalNote)
class InternalNoteAdmin(ReadOnlyAdmin[InternalNote]):
    """What colleagues tell each other."""

    list_display = ("__str__", "conversation", "author", "written_at")
    list_filter = ("written_at",)
    list_select_related = ("conversation", "author")
    search_fields = ("text",)
    ordering = ("-pk",)
    readonly_fields = fields_of(InternalNote)


@admin.register(ReplyDraft)
class ReplyDraftAdmin(ReadOnlyAdmin[ReplyDraft]):
    """Answers that wait for a signature, and what became of them."""

    list_display = ("__str__", "proposal", "conversation", "source", "intent", "confidence")
    list_filter = ("source", "intent")
    list_select_related = ("proposal", "conversation")
    ordering = ("-pk",)
    readonly_fields = fields_of(ReplyDraft)


@admin.register(AuditedReply)
class AuditedReplyAdmin(ReadOnlyAdmin[AuditedReply]):
    """What people said of drafts, blind."""

    list_display = ("__str__", "intent", "was_auto", "verdict", "judged_by", "judged_at")
    list_filter = ("intent", "verdict", "was_auto")
    list_select_related = ("judged_by",)
    date_hierarchy = "drawn_on"
    search_fields = ("intent", "why")
    ordering = ("-pk",)
    readonly_fields = fields_of(AuditedReply)


@admin.register(Satisfaction)
class SatisfactionAdmin(ReadOnlyAdmin[Satisfaction]):
    """How people say it went."""

    list_display = ("__str__", "conversation", "asked_at", "answered_at")
    list_filter = ("score",)
    list_select_related = ("conversation",)
    search_fields = ("comment",)
    ordering = ("-pk",)
    readonly_fields = fields_of(Satisfaction)


@admin.register(IdentitySuggestion)
class IdentitySuggestionAdmin(ReadOnlyAdmin[IdentitySuggestion]):
    """Who might be one person."""

    list_display = ("first", "second", "status", "decided_by", "decided_at")
    list_filter = ("status",)
    list_select_related = ("first", "second", "decided_by")
    ordering = ("-pk",)
    readonly_fields = fields_of(IdentitySuggestion)
