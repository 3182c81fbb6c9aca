"""Stage values: to read. A change of them is proposed on their page and signed in the queue."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from attribution.models import (
    PipelineStage,
    StageValue,
    StageValueChange,
    SyntheticRevenueConfig,
    SyntheticRevenueSummary,
)
from workspaces.modeladmin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    column,
    fields_of,
    own,
)
from workspaces.reportadmin import ReportAdmin


class PipelineStageInline(ReadOnlyInline[PipelineStage, SyntheticRevenueConfig]):
    """Stages of a version."""

    model = PipelineStage
    per_page = 50
    ordering = ("order",)
    fields = readonly_fields = (
        "order", "key", "label", "value", "confidence", "outcome", "description",
    )  # fmt: skip


@admin.register(SyntheticRevenueConfig)
class SyntheticRevenueConfigAdmin(ReadOnlyAdmin[SyntheticRevenueConfig]):
    """One row per version; none is ever edited."""

    list_display = ("__str__", "template", "average_deal_value", "sales_cycle_days", "win_rate",
                    "created_by_label", "effective_at")  # fmt: skip
    date_hierarchy = "created_at"
    list_filter = ("template",)
    search_fields = ("template", "created_by_label")
    ordering = ("-version",)
    inlines = (PipelineStageInline,)
    fields = readonly_fields = ("propose", *fields_of(SyntheticRevenueConfig, "id"))

    @column(description="To change it")
    def propose(self, row: SyntheticRevenueConfig) -> str:
        """Link to the page that proposes the next version."""
        return format_html(
            '<a class="text-primary-600" href="{}">Propose a change</a>', reverse("stage-values")
        )


@admin.register(PipelineStage)
class PipelineStageAdmin(ReadOnlyAdmin[PipelineStage]):
    """What each stage was worth, by version."""

    workspace_path = "config__workspace"
    list_display = ("label", "key", "value", "confidence", "outcome", "config")
    list_filter = ("outcome", own("config"))
    list_select_related = ("config",)
    search_fields = ("key", "label")
    ordering = ("-config__version", "order")
    readonly_fields = fields_of(PipelineStage)


@admin.register(StageValueChange)
class StageValueChangeAdmin(ReadOnlyAdmin[StageValueChange]):
    """The detail of a proposal of stage values."""

    list_display = ("summary", "from_version", "crossing_ads", "flipping_changes", "status")
    list_filter = ("proposal__status",)
    list_select_related = ("proposal",)
    search_fields = ("proposal__summary",)
    ordering = ("-proposal_id",)
    readonly_fields = fields_of(StageValueChange)

    @column(description="Proposal", ordering="proposal__summary")
    def summary(self, row: StageValueChange) -> str:
        """What was proposed."""
        return row.proposal.summary

    @column(description="Status", ordering="proposal__status")
    def status(self, row: StageValueChange) -> str:
        """Where its proposal stands."""
        return row.proposal.get_status_display()


@admin.register(StageValue)
class StageValueAdmin(ReportAdmin[StageValue]):
    """What each stage is worth now."""

    list_display = ("stage_name", "stage_value", "stage_confidence", "stage_description")
    search_fields = ("stage_name",)
    ordering = ("stage_value", "stage_name")


@admin.register(SyntheticRevenueSummary)
class SyntheticRevenueSummaryAdmin(ReportAdmin[SyntheticRevenueSummary]):
    """Deals and their value by stage."""

    list_display = ("stage_name", "is_known", "deals", "credited_deals", "pipeline_value",
                    "confident_value", "last_moved_at")  # fmt: skip
    search_fields = ("stage_name",)
    ordering = ("-pipeline_value", "stage_name")
