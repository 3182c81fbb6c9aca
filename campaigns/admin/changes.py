"""Ad changes: what waits, what was done, and three views over it. All to read."""

from __future__ import annotations

from django.contrib import admin

from campaigns.models import (
    AdChangeHistory,
    CampaignActivitySummary,
    PendingAdChange,
    RecentBudgetChange,
    SafetyCheckFailure,
)
from workspaces.modeladmin import ReadOnlyAdmin, ReportAdmin, column, fields_of, own

OUTCOME_COLOURS = {
    "applied": "success",
    "refused": "danger",
    "transient": "warning",
    "throttled": "warning",
    "deferred": "info",
    "drift": "warning",
}
FAILURE_COLOURS = {
    "RATE_LIMIT": "warning",
    "VELOCITY_LIMIT": "warning",
    "BLOCKED": "info",
    "FAILED": "danger",
}


@admin.register(PendingAdChange)
class PendingAdChangeAdmin(ReadOnlyAdmin[PendingAdChange]):
    """The detail of an ad change's proposal."""

    list_display = ("entity_name", "change_type", "current_value", "final_value", "currency",
                    "change_pct", "status", "account")  # fmt: skip
    list_filter = ("change_type", "entity_type", "proposal__status", own("account"))
    list_select_related = ("proposal", "account")
    search_fields = ("entity_name", "entity_external_id")
    ordering = ("-proposal_id",)
    readonly_fields = fields_of(PendingAdChange)

    @column(description="Status", ordering="proposal__status")
    def status(self, row: PendingAdChange) -> str:
        """Where its proposal stands."""
        return row.proposal.get_status_display()


@admin.register(AdChangeHistory)
class AdChangeHistoryAdmin(ReadOnlyAdmin[AdChangeHistory]):
    """One row per settled attempt."""

    list_display = ("entity_external_id", "change_type", "old_value", "new_value", "currency",
                    "outcome", "proposer", "completed_at", "duration_ms")  # fmt: skip
    list_filter = ("change_type", "entity_type", "status", "triggered_by", own("account"))
    list_select_related = ("account",)
    search_fields = ("=entity_external_id",)
    search_help_text = "The platform's id of the entity"
    ordering = ("-pk",)
    readonly_fields = fields_of(AdChangeHistory)

    @column(description="Outcome", ordering="status", label=OUTCOME_COLOURS)
    def outcome(self, row: AdChangeHistory) -> str:
        """Outcome, coloured."""
        return row.status


@admin.register(RecentBudgetChange)
class RecentBudgetChangeAdmin(ReportAdmin[RecentBudgetChange]):
    """Budgets moved within a day."""

    list_display = ("entity_external_id", "account_name", "old_value", "new_value", "currency",
                    "change_pct", "triggered_by", "status", "completed_at")  # fmt: skip
    list_filter = ("status",)
    search_fields = ("entity_external_id", "account_name")
    ordering = ("-completed_at",)


@admin.register(CampaignActivitySummary)
class CampaignActivitySummaryAdmin(ReportAdmin[CampaignActivitySummary]):
    """How much was done to each campaign."""

    list_display = ("campaign_name", "total_changes", "changes_last_hour", "budget_changes_6h",
                    "last_change_at", "mean_duration_ms")  # fmt: skip
    search_fields = ("campaign_name",)
    # By id: ordering by a figure would compute it for every campaign before the first page.
    ordering = ("-campaign_id",)
    sortable_by = ("campaign_name",)


@admin.register(SafetyCheckFailure)
class SafetyCheckFailureAdmin(ReportAdmin[SafetyCheckFailure]):
    """What a check or the platform stopped."""

    list_display = ("entity_external_id", "change_type", "failure_label", "reason", "at")
    search_fields = ("entity_external_id", "reason")
    ordering = ("-at",)

    @column(description="Failure", ordering="failure", label=FAILURE_COLOURS)
    def failure_label(self, row: SafetyCheckFailure) -> str:
        """Kind, coloured."""
        return row.failure
