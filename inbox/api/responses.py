"""Messages of theirs over REST: how far each is, and what is done with its conversation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.api.serializers import InboxAssignIn, InboxResponseOut, InboxSnoozeIn
from inbox.models import Conversation, CustomerResponse, Direction, InboxChannel, Intent, Urgency
from inbox.selectors.status import ResponseStatus, of_status, with_status
from inbox.services import desk
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.views import RowsView
from workspaces.models import User

TAG = ["Inbox"]


class InboxResponseFilter(Filters):
    """Filters of the list."""

    status = django_filters.ChoiceFilter(choices=ResponseStatus.choices, method="far_as")
    assigned_to = django_filters.CharFilter(method="given_to", label="An address, or none.")
    channel = django_filters.ChoiceFilter(choices=InboxChannel.choices)
    intent = django_filters.ChoiceFilter(choices=Intent.choices, field_name="conversation__intent")
    urgency = django_filters.ChoiceFilter(
        choices=Urgency.choices, field_name="conversation__urgency"
    )
    is_flagged = django_filters.BooleanFilter()
    sla_breached = django_filters.BooleanFilter(
        field_name="breached_at", lookup_expr="isnull", exclude=True
    )

    def far_as(
        self, rows: QuerySet[CustomerResponse], _name: str, value: str
    ) -> QuerySet[CustomerResponse]:
        """Those that are so far."""
        return of_status(rows, ResponseStatus(value))

    def given_to(
        self, rows: QuerySet[CustomerResponse], _name: str, value: str
    ) -> QuerySet[CustomerResponse]:
        """Those that one member looks after, or nobody."""
        if value == "none":
            return rows.filter(conversation__assignee=None)
        return rows.filter(conversation__assignee__email__iexact=value)


class InboxResponsesView(RowsView[CustomerResponse]):
    """Base: what people wrote to the workspace."""

    queryset = CustomerResponse.objects.none()
    serializer_class = InboxResponseOut
    filterset_class: type[Filters] | None = InboxResponseFilter

    def rows(self) -> QuerySet[CustomerResponse]:
        """All of them, with how far they are."""
        rows = CustomerResponse.objects.filter(workspace=self.workspace, direction=Direction.IN)
        return with_status(rows).select_related("conversation__assignee")

    def conversation_of(self, public_id: UUID) -> dict[str, Any]:
        """What an act on the message's conversation takes."""
        found = Conversation.objects.filter(pk=self.one(public_id).conversation_id)
        return {
            "rows": found, "workspace": self.workspace, "by": self.caller.proposer,
            "now": self.now,
        }  # fmt: skip


class InboxResponses(InboxResponsesView):
    """All messages of theirs."""

    def rows(self) -> QuerySet[CustomerResponse]:
        """All of them; how far they are is asked of the page alone."""
        rows = CustomerResponse.objects.filter(workspace=self.workspace, direction=Direction.IN)
        return rows.select_related("conversation__assignee")

    scopes = {"GET": "inbox:read"}
    ordering_fields = ("at",)

    @extend_schema(tags=TAG, operation_id="inbox_list", summary="List what people wrote")
    def get(self, request: Request) -> Response:
        """Messages of theirs, the newest first."""
        self.paginator.ordering = ("-at", "-pk")  # type: ignore[union-attr]  # ours
        return self.page_of(self.filter_queryset(self.get_queryset()), shown=self._told)

    def _told(self, page: list[CustomerResponse]) -> Any:
        own = CustomerResponse.objects.filter(pk__in=[row.pk for row in page])
        far = with_status(own).values_list("pk", "status")  # type: ignore[misc]  # annotated
        status = dict(far)
        for row in page:
            row.status = status[row.pk]  # type: ignore[attr-defined]  # as the annotation
        return self.get_serializer(page, many=True).data


class InboxResponseDetail(InboxResponsesView):
    """One message."""

    scopes = {"GET": "inbox:read"}

    @extend_schema(tags=TAG, operation_id="inbox_read", summary="Read a message")
    def get(self, request: Request, public_id: UUID) -> Response:
        """Tell what they wrote and how far it is."""
        return Response(InboxResponseOut(self.one(public_id)).data)


class InboxAssign(InboxResponsesView):
    """Who looks after it."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_assign", summary="Assign a conversation",
        request=InboxAssignIn, responses=InboxResponseOut,
        examples=[
            OpenApiExample("To Eva", value={"assigned_to": "eva@example.com"}, request_only=True)
        ],
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Give the message's conversation to a member, or to nobody."""
        own, email = self.conversation_of(public_id), self.read(InboxAssignIn)["assigned_to"]
        members = User.objects.filter(memberships__workspace=self.workspace)
        to = members.filter(email__iexact=email).first() if email else None
        if email and to is None:
            raise desk.DeskError("There is no such member here.", "assigned_to")
        try:
            desk.assign(to=to, **own)
        except desk.DeskError as error:
            raise desk.DeskError(str(error), error.field and "assigned_to") from None
        return Response(InboxResponseOut(self.one(public_id)).data)


class InboxClose(InboxResponsesView):
    """Nothing is left to do."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_close", summary="Close a conversation",
        request=None, responses=InboxResponseOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Close the message's conversation; closed ones stay so."""
        desk.close(**self.conversation_of(public_id))
        return Response(InboxResponseOut(self.one(public_id)).data)


class InboxWait(InboxResponsesView):
    """It is theirs to write."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_wait", summary="Wait for the customer",
        request=None, responses=InboxResponseOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Stop the clock of the message's conversation until they write."""
        desk.wait(**self.conversation_of(public_id))
        return Response(InboxResponseOut(self.one(public_id)).data)


class InboxEscalate(InboxResponsesView):
    """Somebody else has to look."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_escalate", summary="Escalate a conversation",
        request=None, responses=InboxResponseOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Call those who lead the conversation's team, until somebody answers."""
        desk.escalate(**self.conversation_of(public_id))
        return Response(InboxResponseOut(self.one(public_id)).data)


class InboxSnooze(InboxResponsesView):
    """Not now."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_snooze", summary="Snooze a conversation",
        request=InboxSnoozeIn, responses=InboxResponseOut,
        examples=[
            OpenApiExample(
                "Until Monday", value={"until": "2026-11-30T08:00:00+01:00"}, request_only=True
            )
        ],
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Put the message's conversation out of sight until a moment, or until they write."""
        own = self.conversation_of(public_id)
        desk.snooze(until=self.read(InboxSnoozeIn)["until"], **own)
        return Response(InboxResponseOut(self.one(public_id)).data)
