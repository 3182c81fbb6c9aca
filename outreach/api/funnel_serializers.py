"""What the API takes and tells of funnels."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from outreach.models import EngagementKind, SocialEngagementFunnel, SocialPlatform
from workspaces.api.fields import Body

_TEXT = 2_000


class SocialFunnelChangeIn(Body):
    """What is to be changed of a funnel."""

    name = serializers.CharField(max_length=120, required=False)
    platforms = serializers.ListField(
        child=serializers.ChoiceField(SocialPlatform.choices), required=False, max_length=5,
        help_text="Not tiktok: it does not tell who comments.",
    )  # fmt: skip
    kinds = serializers.ListField(
        child=serializers.ChoiceField(EngagementKind.choices), required=False, max_length=8
    )
    keywords = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=50
    )
    least_interactions = serializers.IntegerField(required=False, min_value=0, max_value=1_000)
    least_score = serializers.IntegerField(required=False, min_value=0, max_value=100)
    least_followers = serializers.IntegerField(required=False, min_value=0, max_value=1_000_000_000)
    excluded = serializers.ListField(
        child=serializers.CharField(max_length=120), required=False, max_length=50
    )
    daily_limit = serializers.IntegerField(required=False, min_value=1, max_value=10_000)
    public_reply = serializers.CharField(
        max_length=_TEXT, required=False, allow_blank=True,
        help_text="{name} stands for the person.",
    )  # fmt: skip
    reply_after_min = serializers.IntegerField(required=False, min_value=0, max_value=10_080)
    dm_text = serializers.CharField(max_length=_TEXT, required=False, allow_blank=True)
    dm_after_min = serializers.IntegerField(required=False, min_value=0, max_value=10_080)
    follow_up = serializers.UUIDField(
        required=False, allow_null=True, help_text="A sequence for who writes back."
    )
    needs_approval = serializers.BooleanField(
        required=False, help_text="Only an approver says that answers need no signature."
    )


class SocialFunnelIn(SocialFunnelChangeIn):
    """A funnel."""

    name = serializers.CharField(max_length=120)
    platforms = serializers.ListField(
        child=serializers.ChoiceField(SocialPlatform.choices), min_length=1, max_length=5
    )


class SocialFunnelOut(serializers.ModelSerializer[SocialEngagementFunnel]):
    """A funnel with how many went through."""

    id = serializers.UUIDField(source="public_id")
    follow_up = serializers.UUIDField(source="follow_up.public_id", default=None, allow_null=True)
    triggered = serializers.IntegerField()
    replied = serializers.IntegerField()
    messaged = serializers.IntegerField()
    answered = serializers.IntegerField()
    converted = serializers.IntegerField()

    class Meta:
        model = SocialEngagementFunnel
        fields = (
            "id", "name", "is_on", "platforms", "kinds", "keywords", "least_interactions",
            "least_score", "least_followers", "excluded", "daily_limit", "public_reply",
            "reply_after_min", "dm_text", "dm_after_min", "follow_up", "needs_approval",
            "trusted_by_label", "answers_from", "created_at", "archived_at", "triggered",
            "replied", "messaged", "answered", "converted",
        )  # fmt: skip


class FunnelStepOut(serializers.Serializer[Any]):
    """How many came so far."""

    name = serializers.CharField()
    count = serializers.IntegerField()


class FunnelMeasureOut(serializers.Serializer[Any]):
    """A share, what it is of, and its goal."""

    name = serializers.CharField()
    count = serializers.IntegerField()
    of = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True, help_text="Null: of nobody.")
    goal = serializers.FloatField()


class FunnelStopOut(serializers.Serializer[Any]):
    """Why some went no further."""

    reason = serializers.CharField()
    count = serializers.IntegerField()


class FunnelReportOut(serializers.Serializer[Any]):
    """What became of those who set a funnel off."""

    since = serializers.DateField(source="starts_on")
    until = serializers.DateField(source="ends_on", help_text="The day after the last.")
    steps = FunnelStepOut(many=True)
    measures = FunnelMeasureOut(many=True)
    value = serializers.DecimalField(max_digits=20, decimal_places=6)
    stopped = FunnelStopOut(many=True)
    new_advocates = serializers.IntegerField(help_text="Of the workspace.")
    advocates_goal = serializers.IntegerField()


class SocialPostIn(Body):
    """What funnels may do on a post."""

    auto_respond = serializers.BooleanField(required=False)
    funnel = serializers.UUIDField(
        required=False, allow_null=True, help_text="Only this one answers here; null: all."
    )
    keyword_triggers = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=50
    )
