"""Jobs: their switches, their runs, and four views over them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from workspaces.modeladmin import (
    ReadOnlyAdmin,
    WorkspaceModelAdmin,
    column,
    fields_of,
    member,
)
from workspaces.models import (
    FailedJob,
    JobConfig,
    JobPerformanceByTenant,
    JobQueueHealth,
    JobRun,
    JobState,
    RateLimitStatus,
)
from workspaces.reportadmin import ReportAdmin
from workspaces.roles import Role
from workspaces.tasks.jobs import request_and_send

STATE_COLOURS = {
    "queued": "info", "active": "warning", "completed": "success", "failed": "danger",
    "retry": "warning", "expired": "danger",
}  # fmt: skip
LIMIT_COLOURS = {"OK": "success", "WARNING": "warning", "LIMIT_REACHED": "danger"}


@admin.register(JobConfig)
class JobConfigAdmin(WorkspaceModelAdmin[JobConfig]):
    """How a job runs here, and how its last run went. Who changed what stands in its history."""

    change_role = Role.ADMIN
    list_display = ("name", "is_enabled", "last_state", "last_queued_at", "max_per_hour",
                    "max_attempts", "backoff_base_ms", "run_limit_s", "give_up_after_min",
                    "priority", "history_days")  # fmt: skip
    list_filter = ("is_enabled",)
    search_fields = ("name",)
    ordering = ("name",)
    actions = ("run_now",)
    readonly_fields = ("name", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("name", "is_enabled", "max_per_hour", "priority")}),
        ("When a run fails", {"fields": ("max_attempts", "backoff_base_ms", "give_up_after_min")}),
        ("Limits", {"fields": ("run_limit_s", "history_days")}),
        ("Of the job itself", {"fields": ("settings", "created_at", "updated_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobConfig]:
        """Jobs with their newest run."""
        runs = JobRun.objects.filter(workspace=OuterRef("workspace"), name=OuterRef("name"))
        newest = runs.order_by("-queued_at", "-pk")
        return (
            super()
            .get_queryset(request)
            .annotate(
                newest_state=Subquery(newest.values("state")[:1]),
                newest_queued_at=Subquery(newest.values("queued_at")[:1]),
            )
        )

    @column(description="Last run", label=STATE_COLOURS)
    def last_state(self, row: Any) -> tuple[str, str]:
        """State of the newest run."""
        state = row.newest_state
        return (state, JobState(state).label) if state else ("", "Never")

    @column(description="Asked for", ordering="newest_queued_at")
    def last_queued_at(self, row: Any) -> datetime | None:
        """When the newest run was asked for."""
        return cast("datetime | None", row.newest_queued_at)

    @admin.action(description="Run selected now", permissions=["operator"])
    def run_now(self, request: HttpRequest, rows: QuerySet[JobConfig]) -> None:
        """Queue a run of each."""
        for config in rows.order_by("name"):
            request_and_send(
                workspace=member(request).workspace,
                name=config.name,
                trigger="manual",
                by=member(request).user,
                now=timezone.now(),
            )
            messages.success(request, f"{config.name} starts in a moment; its run shows progress.")


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin[JobRun]):
    """Runs, newest first."""

    list_display = ("name", "state_label", "attempt", "trigger", "step", "done", "total",
                    "queued_at", "next_attempt_at", "finished_at", "error")  # fmt: skip
    list_filter = ("state", "trigger")
    search_fields = ("name",)
    ordering = ("-pk",)
    readonly_fields = fields_of(JobRun)

    @column(description="State", ordering="state", label=STATE_COLOURS)
    def state_label(self, row: JobRun) -> tuple[str, str]:
        """State, coloured."""
        return row.state, row.get_state_display()


@admin.register(JobQueueHealth)
class JobQueueHealthAdmin(ReportAdmin[JobQueueHealth]):
    """The last hour."""

    list_display = ("job_name", "queued", "running", "retry", "done", "failed", "expired",
                    "oldest_queued_at", "mean_duration_ms")  # fmt: skip
    search_fields = ("job_name",)
    ordering = ("job_name",)


@admin.register(FailedJob)
class FailedJobAdmin(ReportAdmin[FailedJob]):
    """What failed within a day."""

    list_display = (
        "job_name",
        "state",
        "attempt",
        "step",
        "error",
        "trigger",
        "started_at",
        "finished_at",
    )
    list_filter = ("finished_at",)
    search_fields = ("job_name", "error")
    ordering = ("-finished_at",)


@admin.register(JobPerformanceByTenant)
class JobPerformanceAdmin(ReportAdmin[JobPerformanceByTenant]):
    """A week of runs."""

    list_display = ("job_name", "runs", "failed", "mean_duration_ms", "p95_duration_ms",
                    "last_finished_at")  # fmt: skip
    search_fields = ("job_name",)
    ordering = ("job_name",)


@admin.register(RateLimitStatus)
class RateLimitStatusAdmin(ReportAdmin[RateLimitStatus]):
    """How much of each hourly limit is used."""

    list_display = ("job_name", "runs_last_hour", "max_per_hour", "status_label")
    search_fields = ("job_name",)
    ordering = ("job_name",)

    @column(description="Status", ordering="status", label=LIMIT_COLOURS)
    def status_label(self, row: RateLimitStatus) -> str:
        """Status, coloured."""
        return row.status
