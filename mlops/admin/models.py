"""The sampler's record, synthetic worlds and versions of models, to read."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mlops.engine.learning.measures import measure_of
from mlops.models import (
    BudgetRecommendation,
    CampaignScore,
    Canary,
    DriftReport,
    MLDashboard,
    ModelArtefact,
    ModelPolicy,
    ModelPrediction,
    ModelVersion,
    PolicyTrial,
    Promotion,
    ReachCTRTimeseries,
    ROIForecast,
    ROITimeseries,
    SamplerDecision,
    SamplerFeedback,
    ScoreDay,
    ShadowReport,
    SyncRun,
    SyntheticWorld,
    UserScore,
    WorldTruth,
)
from workspaces.eventadmin import register_events
from workspaces.modeladmin import M, ReadOnlyAdmin, WorkspaceModelAdmin, fields_of
from workspaces.roles import Role


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


@admin.register(PolicyTrial)
class PolicyTrialAdmin(ReadOnlyAdmin[PolicyTrial]):
    """Other policies set against the sampler's ledger."""

    list_display = ("__str__", "state", "asked_by", "asked_at", "finished_at", "why")
    list_filter = ("state",)
    list_select_related = ("asked_by",)
    ordering = ("-pk",)
    readonly_fields = fields_of(PolicyTrial)


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
    search_fields = ("=install__user_id",)
    ordering = ("pk",)
    readonly_fields = fields_of(WorldTruth)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin[ModelVersion]):
    """Versions of models: what each was measured at, and where it stands."""

    list_display = ("__str__", "stage", "is_better", "verdict", "held_out", "created_by_label",
                    "created_at", "promoted_at")  # fmt: skip
    list_filter = ("name", "stage", "is_better")
    date_hierarchy = "created_at"
    search_fields = ("=name", "=sha256", "verdict")
    ordering = ("-pk",)
    readonly_fields = ("measured", *fields_of(ModelVersion))

    @admin.display(description="Measured on the rows held out")
    def measured(self, version: ModelVersion) -> str:
        """Its measures in words."""
        told = []
        for name, value in version.metrics.items():
            one = measure_of(name)
            told.append(f"{one.full_label}: {one.text(value)}")
        return "; ".join(told)


@admin.register(ModelArtefact)
class ModelArtefactAdmin(ReadOnlyAdmin[ModelArtefact]):
    """Checksums and sizes; the bytes leave by ``manage.py export_model``."""

    list_display = ("version", "sha256", "size_bytes")
    list_select_related = ("version",)
    search_fields = ("=sha256",)
    ordering = ("-version_id",)
    readonly_fields = fields_of(ModelArtefact, "data")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelArtefact]:
        """Rows without their bytes."""
        return super().get_queryset(request).defer("data")


@admin.register(Promotion)
class PromotionAdmin(ReadOnlyAdmin[Promotion]):
    """The detail of a proposal to promote."""

    list_display = ("proposal", "version", "replaced", "done_at")
    list_filter = ("proposal__status",)
    list_select_related = ("proposal", "version", "replaced")
    date_hierarchy = "done_at"
    search_fields = ("proposal__summary",)
    ordering = ("-proposal_id",)
    readonly_fields = fields_of(Promotion)


