"""Recommendations for websites over REST."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.models import AdviceKind, AdviceStatus, OptimizationRecommendation
from attribution.selectors.advice import advice_of
from workspaces import scopes
from workspaces.api.filters import Filters
from workspaces.api.views import RowsView


class WebsiteAdviceOut(serializers.ModelSerializer[OptimizationRecommendation]):
    """One thing to change."""

    id = serializers.UUIDField(source="public_id")
    funnel = serializers.UUIDField(source="funnel.public_id")
    evidence = serializers.DictField()
    test = serializers.DictField(help_text="Suggested test: people per arm, days.")

    class Meta:
        model = OptimizationRecommendation
        fields = (
            "id", "funnel", "kind", "area", "problem", "impact", "change", "steps",
            "expected_gain", "gain_text", "evidence", "confidence", "test", "since", "until",
            "status", "reviewed_at", "implemented_at", "test_key", "measured_gain",
        )  # fmt: skip


class RecommendationFilter(Filters):
    """What recommendations are filtered by."""

    status = django_filters.ChoiceFilter(choices=AdviceStatus.choices)
    kind = django_filters.ChoiceFilter(choices=AdviceKind.choices)
    funnel = django_filters.UUIDFilter(field_name="funnel__public_id")


class Recommendations(RowsView[OptimizationRecommendation]):
    """What to change on the workspace's websites."""

    scopes = {"GET": scopes.ATTRIBUTION_READ}
    queryset = OptimizationRecommendation.objects.none()
    serializer_class = WebsiteAdviceOut
    filterset_class = RecommendationFilter
    ordering_fields = ("expected_gain", "confidence")

    def rows(self) -> QuerySet[OptimizationRecommendation]:
        """All of the workspace."""
        return advice_of(self.workspace)

    @extend_schema(
        tags=["Website"],
        operation_id="website_recommendations",
        summary="List recommendations for websites",
    )
    def get(self, request: Request, **_: Any) -> Response:
        """Answer with a page."""
        return self.page()
