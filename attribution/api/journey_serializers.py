"""What is asked and answered about journeys and credit."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from attribution.api.conversion_serializers import StatsQuery
from attribution.models import CreditLevel, Method
from workspaces.api.fields import AmountOut


class CreditQuery(StatsQuery):
    """Which model over which days, shared out to whom."""

    model = serializers.ChoiceField(Method.choices, required=False)
    by = serializers.ChoiceField(CreditLevel.choices, required=False, default=CreditLevel.CHANNEL)
    type = serializers.CharField(max_length=40, required=False, default="")


class CreditedOut(serializers.Serializer[Any]):
    """A campaign or an ad."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class CreditOut(serializers.Serializer[Any]):
    """Credit of one channel, campaign or ad."""

    channel = serializers.CharField()
    campaign = CreditedOut(allow_null=True)
    ad = CreditedOut(allow_null=True)
    conversions = serializers.FloatField()
    share = serializers.FloatField()
    revenue = AmountOut()
    cost = AmountOut(allow_null=True)
    roas = serializers.FloatField(allow_null=True)
    roi = serializers.FloatField(allow_null=True)
    conversions_low = serializers.FloatField(allow_null=True)
    conversions_high = serializers.FloatField(allow_null=True)


class CreditsOut(serializers.Serializer[Any]):
    """A model's credits over a period."""

    model = serializers.CharField()
    name = serializers.CharField()
    by = serializers.CharField()
    since = serializers.DateField()
    until = serializers.DateField()
    ran_at = serializers.DateTimeField(
        allow_null=True, help_text="Null: counted for this answer, without intervals."
    )
    journeys = serializers.IntegerField()
    conversions = serializers.FloatField()
    revenue = AmountOut()
    without_rate = serializers.IntegerField(
        help_text="Conversions without money: an exchange rate is missing."
    )
    credits = CreditOut(many=True)


class TouchOut(serializers.Serializer[Any]):
    """One touch, with its share under each model; empty without a conversion."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    channel = serializers.CharField()
    campaign = CreditedOut(allow_null=True)
    ad = CreditedOut(allow_null=True)
    page_url = serializers.CharField()
    credit = serializers.DictField(child=serializers.FloatField())


class JourneyOut(serializers.Serializer[Any]):
    """One journey of a person."""

    journey_id = serializers.UUIDField()
    conversion_id = serializers.CharField(allow_null=True)
    conversion_type = serializers.CharField(allow_null=True)
    ended_at = serializers.DateTimeField()
    value = AmountOut(allow_null=True)
    touches = TouchOut(many=True)


class PersonJourneysOut(serializers.Serializer[Any]):
    """The newest journeys of a person."""

    user_id = serializers.CharField()
    journeys = JourneyOut(many=True)


class DayOut(serializers.Serializer[Any]):
    """Figures of a channel on one day, or over all days."""

    day = serializers.DateField(required=False)
    sent = serializers.IntegerField()
    delivered = serializers.IntegerField()
    opened = serializers.IntegerField()
    clicked = serializers.IntegerField()
    replied = serializers.IntegerField()
    delivery_rate = serializers.FloatField(allow_null=True)
    open_rate = serializers.FloatField(allow_null=True)
    click_rate = serializers.FloatField(allow_null=True)
    reply_rate = serializers.FloatField(allow_null=True)
    conversions = serializers.IntegerField()
    conversion_rate = serializers.FloatField(allow_null=True)
    revenue = AmountOut()
    average_order_value = AmountOut(allow_null=True)
    attributed_conversions = serializers.FloatField()
    attributed_revenue = AmountOut()
    cost = AmountOut(allow_null=True)
    roi = serializers.FloatField(allow_null=True)
    cost_per_conversion = AmountOut(allow_null=True)


class ChannelOut(serializers.Serializer[Any]):
    """A channel over days."""

    channel = serializers.CharField()
    model_name = serializers.CharField()
    since = serializers.DateField()
    until = serializers.DateField()
    total = DayOut()
    days = DayOut(many=True)


class SummaryOut(serializers.Serializer[Any]):
    """Attribution of a period in short."""

    model = serializers.CharField()
    since = serializers.DateField()
    until = serializers.DateField()
    conversions = serializers.FloatField()
    revenue = AmountOut()
    cost = AmountOut(allow_null=True)
    roas = serializers.FloatField(allow_null=True)
    roi = serializers.FloatField(allow_null=True)
    mean_touches = serializers.FloatField(allow_null=True)
    mean_hours_to_convert = serializers.FloatField(allow_null=True)
    top_channel = serializers.CharField(allow_null=True)
    top_campaign = CreditedOut(allow_null=True)
    top_paths = serializers.ListField(child=serializers.DictField())


class HeatOut(serializers.Serializer[Any]):
    """One channel in one country."""

    channel = serializers.CharField()
    region = serializers.CharField()
    conversions = serializers.FloatField()
    revenue = AmountOut()
    cost = AmountOut(allow_null=True)
    roas = serializers.FloatField(allow_null=True)


class HeatmapOut(serializers.Serializer[Any]):
    """Channels by country."""

    model = serializers.CharField()
    since = serializers.DateField()
    until = serializers.DateField()
    cells = HeatOut(many=True)


class HaloOut(serializers.Serializer[Any]):
    """How organic conversions move with paid ones; null with a reason where data are thin."""

    since = serializers.DateField()
    until = serializers.DateField()
    days = serializers.IntegerField()
    elasticity = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    organic_per_paid_unit = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()
