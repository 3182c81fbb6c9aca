"""Read-only views over jobs, made by a migration; the rows are computed by PostgreSQL."""

from __future__ import annotations

from django.db import models


class JobQueueHealth(models.Model):
    """Runs of the last hour by workspace and job (``v_job_queue_health``)."""

    row_key = models.CharField(max_length=200, primary_key=True)
    tenant_id = models.CharField(max_length=60)
    job_name = models.CharField(max_length=80)
    queued = models.IntegerField()
    running = models.IntegerField()
    done = models.IntegerField()
    failed = models.IntegerField()
    oldest_queued_at = models.DateTimeField(null=True)
    mean_duration_ms = models.FloatField(null=True)
    retry = models.IntegerField()
    expired = models.IntegerField()

    class Meta:
        managed = False
        db_table = "v_job_queue_health"
        verbose_name_plural = "job queue health"

    def __str__(self) -> str:
        return self.job_name


class FailedJob(models.Model):
    """Failed runs of the last 24 hours (``v_failed_jobs``)."""

    row_key = models.CharField(max_length=200, primary_key=True)
    tenant_id = models.CharField(max_length=60)
    job_name = models.CharField(max_length=80)
    trigger = models.CharField(max_length=20)
    step = models.CharField(max_length=120)
    error = models.TextField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10)
    attempt = models.IntegerField()

    class Meta:
        managed = False
        db_table = "v_failed_jobs"

    def __str__(self) -> str:
        return self.job_name


class JobPerformanceByTenant(models.Model):
    """Runs of the last 7 days by workspace and job (``v_job_performance_by_tenant``)."""

    row_key = models.CharField(max_length=200, primary_key=True)
    tenant_id = models.CharField(max_length=60)
    job_name = models.CharField(max_length=80)
    runs = models.IntegerField()
    failed = models.IntegerField()
    mean_duration_ms = models.FloatField(null=True)
    p95_duration_ms = models.FloatField(null=True)
    last_finished_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "v_job_performance_by_tenant"
        verbose_name_plural = "job performance by tenant"

    def __str__(self) -> str:
        return self.job_name


class RateLimitStatus(models.Model):
    """How much of a job's hourly limit is used (``v_rate_limit_status``)."""

    row_key = models.CharField(max_length=200, primary_key=True)
    tenant_id = models.CharField(max_length=60)
    job_name = models.CharField(max_length=80)
    runs_last_hour = models.IntegerField()
    max_per_hour = models.IntegerField(null=True)
    status = models.CharField(max_length=16)

    class Meta:
        managed = False
        db_table = "v_rate_limit_status"
        verbose_name_plural = "rate limit status"

    def __str__(self) -> str:
        return f"{self.job_name}: {self.status}"
