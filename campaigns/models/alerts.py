"""Alerts: a line was crossed, told once a day at most for each rule and what it is about."""

from __future__ import annotations

from typing import Any, Final

import pghistory
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from campaigns.models.entities import Campaign
from workspaces.ids import uuid7
from workspaces.models import User, Workspace


class AlertType(models.TextChoices):
    """What kind of line was crossed."""

    ROI_DROP = "roi_drop", "ROI drop"
    COST_SPIKE = "cost_spike", "Cost spike"
    LOW_CONVERSION = "low_conversion", "Low conversion"
    ANOMALY = "anomaly", "Anomaly"
    ENGAGEMENT_DROP = "engagement_drop", "Engagement drop"
    BUDGET_OVERRUN = "budget_overrun", "Budget overrun"
    CHANNEL_UNDERPERFORM = "channel_underperform", "Channel underperforms"
    ROAS_LOW = "roas_low", "Low ROAS"
    ROAS_WATCH = "roas_watch", "ROAS to watch"
    LOW_DELIVERY = "low_delivery", "Low delivery"
    BUDGET_EXHAUSTED = "budget_exhausted", "Daily budget spent"
    CPA_HIGH = "cpa_high", "High cost per acquisition"
    AD_DISAPPROVED = "ad_disapproved", "Ad disapproved"
    CTR_DROP = "ctr_drop", "CTR drop"
    CONVERSION_SURGE = "conversion_surge", "Conversion surge"
    PREDICTION_ERROR = "prediction_error", "Prediction error"
    CUSTOM = "custom", "Own rule"


class AlertSeverity(models.TextChoices):
    """How much it presses, the least first."""

    INFO = "info", "Info"
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class AlertMetric(models.TextChoices):
    """What a rule measures."""

    ROAS = "roas", "ROAS"
    CPA = "cpa", "Cost per acquisition"
    CTR = "ctr", "CTR"
    CVR = "cvr", "Conversion rate"
    ENGAGEMENT = "engagement_rate", "Engagement rate"
    SPEND = "spend", "Daily cost"
    CONVERSIONS = "conversions", "Daily conversions"
    DELIVERY = "impressions_per_hour", "Impressions an hour"
    TOTAL_BUDGET = "total_budget_used", "Share of the whole budget spent"
    DAILY_BUDGET = "daily_budget_used", "Share of the daily budget spent"
    PREDICTION = "prediction_error", "Prediction error"
    DISAPPROVED = "disapproved_ads", "Disapproved ads"


class AlertOperator(models.TextChoices):
    """On which side of the threshold it is crossed."""

    LT = "lt", "below"
    LTE = "lte", "at or below"
    GT = "gt", "above"
    GTE = "gte", "at or above"


class AlertBasis(models.TextChoices):
    """What a threshold is."""

    ABSOLUTE = "absolute", "The value itself"
    OWN_MEAN = "own_mean", "A multiple of its own mean of the 14 days before"
    PEER_MEAN = "peer_mean", "A multiple of the mean of all over the same days"


class AlertScope(models.TextChoices):
    """What is measured, each by itself."""

    CAMPAIGN = "campaign", "Each campaign"
    CHANNEL = "channel", "Each channel"


# What is known of campaigns only; all but the first are figures of now, not of days.
OF_CAMPAIGNS: Final = (
    AlertMetric.DAILY_BUDGET, AlertMetric.TOTAL_BUDGET, AlertMetric.PREDICTION,
    AlertMetric.DISAPPROVED,
)  # fmt: skip


class AlertResolution(models.TextChoices):
    """Why an alert is over."""

    RETURNED = "returned", "Back in range"
    STOPPED = "stopped", "No longer running"
    NO_FIGURES = "no_figures", "No figures any more"
    SWITCHED_OFF = "switched_off", "Rule switched off"


