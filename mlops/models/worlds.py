"""What synthetic worlds were made of."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from attribution.models import UserInstall
from workspaces.models import Workspace


class SyntheticWorld(models.Model):
    """What a workspace's synthetic world was made of. For tests of models, never for models."""

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT)
    seed = models.BigIntegerField()
    starts_on = models.DateField()
    days = models.PositiveSmallIntegerField()
    users = models.PositiveIntegerField()
    sessions = models.PositiveIntegerField()
    session_factor = models.FloatField(
        help_text="What sessions beyond a day's first were multiplied by to reach their total."
    )
    events = models.JSONField(help_text="Kind, first day, length and sizes of each event.")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(days__gte=1, users__gte=1, sessions__gte=1, session_factor__gte=0),
                name="mlops_world_sizes",
            ),
        ]

    def __str__(self) -> str:
        return f"Seed {self.seed}: {self.users:,} users, {self.days} days"


class WorldTruth(models.Model):
    """What was drawn for a user of a synthetic world. For tests of models, never for features."""

    # The key is one of the table: (workspace, install) → an install of that workspace.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_constraint=False)
    install = models.OneToOneField(
        UserInstall, on_delete=models.PROTECT, primary_key=True, db_constraint=False
    )
    segment = models.CharField(max_length=10, help_text="Kind of user that was drawn.")
    churn_day = models.PositiveIntegerField(
        help_text="First day after the install without him; may lie behind the world's end."
    )

    class Meta:
        verbose_name_plural = "world truth"
        constraints = [
            models.CheckConstraint(
                condition=Q(segment__in=["power_user", "regular", "casual"]),
                name="mlops_truth_segment",
            ),
            models.CheckConstraint(condition=Q(churn_day__gte=1), name="mlops_truth_churn_day"),
        ]

    def __str__(self) -> str:
        return f"{self.segment}, gone on day {self.churn_day}"
