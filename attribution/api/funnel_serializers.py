"""What is sent of funnels, and what is answered."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from attribution.api.conversion_serializers import StatsQuery
from attribution.engine.funnel_definition import (
    KINDS,
    LONGEST_WINDOW_S,
    MODES,
    OPERATORS,
    SHORTEST_WINDOW_S,
)
from attribution.models import FunnelDefinition
from attribution.selectors.funnels.shapes import DIMENSIONS
from workspaces.api.fields import AmountOut, Body


class FilterIn(Body):
    """What a property of an event must be."""

    property = serializers.CharField(max_length=300)
    op = serializers.ChoiceField(OPERATORS)
    value = serializers.JSONField(
        required=False, help_text="A text, a number, true or false; nothing for exists."
    )


class MatcherIn(Body):
    """Pages or events."""

    kind = serializers.ChoiceField(KINDS)
    match = serializers.CharField(
        max_length=300, help_text="A page's path or an event's name; * stands for anything."
    )
    where = FilterIn(many=True, required=False)


class StepIn(Body):
    """A step; any of its matchers serves it."""

    name = serializers.CharField(max_length=80)
    any_of = MatcherIn(many=True)


class FunnelIn(Body):
    """A funnel."""

    name = serializers.CharField(max_length=120)
    site = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="A website; none: all of them."
    )
    steps = StepIn(many=True)
    exclusions = MatcherIn(many=True, required=False)
    window_seconds = serializers.IntegerField(
        min_value=SHORTEST_WINDOW_S, max_value=LONGEST_WINDOW_S
    )
    mode = serializers.ChoiceField(list(MODES), required=False, default="ordered")
    alert_drop_pct = serializers.IntegerField(
        min_value=1, max_value=100, required=False, allow_null=True, default=None
    )


class FilterOut(serializers.Serializer[Any]):
    """What a property of an event must be."""

    property = serializers.CharField()
    op = serializers.ChoiceField(OPERATORS)
    value = serializers.JSONField(required=False)


class MatcherOut(serializers.Serializer[Any]):
    """Pages or events."""

    kind = serializers.ChoiceField(KINDS)
    match = serializers.CharField()
    where = FilterOut(many=True)


class StepOut(serializers.Serializer[Any]):
    """A step."""

    name = serializers.CharField()
    any_of = MatcherOut(many=True)


class FunnelOut(serializers.ModelSerializer[FunnelDefinition]):
    """A funnel."""

    id = serializers.UUIDField(source="public_id")
    site = serializers.UUIDField(source="site.public_id", allow_null=True, default=None)
    steps = StepOut(many=True, source="definition.steps")
    exclusions = MatcherOut(many=True, source="definition.exclusions")

    class Meta:
        model = FunnelDefinition
        fields = (
            "id", "name", "site", "steps", "exclusions", "window_seconds", "mode",
            "alert_drop_pct", "is_active", "version", "refreshed_at", "created_at",
        )  # fmt: skip


class AnalyticsQuery(StatsQuery):
    """Which days of the first step, and whose attempts."""

    source = serializers.CharField(  # type: ignore[assignment]  # a filter, no source of a field
        max_length=120, required=False, allow_blank=True
    )
    device = serializers.CharField(max_length=10, required=False, allow_blank=True)
    customer_type = serializers.CharField(max_length=9, required=False, allow_blank=True)
    variant = serializers.CharField(
        max_length=200, required=False, help_text="Of an experiment: test:variant."
    )
    by = serializers.ChoiceField(DIMENSIONS, required=False, default="source")


class BarOut(serializers.Serializer[Any]):
    """A step: who reached it, and from where."""

    number = serializers.IntegerField()
    name = serializers.CharField()
    reached = serializers.IntegerField()
    rate_from_previous = serializers.FloatField(allow_null=True)
    rate_from_first = serializers.FloatField(allow_null=True)
    dropped = serializers.IntegerField()
    drop_off = serializers.FloatField(allow_null=True)
    median_seconds = serializers.FloatField(allow_null=True, help_text="From the step before.")
    p90_seconds = serializers.FloatField(allow_null=True)


class BarsOut(serializers.Serializer[Any]):
    """All steps over a period; each person counts once, by the furthest attempt."""

    since = serializers.DateField()
    until = serializers.DateField()
    entered = serializers.IntegerField()
    completed = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)
    revenue = AmountOut()
    average_order_value = AmountOut(allow_null=True)
    median_seconds = serializers.FloatField(allow_null=True, help_text="From first step to last.")
    p90_seconds = serializers.FloatField(allow_null=True)
    worst_step = serializers.IntegerField(allow_null=True)
    steps = BarOut(many=True)


class LineOut(serializers.Serializer[Any]):
    """One day, or one key."""

    key = serializers.CharField(allow_blank=True)
    entered = serializers.IntegerField()
    completed = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)
    reached = serializers.ListField(child=serializers.IntegerField())
    revenue = AmountOut()


class TimeOut(serializers.Serializer[Any]):
    """How many took up to so long, and longer than the bar before."""

    up_to_seconds = serializers.IntegerField(allow_null=True, help_text="Null: longer.")
    people = serializers.IntegerField()


class AnalyticsOut(serializers.Serializer[Any]):
    """A funnel in figures."""

    funnel = serializers.UUIDField()
    name = serializers.CharField()
    refreshed_at = serializers.DateTimeField(allow_null=True, help_text="Null: not counted yet.")
    current = BarsOut()
    previous = BarsOut()
    days = LineOut(many=True)
    by = serializers.CharField()
    breakdown = LineOut(many=True)
    times = TimeOut(many=True)
