"""Signals: something changed, told once for as long as it lasts."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from campaigns.models.entities import Campaign, Creative
from workspaces.ids import uuid7
from workspaces.models import User, Workspace


class SignalType(models.TextChoices):
    """What changed."""

    BREAKTHROUGH = "creative_breakthrough", "Creative breakthrough"
    FATIGUE = "creative_fatigue", "Creative fatigue"
    EXHAUSTED = "audience_exhausted", "Audience exhausted"
    VIRAL = "viral_moment", "Viral moment"
    COMPETITOR = "competitor_launch", "Competitor launch"
    OVERRUN = "budget_overrun", "Budget overrun"
    UNDERRUN = "budget_underrun", "Budget not spent"
    SYNERGY = "synergy_detected", "Synergy"
    DRIFT = "platform_drift", "Drift from what was signed"


class SignalSeverity(models.TextChoices):
    """How much it presses."""

    INFO = "info", "Info"
    WARNING = "warning", "Warning"
    CRITICAL = "critical", "Critical"


class Resolution(models.TextChoices):
    """Why a signal is over."""

    RETURNED = "returned", "Back to usual"
    SETTLED = "settled", "Usual by now"
    EXPLAINED = "explained", "Explained by later data"


class Signal(models.Model):
    """One event of a channel, a campaign or the whole workspace; money is the workspace's."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    type = models.CharField(max_length=24, choices=SignalType.choices)
    severity = models.CharField(max_length=8, choices=SignalSeverity.choices)
    title = models.CharField(max_length=200)
    description = models.TextField()
    channel = models.CharField(
        max_length=40, blank=True, default="", help_text="Slug; empty for the whole workspace."
    )
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT)
    creative = models.ForeignKey(Creative, null=True, blank=True, on_delete=models.PROTECT)
    began_on = models.DateField(help_text="First day of the change.")
    detected_on = models.DateField(help_text="Day whose figures showed it.")
    seen_on = models.DateField(help_text="Newest day that it was measured on.")
    metrics = models.JSONField(help_text="Before and after, with baseline, score and interval.")
    recommended_action = models.TextField(blank=True, default="")
    predicted_impact = models.JSONField(default=dict, blank=True)
    money_at_stake = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True,
        help_text="Of a week: gained above zero, lost below.",
    )  # fmt: skip
    confidence = models.FloatField(
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Probability that the change is as large as the rule asks.",
    )
    priority = models.FloatField(default=0, validators=[MaxValueValidator(100)])
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_on = models.DateField(null=True, blank=True, help_text="Day whose figures ended it.")
    resolution = models.CharField(max_length=9, choices=Resolution.choices, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "type", "channel", "campaign"],
                condition=Q(resolved_at=None),
                nulls_distinct=False,
                name="campaigns_signal_one_open",
                violation_error_message="This event has an open signal already.",
            ),
            models.CheckConstraint(
                condition=Q(type__in=SignalType.values), name="campaigns_signal_type"
            ),
            models.CheckConstraint(
                condition=Q(severity__in=SignalSeverity.values), name="campaigns_signal_severity"
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1)
                & Q(priority__gte=0, priority__lte=100),
                name="campaigns_signal_figures",
            ),
            models.CheckConstraint(
                condition=Q(began_on__lte=F("detected_on")) & Q(detected_on__lte=F("seen_on")),
                name="campaigns_signal_days",
            ),
            models.CheckConstraint(
                condition=Q(dismissed_at=None, dismissed_by=None)
                | Q(dismissed_at__isnull=False, dismissed_by__isnull=False),
                name="campaigns_signal_dismissed_by",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None, resolved_on=None, resolution="")
                | Q(
                    resolved_at__isnull=False,
                    resolved_on__isnull=False,
                    resolution__in=Resolution.values,
                ),
                name="campaigns_signal_resolution",
            ),
        ]
        indexes = [
            # lists: a workspace's signals of some days
            models.Index(fields=["workspace", "-detected_on"], name="campaigns_signal_days_idx"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether it lasts and nobody has put it aside."""
        return self.resolved_at is None and self.dismissed_at is None
