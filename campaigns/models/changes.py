"""Ad changes: the detail row of their proposals, and the append-only history."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from campaigns.models.entities import AdAccount
from workspaces.models import Proposal, Workspace


class EntityType(models.TextChoices):
    """What a change touches. ``budget`` is Google's budget resource."""

    CAMPAIGN = "campaign", "Campaign"
    ADSET = "adset", "Ad set"
    AD = "ad", "Ad"


class ChangeType(models.TextChoices):
    """What a change does."""

    BUDGET = "budget", "Budget"
    STATUS = "status", "Status"
    BID = "bid", "Bid"


class PendingAdChange(models.Model):
    """What the queue page shows and filters of an ad change; the plan body decides, not this."""

    proposal = models.OneToOneField(
        Proposal, primary_key=True, on_delete=models.PROTECT, related_name="ad_change"
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    account = models.ForeignKey(AdAccount, on_delete=models.PROTECT)
    entity_type = models.CharField(max_length=8, choices=EntityType.choices)
    entity_id = models.BigIntegerField(help_text="Our id of the campaign, ad set or ad.")
    entity_external_id = models.CharField(max_length=120)
    entity_name = models.CharField(max_length=300)
    campaign_id = models.BigIntegerField()
    change_type = models.CharField(max_length=8, choices=ChangeType.choices)
    current_value = models.JSONField()
    requested_value = models.JSONField()
    final_value = models.JSONField()
    currency = models.CharField(max_length=3)
    change_pct = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    fuzz_pct = models.DecimalField(max_digits=6, decimal_places=4, default=0)
    rest_value = models.JSONField(
        null=True, blank=True, help_text="What a limit left for a later proposal."
    )
    rest_after = models.DateTimeField(null=True, blank=True)
    platform_request_id = models.CharField(max_length=120, blank=True)
    learning_before = models.JSONField(null=True, blank=True)
    learning_after = models.JSONField(null=True, blank=True)
    reset_learning = models.BooleanField(null=True, blank=True)
    error_class = models.CharField(max_length=20, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        db_table = "pending_ad_changes"
        constraints = [
            models.CheckConstraint(
                condition=Q(entity_type__in=EntityType.values),
                name="campaigns_pendingadchange_entity_type",
            ),
            models.CheckConstraint(
                condition=Q(change_type__in=ChangeType.values),
                name="campaigns_pendingadchange_change_type",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "proposal"], name="campaigns_change_account"),
            models.Index(
                fields=["entity_type", "entity_id", "proposal"], name="campaigns_change_entity"
            ),
            # lists by what is changed, newest first
            models.Index(
                fields=["workspace", "change_type", "-proposal"], name="campaigns_change_type"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity_name}: {self.change_type}"


class AdChangeHistory(models.Model):
    """One row per settled attempt, inserted once; a trigger refuses everything else."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="ad_history")
    attempt = models.OneToOneField("workspaces.ExecutionAttempt", on_delete=models.PROTECT)
    account = models.ForeignKey(AdAccount, on_delete=models.PROTECT)
    entity_type = models.CharField(max_length=8, choices=EntityType.choices)
    entity_id = models.BigIntegerField()
    entity_external_id = models.CharField(max_length=120)
    campaign_id = models.BigIntegerField()
    change_type = models.CharField(max_length=8, choices=ChangeType.choices)
    old_value = models.JSONField()
    new_value = models.JSONField()
    currency = models.CharField(max_length=3)
    change_pct = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    triggered_by = models.CharField(max_length=20)
    proposer = models.CharField(max_length=200)
    model_version = models.CharField(max_length=80, blank=True)
    confidence = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    reason = models.TextField()
    verdict = models.JSONField(default=list)
    override = models.CharField(max_length=200, blank=True)
    override_by = models.ForeignKey(
        "workspaces.User", null=True, blank=True, on_delete=models.PROTECT
    )
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField()
    call_sent_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.CharField(max_length=16)
    platform_response = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        db_table = "ad_change_history"
        verbose_name_plural = "ad change history"
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
        indexes = [
            # velocity: completed changes of one owner in the window
            models.Index(
                fields=["account", "entity_type", "entity_id", "change_type", "-completed_at"],
                name="campaigns_history_velocity",
            ),
            # rate: calls sent in a campaign within the hour
            models.Index(
                fields=["campaign_id", "-call_sent_at"],
                condition=Q(call_sent_at__isnull=False),
                name="campaigns_history_campaign",
            ),
            # rate: calls sent in a workspace within its day
            models.Index(
                fields=["workspace", "-call_sent_at"],
                condition=Q(call_sent_at__isnull=False),
                name="campaigns_history_calls",
            ),
            # the history pages: newest first
            models.Index(fields=["workspace", "-id"], name="campaigns_history_recent"),
            # the same by outcome; what will be tried again is most of it, and is found without
            models.Index(
                fields=["workspace", "status", "-id"],
                condition=~Q(status__in=["deferred", "throttled", "transient"]),
                name="campaigns_history_outcome",
            ),
            # v_safety_check_failures: attempts without effect, newest first
            models.Index(
                fields=["workspace", "-completed_at", "-id"],
                condition=~Q(status="applied"),
                name="campaigns_history_stopped",
            ),
            # v_campaign_activity_summary: all changes of one campaign
            models.Index(
                fields=["campaign_id", "-completed_at"], name="campaigns_history_activity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity_external_id} {self.change_type} {self.status}"
