"""The sampler's record, and what synthetic worlds were made of."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from attribution.models import UserInstall
from workspaces.ids import uuid7
from workspaces.models import Proposal, Workspace


class SamplerDecision(models.Model):
    """One arm of one allocation, with the propensity it was drawn with. Append-only."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    allocation_id = models.UUIDField(help_text="The arms of one draw share it.")
    arm = models.CharField(max_length=200, help_text="Budget owner: subject key or given ad id.")
    arm_label = models.CharField(max_length=300, blank=True)
    seed = models.BigIntegerField()
    mode = models.CharField(max_length=10)
    policy_version = models.CharField(max_length=60, blank=True)
    decision = models.CharField(max_length=10)
    current_budget = models.DecimalField(max_digits=20, decimal_places=6)
    recommended_budget = models.DecimalField(max_digits=20, decimal_places=6)
    propensity = models.FloatField(help_text="Probability of being the best arm in this draw.")
    alpha = models.FloatField()
    beta = models.FloatField()
    confidence = models.FloatField()
    context = models.JSONField(default=dict, help_text="The state that was judged, and metrics.")
    reason = models.TextField()
    proposal = models.ForeignKey(Proposal, null=True, blank=True, on_delete=models.PROTECT)
    at = models.DateTimeField()

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]
        indexes = [
            models.Index(fields=["workspace", "arm", "-at"], name="mlops_decision_arm"),
            models.Index(fields=["allocation_id"], name="mlops_decision_allocation"),
        ]

    def __str__(self) -> str:
        return f"{self.arm}: {self.decision}"


class SamplerFeedback(models.Model):
    """What an arm really brought; idempotent by the source's event id. Append-only."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    arm = models.CharField(max_length=200)
    event_id = models.CharField(max_length=200)
    spend = models.DecimalField(max_digits=20, decimal_places=6)
    pipeline_value = models.DecimalField(
        max_digits=20, decimal_places=6, help_text="Below zero where a deal was lost."
    )
    source = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "sampler feedback"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "event_id"], name="mlops_samplerfeedback_once"
            ),
            models.CheckConstraint(
                condition=models.Q(spend__gte=0), name="mlops_samplerfeedback_not_negative"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]
        indexes = [models.Index(fields=["workspace", "arm", "-at"], name="mlops_feedback_arm")]

    def __str__(self) -> str:
        return f"{self.arm} {self.event_id}"


class SyntheticWorld(models.Model):
    """What a workspace's synthetic world was made of. For tests of models, never for models."""

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT)
    seed = models.BigIntegerField()
    starts_on = models.DateField()
    days = models.PositiveSmallIntegerField()
    users = models.PositiveIntegerField()
    sessions = models.PositiveIntegerField()
    session_factor = models.FloatField(
        help_text="What sessions beyond a day's first were multiplied by to reach their total."
    )
    events = models.JSONField(help_text="Kind, first day, length and sizes of each event.")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(days__gte=1, users__gte=1, sessions__gte=1, session_factor__gte=0),
                name="mlops_world_sizes",
            ),
        ]

    def __str__(self) -> str:
        return f"Seed {self.seed}: {self.users:,} users, {self.days} days"


class WorldTruth(models.Model):
    """What was drawn for a user of a synthetic world. For tests of models, never for features."""

    # The key is one of the table: (workspace, install) → an install of that workspace.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_constraint=False)
    install = models.OneToOneField(
        UserInstall, on_delete=models.PROTECT, primary_key=True, db_constraint=False
    )
    segment = models.CharField(max_length=10, help_text="Kind of user that was drawn.")
    churn_day = models.PositiveIntegerField(
        help_text="First day after the install without him; may lie behind the world's end."
    )

    class Meta:
        verbose_name_plural = "world truth"
        constraints = [
            models.CheckConstraint(
                condition=Q(segment__in=["power_user", "regular", "casual"]),
                name="mlops_truth_segment",
            ),
            models.CheckConstraint(condition=Q(churn_day__gte=1), name="mlops_truth_churn_day"),
        ]

    def __str__(self) -> str:
        return f"{self.segment}, gone on day {self.churn_day}"
