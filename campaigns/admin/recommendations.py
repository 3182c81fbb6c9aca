"""What was recommended and what went to approval: to read."""

from __future__ import annotations

from django.contrib import admin

from campaigns.models import Recommendation, RecommendationSending
from workspaces.modeladmin import ReadOnlyAdmin, fields_of


@admin.register(Recommendation)
class RecommendationAdmin(ReadOnlyAdmin[Recommendation]):
    """Recommendations with the figures that they rest on."""

    list_display = ("created_at", "summary", "written_by", "is_fallback", "fallback_reason")
    list_filter = ("is_fallback",)
    date_hierarchy = "created_at"
    search_fields = ("summary",)
    ordering = ("-pk",)
    readonly_fields = fields_of(Recommendation)


@admin.register(RecommendationSending)
class RecommendationSendingAdmin(ReadOnlyAdmin[RecommendationSending]):
    """What went to approval; the changes themselves are proposals."""

    list_display = ("recommendation", "sent_by_label", "sent_at", "left_out")
    list_filter = ("sent_at",)
    list_select_related = ("recommendation",)
    date_hierarchy = "sent_at"
    search_fields = ("sent_by_label",)
    ordering = ("-pk",)
    readonly_fields = fields_of(RecommendationSending)
