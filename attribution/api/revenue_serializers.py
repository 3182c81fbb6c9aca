"""Stage values and pipeline value in JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from attribution.models import StageOutcome
from workspaces.api.fields import AmountField, Body
from workspaces.api.proposal_serializers import PlanProposedOut

_MOST_CHANGES = 10_000
_MOST_ADS = 10_000
_LONGEST_ID = 200


def _share(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=5, decimal_places=4, min_value=0, max_value=1, **options
    )


def _stage(**options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=60, **options)


class StageChangeIn(Body):
    """A deal moves from one stage to another; without ``stage_from`` it is a new deal."""

    stage_from = _stage(required=False, allow_blank=True, allow_null=True, default="")
    stage_to = _stage()
    deal_value = AmountField(
        required=False, allow_null=True, default=None, help_text="Real amount of a won deal."
    )


class IncrementOut(serializers.Serializer[Any]):
    """What a stage change is worth."""

    stage_from = serializers.CharField(allow_null=True)
    stage_to = serializers.CharField()
    synthetic_value = serializers.CharField(help_text="Present value of the deal.")
    calculated_value = serializers.CharField(help_text="What the change adds; may be negative.")
    confidence = serializers.FloatField()
    is_known = serializers.BooleanField(help_text="False: a stage is not configured.")
    reason = serializers.CharField()
    currency = serializers.CharField()
    timestamp = serializers.DateTimeField()


class AdRoasIn(Body):
    """Stage changes credited to an ad, and what the ad spent."""

    ad_spend = AmountField()
    stage_changes = serializers.ListField(child=StageChangeIn(), max_length=_MOST_CHANGES)


class AdRoasOut(serializers.Serializer[Any]):
    """Pipeline value against spend."""

    pipeline_value = serializers.CharField()
    pipeline_roas = serializers.FloatField(allow_null=True, help_text="Null without spend.")
    avg_confidence = serializers.FloatField()
    num_stage_changes = serializers.IntegerField()
    ad_spend = AmountField()
    currency = serializers.CharField()


class StageOut(serializers.Serializer[Any]):
    """One stage in force."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a name of ours
    order = serializers.IntegerField()
    value = AmountField()
    confidence = serializers.FloatField()
    description = serializers.CharField()
    outcome = serializers.ChoiceField(StageOutcome.choices)
    implied_conversion = serializers.FloatField(
        allow_null=True, help_text="Share won that the value takes for granted."
    )


class StagesOut(serializers.Serializer[Any]):
    """Stages by value."""

    currency = serializers.CharField()
    version = serializers.IntegerField()
    stages = StageOut(many=True)


class ConfigOut(StagesOut):
    """The version in force; version 0 with no stages before the first one."""

    template = serializers.CharField()
    average_deal_value = AmountField(allow_null=True)
    sales_cycle_days = serializers.FloatField(allow_null=True)
    win_rate = serializers.FloatField(allow_null=True)
    editor = serializers.CharField()
    effective_at = serializers.DateTimeField(allow_null=True)
    waiting_proposal_id = serializers.UUIDField(allow_null=True)


class StageIn(Body):
    """One stage as it should be."""

    key = _stage()
    label = serializers.CharField(max_length=120, required=False, default="")  # type: ignore[assignment]  # a name of ours
    order = serializers.IntegerField(min_value=0, max_value=10_000, required=False)
    value = AmountField()
    confidence = _share()
    description = serializers.CharField(
        max_length=300, required=False, allow_blank=True, default=""
    )
    outcome = serializers.ChoiceField(StageOutcome.choices, required=False, default="open")


class ConfigIn(Body):
    """All stages as they should be, or the name of a template."""

    template = serializers.CharField(max_length=40, required=False)
    stages = serializers.ListField(child=StageIn(), max_length=50, required=False)
    average_deal_value = AmountField(required=False)
    sales_cycle_days = serializers.DecimalField(
        max_digits=8, decimal_places=2, min_value=0, required=False
    )
    win_rate = _share(required=False)
    reason = serializers.CharField(max_length=1000, help_text="The person who signs reads it.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both at once, and neither."""
        if ("template" in attrs) == ("stages" in attrs):
            raise serializers.ValidationError(
                {"stages": "Send either all stages or the name of a template."}
            )
        return attrs


class ConfigProposedOut(PlanProposedOut):
    """The proposal that waits for a signature."""

    crossing_ads = serializers.IntegerField(
        source="stage_values.crossing_ads", help_text="Ads that would cross a line."
    )
    flipping_changes = serializers.IntegerField(
        source="stage_values.flipping_changes", help_text="Queued changes that would flip."
    )


class CrmDataIn(Body):
    """Pipeline value per ad, as the CRM sums it up; each call sets it anew."""

    ad_performances = serializers.DictField(
        child=AmountField(), allow_empty=False, help_text="By our id of the ad, or the platform's."
    )
    source = serializers.CharField(max_length=40, required=False, default="crm")  # type: ignore[assignment]  # a name of ours

    def validate_ad_performances(self, given: dict[str, Any]) -> dict[str, Any]:
        """Refuse what is too much, and ids that no platform has."""
        if len(given) > _MOST_ADS:
            raise serializers.ValidationError(f"Send at most {_MOST_ADS} ads in one call.")
        if any(not ad.strip() or len(ad) > _LONGEST_ID for ad in given):
            raise serializers.ValidationError(f"The id of an ad has 1 to {_LONGEST_ID} characters.")
        return given


class CrmDataOut(serializers.Serializer[Any]):
    """What became of the values; unknown ads wait in quarantine for a person."""

    status = serializers.ChoiceField(["ingested", "partly_ingested"])
    updated_ads = serializers.IntegerField()
    total_received = serializers.IntegerField()
    unknown_ads = serializers.ListField(child=serializers.CharField())
