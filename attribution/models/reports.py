"""Read-only views over stage values and deals; the rows are computed by PostgreSQL."""

from __future__ import annotations

from django.db import models


class StageValue(models.Model):
    """What each pipeline stage is worth now (``v_stage_values``)."""

    row_key = models.CharField(max_length=200, primary_key=True)
    tenant_id = models.CharField(max_length=60)
    stage_name = models.CharField(max_length=60)
    stage_value = models.DecimalField(max_digits=20, decimal_places=6)
    stage_confidence = models.DecimalField(max_digits=5, decimal_places=4)
    stage_description = models.CharField(max_length=300)

    class Meta:
        managed = False
        db_table = "v_stage_values"

    def __str__(self) -> str:
        return self.stage_name


class SyntheticRevenueSummary(models.Model):
    """Deals and their value by stage (``v_synthetic_revenue_summary``)."""

    row_key = models.CharField(max_length=200, primary_key=True)
    tenant_id = models.CharField(max_length=60)
    stage_name = models.CharField(max_length=60)
    is_known = models.BooleanField()
    deals = models.IntegerField()
    credited_deals = models.IntegerField()
    pipeline_value = models.DecimalField(max_digits=30, decimal_places=6)
    confident_value = models.DecimalField(max_digits=30, decimal_places=6)
    last_moved_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "v_synthetic_revenue_summary"
        verbose_name_plural = "synthetic revenue summary"

    def __str__(self) -> str:
        return self.stage_name or "unmapped"
