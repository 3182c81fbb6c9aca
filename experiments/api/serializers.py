"""Tests in JSON. Shares are in ten-thousandths wherever they are stored: 5000 is 50 %."""

from __future__ import annotations

from decimal import Decimal
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
from experiments.models.ab_tests import WHOLE
from experiments.services.counting.telling import MOST_AT_ONCE
from workspaces.api.fields import Body, RefusesUnknown

_SHARE = "Ten-thousandths: 5000 is 50 %."
_MOST = 2**31 - 1


def _share(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=WHOLE, help_text=_SHARE, **options)


def _number(least: int = 1, most: int = _MOST, **options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=least, max_value=most, required=False, **options)


class VariantIn(RefusesUnknown):
    """An arm; the first one is the control."""

    key = serializers.CharField(max_length=40, required=False)
    name = serializers.CharField(max_length=120)
    weight = _share(required=False)
    config = serializers.DictField(
        required=False, help_text="Of a website: `changes` or `redirect`."
    )
    ad = serializers.UUIDField(required=False, allow_null=True, help_text="Of a test of ads.")


class PartIn(RefusesUnknown):
    """A metric and its part."""

    metric = serializers.CharField(max_length=40, help_text="Its key.")
    role = serializers.ChoiceField(MetricRole.choices, required=False)
    harm_bp = _number(0, WHOLE, help_text="Of a guardrail: the loss that is tolerated.")


class PlaceIn(RefusesUnknown):
    """Where on a website it lives."""

    site = serializers.UUIDField()
    page_pattern = serializers.CharField(max_length=200, required=False)
    selector = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ABTestChangeIn(Body):
    """What is to change of a draft."""

    name = serializers.CharField(max_length=120, required=False)
    key = serializers.CharField(max_length=40, required=False)
    hypothesis = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    type = serializers.ChoiceField(ABTestType.choices, required=False)
    surface = serializers.ChoiceField(Surface.choices, required=False)
    channel = serializers.CharField(max_length=40, required=False, allow_blank=True)
    targeting = serializers.DictField(
        required=False, help_text="devices, countries, customer_types, query."
    )
    traffic = _share(required=False)
    layer = serializers.CharField(max_length=80, required=False, allow_null=True)
    layer_from = _share(required=False)
    layer_to = _share(required=False)
    mode = serializers.ChoiceField(Mode.choices, required=False)
    method = serializers.ChoiceField(Method.choices, required=False)
    alpha_bp = _number(1, 2_000)
    power_bp = _number(5_000, 9_900)
    minimum_effect_bp = _number(1, 100_000)
    planned_units = _number(1, 10**12, allow_null=True)
    min_days = _number(1, 365)
    max_days = _number(1, 365)
    holdback = serializers.IntegerField(
        min_value=0, max_value=WHOLE // 2, required=False, help_text=_SHARE
    )
    planned_for = serializers.DateField(required=False, allow_null=True)
    website = PlaceIn(required=False, allow_null=True)
    variants = serializers.ListField(child=VariantIn(), required=False, max_length=10)
    metrics = serializers.ListField(child=PartIn(), required=False, max_length=20)


class ABTestIn(ABTestChangeIn):
    """A new draft; what is not said is what the workspace usually does."""

    name = serializers.CharField(max_length=120)


class ReasonIn(Body):
    """Why."""

    reason = serializers.CharField(max_length=300)


class StartIn(Body):
    """Why, if that is not plain."""

    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class WinnerIn(Body):
    """The variant that won."""

    variant = serializers.CharField(max_length=40, help_text="Its key.")
    reason = serializers.CharField(max_length=1000)


class SharesIn(Body):
    """Who comes in from now on; whoever met a variant keeps it."""

    reason = serializers.CharField(max_length=300)
    traffic = _share(required=False)
    weights = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=WHOLE),
        required=False,
        help_text="Of every variant, by key; 10000 in all.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one of them at least."""
        if "traffic" not in attrs and "weights" not in attrs:
            raise serializers.ValidationError({"traffic": "Give traffic, weights, or both."})
        return attrs


