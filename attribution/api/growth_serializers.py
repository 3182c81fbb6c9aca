"""Dashboards of growth as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from workspaces.api.fields import AmountField


class BoardOut(serializers.Serializer[Any]):
    """Of what a dashboard tells."""

    currency = serializers.CharField()
    date_from = serializers.DateField()
    date_to = serializers.DateField()
    known_until = serializers.DateField(
        allow_null=True, help_text="The newest day with any figures."
    )


class GrowthOut(serializers.Serializer[Any]):
    """What was spent and who came; ratios of nothing are null."""

    spend = AmountField()
    installs = serializers.IntegerField()
    paid_installs = serializers.IntegerField()
    organic_installs = serializers.IntegerField()
    cac = AmountField(allow_null=True)
    cpi = AmountField(allow_null=True)
    roas_7 = serializers.FloatField(allow_null=True)
    roas_30 = serializers.FloatField(allow_null=True)
    revenue = AmountField()
    roas = serializers.FloatField(allow_null=True)


class WaitingOut(serializers.Serializer[Any]):
    """Changes that wait for a signature."""

    count = serializers.IntegerField()
    money = AmountField()


class TopSignalOut(serializers.Serializer[Any]):
    """An open signal."""

    id = serializers.UUIDField(source="public_id")
    type = serializers.CharField()
    severity = serializers.CharField()
    title = serializers.CharField()
    priority = serializers.FloatField()


class ExecutiveSummaryOut(BoardOut):
    """The executive dashboard's cards."""

    missing_rates = serializers.ListField(child=serializers.CharField())
    figures = GrowthOut()
    before = GrowthOut(help_text="Of the equally long period before.")
    ltv_to_cac = serializers.FloatField(
        allow_null=True, help_text="Null while no model of values serves."
    )
    pending_approvals = WaitingOut()
    signals = TopSignalOut(many=True)


class GrowthDayOut(GrowthOut):
    """A day."""

    date = serializers.DateField()


class ForecastDayOut(serializers.Serializer[Any]):
    """A coming day; four of five days fall between low and high."""

    date = serializers.DateField()
    expected = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class GrowthForecastOut(serializers.Serializer[Any]):
    """Coming days of a figure."""

    figure = serializers.CharField()
    method = serializers.CharField()
    level = serializers.FloatField()
    days = ForecastDayOut(many=True)


class ExecutiveTrendsOut(BoardOut):
    """The executive dashboard's lines."""

    days = GrowthDayOut(many=True)
    forecasts = GrowthForecastOut(many=True, help_text="None with fewer than 28 days of figures.")
