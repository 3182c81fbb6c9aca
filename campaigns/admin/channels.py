"""Channels of a workspace, and its days without ads."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from campaigns.models import DailyOrganicMetric, MarketingChannel
from workspaces.modeladmin import ReadOnlyAdmin, WorkspaceModelAdmin, fields_of, own
from workspaces.roles import Role


@admin.register(MarketingChannel)
class MarketingChannelAdmin(WorkspaceModelAdmin[MarketingChannel]):
    """Channels: those known from the start, and those of one's own."""

    add_role = change_role = Role.ADMIN
    list_display = ("label", "slug", "kind", "platform", "rolls_up_to", "base_cpi",
                    "quality_score", "ltv_multiplier", "fatigue_days")  # fmt: skip
    list_filter = ("kind", "platform", own("rolls_up_to"))
    list_select_related = ("rolls_up_to",)
    search_fields = ("label", "slug")
    autocomplete_fields = ("rolls_up_to",)
    ordering = ("kind", "label", "pk")
    fields = ("label", "slug", "kind", "platform", "rolls_up_to", "base_cpi", "cpi_variance",
              "daily_volume", "weekend_multiplier", "quality_score", "ltv_multiplier",
              "fatigue_days", "properties")  # fmt: skip

    def get_readonly_fields(
        self, request: HttpRequest, obj: MarketingChannel | None = None
    ) -> tuple[str, ...]:
        """A slug stays: campaigns and installs name it."""
        return () if obj is None else ("slug",)


@admin.register(DailyOrganicMetric)
class DailyOrganicMetricAdmin(ReadOnlyAdmin[DailyOrganicMetric]):
    """Days without ads."""

    list_display = ("day", "organic_installs", "store_rank", "rating", "reviews",
                    "social_mentions", "sentiment", "halo_share")  # fmt: skip
    list_filter = ("day",)
    date_hierarchy = "day"
    ordering = ("-day", "-pk")
    readonly_fields = fields_of(DailyOrganicMetric)
