"""Days, as the platforms reported or files brought them."""

from __future__ import annotations

from django.contrib import admin

from campaigns.admin.sheets import DailyPerformanceResource
from campaigns.models import DailyPerformance
from workspaces.modeladmin import ReadOnlyAdmin, fields_of, own
from workspaces.sheets import ExportAdmin


@admin.register(DailyPerformance)
class DailyPerformanceAdmin(ExportAdmin, ReadOnlyAdmin[DailyPerformance]):
    """One day of one campaign, ad set or ad; corrected by importing it again."""

    resource_classes = (DailyPerformanceResource,)
    list_display = ("day", "level", "campaign", "ad_set", "ad", "impressions", "clicks", "spend",
                    "conversions", "revenue", "source")  # fmt: skip
    list_filter = ("level", own("account"), "day")
    # Asked for by key: joined, they would be put in order with every day of the workspace.
    list_select_related = ()
    list_prefetch_related = ("campaign", "ad_set", "ad")
    search_fields = ("campaign__name", "=campaign__external_id")
    ordering = ("-day", "-pk")
    readonly_fields = fields_of(DailyPerformance)
