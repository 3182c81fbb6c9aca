"""Recurring jobs per workspace: their switch, their limit, their runs."""

from __future__ import annotations

from datetime import timedelta

import pghistory
from django.db import models
from django.db.models import Q

from workspaces.ids import uuid7
from workspaces.models.workspace import Workspace


class JobState(models.TextChoices):
    """State of one run. ``expired``: it waited until nobody needs it any more."""

    QUEUED = "queued", "Queued"
    RUNNING = "active", "Running"
    DONE = "completed", "Done"
    FAILED = "failed", "Failed"
    RETRY = "retry", "Waits for its next attempt"
    EXPIRED = "expired", "Expired"


# Above every time limit Celery would deliver a message again while it is still worked on.
MAX_RUN_LIMIT_S = 2 * 3600
MAX_ATTEMPTS = 20
PRIORITY_RANGE = (-10, 10)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class JobConfig(models.Model):
    """How a job runs in a workspace: whether, how often, how long, how many times again."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    is_enabled = models.BooleanField(default=True)
    max_per_hour = models.PositiveIntegerField(
        "runs an hour", null=True, blank=True, help_text="Empty: no limit."
    )
    max_attempts = models.PositiveSmallIntegerField(
        default=3, db_default=3, help_text="Tries of one run, the first one included."
    )
    backoff_base_ms = models.PositiveIntegerField(
        "back-off base (ms)",
        default=5000,
        db_default=5000,
        help_text="Wait before the second try; it doubles with each further one, up to an hour.",
    )
    give_up_after_min = models.PositiveIntegerField(
        "give up after (minutes)",
        default=1440,
        db_default=1440,
        help_text="A run that has not begun or ended by then expires.",
    )
    run_limit_s = models.PositiveIntegerField(
        "run limit (s)",
        default=MAX_RUN_LIMIT_S,
        db_default=MAX_RUN_LIMIT_S,
        help_text="One try is stopped after that, at most 7200.",
    )
    priority = models.SmallIntegerField(
        default=0, db_default=0, help_text="−10 to 10; higher ones are taken first."
    )
    history_days = models.PositiveSmallIntegerField(
        default=7, db_default=7, help_text="How long runs that have ended are kept."
    )
    settings = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "job_config"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="workspaces_jobconfig_once"),
            models.CheckConstraint(
                condition=Q(max_attempts__range=(1, MAX_ATTEMPTS)),
                name="workspaces_jobconfig_attempts",
                violation_error_message="Allow 1 to 20 attempts.",
            ),
            models.CheckConstraint(
                condition=Q(run_limit_s__range=(1, MAX_RUN_LIMIT_S)),
                name="workspaces_jobconfig_run_limit",
                violation_error_message="Let a run take 1 to 7200 seconds.",
            ),
            models.CheckConstraint(
                condition=Q(give_up_after_min__gte=1, history_days__gte=1),
                name="workspaces_jobconfig_lives",
                violation_error_message="Give up after a minute or more; keep runs a day or more.",
            ),
            models.CheckConstraint(
                condition=Q(priority__range=PRIORITY_RANGE),
                name="workspaces_jobconfig_priority",
                violation_error_message="Choose a priority from −10 to 10.",
            ),
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
    attempt = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Tries begun so far."
    )
    next_attempt_at = models.DateTimeField(null=True, blank=True)
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
                condition=Q(state="active"),
                nulls_distinct=False,
                name="workspaces_jobrun_one_running",
                violation_error_message="This job is running already.",
            ),
        ]
        indexes = [
            # the sweep: what waits for a worker or for its next try
            models.Index(
                fields=["queued_at"],
                condition=Q(state__in=["queued", "active", "retry"]),
                name="workspaces_jobrun_open",
            ),
            # the job pages and the four job views: newest first per workspace and name
            models.Index(
                fields=["workspace", "name", "-queued_at"], name="workspaces_jobrun_recent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"

    @property
    def is_open(self) -> bool:
        """Whether it waits or is at work."""
        return self.state in (JobState.QUEUED, JobState.RUNNING, JobState.RETRY)

    @property
    def duration_ms(self) -> int | None:
        """How long the last try took, once it has ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at) // timedelta(milliseconds=1)
