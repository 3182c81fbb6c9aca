"""Best practices over REST."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from experiments.models import BestPractice, PracticeCategory, PracticeSource, PracticeState
from experiments.selectors.practice_board import practices_of
from workspaces import scopes
from workspaces.api.views import RowsView

TAG = ["Experiments"]
_CHOICES = {
    "state": PracticeState.values,
    "category": PracticeCategory.values,
    "source": PracticeSource.values,
}
_FILTERS = [
    *(OpenApiParameter(name, str, enum=values) for name, values in _CHOICES.items()),
    OpenApiParameter("channel", str, description="Slug of a channel."),
    OpenApiParameter("q", str, description="Words of the title or the recommendation."),
]


class BestPracticeOut(serializers.Serializer[Any]):
    """Something that works, as far as is known."""

    id = serializers.UUIDField(source="public_id")
    key = serializers.CharField()
    category = serializers.ChoiceField(PracticeCategory.choices)
    channel = serializers.CharField(help_text="Empty: any.")
    practice_type = serializers.CharField()
    title = serializers.CharField()
    recommendation = serializers.CharField()
    rule = serializers.JSONField(help_text="Measure → ranges `[low, high]`; null is open.")
    source = serializers.ChoiceField(PracticeSource.choices)  # type: ignore[assignment]  # its name
    state = serializers.ChoiceField(PracticeState.choices)
    why = serializers.CharField(help_text="Of the state, in words.")
    confidence = serializers.FloatField(help_text="Probability that it does good.")
    sample_size = serializers.IntegerField()
    baseline_value = serializers.FloatField(allow_null=True)
    optimised_value = serializers.FloatField(allow_null=True)
    effect = serializers.FloatField(allow_null=True, help_text="Relative, shrunk: 0.08 is +8 %.")
    effect_low = serializers.FloatField(allow_null=True)
    effect_high = serializers.FloatField(allow_null=True)
    correlation = serializers.FloatField(allow_null=True)
    segments = serializers.JSONField(help_text="By channel: effect and tests.")
    validation_count = serializers.IntegerField()
    times_applied = serializers.IntegerField()
    version = serializers.IntegerField()
    first_seen_at = serializers.DateTimeField()
    next_check_on = serializers.DateField(allow_null=True)
    deprecated_at = serializers.DateTimeField(allow_null=True)
    deprecated_reason = serializers.CharField()


class PracticeList(RowsView[BestPractice]):
    """All practices."""

    scopes = {"GET": scopes.EXPERIMENTS_READ}
    queryset = BestPractice.objects.none()
    serializer_class = BestPracticeOut

    def rows(self) -> QuerySet[BestPractice]:
        """Those that fit the filters."""
        asked = {name: self.request.query_params.get(name, "")
                 for name in (*_CHOICES, "channel", "q")}  # fmt: skip
        for name, values in _CHOICES.items():
            if asked[name] and asked[name] not in values:
                raise ValidationError({name: f"Choose one of {', '.join(values)}."})
        return practices_of(self.workspace, asked)

    @extend_schema(
        tags=TAG,
        operation_id="best_practices_list",
        summary="List best practices",
        parameters=_FILTERS,
        responses=BestPracticeOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Practices, the surest first."""
        return self.page()
