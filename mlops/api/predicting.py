"""Predictions over REST: asked of a worker that has its models loaded."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from mlops.engine.learning.kinds import KINDS
from mlops.models import PredictionDoor
from mlops.selectors.registry import champion_of
from mlops.services.predicting import (
    MOST_ROWS,
    NoModelError,
    checked_rows,
    no_model_yet,
    require_asked_here,
)
from mlops.tasks import Answer, BusyError, Question, ask
from workspaces import scopes
from workspaces.api.fields import Body
from workspaces.api.idempotency import once
from workspaces.api.views import ApiView

TAG = ["Machine learning"]
_EXAMPLE = OpenApiExample(
    "Two users of the app", value={"user_ids": ["u-1001", "u-1002"]}, request_only=True
)


class ModelPredictionIn(Body):
    """Whom or what to predict: rows, users of the app, or campaigns; one of the three."""

    rows = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        min_length=1,
        max_length=MOST_ROWS,
        help_text="All features that the model reads, by name; null where a number is unknown.",
    )
    user_ids = serializers.ListField(
        child=serializers.CharField(max_length=120),
        required=False,
        min_length=1,
        max_length=MOST_ROWS,
        help_text="As the app names them; their features are those of their first week.",
    )
    campaign_ids = serializers.ListField(
        child=serializers.CharField(max_length=120),
        required=False,
        min_length=1,
        max_length=MOST_ROWS,
        help_text="`id` of `campaigns/`; their features are those of the days before the next one.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take exactly one of the three."""
        if len(attrs) != 1:
            raise serializers.ValidationError(
                {"rows": "Send rows, user_ids or campaign_ids, one of the three."}
            )
        return attrs


class ModelReasonOut(serializers.Serializer[Any]):
    """What a feature added."""

    feature = serializers.CharField()
    effect = serializers.FloatField()


class ModelPredictionOut(serializers.Serializer[Any]):
    """What the model says of one row."""

    subject = serializers.CharField(
        allow_blank=True, help_text="The user's or campaign's id, where given."
    )
    prediction = serializers.FloatField(help_text="The first figure, or the only one.")
    figures = serializers.ListField(child=serializers.FloatField())
    reasons = ModelReasonOut(many=True, help_text="Ten at most, the largest effect first.")
    version = serializers.IntegerField(help_text="That said it; a canary answers some subjects.")
    version_id = serializers.UUIDField()
    sha256 = serializers.CharField(help_text="Of its artefact.")


class ModelPredictionsOut(serializers.Serializer[Any]):
    """What a version said, and how to have it said again."""

    model = serializers.CharField()
    unit = serializers.CharField(help_text="probability, a currency, or number.")
    outputs = serializers.ListField(
        child=serializers.CharField(), help_text="What `figures` are, in their order."
    )
    version = serializers.IntegerField(help_text="That said it all, or of two the champion.")
    version_id = serializers.UUIDField()
    sha256 = serializers.CharField(help_text="Of its artefact.")
    code_version = serializers.CharField()
    prediction_id = serializers.UUIDField(help_text="For `manage.py reproduce_prediction`.")
    predictions = ModelPredictionOut(many=True)


class NotAnsweredError(APIException):
    """No worker answered in time."""

    status_code = 503

    def __init__(self, error: BusyError) -> None:
        super().__init__(str(error))
        self.wait = error.wait


class Predict(ApiView):
    """Ask a model."""

    scopes = {"POST": scopes.ML_READ}
    throttle_group = "ml"

    @extend_schema(
        tags=TAG,
        operation_id="models_predict",
        summary="Ask the model that serves",
        request=ModelPredictionIn,
        responses={
            200: ModelPredictionsOut,
            503: OpenApiResponse(description="No worker answered; `Retry-After` says when to ask."),
        },
        examples=[_EXAMPLE],
    )
    @once
    def post(self, request: Request, name: str) -> Response:
        """Predict with reasons. What is said is kept, and can be made again to the last bit."""
        if name not in KINDS:
            raise Http404
        require_asked_here(name)
        body = self.read(ModelPredictionIn)
        champion = champion_of(workspace=self.workspace, name=name)
        if champion is None:
            raise NoModelError(no_model_yet(name))
        if "rows" in body:
            # Also where it runs: another version may serve by then. Here it costs no worker.
            checked_rows(champion, body["rows"])
        try:
            answer = ask(self.workspace, Question(name, **body), door=PredictionDoor.API)
        except BusyError as error:
            raise NotAnsweredError(error) from error
        return Response(ModelPredictionsOut(_shown(answer, name, self.workspace.currency)).data)


def _shown(answer: Answer, name: str, currency: str) -> dict[str, Any]:
    return {
        "model": name,
        "unit": KINDS[name].unit_in(currency),
        "outputs": KINDS[name].outputs,
        "version": answer.version,
        "version_id": answer.version_id,
        "sha256": answer.sha256,
        "code_version": answer.code_version,
        "prediction_id": answer.batch,
        "predictions": [
            {
                "subject": told.subject,
                "prediction": told.output[0],
                "figures": told.output,
                "reasons": [{"feature": name, "effect": effect} for name, effect in told.reasons],
                # A worker of before there were canaries does not say it of each row.
                "version": told.version or answer.version,
                "version_id": told.version_id or answer.version_id,
                "sha256": told.sha256 or answer.sha256,
            }
            for told in answer.told
        ],
    }
