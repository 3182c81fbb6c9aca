"""Recurring jobs per workspace: their switch, their limit, their runs."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import Q

from workspaces.ids import uuid7
from workspaces.models.workspace import Workspace


class JobState(models.TextChoices):
    """State of one run."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class JobConfig(models.Model):
    """Whether and how often a job may run in a workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    is_enabled = models.BooleanField(default=True)
    max_per_hour = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: no limit.")
    settings = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "job_config"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="workspaces_jobconfig_once"),
        ]

    def __str__(self) -> str:
        return self.name


class JobRun(models.Model):
    """One run of a job, with progress for people to see."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, null=True, blank=True, on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    trigger = models.CharField(max_length=20, default="schedule")
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    step = models.CharField(max_length=120, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    started_by = models.ForeignKey(
        "workspaces.User", null=True, blank=True, on_delete=models.PROTECT
    )
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=JobState.values), name="workspaces_jobrun_state"
            ),
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=Q(state="running"),
                nulls_distinct=False,
                name="workspaces_jobrun_one_running",
                violation_error_message="This job is running already.",
            ),
        ]
        indexes = [
            # the job pages and the four job views: newest first per workspace and name
            models.Index(
                fields=["workspace", "name", "-queued_at"], name="workspaces_jobrun_recent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"
