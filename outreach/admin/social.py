"""What people do on social networks, and what we do then; to read."""

from __future__ import annotations

from django.contrib import admin

from outreach.models import (
    PlatformInsight,
    SocialAccount,
    SocialAdvocate,
    SocialAnswer,
    SocialEngagement,
    SocialEngagementFunnel,
    SocialFunnelEntry,
    SocialPerson,
    SocialPost,
)
from workspaces.modeladmin import ReadOnlyAdmin, fields_of, own


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin[SocialAccount]):
    """Our accounts on social networks."""

    list_display = ("__str__", "platform", "connection", "followers", "synced_until")
    list_filter = ("platform",)
    list_select_related = ("connection",)
    search_fields = ("name", "=external_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(SocialAccount)


@admin.register(SocialPerson)
class SocialPersonAdmin(ReadOnlyAdmin[SocialPerson]):
    """Who did something with our posts."""

    list_display = ("__str__", "platform", "username", "followers", "contact")
    list_filter = ("platform",)
    list_select_related = ("contact",)
    list_prefetch_related = ("contact__points",)
    search_fields = ("=username", "=external_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(SocialPerson)


@admin.register(SocialPost)
class SocialPostAdmin(ReadOnlyAdmin[SocialPost]):
    """Posts with their figures."""

    list_display = ("__str__", "platform", "type", "posted_at", "likes", "comments", "shares",
                    "reach", "engagement_rate", "score")  # fmt: skip
    list_filter = ("platform", "type")
    date_hierarchy = "posted_at"
    search_fields = ("caption", "=external_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(SocialPost)


@admin.register(SocialEngagement)
class SocialEngagementAdmin(ReadOnlyAdmin[SocialEngagement]):
    """What people did."""

    list_display = ("__str__", "platform", "person", "post", "intent", "sentiment", "value",
                    "converted_at")  # fmt: skip
    list_filter = ("platform", "kind", "intent")
    list_select_related = ("person", "post")
    search_fields = ("=external_id", "=person__username")
    ordering = ("-pk",)
    readonly_fields = fields_of(SocialEngagement)


@admin.register(SocialEngagementFunnel)
class SocialEngagementFunnelAdmin(ReadOnlyAdmin[SocialEngagementFunnel]):
    """Whom we answer."""

    list_display = ("name", "is_on", "platforms", "kinds", "daily_limit", "needs_approval",
                    "created_by_label")  # fmt: skip
    list_filter = ("is_on",)
    search_fields = ("name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(SocialEngagementFunnel)


@admin.register(SocialFunnelEntry)
class SocialFunnelEntryAdmin(ReadOnlyAdmin[SocialFunnelEntry]):
    """Ways through funnels."""

    list_display = ("funnel", "person", "keyword", "triggered_at", "replied_at", "dm_at",
                    "answered_at", "converted_at", "value", "stopped_reason")  # fmt: skip
    list_filter = (own("funnel"),)
    list_select_related = ("funnel", "person")
    search_fields = ("=person__username",)
    ordering = ("-pk",)
    readonly_fields = fields_of(SocialFunnelEntry)


@admin.register(SocialAdvocate)
class SocialAdvocateAdmin(ReadOnlyAdmin[SocialAdvocate]):
    """Who speaks for us."""

    list_display = ("person", "score", "tier", "is_active", "is_vip", "interactions", "last_at")
    list_filter = ("tier", "is_active", "is_vip")
    list_select_related = ("person",)
    search_fields = ("=person__username", "notes")
    ordering = ("-pk",)
    readonly_fields = fields_of(SocialAdvocate)


@admin.register(SocialAnswer)
class SocialAnswerAdmin(ReadOnlyAdmin[SocialAnswer]):
    """Proposals to answer somebody."""

    list_display = ("proposal", "operation", "entry")
    list_filter = ("operation",)
    list_select_related = ("proposal", "entry")
    search_fields = ("proposal__summary",)
    ordering = ("-pk",)
    readonly_fields = fields_of(SocialAnswer)


@admin.register(PlatformInsight)
class PlatformInsightAdmin(ReadOnlyAdmin[PlatformInsight]):
    """What the figures of networks say."""

    list_display = ("platform", "type", "date", "period", "key_metric", "key_value", "change",
                    "confidence")  # fmt: skip
    list_filter = ("platform", "type", "period")
    date_hierarchy = "date"
    search_fields = ("key_metric", "recommendation")
    ordering = ("-pk",)
    readonly_fields = fields_of(PlatformInsight)
