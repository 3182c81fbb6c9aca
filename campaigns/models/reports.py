"""Read-only views over the history of changes; the rows are computed by PostgreSQL."""

from __future__ import annotations

from django.db import models


class RecentBudgetChange(models.Model):
    """Budget changes of the last 24 hours (``v_recent_budget_changes``)."""

    history_id = models.BigIntegerField(primary_key=True)
    tenant_id = models.CharField(max_length=60)
    account_name = models.CharField(max_length=300)
    entity_type = models.CharField(max_length=8)
    entity_external_id = models.CharField(max_length=120)
    old_value = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    new_value = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    currency = models.CharField(max_length=3)
    change_pct = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    triggered_by = models.CharField(max_length=20)
    status = models.CharField(max_length=16)
    completed_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "v_recent_budget_changes"

    def __str__(self) -> str:
        return self.entity_external_id


class CampaignActivitySummary(models.Model):
    """How much was done to each campaign (``v_campaign_activity_summary``)."""

    campaign_id = models.BigIntegerField(primary_key=True)
    tenant_id = models.CharField(max_length=60)
    campaign_name = models.CharField(max_length=300)
    total_changes = models.IntegerField()
    changes_last_hour = models.IntegerField()
    budget_changes_6h = models.IntegerField()
    last_change_at = models.DateTimeField(null=True)
    mean_duration_ms = models.FloatField(null=True)

    class Meta:
        managed = False
        db_table = "v_campaign_activity_summary"
        verbose_name_plural = "campaign activity summary"

    def __str__(self) -> str:
        return self.campaign_name


class SafetyCheckFailure(models.Model):
    """What the safety checks or the platform stopped (``v_safety_check_failures``).

    Of each workspace the newest ten thousand attempts without effect, and as many checks that hold
    open plans; all attempts stand in the history.
    """

    row_key = models.CharField(max_length=80, primary_key=True)
    tenant_id = models.CharField(max_length=60)
    proposal_id = models.BigIntegerField()
    entity_external_id = models.CharField(max_length=120)
    change_type = models.CharField(max_length=8)
    failure = models.CharField(max_length=16)
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "v_safety_check_failures"

    def __str__(self) -> str:
        return f"{self.failure}: {self.reason}"
