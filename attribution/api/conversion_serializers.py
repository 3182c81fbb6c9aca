"""What is sent of clicks and conversions, and what is answered."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from attribution.engine.matching import FINGERPRINT_COMPONENTS
from attribution.models import AttributionMethod, Conversion, CustomerType, ValueKind
from attribution.models.clicks import CLICK_ID_KINDS
from campaigns.api.queries import PeriodQuery
from workspaces.api.fields import AmountField, Body
from workspaces.models.workspace import currency_code

_YEARS = (2000, 2100)
_OURS, *_PLATFORMS = CLICK_ID_KINDS
_SHORT = ("country", 2), ("device", 40), ("os", 40), ("browser", 40)
_LONG = ("landing_page", 2000), ("referrer", 2000)
_WHO = ("visitor_id", 120), ("user_id", 120), ("crm_contact", 120), ("email", 320), ("phone", 64)
_UTM = tuple((f"utm_{part}", 200) for part in ("source", "medium", "campaign", "content", "term"))


def text(length: int, **options: Any) -> serializers.CharField:
    """Build an optional text."""
    return serializers.CharField(max_length=length, required=False, allow_blank=True, **options)


class SenderIn(Body):
    """Who clicked or converted. Without consent nothing that names a person is kept."""

    consent = serializers.BooleanField(
        required=False, default=False, help_text="Whether the person agreed to be recognised."
    )
    ip_address = serializers.IPAddressField(required=False, help_text="Kept cut to /24 or /48.")
    user_agent = text(1000)
    fingerprint_hash = serializers.RegexField(
        r"^[0-9a-f]{64}$", required=False, help_text="SHA-256, if the sender hashes itself."
    )
    fingerprint_components = serializers.DictField(
        child=serializers.CharField(max_length=200),
        required=False,
        help_text=f"Hashed here with a salt that rotates: {', '.join(FINGERPRINT_COMPONENTS)}.",
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add the plain texts."""
        sizes = (*((name, 500) for name in _PLATFORMS), *_WHO, *_SHORT, *_LONG, *_UTM)
        return {**super().get_fields(), **{name: text(size) for name, size in sizes}}

    def validate_fingerprint_components(self, given: dict[str, str]) -> dict[str, str]:
        """Refuse what is no component."""
        if unknown := sorted(set(given) - set(FINGERPRINT_COMPONENTS)):
            raise serializers.ValidationError(
                f"Unknown: {', '.join(unknown)}; known are {', '.join(FINGERPRINT_COMPONENTS)}."
            )
        return given


class ClickIn(SenderIn):
    """A click on an ad, named by our ids or the platform's."""

    ad_id = serializers.CharField(max_length=120)
    campaign_id = serializers.CharField(max_length=120)
    adset_id = text(120)
    click_id = text(120, help_text="Yours, to send again safely; made here when it is missing.")
    clicked_at = serializers.DateTimeField(required=False, help_text="Now, when it is missing.")
    device_type = text(40, help_text="Another name of device.")
    landing_page_url = text(2000, help_text="Another name of landing_page.")


class ClickOut(serializers.Serializer[Any]):
    """The click that was stored."""

    status = serializers.ChoiceField(["tracked", "already_tracked"])
    click_id = serializers.CharField()
    attribution_window_days = serializers.FloatField()


class CookiesIn(SenderIn):
    """Cookies of platforms that are told of conversions; kept by consent only."""

    # A fifth part of 2 or 8 characters is of Meta's own newer helper.
    fbc = serializers.RegexField(
        r"^fb\.\d\.\d{10,16}\.[A-Za-z0-9._~-]{1,500}$", required=False, help_text="Meta's _fbc."
    )
    fbp = serializers.RegexField(
        r"^fb\.\d\.\d{10,16}\.\d{1,20}(\.[A-Za-z0-9]{2,8})?$", required=False,
        help_text="Meta's _fbp.",
    )  # fmt: skip
    ttp = text(200, help_text="TikTok's _ttp.")


