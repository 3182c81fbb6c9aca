"""Funnels and what they found: to read; funnels change on their pages."""

from __future__ import annotations

from django.contrib import admin

from attribution.models import (
    FunnelAlert,
    FunnelAnalytics,
    FunnelDefinition,
    FunnelEntry,
    OptimizationRecommendation,
    SavedCohort,
    SavedCohortMember,
)
from workspaces.modeladmin import ReadOnlyAdmin, fields_of, own


@admin.register(FunnelDefinition)
class FunnelDefinitionAdmin(ReadOnlyAdmin[FunnelDefinition]):
    """Funnels as they are defined."""

    list_display = ("name", "site", "mode", "window_seconds", "version", "is_active",
                    "refreshed_at")  # fmt: skip
    list_filter = ("is_active", "mode", own("site"))
    list_select_related = ("site",)
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = fields_of(FunnelDefinition)


@admin.register(FunnelEntry)
class FunnelEntryAdmin(ReadOnlyAdmin[FunnelEntry]):
    """Who came how far on which day."""

    list_display = ("funnel", "entered_on", "visitor_key", "level", "source", "device",
                    "customer_type", "value")  # fmt: skip
    list_filter = (own("funnel"), "customer_type")
    list_select_related = ("funnel",)
    search_fields = ("visitor_key__exact",)
    search_help_text = "A whole visitor key"
    ordering = ("-pk",)
    readonly_fields = fields_of(FunnelEntry)


@admin.register(FunnelAnalytics)
class FunnelAnalyticsAdmin(ReadOnlyAdmin[FunnelAnalytics]):
    """Days of funnels."""

    list_display = ("funnel", "day", "customer_type", "source", "device", "entered", "completed",
                    "worst_step", "drop_off", "value")  # fmt: skip
    list_filter = (own("funnel"), "customer_type")
    list_select_related = ("funnel",)
    search_fields = ("funnel__name",)
    ordering = ("-day", "-pk")
    readonly_fields = fields_of(FunnelAnalytics)


@admin.register(FunnelAlert)
class FunnelAlertAdmin(ReadOnlyAdmin[FunnelAlert]):
    """Steps that lost more people than they used to."""

    list_display = ("funnel", "step", "rate", "expected", "raised_at", "resolved_at")
    list_filter = (own("funnel"),)
    list_select_related = ("funnel",)
    date_hierarchy = "raised_at"
    search_fields = ("funnel__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(FunnelAlert)


@admin.register(SavedCohort)
class SavedCohortAdmin(ReadOnlyAdmin[SavedCohort]):
    """People who were saved under a name."""

    list_display = ("name", "size", "created_by", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("created_by",)
    search_fields = ("name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(SavedCohort)


@admin.register(SavedCohortMember)
class SavedCohortMemberAdmin(ReadOnlyAdmin[SavedCohortMember]):
    """Who they are."""

    list_display = ("cohort", "visitor_key", "person")
    list_filter = (own("cohort"),)
    list_select_related = ("cohort", "person")
    search_fields = ("visitor_key__exact",)
    search_help_text = "A whole visitor key"
    ordering = ("-pk",)
    readonly_fields = fields_of(SavedCohortMember)


@admin.register(OptimizationRecommendation)
class OptimizationRecommendationAdmin(ReadOnlyAdmin[OptimizationRecommendation]):
    """What to change, and what was decided; people decide on the page of recommendations."""

    list_display = ("area", "kind", "funnel", "expected_gain", "confidence", "status",
                    "measured_gain")  # fmt: skip
    list_filter = ("status", "kind", own("funnel"))
    list_select_related = ("funnel",)
    search_fields = ("area",)
    ordering = ("-expected_gain", "-pk")
    readonly_fields = fields_of(OptimizationRecommendation)
