"""Conversations that are one, or two, over REST; and what was done at once, undone at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.api.conversations import TAG, InboxConversationsView
from inbox.api.serializers import (
    InboxConversationOut,
    InboxDoneOut,
    InboxMergeIn,
    InboxSplitIn,
)
from inbox.models import Conversation, ConversationEvent, CustomerResponse
from inbox.services import desk
from workspaces.api.idempotency import once

_ID = "0192f3a0-1111-7000-8000-000000000000"


def _all_of(rows: QuerySet[Any], ids: list[UUID], field: str) -> QuerySet[Any]:
    """The rows of some ids; all of them have to be there."""
    found = rows.filter(public_id__in=ids)
    known = {str(one) for one in found.values_list("public_id", flat=True)}
    if lacks := [str(one) for one in ids if str(one) not in known]:
        raise ValidationError({field: f"There is no {lacks[0]} here."})
    return found


class InboxMerge(InboxConversationsView):
    """What turned out to be one."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_merge", summary="Merge conversations",
        request=InboxMergeIn, responses=InboxDoneOut,
        examples=[
            OpenApiExample("Into this one", value={"conversations": [_ID]}, request_only=True)
        ],
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Move what stands in some conversations into this one; *undo* takes them apart again."""
        into, ids = self.one(public_id), self.read(InboxMergeIn)["conversations"]
        rows = Conversation.objects.filter(workspace=self.workspace)
        done = desk.merge(
            into=into, rows=_all_of(rows, ids, "conversations"), by=self.caller.proposer,
            now=self.now,
        )  # fmt: skip
        return Response(InboxDoneOut(done).data)


class InboxSplit(InboxConversationsView):
    """What is about two things."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_split", summary="Split a conversation",
        request=InboxSplitIn, responses={201: InboxConversationOut},
        examples=[OpenApiExample("One message", value={"responses": [_ID]}, request_only=True)],
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Give some of their messages, and our answers to them, a conversation of their own."""
        one, ids = self.one(public_id), self.read(InboxSplitIn)["responses"]
        rows = CustomerResponse.objects.filter(conversation=one)
        made = desk.split(
            conversation=one, responses=_all_of(rows, ids, "responses"), by=self.caller.proposer,
            now=self.now,
        )  # fmt: skip
        answer = InboxConversationOut(self.one(made.public_id))
        return Response(answer.data, status=status.HTTP_201_CREATED)


class InboxUndo(InboxConversationsView):
    """What was done at once."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_undo", summary="Undo an act",
        request=None, responses=InboxDoneOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Put back what nothing else changed since; ``batch`` of an event names the act."""
        known = ConversationEvent.objects.filter(workspace=self.workspace, batch=public_id)
        if not known.exists():
            raise NotFound("There is no such act here.")
        done = desk.undo(
            workspace=self.workspace, batch=public_id, by=self.caller.proposer, now=self.now
        )
        return Response(InboxDoneOut(done).data)
