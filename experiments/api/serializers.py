"""What the API takes of tests. Shares are in ten-thousandths, as they are stored: 5000 is 50 %."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from experiments.models import (
    ABTestType,
    Method,
    MetricRole,
    Mode,
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
