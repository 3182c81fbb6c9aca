"""Touches, journeys and runs: to read. Attribution models: to set."""

from __future__ import annotations

from django.contrib import admin

from attribution.models import (
    AttributionCredit,
    AttributionModel,
    AttributionRun,
    Channel,
    ChannelPerformance,
    Journey,
    JourneyTouch,
    Touchpoint,
)
from workspaces.modeladmin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    WorkspaceModelAdmin,
    fields_of,
    own,
)
from workspaces.roles import Role


@admin.register(Channel)
class ChannelAdmin(ReadOnlyAdmin[Channel]):
    """Channels that touches named."""

    list_display = ("label", "name")
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = fields_of(Channel)


@admin.register(Touchpoint)
class TouchpointAdmin(ReadOnlyAdmin[Touchpoint]):
    """Touches as they came."""

    list_display = ("at", "kind", "channel", "campaign", "ad", "position", "cost", "country")
    list_filter = ("kind", own("channel"), own("campaign"))
    list_select_related = ("channel", "campaign", "ad")
    search_fields = ("source_key__exact", "message_key__exact")
    search_help_text = "A whole source key or message key"
    ordering = ("-pk",)
    readonly_fields = fields_of(Touchpoint)


class StepInline(ReadOnlyInline[JourneyTouch, Journey]):
    """Touches of a journey in their order."""

    model = JourneyTouch
    fields = ("position", "at", "channel", "campaign", "ad")
    readonly_fields = fields


@admin.register(Journey)
class JourneyAdmin(ReadOnlyAdmin[Journey]):
    """Journeys, built anew by each run of the models."""

    list_display = ("journey_id", "conversion_type", "value", "touches", "first_at", "ended_at",
                    "country")  # fmt: skip
    list_filter = ("conversion_type",)
    search_fields = ("conversion__conversion_id__exact",)
    search_help_text = "A whole conversion id"
    ordering = ("-pk",)
    readonly_fields = fields_of(Journey)
    inlines = (StepInline,)


@admin.register(JourneyTouch)
class JourneyTouchAdmin(ReadOnlyAdmin[JourneyTouch]):
    """Places of touches in journeys."""

    list_display = ("journey", "position", "channel", "campaign", "ad", "at")
    list_filter = (own("channel"),)
    list_select_related = ("journey", "channel", "campaign", "ad")
    ordering = ("-pk",)
    readonly_fields = fields_of(JourneyTouch)


@admin.register(AttributionModel)
class AttributionModelAdmin(WorkspaceModelAdmin[AttributionModel]):
    """How credit is shared out; a change holds from the next run."""

    change_role = Role.ADMIN
    add_role = Role.ADMIN
    list_display = ("name", "method", "levels", "order", "half_life_days", "is_active",
                    "is_default")  # fmt: skip
    list_filter = ("method", "is_active")
    search_fields = ("name",)
    ordering = ("pk",)
    fields = ("name", "method", "levels", "order", "half_life_days", "weights", "is_active",
              "is_default")  # fmt: skip


class CreditInline(ReadOnlyInline[AttributionCredit, AttributionRun]):
    """Who got what."""

    model = AttributionCredit
    fields = ("channel", "campaign", "ad", "conversions", "revenue", "cost", "share",
              "conversions_low", "conversions_high")  # fmt: skip
    readonly_fields = fields


@admin.register(AttributionRun)
class AttributionRunAdmin(ReadOnlyAdmin[AttributionRun]):
    """Runs of models: what went in and what came out."""

    list_display = ("model", "level", "since", "until", "conversion_type", "conversions", "revenue",
                    "top_channel", "ran_at")  # fmt: skip
    list_filter = ("level", own("model"))
    list_select_related = ("model", "top_channel", "top_campaign")
    date_hierarchy = "ran_at"
    search_fields = ("model__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(AttributionRun)
    inlines = (CreditInline,)


@admin.register(AttributionCredit)
class AttributionCreditAdmin(ReadOnlyAdmin[AttributionCredit]):
    """Credits of all runs."""

    list_display = ("run", "channel", "campaign", "ad", "conversions", "revenue", "cost", "share")
    list_filter = (own("channel"), own("campaign"))
    list_select_related = ("run", "channel", "campaign", "ad")
    search_fields = ("campaign__name", "ad__name")
    ordering = ("-pk",)
    readonly_fields = fields_of(AttributionCredit)


@admin.register(ChannelPerformance)
class ChannelPerformanceAdmin(ReadOnlyAdmin[ChannelPerformance]):
    """Days of channels."""

    list_display = ("day", "channel", "campaign", "customer_segment", "sent", "delivered",
                    "conversions", "revenue", "attributed_conversions", "cost")  # fmt: skip
    list_filter = (own("channel"), own("campaign"))
    list_select_related = ("channel", "campaign")
    search_fields = ("campaign__name",)
    ordering = ("-day", "-pk")
    readonly_fields = fields_of(ChannelPerformance)
