"""ML dashboards: what each sync predicted and drew, in batches that are swapped whole."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from mlops.models.registry import CHECKSUM, ModelVersion
from workspaces.ids import uuid7
from workspaces.models import Workspace


class BoardType(models.TextChoices):
    """The four dashboards."""

    ROI_FORECAST = "roi_forecast", "ROI forecast"
    ROI_TIMESERIES = "roi_timeseries", "ROI and conversion"
    REACH_CTR_TIMESERIES = "reach_ctr_timeseries", "Reach and CTR"
    BUDGET_RECOMMENDATIONS = "budget_recommendations", "Budget recommendations"


class Theme(models.TextChoices):
    """What a picture is drawn for."""

    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class SyncState(models.TextChoices):
    """How a sync ended, or that it has not."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class SyncStep(models.TextChoices):
    """What a sync does, in this order."""

    COLLECT = "collect", "Collect"
    PREDICT = "predict", "Predict"
    DRAW = "draw", "Draw"
    STORE = "store", "Store"


class SyncRun(models.Model):
    """One sync of the dashboards, and the batch that it stored; its id is that of its job's run."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    trigger = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=SyncState.choices, default=SyncState.RUNNING)
    step = models.CharField(
        max_length=10,
        choices=SyncStep.choices,
        default=SyncStep.COLLECT,
        help_text="The last one begun: of a failed sync, the one that failed.",
    )
    is_current = models.BooleanField(default=False, help_text="Its batch is what people see.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True, help_text="Rows, and milliseconds by step.")
    error = models.TextField(blank=True)
    figures_until = models.DateField(
        null=True, blank=True, help_text="Newest day of ads it read; none: there were none."
    )
    model_version = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        help_text="Forecast the ROI; none: plain means did.",
    )
    notes = models.JSONField(default=list, blank=True, help_text="What people should know of it.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=SyncState.values), name="mlops_syncrun_state"
            ),
            models.CheckConstraint(
                condition=Q(step__in=SyncStep.values), name="mlops_syncrun_step"
            ),
            models.CheckConstraint(
                condition=Q(state="running", finished_at=None)
                | Q(~Q(state="running"), finished_at__isnull=False),
                name="mlops_syncrun_ended",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error=""), name="mlops_syncrun_says_why"
            ),
            models.CheckConstraint(
                condition=Q(is_current=False) | Q(state="done"), name="mlops_syncrun_current_done"
            ),
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(state="running"),
                name="mlops_syncrun_one_running",
                violation_error_message="A sync is running already.",
            ),
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(is_current=True),
                name="mlops_syncrun_one_current",
            ),
            # What the keys of the batch's rows point to.
            models.UniqueConstraint(fields=["workspace", "id"], name="mlops_syncrun_own"),
        ]
        indexes = [
            # the newest run of a workspace
            models.Index(fields=["workspace", "-started_at"], name="mlops_syncrun_newest")
        ]

    def __str__(self) -> str:
        return f"sync of {self.started_at:%Y-%m-%d %H:%M}, {self.state}"


class _BatchRow(models.Model):
    """A row of one batch; the key to it is one of the table, (workspace, run) → that sync."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    run = models.ForeignKey(
        SyncRun, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField()

    class Meta:
        abstract = True


class ROIForecast(_BatchRow):
    """What a channel is expected to earn on what it costs; without an interval where too new."""

    channel = models.CharField(max_length=40)
    roi_forecast = models.FloatField()
    low = models.FloatField(null=True, blank=True, help_text="Of the 80 % interval.")
    high = models.FloatField(null=True, blank=True, help_text="Of the 80 % interval.")

    class Meta:
        verbose_name = "ROI forecast"
        constraints = [
            models.UniqueConstraint(fields=["run", "channel"], name="mlops_roiforecast_once"),
            models.CheckConstraint(
                condition=Q(low=None, high=None)
                | Q(low__lte=F("roi_forecast"), high__gte=F("roi_forecast")),
                name="mlops_roiforecast_interval",
            ),
        ]

    def __str__(self) -> str:
        return self.channel


class ROITimeseries(_BatchRow):
    """ROI and conversion rate of a channel's day, and what the days before it let expect."""

    date = models.DateField()
    channel = models.CharField(max_length=40)
    roi_actual = models.FloatField(null=True, blank=True)
    roi_pred = models.FloatField(null=True, blank=True)
    conversion_actual = models.FloatField(null=True, blank=True)
    conversion_pred = models.FloatField(null=True, blank=True)

    class Meta:
        verbose_name = "ROI of a day"
        verbose_name_plural = "ROI by day"
        constraints = [
            models.UniqueConstraint(
                fields=["run", "date", "channel"], name="mlops_roitimeseries_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.date}"


class ReachCTRTimeseries(_BatchRow):
    """Reach and click rate of a channel's day, and what the days before it let expect."""

    date = models.DateField()
    channel = models.CharField(max_length=40)
    reach_actual = models.FloatField(null=True, blank=True)
    reach_pred = models.FloatField(null=True, blank=True)
    ctr_actual = models.FloatField(null=True, blank=True)
    ctr_pred = models.FloatField(null=True, blank=True)

    class Meta:
        verbose_name = "reach and CTR of a day"
        verbose_name_plural = "reach and CTR by day"
        constraints = [
            models.UniqueConstraint(
                fields=["run", "date", "channel"], name="mlops_reachctrtimeseries_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.date}"


class BudgetRecommendation(_BatchRow):
    """A channel's share of a total, by what it promises; the shares of a batch add up."""

    channel = models.CharField(max_length=40)
    roi_pred = models.FloatField(null=True, blank=True)
    conversion_pred = models.FloatField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    spend = models.DecimalField(
        max_digits=20, decimal_places=6, help_text="Of the last thirty days with figures."
    )
    acquisition_cost = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True, help_text="Of those days."
    )
    recommended_budget = models.DecimalField(max_digits=20, decimal_places=6)
    total_budget = models.DecimalField(max_digits=20, decimal_places=6)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "channel"], name="mlops_budgetrecommendation_once"
            ),
            models.CheckConstraint(
                condition=Q(recommended_budget__gte=0, recommended_budget__lte=F("total_budget")),
                name="mlops_budgetrecommendation_share",
            ),
        ]

    def __str__(self) -> str:
        return self.channel


class MLDashboard(_BatchRow):
    """A chart as drawn; its checksum is the ETag of whoever asks for it."""

    type = models.CharField(max_length=24, choices=BoardType.choices)
    theme = models.CharField(max_length=5, choices=Theme.choices)
    data = models.BinaryField("PNG")
    sha256 = models.CharField("SHA-256", max_length=64)
    width_px = models.PositiveIntegerField("width (pixels)")
    height_px = models.PositiveIntegerField("height (pixels)")
    summary = models.TextField(help_text="What it shows, for who cannot see it.")

    class Meta:
        verbose_name = "ML dashboard"
        constraints = [
            models.UniqueConstraint(fields=["run", "type", "theme"], name="mlops_mldashboard_once"),
            models.CheckConstraint(
                condition=Q(type__in=BoardType.values), name="mlops_mldashboard_type"
            ),
            models.CheckConstraint(
                condition=Q(theme__in=Theme.values), name="mlops_mldashboard_theme"
            ),
            models.CheckConstraint(condition=Q(sha256=CHECKSUM), name="mlops_mldashboard_sha256"),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()}, {self.theme}"
