"""The sampler in JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from workspaces.api.fields import AmountField, Body

_MOST_ARMS = 500
_MOST = 10**12


class AdStateIn(Body):
    """Figures of one arm: whatever owns a budget. Revenue that is not known is left out."""

    ad_id = serializers.CharField(max_length=200)
    impressions = serializers.IntegerField(min_value=0, max_value=_MOST)
    clicks = serializers.IntegerField(min_value=0, max_value=_MOST)
    spend = AmountField()
    pipeline_value = AmountField(required=False, allow_null=True, default=None)
    cash_revenue = AmountField(required=False, allow_null=True, default=None)
    age_hours = serializers.FloatField(min_value=0, max_value=10**6)
    daily_budget = AmountField(help_text="The real one, on the platform now.")
    frequency = serializers.FloatField(
        min_value=0, max_value=10**6, required=False, allow_null=True, default=None
    )
    last_updated = serializers.DateTimeField(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse more clicks than impressions."""
        if attrs["clicks"] > attrs["impressions"]:
            raise serializers.ValidationError({"clicks": "More clicks than impressions."})
        return attrs


class SelectIn(Body):
    """Arms and a daily total to share out, in the workspace's currency."""

    ad_states = serializers.ListField(child=AdStateIn(), allow_empty=False, max_length=_MOST_ARMS)
    total_budget = AmountField()
    mode = serializers.ChoiceField(
        ["pipeline", "direct"], required=False, help_text="Default: the workspace's."
    )
    creative_dna_scores = serializers.DictField(
        child=serializers.FloatField(min_value=0, max_value=1),
        required=False,
        default=dict,
        help_text="Likeness to past winners in [0, 1], by ad_id.",
    )


class ArmMetricsOut(serializers.Serializer[Any]):
    """Figures behind a recommendation."""

    impressions = serializers.IntegerField()
    clicks = serializers.IntegerField()
    ctr = serializers.FloatField()
    pipeline_roas = serializers.FloatField(allow_null=True)
    ctr_weight = serializers.FloatField()
    roas_weight = serializers.FloatField()
    blended_score = serializers.FloatField()
    decay_factor = serializers.FloatField()
    age_hours = serializers.FloatField()


class RecommendationOut(serializers.Serializer[Any]):
    """One arm's share."""

    ad_id = serializers.CharField()
    current_budget = AmountField()
    recommended_budget = AmountField()
    change_percentage = serializers.FloatField(allow_null=True)
    decision = serializers.ChoiceField(["kill", "scale", "maintain"])
    confidence = serializers.FloatField()
    reason = serializers.CharField()
    propensity = serializers.FloatField(help_text="Probability of being the best arm.")
    explanation = serializers.CharField()
    warnings = serializers.ListField(child=serializers.CharField())
    metrics = ArmMetricsOut()


class AllocationOut(serializers.Serializer[Any]):
    """Recommended budgets; their sum and `unallocated` make the total."""

    total_budget = AmountField()
    currency = serializers.CharField()
    num_ads = serializers.IntegerField()
    unallocated = serializers.CharField(help_text="Negative where lower bounds need more.")
    allocation_id = serializers.UUIDField()
    seed = serializers.IntegerField()
    mode = serializers.CharField()
    policy_version = serializers.CharField()
    warnings = serializers.ListField(child=serializers.CharField())
    recommendations = RecommendationOut(many=True)


class FeedbackIn(Body):
    """What an arm really brought, told once per event."""

    ad_id = serializers.CharField(
        max_length=200, help_text="An arm of a draw, our id, or the platform's."
    )
    actual_pipeline_value = AmountField()
    actual_spend = AmountField()
    event_id = serializers.CharField(max_length=200)


class FeedbackOut(serializers.Serializer[Any]):
    """What the ledger holds."""

    status = serializers.ChoiceField(["recorded", "already_recorded"])
    ad_id = serializers.CharField()
    actual_roas = serializers.FloatField(allow_null=True)
    timestamp = serializers.DateTimeField()
