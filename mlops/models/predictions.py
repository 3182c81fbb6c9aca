"""What models said: from what, by which version, through which door."""

from __future__ import annotations

from typing import Final

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q

from mlops.models.registry import ModelVersion
from workspaces.models import Workspace


class PredictionRole(models.TextChoices):
    """Whether what was said was used."""

    CHAMPION = "champion", "Champion"
    CANARY = "canary", "Canary"
    SHADOW = "shadow", "Shadow"


class PredictionDoor(models.TextChoices):
    """Who asked."""

    API = "api", "REST"
    PAGE = "page", "Page"
    JOB = "job", "Job"
    COMMAND = "command", "Command"


_FIGURES: Final = Func("output", function="cardinality", output_field=models.IntegerField())


class ModelPrediction(models.Model):
    """One row that a version scored. It never changes, and is deleted once it is old.

    Features, artefact and code give the same output to the last bit.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    # The key is one of the table: (workspace, version) → a version of that workspace.
    version = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        related_name="predictions",
        db_constraint=False,
        db_index=False,
    )
    batch = models.UUIDField(help_text="The rows that were asked for together share it.")
    position = models.PositiveIntegerField(help_text="Of the row in its batch, from 0.")
    subject = models.CharField(
        max_length=120, blank=True, help_text="Whom or what the row is of, such as a user's id."
    )
    features = models.JSONField(help_text="By name, as they went into the model.")
    output = ArrayField(models.FloatField(), help_text="What the model gave, to the last bit.")
    role = models.CharField(max_length=8, choices=PredictionRole.choices)
    door = models.CharField(max_length=7, choices=PredictionDoor.choices)
    code_version = models.CharField(max_length=60, help_text="Of the code that predicted.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Also how a batch is found, to be made again or scored in the shadow; a repeat of
            # either adds nothing.
            models.UniqueConstraint(
                fields=["batch", "version", "position"], name="mlops_modelprediction_once"
            ),
            models.CheckConstraint(
                condition=Q(role__in=PredictionRole.values), name="mlops_modelprediction_role"
            ),
            models.CheckConstraint(
                condition=Q(door__in=PredictionDoor.values), name="mlops_modelprediction_door"
            ),
            models.CheckConstraint(
                condition=models.lookups.GreaterThanOrEqual(_FIGURES, 1),
                name="mlops_modelprediction_output",
                violation_error_message="A prediction has at least one figure.",
            ),
        ]
        indexes = [
            # what a version said of late: drift, and the shadow beside the champion
            models.Index(fields=["version", "created_at"], name="mlops_modelprediction_recent"),
            # the purge of a workspace
            models.Index(fields=["workspace", "created_at"], name="mlops_modelprediction_old"),
        ]
        triggers = [pgtrigger.Protect(name="never_changes", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.batch} {self.position}"
