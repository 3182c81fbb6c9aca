"""Ad changes: what waits, what was done, and three views over it. All to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from campaigns.models import (
    AdChangeHistory,
    CampaignActivitySummary,
    PendingAdChange,
    RecentBudgetChange,
    SafetyCheckFailure,
)
from campaigns.selectors.lookup import entities_with
from workspaces.modeladmin import ReadOnlyAdmin, column, fields_of, member, own
from workspaces.models import ProposerType
from workspaces.models.gate import WORD_FIELDS, WORDS_INDEX
from workspaces.reportadmin import ReportAdmin
from workspaces.search import narrow, words_of

OUTCOME_COLOURS = {
    "applied": "success",
    "refused": "danger",
    "transient": "warning",
    "throttled": "warning",
    "deferred": "info",
    "drift": "warning",
}
# The same words over the join that a list of changes makes.
CHANGE_WORDS = words_of(*(f"proposal__{name}" for name in WORD_FIELDS))
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
    search_help_text = "Beginnings of words of the entity's name, or the platform's id"
    ordering = ("-proposal_id",)
    readonly_fields = fields_of(PendingAdChange)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PendingAdChange], search_term: str
    ) -> tuple[QuerySet[PendingAdChange], bool]:
        """Search as on the queue page, by the words of its proposal."""
        return narrow(queryset, CHANGE_WORDS, search_term, index=WORDS_INDEX), False

    @column(description="Status", ordering="proposal__status")
    def status(self, row: PendingAdChange) -> str:
        """Where its proposal stands."""
        return row.proposal.get_status_display()


class OutcomeFilter(admin.SimpleListFilter):
    """Outcomes as attempts have them: to ask ten million rows for theirs takes seconds."""

    title = "outcome"
    parameter_name = "status"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """All there are."""
        return [(outcome, outcome) for outcome in (*OUTCOME_COLOURS, "unknown")]

    def queryset(
        self, request: HttpRequest, rows: QuerySet[AdChangeHistory]
    ) -> QuerySet[AdChangeHistory]:
        """Rows with that outcome."""
        return rows.filter(status=self.value()) if self.value() else rows


class TriggerFilter(admin.SimpleListFilter):
    """Who proposed, as a kind of proposer."""

    title = "triggered by"
    parameter_name = "triggered_by"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """All there are."""
        return [(value, str(label)) for value, label in ProposerType.choices]

    def queryset(
        self, request: HttpRequest, rows: QuerySet[AdChangeHistory]
    ) -> QuerySet[AdChangeHistory]:
        """Rows so triggered."""
        return rows.filter(triggered_by=self.value()) if self.value() else rows


@admin.register(AdChangeHistory)
class AdChangeHistoryAdmin(ReadOnlyAdmin[AdChangeHistory]):
    """One row per settled attempt."""

    list_display = ("entity_external_id", "change_type", "old_value", "new_value", "currency",
                    "outcome", "proposer", "completed_at", "duration_ms")  # fmt: skip
    list_filter = ("change_type", "entity_type", OutcomeFilter, TriggerFilter, own("account"))
    list_select_related = ("account",)
    search_fields = ("entity_external_id",)
    search_help_text = "The platform's id of the entity"
    ordering = ("-pk",)
    readonly_fields = fields_of(AdChangeHistory)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AdChangeHistory], search_term: str
    ) -> tuple[QuerySet[AdChangeHistory], bool]:
        """By the entity that has the id, whose history is indexed; ids themselves are not."""
        if not search_term.strip():
            return queryset, False
        found = entities_with(member(request).workspace, search_term.strip())
        wanted = Q(pk__in=[])
        for entity_type, account, entity in found:
            wanted |= Q(account=account, entity_type=entity_type, entity_id=entity)
        return queryset.filter(wanted), False

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
    """What a check or the platform stopped, as far back as the view tells."""

    list_display = ("entity_external_id", "change_type", "failure_label", "reason", "at")
    list_filter = ("at",)
    search_fields = ("entity_external_id", "reason")
    ordering = ("-at",)

    @column(description="Failure", ordering="failure", label=FAILURE_COLOURS)
    def failure_label(self, row: SafetyCheckFailure) -> str:
        """Kind, coloured."""
        return row.failure
