"""What is answered about visitors and sessions of websites."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from attribution.models import PageView, Visitor, WebEvent, WebSession
from workspaces.api.fields import AmountOut, amount_of


class SessionOut(serializers.ModelSerializer[WebSession]):
    """One visit."""

    id = serializers.UUIDField(source="public_id")
    site = serializers.UUIDField(source="site.public_id")
    visitor = serializers.UUIDField(source="visitor.public_id")
    value = serializers.SerializerMethodField("worth_of", help_text="Null if a rate is missing.")

    class Meta:
        model = WebSession
        fields: tuple[str, ...] = (
            "id", "site", "visitor", "number", "started_at", "ended_at", "source", "medium",
            "channel", "campaign", "content", "term", "referrer", "landing_page", "exit_page",
            "page_views", "events", "seconds", "is_bounce", "furthest_stage", "conversions",
            "value", "engagement_score", "customer_type", "device", "os", "browser", "country",
            "region", "city", "variants",
        )  # fmt: skip

    @extend_schema_field(AmountOut(allow_null=True))
    def worth_of(self, row: WebSession) -> dict[str, str] | None:
        """Amount in the workspace's currency."""
        return amount_of(row.value, row.workspace.currency)


class PageViewOut(serializers.ModelSerializer[PageView]):
    """A page that was seen."""

    id = serializers.UUIDField(source="event_id")

    class Meta:
        model = PageView
        fields = (
            "id", "position", "at", "url", "path", "title", "referrer", "stage",
            "is_conversion_page", "is_exit", "seconds", "scroll", "interactions", "variants",
        )  # fmt: skip


class WebEventOut(serializers.ModelSerializer[WebEvent]):
    """Something that was done."""

    id = serializers.UUIDField(source="event_id")
    value = serializers.SerializerMethodField("worth_of")

    class Meta:
        model = WebEvent
        fields = (
            "id", "at", "type", "category", "name", "label", "page_id", "path", "element_id",
            "element_class", "element_text", "element_type", "href", "scroll", "user_id", "value",
            "properties", "variants",
        )  # fmt: skip

    @extend_schema_field(AmountOut(allow_null=True))
    def worth_of(self, row: WebEvent) -> dict[str, str] | None:
        """What it is worth, in the currency that it came in."""
        return amount_of(row.value, row.currency)


class SessionWithPagesOut(SessionOut):
    """One visit with everything that was done in it."""

    pages = PageViewOut(many=True)
    done = WebEventOut(many=True)

    class Meta(SessionOut.Meta):
        fields = (*SessionOut.Meta.fields, "pages", "done")


class VisitorOut(serializers.ModelSerializer[Visitor]):
    """A visitor."""

    id = serializers.UUIDField(source="public_id")
    site = serializers.UUIDField(source="site.public_id")
    value = serializers.SerializerMethodField("worth_of", help_text="Null if a rate is missing.")

    class Meta:
        model = Visitor
        fields: tuple[str, ...] = (
            "id", "site", "has_consent", "user_id", "first_source", "first_medium",
            "first_campaign", "first_url", "first_referrer", "utm_source", "utm_medium",
            "utm_campaign", "utm_content", "utm_term", "device", "os", "browser", "screen",
            "country", "region", "city", "time_zone", "language", "visits", "page_views",
            "seconds", "first_conversion_at", "conversions", "value", "first_seen_at",
            "last_seen_at", "customer_type", "lifecycle_stage", "lifecycle_reason",
        )  # fmt: skip

    @extend_schema_field(AmountOut(allow_null=True))
    def worth_of(self, row: Visitor) -> dict[str, str] | None:
        """Amount in the workspace's currency."""
        return amount_of(row.value, row.workspace.currency)


class VisitorWithSessionsOut(VisitorOut):
    """A visitor with his newest visits."""

    sessions = SessionOut(many=True)

    class Meta(VisitorOut.Meta):
        fields = (*VisitorOut.Meta.fields, "sessions")
