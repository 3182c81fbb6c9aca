"""Answers over REST: sent by an agent's key, or drafted by another system; and what is late."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.api.conversations import InboxConversationsView
from inbox.api.responses import TAG, InboxResponsesView
from inbox.api.serializers import (
    InboxAlertOut,
    InboxDraftIn,
    InboxDraftOut,
    InboxReplyIn,
    InboxReplyOut,
)
from inbox.engine.sla_watch import SOON
from inbox.models import Conversation, ConversationStatus, CustomerResponse, SlaState
from inbox.services.answering import AnswerError, Words, answer
from inbox.services.drafting import propose_reply
from workspaces.api.idempotency import once
from workspaces.gate import Proposer


class InboxReply(InboxResponsesView):
    """Answer a message."""

    scopes = {"POST": "inbox:write"}
    people_only = frozenset({"POST"})

    @extend_schema(
        tags=TAG, operation_id="inbox_reply", summary="Answer a message",
        request=InboxReplyIn, responses={201: InboxReplyOut},
        examples=[
            OpenApiExample("At once", value={"text": "It is on its way."}, request_only=True)
        ],
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Send an answer to the address that wrote; it can be taken back for a moment."""
        to, body = self.one(public_id), self.read(InboxReplyIn)
        sent = answer(
            to=to, words=Words(body["text"], body.get("subject", "")),
            by=Proposer.person(self.caller.person), now=self.now,
            seen=self._seen(to, body.get("seen")), send_at=body.get("send_at"),
        )  # fmt: skip
        return Response(InboxReplyOut(sent).data, status=status.HTTP_201_CREATED)

    def _seen(self, to: CustomerResponse, public_id: UUID | None) -> CustomerResponse | None:
        if public_id is None:
            return None
        rows = CustomerResponse.objects.filter(conversation=to.conversation_id)
        found = rows.filter(public_id=public_id).first()
        if found is None:
            raise AnswerError("seen", "There is no such message in this conversation.")
        return found


class InboxDrafts(InboxResponsesView):
    """Draft an answer that an agent sends."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_draft", summary="Draft an answer",
        request=InboxDraftIn, responses={201: InboxDraftOut},
        examples=[
            OpenApiExample(
                "Known", request_only=True,
                value={"text": "It is on its way.", "reason": "The order left on Monday."},
            )
        ],
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Propose an answer; it is void as soon as they write again."""
        to, body = self.one(public_id), self.read(InboxDraftIn)
        proposal = propose_reply(
            to=to, text=body["text"], subject=body.get("subject", ""), by=self.caller.proposer,
            reason=body["reason"], now=self.now, template=body.get("template"),
        )  # fmt: skip
        return Response(InboxDraftOut(proposal).data, status=status.HTTP_201_CREATED)


class InboxAlerts(InboxConversationsView):
    """What is late, and what soon will be."""

    scopes = {"GET": "inbox:read"}
    serializer_class = InboxAlertOut
    filterset_class = None
    ordering_fields = ("due_at",)

    def rows(self) -> QuerySet[Conversation]:
        """Open ones that are over, past three quarters of their time, or due within an hour."""
        late = (SlaState.WARNED, SlaState.BREACHED, SlaState.ESCALATED)
        soon = Q(due_at__lte=self.now + SOON)
        rows = super().rows().filter(status=ConversationStatus.OPEN, due_at__isnull=False)
        return rows.filter(Q(sla_state__in=late) | soon)

    @extend_schema(tags=TAG, operation_id="inbox_sla_alerts", summary="List what is late")
    def get(self, request: Request) -> Response:
        """Conversations that are late or due soon, the latest first."""
        self.paginator.ordering = ("due_at", "pk")  # type: ignore[union-attr]  # ours
        return self.page()