class AttributeIn(CookiesIn):
    """A conversion whose click is wanted."""

    conversion_id = serializers.CharField(max_length=120)
    conversion_type = serializers.CharField(max_length=40)
    conversion_value = AmountField()
    conversion_timestamp = serializers.DateTimeField()
    currency = serializers.CharField(max_length=3, required=False, validators=[currency_code])
    click_id = text(120)


class AttributeOut(serializers.Serializer[Any]):
    """The click, and how it was found."""

    success = serializers.BooleanField(help_text="Whether a click was found.")
    attributed_click_id = serializers.CharField(allow_null=True)
    attribution_method = serializers.ChoiceField(AttributionMethod.choices)
    attribution_confidence = serializers.FloatField()
    attribution_window_hours = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()
    ad_id = serializers.CharField(allow_null=True)
    campaign_id = serializers.CharField(allow_null=True)


class ConversionIn(CookiesIn):
    """A conversion."""

    conversion_id = serializers.CharField(max_length=120)
    type = serializers.CharField(max_length=40)
    value = AmountField(required=False)
    currency = serializers.CharField(max_length=3, required=False, validators=[currency_code])
    value_kind = serializers.ChoiceField(ValueKind.choices, required=False)
    converted_at = serializers.DateTimeField(required=False, help_text="Now, when missing.")
    click_id = text(120)
    external_id = text(120)
    crm_deal = text(120)
    crm_stage = text(120)
    customer_type = serializers.ChoiceField(CustomerType.choices, required=False)
    source_channel = text(60)
    source_campaign = text(120)
    source_message = text(120)
    region = text(120)
    city = text(120)
    extra = serializers.DictField(required=False)


class ConversionOut(serializers.ModelSerializer[Conversion]):
    """A conversion with its click."""

    id = serializers.UUIDField(source="public_id")
    value = AmountField()
    confidence = serializers.FloatField()
    click_id = serializers.CharField(source="attributed_click_key", allow_null=True)
    ad_id = serializers.SerializerMethodField()
    campaign_id = serializers.SerializerMethodField()

    class Meta:
        model = Conversion
        fields = (
            "id", "conversion_id", "external_id", "type", "value", "currency", "value_kind",
            "converted_at", "method", "confidence", "window_hours", "fingerprint_score",
            "click_id", "ad_id", "campaign_id", "customer_type", "source_channel",
            "source_campaign", "source_message", "utm_source", "utm_medium", "utm_campaign",
            "crm_deal", "crm_stage", "needs_attribution", "attributed_at", "created_at",
        )  # fmt: skip

    def get_ad_id(self, row: Conversion) -> str | None:
        """Our id of the ad, else as the click named it."""
        return ad_id_of(row)

    def get_campaign_id(self, row: Conversion) -> str | None:
        """Our id of the campaign, else as the click named it."""
        return campaign_id_of(row)


def ad_id_of(row: Conversion) -> str | None:
    """Our id of the ad, else as the click named it."""
    return str(row.ad.public_id) if row.ad else row.given_ad or None


def campaign_id_of(row: Conversion) -> str | None:
    """Our id of the campaign, else as the click named it."""
    return str(row.campaign.public_id) if row.campaign else row.given_campaign or None


class StatsQuery(PeriodQuery):
    """Days in the workspace's zone."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse days that no conversion can have, too."""
        for name in {"from", "to"} & set(super().validate(attrs)):
            day = attrs[name]
            if not _YEARS[0] <= day.year <= _YEARS[1]:
                raise serializers.ValidationError({name: "This day is out of range."})
        return attrs


class StatsOut(serializers.Serializer[Any]):
    """Conversions of a period."""

    since = serializers.DateField()
    until = serializers.DateField()
    conversions = serializers.IntegerField()
    attributed = serializers.IntegerField()
    recovery_rate = serializers.FloatField(allow_null=True)
    by_method = serializers.DictField(child=serializers.IntegerField())
    by_type = serializers.DictField(child=serializers.IntegerField())
    value = serializers.DictField(child=serializers.CharField())
    attributed_value = serializers.DictField(child=serializers.CharField())
