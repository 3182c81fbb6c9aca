"""Predictions of campaigns over REST."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.queries import AnyIdFilter
from campaigns.models import Prediction, PredictionRisk
from campaigns.selectors.predictions import newest_predictions
from campaigns.services.predicting import PREDICTIONS_JOB
from workspaces import scopes
from workspaces.api.config_serializers import JobRunOut
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.jobs import started
from workspaces.api.proposal_serializers import NothingIn
from workspaces.api.views import ApiView, RowsView

TAG = ["Insight"]


class PredictionOut(serializers.ModelSerializer[Prediction]):
    """What a campaign's coming days are likely to return; low and high hold 80 %."""

    id = serializers.UUIDField(source="public_id")
    campaign_id = serializers.CharField(source="campaign.external_id")
    campaign = serializers.UUIDField(source="campaign.public_id")
    channel = serializers.CharField(source="campaign.channel")
    feature_importance = serializers.DictField(child=serializers.FloatField())

    class Meta:
        model = Prediction
        fields = (
            "id", "campaign_id", "campaign", "channel", "day", "horizon_days", "predicted_roi",
            "predicted_roas", "low", "high", "risk_level", "model_version", "feature_importance",
            "actual_roas", "created_at",
        )  # fmt: skip


class PredictionFilter(Filters):
    """What predictions are filtered by."""

    campaign = AnyIdFilter("campaign__")
    risk_level = django_filters.ChoiceFilter(choices=PredictionRisk.choices)
    channel = django_filters.CharFilter(field_name="campaign__channel")
    day = django_filters.DateFilter()


class Predictions(RowsView[Prediction]):
    """All predictions, one a campaign and day."""

    scopes = {"GET": scopes.INSIGHT_READ}
    queryset = Prediction.objects.none()
    serializer_class = PredictionOut
    filterset_class = PredictionFilter
    ordering_fields = ("predicted_roas", "day")

    def rows(self) -> QuerySet[Prediction]:
        """All of the workspace."""
        rows = Prediction.objects.filter(workspace=self.workspace)
        return rows.select_related("campaign")

    @extend_schema(tags=TAG, operation_id="predictions_list", summary="List predictions")
    def get(self, request: Request, **_: Any) -> Response:
        """Answer with a page."""
        return self.page()


class LatestPredictions(Predictions):
    """The newest prediction of each campaign."""

    def rows(self) -> QuerySet[Prediction]:
        """Those of the newest day that has any."""
        return newest_predictions(self.workspace)

    @extend_schema(
        tags=TAG,
        operation_id="predictions_latest",
        summary="The newest prediction of each campaign",
    )
    def get(self, request: Request, **_: Any) -> Response:
        """Answer with a page."""
        return self.page()


class GeneratePredictions(ApiView):
    """Predict now."""

    scopes = {"POST": scopes.INSIGHT_WRITE}

    @extend_schema(
        tags=TAG,
        operation_id="predictions_generate",
        summary="Predict all campaigns now",
        request=NothingIn,
        responses={202: JobRunOut},
    )
    @once
    def post(self, request: Request) -> Response:
        """Queue a run; one that waits already is returned."""
        return started(self, PREDICTIONS_JOB)
