"""Ad changes over REST: propose one, the queue before execution, the history after it."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import change_serializers as forms
from campaigns.api.queries import AnyIdFilter
from campaigns.handlers import KIND
from campaigns.models import AdChangeHistory, ChangeType, EntityType, PendingAdChange
from campaigns.selectors.lookup import find_account, find_entity
from campaigns.selectors.subjects import MODELS
from workspaces import scopes
from workspaces.api.filters import Filters, MomentFilter
from workspaces.api.idempotency import once
from workspaces.api.proposing import propose_for
from workspaces.api.views import RowsView
from workspaces.models import Status
from workspaces.models.gate import OPEN

TAG = ["Ad changes"]
_EXAMPLE = OpenApiExample(
    "Raise an ad set's daily budget",
    value={
        "entity_type": "adset",
        "entity_id": "23850000000000001",
        "change_type": "budget",
        "value": "138.00",
        "reason": "Return of 3.4 over the last 14 days.",
    },
    request_only=True,
)


class PendingFilter(Filters):
    """Filters of the queue."""

    status = django_filters.MultipleChoiceFilter(
        field_name="proposal__status",
        choices=Status.choices,
        distinct=False,
        help_text="Default: what is not decided or not executed yet.",
    )
    ad_account = AnyIdFilter("account__")
    entity_type = django_filters.ChoiceFilter(choices=EntityType.choices)
    entity_id = django_filters.CharFilter(field_name="entity_external_id")
    change_type = django_filters.ChoiceFilter(choices=ChangeType.choices)


class PendingList(RowsView[PendingAdChange]):
    """The queue before execution."""

    scopes = {"GET": scopes.CHANGES_READ, "POST": scopes.CHANGES_PROPOSE}
    queryset = PendingAdChange.objects.none()
    serializer_class = forms.PendingOut
    filterset_class = PendingFilter
    keys_first = True

    def rows(self) -> QuerySet[PendingAdChange]:
        """Return open changes, unless a status is asked for."""
        # Indexes by status are of the proposals' workspace.
        rows = PendingAdChange.objects.filter(
            workspace=self.workspace, proposal__workspace=self.workspace
        )
        if "status" not in self.request.query_params:
            rows = rows.filter(proposal__status__in=OPEN)
        return rows.select_related("account", "proposal__current_plan")

    @extend_schema(tags=TAG, operation_id="pending_ad_changes_list", summary="List ad changes")
    def get(self, request: Request) -> Response:
        """Ad changes that wait, newest first."""
        return self.page()

    @extend_schema(
        tags=TAG,
        operation_id="pending_ad_changes_create",
        summary="Propose an ad change",
        request=forms.ChangeIn,
        responses={202: forms.PendingOut},
        examples=[_EXAMPLE],
    )
    @once
    def post(self, request: Request) -> Response:
        """Propose a budget, status or bid; it is sent once its plan is signed."""
        body = self.read(forms.ChangeIn)
        proposal = propose_for(self, KIND, self._request(body), reason=body["reason"])
        made = PendingAdChange.objects.select_related("account", "proposal__current_plan")
        shown = self.get_serializer(made.get(proposal=proposal))
        return Response(shown.data, status=status.HTTP_202_ACCEPTED)

    def _request(self, body: dict[str, Any]) -> dict[str, str]:
        account = None
        if given := body.get("ad_account"):
            account = find_account(workspace=self.workspace, given=given)
        entity = find_entity(
            MODELS[body["entity_type"]],
            workspace=self.workspace,
            given=body["entity_id"],
            field="entity_id",
            account=account,
        )
        return {
            "account": str(entity.account.public_id),
            "entity_type": body["entity_type"],
            "entity": str(entity.public_id),
            "change_type": body["change_type"],
            "value": body["value"],
        }


class HistoryFilter(Filters):
    """Filters of the history."""

    ad_account = AnyIdFilter("account__")
    entity_type = django_filters.ChoiceFilter(choices=EntityType.choices)
    entity_id = django_filters.CharFilter(field_name="entity_external_id")
    change_type = django_filters.ChoiceFilter(choices=ChangeType.choices)
    status = django_filters.CharFilter()
    proposal = django_filters.UUIDFilter(field_name="proposal__public_id")
    completed_after = MomentFilter(field_name="completed_at", lookup_expr="gte")
    completed_before = MomentFilter(field_name="completed_at", lookup_expr="lt")


class HistoryList(RowsView[AdChangeHistory]):
    """What was sent."""

    scopes = {"GET": scopes.CHANGES_READ}
    queryset = AdChangeHistory.objects.none()
    serializer_class = forms.HistoryOut
    filterset_class = HistoryFilter

    def rows(self) -> QuerySet[AdChangeHistory]:
        """Return the workspace's history."""
        rows = AdChangeHistory.objects.filter(workspace=self.workspace)
        return rows.select_related("account", "proposal")

    @extend_schema(
        tags=TAG, operation_id="ad_change_history_list", summary="List executed ad changes"
    )
    def get(self, request: Request) -> Response:
        """Every settled attempt, newest first."""
        return self.page()
