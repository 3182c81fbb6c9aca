"""Suppressed addresses over REST."""

from __future__ import annotations

from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from outreach.api.people_serializers import (
    LiftIn,
    SuppressedOut,
    SuppressionIn,
    SuppressionOut,
)
from outreach.models import MessageChannel, Suppression, SuppressionReason
from outreach.services.people.suppressing import lift, suppress
from workspaces import scopes
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.views import RowsView

TAG = ["Contacts"]


class SuppressionFilter(Filters):
    """Filters of the list."""

    value = django_filters.CharFilter()
    reason = django_filters.ChoiceFilter(choices=SuppressionReason.choices)
    channel = django_filters.ChoiceFilter(choices=MessageChannel.choices)
    is_domain = django_filters.BooleanFilter()
    is_lifted = django_filters.BooleanFilter(field_name="lifted_at", lookup_expr="isnull",
                                             exclude=True)  # fmt: skip


class SuppressionsView(RowsView[Suppression]):
    """Base: suppressions of the workspace."""

    queryset = Suppression.objects.none()
    serializer_class = SuppressionOut
    filterset_class = SuppressionFilter

    def rows(self) -> QuerySet[Suppression]:
        """All of them, those that were lifted too."""
        return Suppression.objects.filter(workspace=self.workspace).select_related("workspace")


class Suppressions(SuppressionsView):
    """Who is not written to."""

    scopes = {"GET": scopes.OUTREACH_READ, "POST": scopes.OUTREACH_WRITE}

    @extend_schema(tags=TAG, operation_id="suppressions_list", summary="List suppressions")
    def get(self, request: Request) -> Response:
        """Suppressed addresses and domains, the newest first."""
        return self.page()

    @extend_schema(
        tags=TAG, operation_id="suppressions_create", summary="Suppress addresses or domains",
        request=SuppressionIn, responses={201: SuppressedOut},
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Write to these no more, whoever they belong to; what is suppressed already stays so."""
        body = self.read(SuppressionIn)
        added = suppress(
            workspace=self.workspace, by=self.caller.proposer, now=self.now,
            domains=body.pop("is_domain"), **body,
        )  # fmt: skip
        return Response(SuppressedOut({"added": added}).data, status=status.HTTP_201_CREATED)


class SuppressionLift(SuppressionsView):
    """Writing to them again."""

    scopes = {"POST": scopes.WORKSPACE_ADMIN}

    @extend_schema(
        tags=TAG, operation_id="suppressions_lift", summary="Lift a suppression",
        request=LiftIn, responses=SuppressionOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Lift it, with a reason; after a complaint with what they said since."""
        row = self.one(public_id)
        reason = self.read(LiftIn)["reason"]
        lift(suppression=row, by=self.caller.proposer, reason=reason, now=self.now)
        return Response(SuppressionOut(self.one(public_id)).data)
