"""The sampler's record."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from workspaces.ids import uuid7
from workspaces.models import Proposal, User, Workspace


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


class TrialState(models.TextChoices):
    """How far a trial is."""

    WAITING = "waiting", "Waits"
    DONE = "done", "Done"
    REFUSED = "refused", "The ledger cannot tell"


class PolicyTrial(models.Model):
    """A policy set against the one in force, on the ledger: the question, then what was found."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    asked = models.JSONField(help_text="Policy, values, days and estimator, as they were given.")
    asked_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=TrialState.choices, default=TrialState.WAITING)
    results = models.JSONField(default=dict, blank=True)
    why = models.TextField("why not", blank=True, help_text="What the ledger lacks.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=TrialState.values), name="mlops_policytrial_state"
            ),
            models.CheckConstraint(
                condition=Q(state=TrialState.WAITING, finished_at__isnull=True)
                | Q(state__in=[TrialState.DONE, TrialState.REFUSED], finished_at__isnull=False),
                name="mlops_policytrial_finished",
            ),
        ]
        indexes = [
            # the page and its job: newest first
            models.Index(fields=["workspace", "-asked_at"], name="mlops_policytrial_recent")
        ]

    def __str__(self) -> str:
        return f"{self.asked.get('policy', '')} over {self.asked.get('days', '')} days"
