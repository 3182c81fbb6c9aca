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
    conversions = serializers.DecimalField(max_digits=20, decimal_places=2)
    cpa = AmountField(allow_null=True)
    pipeline_value = AmountField()
    pipeline_roas = serializers.FloatField(allow_null=True)


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


class OrganicOut(serializers.Serializer[Any]):
    """Who came without an ad and who stayed; what is not known is null."""

    installs = serializers.IntegerField()
    store_rank = serializers.IntegerField(allow_null=True)
    rating = serializers.FloatField(allow_null=True)
    mentions = serializers.IntegerField(allow_null=True)
    sentiment = serializers.FloatField(allow_null=True)
    dau = serializers.FloatField(allow_null=True)
    mau = serializers.IntegerField(allow_null=True)
    stickiness = serializers.FloatField(allow_null=True, help_text="DAU / MAU.")
    d1 = serializers.FloatField(allow_null=True)
    d7 = serializers.FloatField(allow_null=True)
    d30 = serializers.FloatField(allow_null=True)


class UpliftOut(serializers.Serializer[Any]):
    """Organic installs that went with those by ads."""

    installs = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class OrganicHaloOut(serializers.Serializer[Any]):
    """How organic installs move with those by ads; null with a reason where data are thin."""

    date_from = serializers.DateField()
    date_to = serializers.DateField()
    days = serializers.IntegerField()
    is_certain = serializers.BooleanField(
        help_text="Whether the 95 % interval of the elasticity leaves zero out."
    )
    elasticity = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    organic_per_paid_install = serializers.FloatField(allow_null=True)
    uplift = UpliftOut(allow_null=True, help_text="Of the period; null without a certain link.")
    reason = serializers.CharField()


class OrganicSummaryOut(BoardOut):
    """The organic dashboard's cards."""

    figures = OrganicOut()
    before = OrganicOut(help_text="Of the equally long period before.")
    halo = OrganicHaloOut()


class OrganicDayOut(OrganicOut):
    """A day."""

    date = serializers.DateField()


class OrganicTrendsOut(BoardOut):
    """The organic dashboard's lines."""

    days = OrganicDayOut(many=True)


class WayOut(serializers.Serializer[Any]):
    """From an impression to somebody who came back and paid."""

    impressions = serializers.IntegerField()
    clicks = serializers.IntegerField()
    ctr = serializers.FloatField(allow_null=True)
    installs = serializers.IntegerField()
    click_to_install = serializers.FloatField(allow_null=True)
    install_rate = serializers.FloatField(allow_null=True, help_text="installs / impressions")
    d1 = serializers.FloatField(allow_null=True)
    d7 = serializers.FloatField(allow_null=True)
    d30 = serializers.FloatField(allow_null=True)
    payers = serializers.IntegerField()
    payer_rate = serializers.FloatField(allow_null=True)
    conversions = serializers.DecimalField(max_digits=20, decimal_places=2)
    cvr = serializers.FloatField(allow_null=True)


class WayStepOut(serializers.Serializer[Any]):
    """A step: how many got there, out of how many who could have by now."""

    name = serializers.CharField()
    reached = serializers.IntegerField()
    of = serializers.IntegerField(allow_null=True)
    of_what = serializers.CharField(allow_blank=True)
    rate = serializers.FloatField(allow_null=True)


class WaySummaryOut(BoardOut):
    """The funnel dashboard's steps and cards."""

    figures = WayOut()
    before = WayOut(help_text="Of the equally long period before.")
    steps = WayStepOut(many=True)


class WayDayOut(WayOut):
    """A day."""

    date = serializers.DateField()


class WayTrendsOut(BoardOut):
    """The funnel dashboard's lines."""

    days = WayDayOut(many=True)


class CohortOut(serializers.Serializer[Any]):
    """Users and what became of them; what is too early to know is null."""

    users = serializers.IntegerField()
    d1 = serializers.FloatField(allow_null=True)
    d7 = serializers.FloatField(allow_null=True)
    d30 = serializers.FloatField(allow_null=True)
    payers = serializers.IntegerField()
    payer_rate = serializers.FloatField(allow_null=True)
    revenue = AmountField()
    arpu = AmountField(allow_null=True)
    arppu = AmountField(allow_null=True)
    ltv = AmountField(allow_null=True, help_text="Value of 180 days, of users it is known of.")


class CohortRowOut(CohortOut):
    """A channel, a country or a week (its Monday)."""

    key = serializers.CharField()
    name = serializers.CharField()


class CohortSideOut(serializers.Serializer[Any]):
    """Users that ads brought, or others, and their share of all."""

    side = serializers.CharField(source="label", help_text="Paid or Organic.")
    users = serializers.IntegerField()
    users_share = serializers.FloatField(allow_null=True)
    revenue = AmountField()
    revenue_share = serializers.FloatField(allow_null=True)


class CohortsOut(BoardOut):
    """Cohorts by the next level: channels, countries of one, weeks of both."""

    by = serializers.ChoiceField(["channel", "country", "week"])
    total = CohortOut()
    before = CohortOut(help_text="Of the equally long period before.")
    rows = CohortRowOut(many=True)
    sides = CohortSideOut(many=True)
