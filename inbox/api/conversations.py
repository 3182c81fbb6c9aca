"""Conversations over REST: lists, one with all that stands in it, notes and tags."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.api.serializers import (
    InboxConversationDetailOut,
    InboxConversationOut,
    InboxEventOut,
    InboxMessageOut,
    InboxNoteIn,
    InboxNoteOut,
    InboxTagsIn,
)
from inbox.models import (
    Conversation,
    ConversationEvent,
    ConversationStatus,
    CustomerResponse,
    InboxChannel,
    Intent,
    InternalNote,
    Team,
    Urgency,
)
from inbox.services import desk
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.views import RowsView

TAG = ["Inbox"]
_SHOWN = 200


class InboxConversationFilter(Filters):
    """Filters of the list."""

    status = django_filters.ChoiceFilter(choices=ConversationStatus.choices)
    channel = django_filters.ChoiceFilter(choices=InboxChannel.choices)
    team = django_filters.ChoiceFilter(choices=Team.choices)
    intent = django_filters.ChoiceFilter(choices=Intent.choices)
    urgency = django_filters.ChoiceFilter(choices=Urgency.choices)
    contact = django_filters.UUIDFilter(field_name="contact__public_id")
    tag = django_filters.CharFilter(method="tagged", label="One of its tags.")

    def tagged(
        self, rows: QuerySet[Conversation], _name: str, value: str
    ) -> QuerySet[Conversation]:
        """Those that carry a tag."""
        return rows.filter(tags__contains=[value])


class InboxConversationsView(RowsView[Conversation]):
    """Base: conversations of the workspace."""

    queryset = Conversation.objects.none()
    serializer_class = InboxConversationOut
    filterset_class: type[Filters] | None = InboxConversationFilter

    def rows(self) -> QuerySet[Conversation]:
        """All of them."""
        rows = Conversation.objects.filter(workspace=self.workspace)
        return rows.select_related("contact", "assignee", "merged_into", "workspace")

    def detail(self, public_id: UUID) -> dict[str, Any]:
        """A conversation with what stands in it."""
        one = self.one(public_id)
        messages = CustomerResponse.objects.filter(conversation=one).order_by("-at", "-pk")
        notes = InternalNote.objects.filter(conversation=one).select_related("author")
        events = ConversationEvent.objects.filter(conversation=one).order_by("-at", "-pk")
        return {
            **InboxConversationOut(one).data,
            "messages": InboxMessageOut(messages[:_SHOWN][::-1], many=True).data,
            "notes": InboxNoteOut(
                notes.order_by("-written_at", "-pk")[:_SHOWN][::-1], many=True
            ).data,
            "events": InboxEventOut(events[:_SHOWN][::-1], many=True).data,
        }


class InboxConversations(InboxConversationsView):
    """All conversations."""

    scopes = {"GET": "inbox:read"}
    ordering_fields = ("last_message_at", "order_key")

    @extend_schema(tags=TAG, operation_id="inbox_conversations", summary="List conversations")
    def get(self, request: Request) -> Response:
        """Conversations, the last that was written in first."""
        self.paginator.ordering = ("-last_message_at", "-pk")  # type: ignore[union-attr]  # ours
        return self.page()


class InboxConversationDetail(InboxConversationsView):
    """One conversation."""

    scopes = {"GET": "inbox:read"}

    @extend_schema(
        tags=TAG, operation_id="inbox_conversation", summary="Read a conversation",
        responses=InboxConversationDetailOut,
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Tell what was written, noted and done."""
        return Response(self.detail(public_id))


class InboxNotes(InboxConversationsView):
    """Notes of one conversation."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_note", summary="Write a note",
        request=InboxNoteIn, responses={201: InboxNoteOut},
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Keep a note for colleagues, and tell whom it calls."""
        conversation = self.one(public_id)
        note = desk.write_note(
            conversation=conversation, text=self.read(InboxNoteIn)["text"],
            by=self.caller.proposer, now=self.now,
        )  # fmt: skip
        return Response(InboxNoteOut(note).data, status=status.HTTP_201_CREATED)


class InboxTags(InboxConversationsView):
    """Tags of one conversation."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_tags", summary="Tag a conversation",
        request=InboxTagsIn, responses=InboxConversationOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Add tags and take tags off; closed conversations too."""
        conversation, body = self.one(public_id), self.read(InboxTagsIn)
        if not body.get("add") and not body.get("remove"):
            raise ValidationError({"add": "Name tags to add or to remove."})
        own: dict[str, Any] = {
            "rows": Conversation.objects.filter(pk=conversation.pk), "workspace": self.workspace,
            "by": self.caller.proposer, "now": self.now,
        }  # fmt: skip
        with transaction.atomic():
            if body.get("remove"):
                desk.remove_tags(tags=body["remove"], **own)
            if body.get("add"):
                desk.add_tags(tags=body["add"], **own)
        return Response(InboxConversationOut(self.one(public_id)).data)
