"""Read-only views over clicks and conversions; the rows are computed by PostgreSQL."""

from __future__ import annotations

from django.db import models


class AttributionRecoveryRate(models.Model):
    """What each layer recovers of a day's conversions (``v_attribution_recovery_rate``)."""

    row_key = models.CharField(max_length=200, primary_key=True)
    tenant_id = models.CharField(max_length=60)
    day = models.DateField(help_text="In the workspace's zone; the last 90 days.")
    layer = models.CharField(max_length=16)
    recovered = models.IntegerField()
    conversions = models.IntegerField()
    recovery_rate = models.FloatField()

    class Meta:
        managed = False
        db_table = "v_attribution_recovery_rate"

    def __str__(self) -> str:
        return f"{self.day}: {self.layer}"


class ActiveClick(models.Model):
    """Clicks whose exact window is open, and for how long still (``v_active_clicks``)."""

    click_row = models.BigIntegerField(primary_key=True)
    tenant_id = models.CharField(max_length=60)
    click_id = models.CharField(max_length=120)
    ad_id = models.CharField(max_length=120)
    campaign_id = models.CharField(max_length=120)
    clicked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    hours_left = models.FloatField()

    class Meta:
        managed = False
        db_table = "v_active_clicks"

    def __str__(self) -> str:
        return self.click_id


class ConversionAttributionSummary(models.Model):
    """Conversions of 30 days by type and method (``v_conversion_attribution_summary``)."""

    row_key = models.CharField(max_length=200, primary_key=True)
    tenant_id = models.CharField(max_length=60)
    conversion_type = models.CharField(max_length=40)
    attribution_method = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    conversions = models.IntegerField()
    total_value = models.DecimalField(max_digits=30, decimal_places=6)
    mean_confidence = models.FloatField()
    mean_hours_to_convert = models.FloatField(null=True)

    class Meta:
        managed = False
        db_table = "v_conversion_attribution_summary"
        verbose_name_plural = "conversion attribution summary"

    def __str__(self) -> str:
        return f"{self.conversion_type}: {self.attribution_method}"


class UnattributedConversion(models.Model):
    """Conversions without a click, and what was known of them (``v_unattributed_conversions``)."""

    conversion_row = models.BigIntegerField(primary_key=True)
    tenant_id = models.CharField(max_length=60)
    conversion_id = models.CharField(max_length=120)
    conversion_type = models.CharField(max_length=40)
    value = models.DecimalField(max_digits=20, decimal_places=6)
    currency = models.CharField(max_length=3)
    converted_at = models.DateTimeField()
    has_consent = models.BooleanField()
    has_click_id = models.BooleanField()
    is_waiting = models.BooleanField(help_text="The matching job has not looked yet.")

    class Meta:
        managed = False
        db_table = "v_unattributed_conversions"

    def __str__(self) -> str:
        return self.conversion_id
