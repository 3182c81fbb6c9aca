"""What campaigns are expected to return."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from campaigns.models.entities import Campaign
from workspaces.ids import uuid7
from workspaces.models import Workspace


class PredictionRisk(models.TextChoices):
    """Whether the money is likely to come back."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


def _ratio(**options: Any) -> models.FloatField:  # type: ignore[type-arg]  # stubs want both
    return models.FloatField(**options)


class Prediction(models.Model):
    """Return of a campaign's coming days as it was expected on one day; the newest of that day.

    ``actual_roas`` is filled in once the days are over, so that predictions can be judged.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, db_index=False)
    day = models.DateField(help_text="The last day that it knows, in the workspace's zone.")
    horizon_days = models.PositiveSmallIntegerField(help_text="Days after it that it speaks of.")
    predicted_roas = _ratio(help_text="Revenue / spend; 1 is break-even.")
    low = _ratio(help_text="10th percentile of ROAS.")
    high = _ratio(help_text="90th percentile of ROAS.")
    predicted_roi = models.GeneratedField(
        expression=F("predicted_roas") - 1,
        output_field=models.FloatField(),
        db_persist=True,
    )
    risk_level = models.CharField(max_length=6, choices=PredictionRisk.choices)
    model_version = models.CharField(max_length=40)
    feature_importance = models.JSONField(
        default=dict, help_text="Share of the prediction by what says it; sums to 1."
    )
    actual_roas = _ratio(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "day"], name="campaigns_prediction_once"),
            models.CheckConstraint(
                condition=Q(risk_level__in=PredictionRisk.values), name="campaigns_prediction_risk"
            ),
            models.CheckConstraint(
                condition=Q(low__lte=F("predicted_roas"), predicted_roas__lte=F("high"), low__gte=0)
                & Q(horizon_days__gte=1),
                name="campaigns_prediction_figures",
            ),
        ]
        indexes = [
            # The newest of a workspace, and those whose days are over.
            models.Index(fields=["workspace", "day"], name="campaigns_prediction_day"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} after {self.day}"