@admin.register(Canary)
class CanaryAdmin(ReadOnlyAdmin[Canary]):
    """Versions that answered a share of the subjects first, and how that ended."""

    list_display = ("version", "champion", "share", "started_at", "ends_at", "failures",
                    "standing", "outcome", "ended_at", "ended_by")  # fmt: skip
    list_filter = ("name", "outcome")
    list_select_related = ("version", "champion", "ended_by")
    date_hierarchy = "started_at"
    search_fields = ("name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(Canary)


@admin.register(ModelPrediction)
class ModelPredictionAdmin(ReadOnlyAdmin[ModelPrediction]):
    """What models said; ``manage.py reproduce_prediction BATCH`` makes it again."""

    show_full_result_count = False
    list_display = ("version", "subject", "output", "role", "door", "created_at", "batch",
                    "position")  # fmt: skip
    list_filter = ("version__name", "role", "door")
    list_select_related = ("version",)
    search_fields = ("=batch", "=subject")
    ordering = ("-pk",)
    readonly_fields = fields_of(ModelPrediction)


@admin.register(ModelPolicy)
class ModelPolicyAdmin(WorkspaceModelAdmin[ModelPolicy]):
    """When a challenger is proposed by itself, how it begins, and when drift asks for training."""

    add_role = change_role = Role.ADMIN
    list_display = ("__str__", "least_rows", "least_gain", "most_moved", "cool_down_days",
                    "trains_by_itself", "proposes_by_itself", "canary_share", "canary_days",
                    "updated_at")  # fmt: skip


@admin.register(UserScore)
class UserScoreAdmin(ReadOnlyAdmin[UserScore]):
    """What versions said of users, and what came of it."""

    list_display = ("install", "version", "score", "outcome", "began_on", "scored_on")
    list_filter = ("version__name",)
    list_select_related = ("install", "version")
    search_fields = ("=install__user_id",)
    ordering = ("-pk",)
    readonly_fields = fields_of(UserScore)
    show_full_result_count = False


@admin.register(ScoreDay)
class ScoreDayAdmin(ReadOnlyAdmin[ScoreDay]):
    """Scores added up by day of install."""

    list_display = ("version", "began_on", "users", "total")
    list_filter = ("version__name",)
    list_select_related = ("version",)
    search_fields = ("version__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(ScoreDay)


@admin.register(CampaignScore)
class CampaignScoreAdmin(ReadOnlyAdmin[CampaignScore]):
    """What versions said of campaigns' coming days, and what came of it."""

    list_display = ("campaign", "version", "began_on", "figures", "outcomes", "scored_on")
    list_filter = ("version__name",)
    list_select_related = ("campaign", "version")
    search_fields = ("campaign__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(CampaignScore)
    show_full_result_count = False


@admin.register(ShadowReport)
class ShadowReportAdmin(ReadOnlyAdmin[ShadowReport]):
    """Challengers set against the champion."""

    list_display = ("version", "champion", "day", "rows", "campaigns", "gain", "gain_low",
                    "is_eligible", "verdict")  # fmt: skip
    list_filter = ("version__name", "is_eligible")
    list_select_related = ("version", "champion")
    date_hierarchy = "day"
    search_fields = ("version__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(ShadowReport)


@admin.register(DriftReport)
class DriftReportAdmin(ReadOnlyAdmin[DriftReport]):
    """How far inputs, scores and calibration had moved."""

    list_display = ("version", "day", "rows", "score_moved", "calibration_error", "is_moved",
                    "verdict", "has_asked")  # fmt: skip
    list_filter = ("version__name", "is_moved")
    list_select_related = ("version",)
    date_hierarchy = "day"
    search_fields = ("version__name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(DriftReport)


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin[SyncRun]):
    """Syncs of the ML dashboards: what each made, or why it did not."""

    list_display = ("__str__", "trigger", "step", "is_current", "figures_until", "finished_at",
                    "error")  # fmt: skip
    list_filter = ("state", "step", "trigger")
    date_hierarchy = "started_at"
    search_fields = ("=public_id", "error")
    ordering = ("-pk",)
    readonly_fields = fields_of(SyncRun)


class BatchRowAdmin(ReadOnlyAdmin[M]):
    """Rows of the dashboards' batches."""

    list_filter = ("run__is_current", "channel")
    list_select_related = ("run",)
    search_fields = ("channel",)
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(ROIForecast)
class ROIForecastAdmin(BatchRowAdmin[ROIForecast]):
    """What channels are expected to earn."""

    list_display = ("channel", "roi_forecast", "low", "high", "run", "created_at")
    readonly_fields = fields_of(ROIForecast)


@admin.register(ROITimeseries)
class ROITimeseriesAdmin(BatchRowAdmin[ROITimeseries]):
    """ROI and conversion rate by day, actual and predicted."""

    list_display = ("date", "channel", "roi_actual", "roi_pred", "conversion_actual",
                    "conversion_pred", "run")  # fmt: skip
    readonly_fields = fields_of(ROITimeseries)


@admin.register(ReachCTRTimeseries)
class ReachCTRTimeseriesAdmin(BatchRowAdmin[ReachCTRTimeseries]):
    """Reach and CTR by day, actual and predicted."""

    list_display = ("date", "channel", "reach_actual", "reach_pred", "ctr_actual", "ctr_pred",
                    "run")  # fmt: skip
    readonly_fields = fields_of(ReachCTRTimeseries)


@admin.register(BudgetRecommendation)
class BudgetRecommendationAdmin(BatchRowAdmin[BudgetRecommendation]):
    """How a total would be shared out."""

    list_display = ("channel", "roi_pred", "conversion_pred", "acquisition_cost",
                    "recommended_budget", "total_budget", "currency", "run")  # fmt: skip
    readonly_fields = fields_of(BudgetRecommendation)


@admin.register(MLDashboard)
class MLDashboardAdmin(ReadOnlyAdmin[MLDashboard]):
    """Charts as drawn; the pictures themselves stand on the page ML dashboards."""

    list_display = ("type", "theme", "sha256", "run", "created_at")
    list_filter = ("type", "theme", "run__is_current")
    list_select_related = ("run",)
    search_fields = ("=sha256",)
    ordering = ("-pk",)
    readonly_fields = fields_of(MLDashboard, "data")

    def get_queryset(self, request: HttpRequest) -> QuerySet[MLDashboard]:
        """Rows without their bytes."""
        return super().get_queryset(request).defer("data")


register_events("mlops")
