"""The sampler's record and synthetic worlds, to read."""

from __future__ import annotations

from django.contrib import admin

from mlops.models import SamplerDecision, SamplerFeedback, SyntheticWorld, WorldTruth
from workspaces.modeladmin import ReadOnlyAdmin, fields_of


@admin.register(SamplerDecision)
class SamplerDecisionAdmin(ReadOnlyAdmin[SamplerDecision]):
    """Each arm of each draw, with the propensity it was drawn with."""

    list_display = ("arm_label", "decision", "mode", "current_budget", "recommended_budget",
                    "propensity", "confidence", "proposal", "at")  # fmt: skip
    list_filter = ("decision", "mode")
    list_select_related = ("proposal",)
    search_fields = ("arm", "arm_label", "=allocation_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(SamplerDecision)


@admin.register(SamplerFeedback)
class SamplerFeedbackAdmin(ReadOnlyAdmin[SamplerFeedback]):
    """What arms really brought."""

    list_display = ("arm", "spend", "pipeline_value", "source", "at")
    list_filter = ("source",)
    search_fields = ("arm", "=event_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(SamplerFeedback)


@admin.register(SyntheticWorld)
class SyntheticWorldAdmin(ReadOnlyAdmin[SyntheticWorld]):
    """What a workspace's synthetic world was made of."""

    list_display = ("__str__", "starts_on", "days", "users", "sessions", "made_at")
    ordering = ("pk",)
    readonly_fields = fields_of(SyntheticWorld)


@admin.register(WorldTruth)
class WorldTruthAdmin(ReadOnlyAdmin[WorldTruth]):
    """What was drawn for each user."""

    list_display = ("install", "segment", "churn_day")
    list_filter = ("segment",)
    list_select_related = ("install",)
    ordering = ("pk",)
    readonly_fields = fields_of(WorldTruth)
