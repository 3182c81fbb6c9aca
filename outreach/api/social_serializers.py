"""What the API tells of social networks."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from outreach.models import (
    PlatformInsight,
    SocialAdvocate,
    SocialEngagement,
    SocialPlatform,
    SocialPost,
)


class SocialPersonOut(serializers.Serializer[Any]):
    """Somebody on a network."""

    platform = serializers.ChoiceField(SocialPlatform.choices)
    id = serializers.CharField(source="external_id", help_text="Theirs on the network.")
    username = serializers.CharField()
    name = serializers.CharField()
    followers = serializers.IntegerField(allow_null=True, help_text="Null: not public.")
    contact = serializers.UUIDField(
        source="contact.public_id", default=None, allow_null=True, help_text="Who that is here."
    )


class SocialAccountOut(serializers.Serializer[Any]):
    """An account on a social network."""

    id = serializers.UUIDField(source="public_id")
    platform = serializers.ChoiceField(SocialPlatform.choices)
    external_id = serializers.CharField()
    name = serializers.CharField()
    followers = serializers.IntegerField()
    connection = serializers.UUIDField(source="connection.public_id")
    connection_status = serializers.CharField(source="connection.status")
    synced_until = serializers.DateTimeField(allow_null=True)


class SocialPostOut(serializers.ModelSerializer[SocialPost]):
    """A post with its figures."""

    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = SocialPost
        fields = (
            "id", "platform", "external_id", "caption", "type", "hashtags", "url", "posted_at",
            "likes", "comments", "shares", "saves", "views", "reach", "engagement_rate", "score",
            "auto_respond", "keyword_triggers", "fetched_at",
        )  # fmt: skip


class SocialEngagementOut(serializers.ModelSerializer[SocialEngagement]):
    """One thing that somebody did."""

    id = serializers.UUIDField(source="public_id")
    post = serializers.UUIDField(source="post.public_id", default=None, allow_null=True)
    person = SocialPersonOut()

    class Meta:
        model = SocialEngagement
        fields = (
            "id", "platform", "external_id", "kind", "person", "post", "text", "at", "value",
            "influence", "intent", "sentiment", "is_possible_advocate", "auto_responded_at",
            "dm_at", "converted_at", "conversion_value",
        )  # fmt: skip


class SocialPostWholeOut(SocialPostOut):
    """A post with the newest of what people did below it."""

    engagements = SocialEngagementOut(many=True, source="newest", help_text="At most 100.")

    class Meta(SocialPostOut.Meta):
        fields = (*SocialPostOut.Meta.fields, "engagements")  # type: ignore[assignment]  # one more


class SocialAdvocateOut(serializers.ModelSerializer[SocialAdvocate]):
    """Somebody who speaks for us."""

    id = serializers.UUIDField(source="public_id")
    person = SocialPersonOut()

    class Meta:
        model = SocialAdvocate
        fields = (
            "id", "person", "score", "tier", "interactions", "active_weeks", "is_active",
            "last_at", "since", "is_vip", "notes", "scored_at",
        )  # fmt: skip


class PlatformInsightOut(serializers.ModelSerializer[PlatformInsight]):
    """What the figures of a network say."""

    class Meta:
        model = PlatformInsight
        fields = (
            "id", "platform", "type", "date", "period", "data", "key_metric", "key_value", "change",
            "recommendation", "confidence", "fetched_at",
        )  # fmt: skip
