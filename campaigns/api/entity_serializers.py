"""Ad accounts, campaigns, ad sets, ads and creatives in JSON."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from campaigns.models import CreativeFormat, DeliveryStatus, LearningStatus, LifeState, Platform
from campaigns.selectors.derived import NO_SCORE, SCORE_MEANS
from workspaces.api.fields import AmountField, Body

SCORE_HELP = f"0 to 100: {SCORE_MEANS}. Null: {NO_SCORE}"
_CURRENCY = RegexValidator(r"\A[A-Z]{3}\Z", "Use a three-letter ISO currency code such as USD.")


class AccountOut(serializers.Serializer[Any]):
    """An ad account."""

    id = serializers.UUIDField(source="public_id")
    platform = serializers.ChoiceField(Platform.choices)
    external_id = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    time_zone = serializers.CharField()
    status = serializers.ChoiceField(DeliveryStatus.choices)
    summing_level = serializers.CharField()
    has_usable_conversions = serializers.BooleanField()
    data_source = serializers.CharField()
    connection = serializers.UUIDField(source="connection.public_id", allow_null=True, default=None)
    last_sync_at = serializers.DateTimeField(allow_null=True)
    last_sync_error = serializers.CharField()
    created_at = serializers.DateTimeField()


class AccountIn(Body):
    """An account without a connection: its figures come by import, its changes by hand."""

    platform = serializers.ChoiceField(Platform.choices)
    external_id = serializers.CharField(max_length=120)
    name = serializers.CharField(max_length=300)
    currency = serializers.CharField(validators=[_CURRENCY])
    time_zone = serializers.CharField(max_length=64, required=False, default="UTC")


class EntityOut(serializers.Serializer[Any]):
    """What every entity shows."""

    id = serializers.UUIDField(source="public_id")
    external_id = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(DeliveryStatus.choices)
    effective_status = serializers.CharField()
    ad_account = serializers.UUIDField(source="account.public_id")
    platform = serializers.CharField(source="account.platform")
    mirrored_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class OwnerOut(EntityOut):
    """What may own a budget; amounts in the account's currency."""

    currency = serializers.CharField(source="account.currency")
    daily_budget = AmountField(allow_null=True)
    lifetime_budget = AmountField(allow_null=True)
    bid = AmountField(allow_null=True)
    bid_strategy = serializers.CharField()
    learning_status = serializers.ChoiceField(LearningStatus.choices)


class FiguresOut(serializers.Serializer[Any]):
    """Sums and ratios; ratios of unusable conversions are null."""

    impressions = serializers.IntegerField()
    clicks = serializers.IntegerField()
    engagement = serializers.IntegerField()
    cost = AmountField(source="spend")
    conversions = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)
    revenue = AmountField()
    pipeline_value = AmountField()
    installs = serializers.IntegerField()
    ctr = serializers.FloatField(allow_null=True)
    cpc = serializers.FloatField(allow_null=True)
    conversion_rate = serializers.FloatField(allow_null=True)
    roi = serializers.FloatField(allow_null=True, help_text="Net: -1 is all lost.")
    roas = serializers.FloatField(allow_null=True, help_text="Gross: 1 is break-even.")
    pipeline_roas = serializers.FloatField(allow_null=True)


class CampaignOut(OwnerOut):
    """A campaign, without figures."""

    campaign_id = serializers.CharField(source="external_id")
    life_state = serializers.ChoiceField(
        LifeState.choices,
        help_text="Fatigued: the click-through rate of the last week fell below its own before.",
    )
    channel = serializers.CharField()
    objective = serializers.CharField()
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)


class CampaignRowOut(FiguresOut, CampaignOut):
    """A campaign with its figures over a period."""

    date_from = serializers.DateField()
    date_to = serializers.DateField()


class AdSetOut(OwnerOut):
    """An ad set."""

    campaign = serializers.UUIDField(source="campaign.public_id")
    campaign_id = serializers.CharField(source="campaign.external_id")
    optimisation_goal = serializers.CharField()
    learning_conversions = serializers.IntegerField(allow_null=True)


class AdOut(EntityOut):
    """An ad."""

    campaign = serializers.UUIDField(source="campaign.public_id")
    campaign_id = serializers.CharField(source="campaign.external_id")
    ad_set = serializers.UUIDField(source="ad_set.public_id", allow_null=True, default=None)
    ad_set_id = serializers.CharField(source="ad_set.external_id", allow_null=True, default=None)
    creative = serializers.UUIDField(source="creative.public_id", allow_null=True, default=None)


class CreativeOut(serializers.Serializer[Any]):
    """A creative."""

    id = serializers.UUIDField(source="public_id")
    external_id = serializers.CharField()
    ad_account = serializers.UUIDField(source="account.public_id")
    headline = serializers.CharField()
    primary_text = serializers.CharField()
    call_to_action = serializers.CharField()
    hook_type = serializers.CharField()
    format = serializers.ChoiceField(CreativeFormat.choices)
    media_url = serializers.CharField()
    live_since = serializers.DateField(allow_null=True)
    performance_score = serializers.IntegerField(allow_null=True, help_text=SCORE_HELP)
    created_at = serializers.DateTimeField()


class EntityIn(Body):
    """What every new entity of an unconnected account names."""

    external_id = serializers.CharField(max_length=120)
    name = serializers.CharField(max_length=300)
    status = serializers.ChoiceField(
        DeliveryStatus.choices, required=False, default=DeliveryStatus.ACTIVE
    )


class CampaignIn(EntityIn):
    """A new campaign."""

    ad_account = serializers.CharField(max_length=120, help_text="Our id, or the platform's.")
    channel = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    objective = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    daily_budget = AmountField(required=False, allow_null=True, default=None)
    starts_on = serializers.DateField(required=False, allow_null=True, default=None)
    ends_on = serializers.DateField(required=False, allow_null=True, default=None)


class AdSetIn(EntityIn):
    """A new ad set."""

    campaign = serializers.CharField(max_length=120, help_text="Our id, or the platform's.")
    daily_budget = AmountField(required=False, allow_null=True, default=None)
    optimisation_goal = serializers.CharField(
        max_length=60, required=False, default="", allow_blank=True
    )


class AdIn(EntityIn):
    """A new ad."""

    ad_set = serializers.CharField(max_length=120, help_text="Our id, or the platform's.")
    creative = serializers.CharField(max_length=120, required=False, allow_null=True, default=None)


class CreativeIn(Body):
    """A new creative."""

    ad_account = serializers.CharField(max_length=120, help_text="Our id, or the platform's.")
    external_id = serializers.CharField(max_length=120)
    headline = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    primary_text = serializers.CharField(
        max_length=5000, required=False, default="", allow_blank=True
    )
    call_to_action = serializers.CharField(
        max_length=60, required=False, default="", allow_blank=True
    )
    hook_type = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    format = serializers.ChoiceField(
        CreativeFormat.choices, required=False, default=CreativeFormat.IMAGE
    )
    media_url = serializers.URLField(max_length=500, required=False, default="", allow_blank=True)
    live_since = serializers.DateField(required=False, allow_null=True, default=None)