class ExposureIn(RefusesUnknown):
    """A unit that really saw a variant."""

    unit = serializers.CharField(max_length=120)
    variant = serializers.CharField(max_length=40, help_text="Its key.")
    at = serializers.DateTimeField(required=False, help_text="Now, where it is left out.")
    device = serializers.CharField(max_length=10, required=False, default="", allow_blank=True)
    source = serializers.CharField(  # type: ignore[assignment]  # a field of that name
        max_length=120, required=False, default="", allow_blank=True
    )
    country = serializers.CharField(max_length=2, required=False, default="", allow_blank=True)
    customer_type = serializers.CharField(
        max_length=9, required=False, default="", allow_blank=True
    )


class UnitEventIn(RefusesUnknown):
    """Something that a unit did; told twice under one id, it counts once."""

    event_id = serializers.CharField(max_length=120)
    unit = serializers.CharField(max_length=120)
    name = serializers.CharField(max_length=120)
    at = serializers.DateTimeField(required=False, help_text="Now, where it is left out.")
    value = serializers.DecimalField(
        max_digits=20, decimal_places=6, required=False, default=Decimal(0)
    )


class TrackIn(Body):
    """Who saw which variant, and what they did."""

    exposures = serializers.ListField(
        child=ExposureIn(), required=False, default=list, max_length=MOST_AT_ONCE
    )
    events = serializers.ListField(
        child=UnitEventIn(), required=False, default=list, max_length=MOST_AT_ONCE
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one of them at least."""
        if not attrs["exposures"] and not attrs["events"]:
            raise serializers.ValidationError({"exposures": "Send exposures, events, or both."})
        return attrs


class ToldOut(serializers.Serializer[Any]):
    """How many were new, and how many were known."""

    taken = serializers.IntegerField()
    known = serializers.IntegerField()


class TrackedOut(serializers.Serializer[Any]):
    """What was taken."""

    exposures = ToldOut()
    events = ToldOut()


class PowerIn(Body):
    """A test to size."""

    baseline = serializers.FloatField(
        min_value=1e-9, max_value=1e12, help_text="The control's conversion rate, or its mean."
    )
    minimum_effect = serializers.FloatField(
        min_value=1e-6, max_value=100, default=0.1, help_text="Relative: 0.1 is +10 %."
    )
    variance = serializers.FloatField(
        min_value=1e-12, max_value=1e18, required=False, help_text="Of one unit; of a mean."
    )
    alpha = serializers.FloatField(min_value=1e-4, max_value=0.2, default=0.05)
    power = serializers.FloatField(min_value=0.5, max_value=0.99, default=0.8)
    variants = serializers.IntegerField(min_value=2, max_value=10, default=2)
    method = serializers.ChoiceField(Method.choices, default=Method.ALWAYS_VALID)
    daily_units = serializers.FloatField(min_value=1e-3, max_value=1e12, required=False)
    min_days = serializers.IntegerField(min_value=1, max_value=365, default=7)
    max_days = serializers.IntegerField(min_value=1, max_value=365, default=14)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Keep a share below one, also with the effect; a mean needs its variance."""
        if attrs.get("variance") is None:
            if not attrs["baseline"] < 1:
                raise serializers.ValidationError(
                    {"baseline": "A rate is below 1; of a mean give its variance too."}
                )
            if attrs["baseline"] * (1 + attrs["minimum_effect"]) > 1:
                raise serializers.ValidationError(
                    {"minimum_effect": "No rate grows by so much: it would be above 1."}
                )
        return attrs


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

    effect = serializers.FloatField(help_text="Relative: 0.04 is +4 %.")
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
    comparison = ABComparisonOut(source="shown", allow_null=True)
    p_adjusted = serializers.FloatField(
        allow_null=True, help_text="Answers for all variants and metrics of the part."
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
    metrics = MetricResultOut(many=True)
    decision = DecisionOut(allow_null=True)
    words = serializers.CharField(help_text="What that means.")
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