def _number(**options: Any) -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    return models.DecimalField(max_digits=20, decimal_places=6, **options)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class AlertRule(models.Model):
    """A line for a metric; who moved it stands in its history."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=80)
    type = models.CharField(max_length=24, choices=AlertType.choices, default=AlertType.CUSTOM)
    metric = models.CharField(max_length=24, choices=AlertMetric.choices)
    operator = models.CharField(max_length=3, choices=AlertOperator.choices)
    threshold = _number(
        validators=[MinValueValidator(0)],
        help_text="Money in the workspace's currency; shares as 0–1; of a mean, its multiple.",
    )
    basis = models.CharField(max_length=9, choices=AlertBasis.choices, default=AlertBasis.ABSOLUTE)
    lookback_days = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(28)]
    )
    scope = models.CharField(max_length=8, choices=AlertScope.choices, default=AlertScope.CAMPAIGN)
    channel = models.CharField(
        max_length=40, blank=True, default="", help_text="Slug; empty for every channel."
    )
    also_metric = models.CharField(
        max_length=24, choices=AlertMetric.choices, blank=True, default="",
        help_text="A second condition that has to hold too.",
    )  # fmt: skip
    also_operator = models.CharField(
        max_length=3, choices=AlertOperator.choices, blank=True, default=""
    )
    also_threshold = _number(null=True, blank=True)
    severity = models.CharField(
        max_length=8, choices=AlertSeverity.choices, default=AlertSeverity.MEDIUM
    )
    cooldown_hours = models.PositiveSmallIntegerField(
        default=6,
        validators=[MaxValueValidator(168)],
        help_text="After people were told, they are not told again for so long.",
    )
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="campaigns_alertrule_name",
                violation_error_message="There is a rule of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(type__in=AlertType.values)
                & Q(metric__in=AlertMetric.values)
                & Q(operator__in=AlertOperator.values)
                & Q(basis__in=AlertBasis.values)
                & Q(scope__in=AlertScope.values)
                & Q(severity__in=AlertSeverity.values),
                name="campaigns_alertrule_choices",
            ),
            models.CheckConstraint(
                condition=Q(also_metric="", also_operator="", also_threshold=None)
                | Q(
                    also_metric__in=AlertMetric.values,
                    also_operator__in=AlertOperator.values,
                    also_threshold__gte=0,
                ),
                name="campaigns_alertrule_also",
                violation_error_message="A second condition is a metric, an operator and a"
                " threshold, or none of them.",
            ),
            models.CheckConstraint(
                condition=Q(threshold__gte=0, lookback_days__gte=1, lookback_days__lte=28)
                & Q(cooldown_hours__lte=168),
                name="campaigns_alertrule_figures",
                violation_error_message="A threshold is not negative, a look-back 1 to 28 days and"
                " a cool-down a week at most.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a rule that could never be judged."""
        if self.scope == AlertScope.CHANNEL and {self.metric, self.also_metric} & {*OF_CAMPAIGNS}:
            raise ValidationError({"scope": "This is known of campaigns only."})
        if self.basis == AlertBasis.OWN_MEAN and self.metric in OF_CAMPAIGNS[1:]:
            raise ValidationError(
                {"basis": "This is a figure of now; it has no mean of the days before."}
            )


class Alert(models.Model):
    """One crossing of a line by a campaign or channel; it is kept up for as long as it lasts."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    rule = models.ForeignKey(
        AlertRule, on_delete=models.PROTECT, related_name="alerts", db_index=False
    )
    type = models.CharField(max_length=24, choices=AlertType.choices)
    severity = models.CharField(max_length=8, choices=AlertSeverity.choices)
    channel = models.CharField(max_length=40, help_text="Slug.")
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT)
    day = models.DateField(help_text="On which it was raised, in the workspace's zone.")
    message = models.CharField(max_length=500)
    metric_value = _number()
    threshold_value = _number(help_text="In the metric's unit, also where the rule is relative.")
    first_seen_at = models.DateTimeField()
    raised_at = models.DateTimeField(help_text="When it was crossed last; again on the same day.")
    last_seen_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text="When people were told last.")
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(
        max_length=12, choices=AlertResolution.choices, blank=True, default=""
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "channel", "campaign", "day"],
                nulls_distinct=False,
                name="campaigns_alert_once_a_day",
                violation_error_message="This was told today already.",
            ),
            models.UniqueConstraint(
                fields=["rule", "channel", "campaign"],
                condition=Q(resolved_at=None),
                nulls_distinct=False,
                name="campaigns_alert_one_open",
                violation_error_message="This has an open alert already.",
            ),
            models.CheckConstraint(
                condition=Q(type__in=AlertType.values) & Q(severity__in=AlertSeverity.values),
                name="campaigns_alert_choices",
            ),
            models.CheckConstraint(
                condition=Q(first_seen_at__lte=F("raised_at"))
                & Q(raised_at__lte=F("last_seen_at")),
                name="campaigns_alert_seen",
            ),
            models.CheckConstraint(
                condition=Q(read_at=None, read_by=None)
                | Q(read_at__isnull=False, read_by__isnull=False),
                name="campaigns_alert_read_by",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None, resolution="")
                | Q(resolved_at__isnull=False, resolution__in=AlertResolution.values),
                name="campaigns_alert_resolution",
            ),
        ]
        indexes = [
            # lists: a workspace's newest
            models.Index(fields=["workspace", "-last_seen_at"], name="campaigns_alert_newest"),
            # the sidebar and the overview: what nobody has read
            models.Index(
                fields=["workspace"], condition=Q(read_at=None), name="campaigns_alert_unread"
            ),
        ]

    def __str__(self) -> str:
        return self.message

    @property
    def is_read(self) -> bool:
        """Whether somebody has seen it since it was last told."""
        return self.read_at is not None

    @property
    def is_open(self) -> bool:
        """Whether the line is still crossed."""
        return self.resolved_at is None
