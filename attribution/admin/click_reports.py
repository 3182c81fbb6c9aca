"""Four views over clicks and conversions, to read."""

from __future__ import annotations

from django.contrib import admin

from attribution.models import (
    ActiveClick,
    AttributionRecoveryRate,
    ConversionAttributionSummary,
    UnattributedConversion,
)
from workspaces.reportadmin import ReportAdmin


@admin.register(AttributionRecoveryRate)
class AttributionRecoveryRateAdmin(ReportAdmin[AttributionRecoveryRate]):
    """What each layer recovers, day by day."""

    list_display = ("day", "layer", "recovered", "conversions", "recovery_rate")
    list_filter = ("layer",)
    ordering = ("-day", "layer")


@admin.register(ActiveClick)
class ActiveClickAdmin(ReportAdmin[ActiveClick]):
    """Clicks that may still earn."""

    list_display = ("click_id", "ad_id", "campaign_id", "clicked_at", "expires_at", "hours_left")
    list_filter = ("expires_at",)
    search_fields = ("click_id__exact",)
    ordering = ("-click_row",)


@admin.register(ConversionAttributionSummary)
class ConversionAttributionSummaryAdmin(ReportAdmin[ConversionAttributionSummary]):
    """A month by type and method."""

    list_display = ("conversion_type", "attribution_method", "conversions", "total_value",
                    "currency", "mean_confidence", "mean_hours_to_convert")  # fmt: skip
    list_filter = ("attribution_method",)
    ordering = ("conversion_type", "attribution_method", "currency")


@admin.register(UnattributedConversion)
class UnattributedConversionAdmin(ReportAdmin[UnattributedConversion]):
    """What no layer could tie to a click."""

    list_display = ("conversion_id", "conversion_type", "value", "currency", "converted_at",
                    "has_click_id", "has_consent", "is_waiting")  # fmt: skip
    list_filter = ("has_consent", "is_waiting")
    search_fields = ("conversion_id__exact",)
    ordering = ("-conversion_row",)
