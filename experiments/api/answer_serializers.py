"""What the API says of tests: drafts, results, sizes and what was told."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from experiments.models import (
    ABTestStatus,
    ABTestType,
    EndReason,
    Method,
    MetricRole,
    Mode,
    RollOutState,
    Surface,
)

_SHARE = "Ten-thousandths: 5000 is 50 %."
_MOST = 2**31 - 1


class ToldOut(serializers.Serializer[Any]):
    """How many were new, and how many were known."""

    taken = serializers.IntegerField()
    known = serializers.IntegerField()


class TrackedOut(serializers.Serializer[Any]):
    """What was taken."""

    exposures = ToldOut()
    events = ToldOut()


class SizingOut(serializers.Serializer[Any]):
    """What it takes."""

    units = serializers.IntegerField(help_text="Of each variant.")
    total_units = serializers.IntegerField()
    typical_units = serializers.IntegerField(
        allow_null=True, help_text="Of each: half of the always-valid tests have called it by then."
    )
    days = serializers.IntegerField(allow_null=True)
    fits = serializers.BooleanField(allow_null=True, help_text="Within the most days.")


class VariantOut(serializers.Serializer[Any]):
    """An arm."""

    key = serializers.CharField()
    name = serializers.CharField()
    weight = serializers.IntegerField(help_text=_SHARE)
    is_control = serializers.BooleanField()
    config = serializers.JSONField()
    ad = serializers.UUIDField(source="ad.public_id", allow_null=True, default=None)


class PartOut(serializers.Serializer[Any]):
    """A metric and its part."""

    metric = serializers.CharField(source="metric.key")
    name = serializers.CharField(source="metric.name")
    role = serializers.ChoiceField(MetricRole.choices)
    harm_bp = serializers.IntegerField()


class PlaceOut(serializers.Serializer[Any]):
    """Where on a website it lives."""

    site = serializers.UUIDField(source="site.public_id")
    page_pattern = serializers.CharField()
    selector = serializers.CharField()
    deployed_at = serializers.DateTimeField(allow_null=True)


class ABTestOut(serializers.Serializer[Any]):
    """A test."""

    id = serializers.UUIDField(source="public_id")
    key = serializers.CharField()
    name = serializers.CharField()
    hypothesis = serializers.CharField()
    status = serializers.ChoiceField(ABTestStatus.choices)
    type = serializers.ChoiceField(ABTestType.choices)
    surface = serializers.ChoiceField(Surface.choices)
    channel = serializers.CharField()
    targeting = serializers.JSONField()
    traffic = serializers.IntegerField(help_text=_SHARE)
    layer = serializers.CharField(source="layer.name", allow_null=True, default=None)
    layer_from = serializers.IntegerField()
    layer_to = serializers.IntegerField()
    mode = serializers.ChoiceField(Mode.choices)
    method = serializers.ChoiceField(Method.choices)
    alpha_bp = serializers.IntegerField()
    power_bp = serializers.IntegerField()
    minimum_effect_bp = serializers.IntegerField()
    planned_units = serializers.IntegerField(allow_null=True)
    min_days = serializers.IntegerField()
    max_days = serializers.IntegerField()
    holdback = serializers.IntegerField(help_text=_SHARE)
    planned_for = serializers.DateField(allow_null=True)
    website = PlaceOut(allow_null=True, default=None)
    variants = serializers.SerializerMethodField()
    metrics = PartOut(many=True)
    decision_rule = serializers.JSONField(help_text="As signed at the start.")
    origin = serializers.CharField(
        allow_blank=True,
        help_text="What it was made of: funnel:ID, advice:ID:place.",
    )
    created_by = serializers.CharField(source="created_by_label")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    paused_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.ChoiceField(EndReason.choices, allow_blank=True)
    winner = serializers.CharField(source="winner.key", allow_null=True, default=None)

    def get_variants(self, test: Any) -> list[dict[str, Any]]:
        """Arms in order, the control first."""
        arms = sorted(test.variants.all(), key=lambda one: int(one.position))
        return [dict(VariantOut(one).data) for one in arms]


class ABComparisonOut(serializers.Serializer[Any]):
    """A variant against the control."""

    effect = serializers.FloatField()
    ci_low = serializers.FloatField()
    ci_high = serializers.FloatField()
    p_value = serializers.FloatField(allow_null=True)
    chance_to_win = serializers.FloatField()
    risk_ship = serializers.FloatField()
    risk_keep = serializers.FloatField()
    method = serializers.ChoiceField(Method.choices)
    not_computable = serializers.CharField(allow_null=True)


class FigureOut(serializers.Serializer[Any]):
    """A metric of a variant; hidden while too few units came."""

    variant = serializers.CharField(source="variant.key")
    units = serializers.IntegerField()
    value = serializers.FloatField(allow_null=True)
    comparison = ABComparisonOut(
        source="shown", allow_null=True, help_text="Relative, to be read: 0.04 is +4 %."
    )
    decisive = ABComparisonOut(
        allow_null=True, help_text="In the metric's own unit: the standing comes from it."
    )
    p_adjusted = serializers.FloatField(
        allow_null=True, help_text="Of it, for all variants and metrics of the part together."
    )
    standing = serializers.CharField(help_text="control, hidden, open, better, worse, safe, harmed")


class MetricResultOut(serializers.Serializer[Any]):
    """A metric of all variants."""

    metric = serializers.CharField(source="metric.key")
    name = serializers.CharField(source="metric.name")
    kind = serializers.CharField(source="metric.kind")
    goal = serializers.CharField(source="metric.goal")
    role = serializers.ChoiceField(MetricRole.choices)
    figures = FigureOut(many=True)


class ArmUnitsOut(serializers.Serializer[Any]):
    """Units that met a variant first."""

    variant = serializers.CharField(source="variant.key")
    units = serializers.IntegerField()
    in_several = serializers.IntegerField()


class ABSplitOut(serializers.Serializer[Any]):
    """Who met which variant."""

    arms = ArmUnitsOut(many=True)
    p_value = serializers.FloatField(allow_null=True, help_text="That units are split by weight.")
    is_mismatch = serializers.BooleanField()
    has_moved = serializers.BooleanField(help_text="Shares were changed while it ran.")


class CauseOut(serializers.Serializer[Any]):
    """A part of the units in which the split is off: a hint to why it is."""

    dimension = serializers.CharField(help_text="device, source, country, customer")
    segment = serializers.CharField(allow_blank=True)
    units = serializers.IntegerField()
    p_value = serializers.FloatField(help_text="Of the split in it; answers for all parts.")
    share_of_excess = serializers.FloatField(
        help_text="How much of the test's surplus of one variant lies in it."
    )


class WeightedOut(serializers.Serializer[Any]):
    """Mean of a variant, its units weighed by one over the share that they came in by."""

    variant = serializers.CharField(source="variant.key")
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    effective_units = serializers.FloatField(
        help_text="Units of an even split that are worth as much."
    )


class DecisionOut(serializers.Serializer[Any]):
    """What the rule says now."""

    action = serializers.CharField(
        help_text="ship, stop_harm, stop_futility, stop_time_up, keep_running, gated"
    )
    variant = serializers.CharField(allow_null=True)
    codes = serializers.ListField(child=serializers.CharField())
    guardrails = serializers.ListField(child=serializers.CharField())


class SegmentOut(serializers.Serializer[Any]):
    """Part of the units; exploratory."""

    key = serializers.CharField(allow_blank=True)
    units = serializers.IntegerField()
    primary = MetricResultOut()


class DayLineOut(serializers.Serializer[Any]):
    """Effect of a variant by day; null where it may not be shown."""

    variant = serializers.CharField()
    effect = serializers.ListField(child=serializers.FloatField(allow_null=True))
    low = serializers.ListField(child=serializers.FloatField(allow_null=True))
    high = serializers.ListField(child=serializers.FloatField(allow_null=True))


class SeriesOut(serializers.Serializer[Any]):
    """The primary metric as of the end of each day."""

    days = serializers.ListField(child=serializers.DateField())
    lines = DayLineOut(many=True)


class ABRollOutOut(serializers.Serializer[Any]):
    """A winner on its way to everybody."""

    variant = serializers.CharField(source="variant.key")
    state = serializers.ChoiceField(RollOutState.choices)
    share = serializers.IntegerField(help_text=_SHARE)
    holdback = serializers.IntegerField(help_text=_SHARE)
    started_at = serializers.DateTimeField()
    next_step_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    claimed = serializers.FloatField(allow_null=True)
    claimed_low = serializers.FloatField(allow_null=True)
    claimed_high = serializers.FloatField(allow_null=True)
    realised = serializers.FloatField(allow_null=True)
    realised_low = serializers.FloatField(allow_null=True)
    realised_high = serializers.FloatField(allow_null=True)


class ABResultsOut(serializers.Serializer[Any]):
    """What came of a test so far."""

    test = serializers.UUIDField(source="test.public_id")
    status = serializers.ChoiceField(ABTestStatus.choices, source="test.status")
    days = serializers.IntegerField(help_text="Full days run.")
    newest_day = serializers.DateField(allow_null=True)
    is_shown = serializers.BooleanField(help_text="Every variant has enough units.")
    split = ABSplitOut()
    causes = CauseOut(many=True, help_text="Only while the split is off.")
    metrics = MetricResultOut(many=True)
    decision = DecisionOut(allow_null=True)
    words = serializers.CharField(help_text="What that means.")
    weighted = WeightedOut(many=True, help_text="Primary metric of a bandit (IPW).")
    series = SeriesOut()
    segments = SegmentOut(many=True)
    roll_outs = ABRollOutOut(many=True)


class MetricOut(serializers.Serializer[Any]):
    """A metric to choose from."""

    key = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    event = serializers.CharField()
    amount = serializers.CharField()
    per_event = serializers.CharField()
    per_amount = serializers.CharField()
    window_h = serializers.IntegerField()
    cap = serializers.CharField(allow_null=True)
    goal = serializers.CharField()
    covariate_days = serializers.IntegerField()


class CheckLineOut(serializers.Serializer[Any]):
    """One line of the checklist."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    verdict = serializers.CharField(help_text="passed, warning, blocked")
    text = serializers.CharField()
