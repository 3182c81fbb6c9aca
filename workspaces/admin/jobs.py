"""Jobs: their switches, their runs, and four views over them."""

from __future__ import annotations

from functools import partial

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from workspaces.modeladmin import (
    ReadOnlyAdmin,
    ReportAdmin,
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
    RateLimitStatus,
)
from workspaces.roles import Role
from workspaces.services import jobs
from workspaces.tasks.jobs import run_job

STATE_COLOURS = {"queued": "info", "running": "warning", "done": "success", "failed": "danger"}
LIMIT_COLOURS = {"OK": "success", "WARNING": "warning", "LIMIT_REACHED": "danger"}


@admin.register(JobConfig)
class JobConfigAdmin(WorkspaceModelAdmin[JobConfig]):
    """Whether and how often a job may run."""

    change_role = Role.ADMIN
    list_display = ("name", "is_enabled", "max_per_hour", "updated_at")
    list_filter = ("is_enabled",)
    search_fields = ("name",)
    ordering = ("name",)
    actions = ("run_now",)
    readonly_fields = ("name", "created_at", "updated_at")

    @admin.action(description="Run selected now", permissions=["operator"])
    def run_now(self, request: HttpRequest, rows: QuerySet[JobConfig]) -> None:
        """Queue a run of each."""
        for config in rows.order_by("name"):
            run = jobs.request_job(
                workspace=member(request).workspace,
                name=config.name,
                trigger="manual",
                by=member(request).user,
                now=timezone.now(),
            )
            transaction.on_commit(partial(run_job.delay, run_id=run.pk))
            messages.success(request, f"{config.name} starts in a moment; its run shows progress.")


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin[JobRun]):
    """Runs, newest first."""

    list_display = ("name", "state_label", "trigger", "step", "done", "total", "queued_at",
                    "finished_at")  # fmt: skip
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

    list_display = ("job_name", "queued", "running", "done", "failed", "oldest_queued_at",
                    "mean_duration_ms")  # fmt: skip
    search_fields = ("job_name",)
    ordering = ("job_name",)


@admin.register(FailedJob)
class FailedJobAdmin(ReportAdmin[FailedJob]):
    """What failed within a day."""

    list_display = ("job_name", "step", "error", "trigger", "started_at", "finished_at")
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
