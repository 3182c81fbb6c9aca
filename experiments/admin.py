"""Tests and what came of them, to read; metrics, layers and the rules of testing, to edit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from experiments.models import (
    ABTest,
    ABTestAllocation,
    ABTestChange,
    ABTestMetric,
    ABTestVariant,
    BestPractice,
    CountingWork,
    ExperimentPolicy,
    Exposure,
    ExposureDay,
    Layer,
    Metric,
    MetricDay,
    PracticeEvidence,
    PracticeUse,
    PracticeVersion,
    RollOut,
    UnitEvent,
    UnitOutcome,
    WebsiteABTest,
)
from experiments.models.metrics import DEFINITION
from experiments.selectors.rules import is_counted_by
from workspaces.eventadmin import register_events
from workspaces.modeladmin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    WorkspaceModelAdmin,
    fields_of,
    own,
)
from workspaces.roles import Role


class VariantInline(ReadOnlyInline[ABTestVariant, ABTest]):
    """Its arms."""

    model = ABTestVariant
    fields = ("key", "name", "weight", "is_control", "config")
    ordering = ("position",)


class MetricInline(ReadOnlyInline[ABTestMetric, ABTest]):
    """What it measures."""

    model = ABTestMetric
    fields = ("metric", "role", "harm_bp")
    ordering = ("position", "pk")


@admin.register(ABTest)
class ABTestAdmin(ReadOnlyAdmin[ABTest]):
    """Tests; they are made and run on their pages."""

    list_display = ("name", "key", "surface", "type", "status", "method", "traffic", "started_at",
                    "ended_at", "winner")  # fmt: skip
    list_filter = ("status", "surface", "type", "method", "mode", own("layer"))
    list_select_related = ("winner",)
    search_fields = ("name", "hypothesis")
    ordering = ("-created_at",)
    readonly_fields = fields_of(ABTest)
    inlines = (VariantInline, MetricInline)


@admin.register(ABTestVariant)
class ABTestVariantAdmin(ReadOnlyAdmin[ABTestVariant]):
    """Arms of tests."""

    list_display = ("name", "key", "test", "weight", "is_control", "ad")
    list_filter = ("is_control", own("test"))
    list_select_related = ("test", "ad")
    search_fields = ("name", "test__name")
    ordering = ("-test_id", "position")
    readonly_fields = fields_of(ABTestVariant)


@admin.register(WebsiteABTest)
class WebsiteABTestAdmin(ReadOnlyAdmin[WebsiteABTest]):
    """Where on websites tests live."""

    list_display = ("test", "site", "page_pattern", "selector", "deployed_at")
    list_filter = (own("site"),)
    list_select_related = ("test", "site")
    search_fields = ("test__name", "page_pattern")
    ordering = ("-pk",)
    readonly_fields = fields_of(WebsiteABTest)


@admin.register(ABTestMetric)
class ABTestMetricAdmin(ReadOnlyAdmin[ABTestMetric]):
    """Which metrics decide which tests."""

    list_display = ("test", "metric", "role", "harm_bp")
    list_filter = ("role", own("metric"))
    list_select_related = ("test", "metric")
    search_fields = ("test__name", "metric__name")
    ordering = ("-test_id", "position", "pk")
    readonly_fields = fields_of(ABTestMetric)


@admin.register(Metric)
class MetricAdmin(WorkspaceModelAdmin[Metric]):
    """Definitions of what is measured. One that a started test uses is fixed."""

    add_role = change_role = Role.ADMIN
    list_display = ("name", "key", "kind", "source", "event", "window_h", "goal", "cap",
                    "archived_at")  # fmt: skip
    list_filter = ("kind", "source", "goal")
    search_fields = ("name", "event")
    ordering = ("name",)
    exclude = ("workspace",)

    def get_readonly_fields(self, request: HttpRequest, obj: Metric | None = None) -> Any:
        """What a started test counts by is shown, not edited."""
        if obj is not None and is_counted_by(obj):
            return (*super().get_readonly_fields(request, obj), *DEFINITION)
        return super().get_readonly_fields(request, obj)


@admin.register(Layer)
class LayerAdmin(WorkspaceModelAdmin[Layer]):
    """Tests that share a layer never share a person."""

    add_role = change_role = Role.ADMIN
    list_display = ("name", "created_at")
    search_fields = ("name",)
    ordering = ("name",)
    exclude = ("workspace",)


@admin.register(ExperimentPolicy)
class ExperimentPolicyAdmin(WorkspaceModelAdmin[ExperimentPolicy]):
    """What new tests begin with, and what needs a signature."""

    add_role = change_role = Role.ADMIN
    list_display = ("__str__", "start_needs_signature", "method", "alpha_bp", "power_bp",
                    "minimum_effect_bp", "min_days", "max_days", "holdback",
                    "updated_at")  # fmt: skip
    exclude = ("workspace",)


@admin.register(ABTestAllocation)
class ABTestAllocationAdmin(ReadOnlyAdmin[ABTestAllocation]):
    """Shares from a moment on."""

    list_display = ("test", "at", "traffic", "weights", "reason", "by_label")
    list_filter = (own("test"),)
    list_select_related = ("test",)
    search_fields = ("test__name", "reason")
    ordering = ("-pk",)
    readonly_fields = fields_of(ABTestAllocation)


@admin.register(ABTestChange)
class ABTestChangeAdmin(ReadOnlyAdmin[ABTestChange]):
    """Proposals about tests."""

    list_display = ("proposal", "test", "operation", "variant")
    list_filter = ("operation", own("test"))
    list_select_related = ("proposal", "test", "variant")
    search_fields = ("test__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(ABTestChange)


@admin.register(Exposure)
class ExposureAdmin(ReadOnlyAdmin[Exposure]):
    """Who met which variant first."""

    list_display = ("unit", "test", "variant", "at", "device", "source", "country",
                    "customer_type", "other_variant_at")  # fmt: skip
    list_filter = ("device", own("test"))
    list_select_related = ("test", "variant")
    search_fields = ("=unit",)
    ordering = ("-pk",)
    readonly_fields = fields_of(Exposure)


@admin.register(UnitOutcome)
class UnitOutcomeAdmin(ReadOnlyAdmin[UnitOutcome]):
    """What units did, by day."""

    list_display = ("exposure", "metric", "day", "value", "denominator", "covariate")
    list_filter = (own("metric"),)
    list_select_related = ("exposure", "metric")
    search_fields = ("=exposure__unit",)
    ordering = ("-pk",)
    readonly_fields = fields_of(UnitOutcome)


@admin.register(MetricDay)
class MetricDayAdmin(ReadOnlyAdmin[MetricDay]):
    """Sums that results are read from."""

    list_display = ("test", "variant", "metric", "dimension", "key", "day", "units", "sum")
    list_filter = ("dimension", own("test"), own("metric"))
    list_select_related = ("test", "variant", "metric")
    search_fields = ("test__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(MetricDay)


@admin.register(ExposureDay)
class ExposureDayAdmin(ReadOnlyAdmin[ExposureDay]):
    """Units by day."""

    list_display = ("test", "variant", "dimension", "key", "day", "units", "in_several")
    list_filter = ("dimension", own("test"))
    list_select_related = ("test", "variant")
    search_fields = ("test__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(ExposureDay)


@admin.register(UnitEvent)
class UnitEventAdmin(ReadOnlyAdmin[UnitEvent]):
    """What integrations told of units."""

    list_display = ("unit", "name", "value", "at", "received_at")
    list_filter = ("name",)
    search_fields = ("=unit", "=event_id")
    ordering = ("-pk",)
    readonly_fields = fields_of(UnitEvent)


@admin.register(CountingWork)
class CountingWorkAdmin(ReadOnlyAdmin[CountingWork]):
    """Units that wait for their counting."""

    list_display = ("unit", "site", "since")
    list_filter = (own("site"),)
    list_select_related = ("site",)
    search_fields = ("=unit",)
    ordering = ("pk",)
    readonly_fields = fields_of(CountingWork)


@admin.register(RollOut)
class RollOutAdmin(ReadOnlyAdmin[RollOut]):
    """Winners on their way to everybody, and what they are really worth."""

    list_display = ("test", "variant", "state", "share", "holdback", "claimed", "realised",
                    "started_at", "next_step_at", "reason")  # fmt: skip
    list_filter = ("state", own("test"))
    list_select_related = ("test", "variant")
    search_fields = ("test__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(RollOut)


@admin.register(BestPractice)
class BestPracticeAdmin(ReadOnlyAdmin[BestPractice]):
    """What works; decided on its page."""

    list_display = ("title", "channel", "category", "state", "source", "effect", "confidence",
                    "validation_count", "times_applied", "next_check_on")  # fmt: skip
    list_filter = ("state", "source", "category", "channel")
    search_fields = ("title", "recommendation")
    ordering = ("-confidence", "pk")
    readonly_fields = fields_of(BestPractice)


@admin.register(PracticeVersion)
class PracticeVersionAdmin(ReadOnlyAdmin[PracticeVersion]):
    """What practices said, and from when on."""

    list_display = ("practice", "version", "state", "why", "at", "by_label")
    list_filter = ("state", own("practice"))
    list_select_related = ("practice",)
    search_fields = ("practice__title", "why")
    ordering = ("-pk",)
    readonly_fields = fields_of(PracticeVersion)


@admin.register(PracticeEvidence)
class PracticeEvidenceAdmin(ReadOnlyAdmin[PracticeEvidence]):
    """What tests say of practices."""

    list_display = ("practice", "test", "log_effect", "variance", "units", "predicted", "at")
    list_filter = (own("practice"),)
    list_select_related = ("practice", "test")
    search_fields = ("practice__title", "test__name")
    ordering = ("-pk",)
    readonly_fields = fields_of(PracticeEvidence)


@admin.register(PracticeUse)
class PracticeUseAdmin(ReadOnlyAdmin[PracticeUse]):
    """Where practices were taken up."""

    list_display = ("practice", "subject_label", "by_label", "at")
    list_filter = (own("practice"),)
    list_select_related = ("practice",)
    date_hierarchy = "at"
    search_fields = ("practice__title", "subject_label")
    ordering = ("-pk",)
    readonly_fields = fields_of(PracticeUse)


register_events("experiments")
