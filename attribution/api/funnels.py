"""Funnels over REST."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.api import funnel_serializers as forms
from attribution.models import FunnelDefinition
from attribution.selectors.funnels.results import bars_of, breakdown_of, times_of, trend_of
from attribution.selectors.funnels.shapes import Bars, Filters, FunnelView, Line
from attribution.services.funnels.defining import create_funnel
from campaigns.api.queries import chosen_period
from workspaces import scopes
from workspaces.api.fields import amount_of
from workspaces.api.filters import Filters as RowFilters
from workspaces.api.idempotency import once
from workspaces.api.views import ApiView, RowsView

TAG = ["Website"]
_FILTERS: Final = ("source", "device", "customer_type", "variant")
_FUNNEL = OpenApiExample(
    "From product to purchase",
    value={
        "name": "Shop",
        "steps": [
            {"name": "Product", "any_of": [{"kind": "page", "match": "/p/*"}]},
            {
                "name": "Cart",
                "any_of": [
                    {"kind": "page", "match": "/cart"},
                    {
                        "kind": "event", "match": "add_to_cart",
                        "where": [{"property": "value", "op": "gte", "value": 20}],
                    },
                ],
            },
            {"name": "Purchase", "any_of": [{"kind": "event", "match": "purchase"}]},
        ],
        "exclusions": [{"kind": "event", "match": "logout"}],
        "window_seconds": 604_800,
        "mode": "loose",
        "alert_drop_pct": 20,
    },
    request_only=True,
)  # fmt: skip


class FunnelFilter(RowFilters):
    """What funnels are filtered by."""

    is_active = django_filters.BooleanFilter()


class Funnels(RowsView[FunnelDefinition]):
    """Funnels of the workspace's websites."""

    scopes = {"GET": scopes.ATTRIBUTION_READ, "POST": scopes.EVENTS_WRITE}
    queryset = FunnelDefinition.objects.none()
    serializer_class = forms.FunnelOut
    filterset_class = FunnelFilter

    def rows(self) -> QuerySet[FunnelDefinition]:
        """All of the workspace."""
        return FunnelDefinition.objects.filter(workspace=self.workspace).select_related("site")

    @extend_schema(tags=TAG, operation_id="website_funnels", summary="List funnels")
    def get(self, request: Request) -> Response:
        """Answer with a page."""
        return self.page()

    @extend_schema(
        tags=TAG,
        operation_id="website_funnels_create",
        summary="Define a funnel",
        request=forms.FunnelIn,
        responses={201: forms.FunnelOut},
        examples=[_FUNNEL],
    )
    @once
    def post(self, request: Request) -> Response:
        """Its figures are there within minutes, over all days whose events are kept."""
        body = self.read(forms.FunnelIn)
        named = {name: body.pop(name) for name in ("name", "site", "alert_drop_pct")}
        funnel = create_funnel(
            workspace=self.workspace, document=body, by=self.caller.user, now=self.now, **named
        )
        return Response(forms.FunnelOut(funnel).data, status=status.HTTP_201_CREATED)


class FunnelAnalyticsView(ApiView):
    """What became of the people of a funnel."""

    scopes = {"GET": scopes.ATTRIBUTION_READ}

    @extend_schema(
        tags=TAG,
        operation_id="website_funnel_analytics",
        summary="Show how far people get through a funnel",
        parameters=[forms.AnalyticsQuery],
        responses=forms.AnalyticsOut,
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Days are those of the first step; later steps may follow within the window."""
        funnels = FunnelDefinition.objects.filter(workspace=self.workspace)
        funnel = funnels.select_related("workspace").filter(public_id=public_id).first()
        if funnel is None:
            raise Http404
        asked = self.read_query(forms.AnalyticsQuery)
        filters = Filters(**{name: asked[name] for name in _FILTERS if name in asked})
        view = FunnelView(funnel, chosen_period(asked, self.workspace, self.now), filters)
        shown = {
            "funnel": funnel.public_id,
            "name": funnel.name,
            "refreshed_at": funnel.refreshed_at,
            "current": self._bars(view, bars_of(view)),
            "previous": self._bars(view.previous, bars_of(view.previous)),
            "days": [self._line(line) for line in trend_of(view)],
            "by": asked["by"],
            "breakdown": [self._line(line) for line in breakdown_of(view, asked["by"])],
            "times": times_of(view),
        }
        return Response(forms.AnalyticsOut(shown).data)

    def _bars(self, view: FunnelView, bars: Bars) -> dict[str, Any]:
        currency = self.workspace.currency
        return {
            "since": view.period.since,
            "until": view.period.until,
            "entered": bars.entered,
            "completed": bars.completed,
            "rate": bars.rate,
            "revenue": amount_of(bars.revenue, currency),
            "average_order_value": amount_of(bars.average_order_value, currency),
            "median_seconds": bars.median_seconds,
            "p90_seconds": bars.p90_seconds,
            "worst_step": bars.worst.number if bars.worst else None,
            "steps": bars.steps,
        }

    def _line(self, line: Line) -> dict[str, Any]:
        return {
            "key": line.key,
            "entered": line.entered,
            "completed": line.completed,
            "rate": line.rate,
            "reached": line.reached,
            "revenue": amount_of(line.revenue, self.workspace.currency),
        }
