"""Versions of models: what each is never changes, only where it stands."""

from __future__ import annotations

from typing import Final

import pgtrigger
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Length

from workspaces.ids import uuid7
from workspaces.models import Proposal, User, Workspace

LARGEST_BYTES: Final = 50 * 1024 * 1024


class ModelStage(models.TextChoices):
    """Where a version stands."""

    CHALLENGER = "challenger", "Challenger"
    SHADOW = "shadow", "Shadow"
    CHAMPION = "champion", "Champion"
    ARCHIVED = "archived", "Archived"


class ArtefactFormat(models.TextChoices):
    """How an artefact is written; none of them runs code when it is read."""

    SAFETENSORS = "safetensors", "safetensors"
    XGBOOST_JSON = "xgboost-json", "XGBoost JSON"
    JSON = "json", "JSON"


# What PostgreSQL finds for the bytes of a row.
CHECKSUM: Final = Func(
    Func(F("data"), function="sha256"),
    Value("hex"),
    function="encode",
    output_field=models.CharField(),
)

_REFUSE = "USING ERRCODE = 'check_violation'"
_STANDING = ("stage", "promoted_at", "promoted_by", "archived_at", "archived_by")
# Promotion is a proposal in every door, a shell included: what serves was signed and carried out.
_SIGNED = pgtrigger.Trigger(
    name="signed",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func=f"""
    IF TG_OP = 'INSERT' THEN
        IF NEW.stage <> 'challenger' THEN
            RAISE EXCEPTION 'a version arrives as challenger, not as %', NEW.stage {_REFUSE};
        END IF;
    ELSIF NEW.stage = 'champion' AND OLD.stage <> 'champion' AND NOT EXISTS (
        SELECT FROM mlops_promotion m JOIN workspaces_proposal p ON p.id = m.proposal_id
         WHERE m.version_id = NEW.id AND m.done_at IS NOT NULL
           AND p.status IN ('executed', 'reverted')
    ) THEN
        RAISE EXCEPTION 'a version becomes champion by a signed proposal only' {_REFUSE};
    END IF;
    RETURN NEW;
    """,
)


class ModelVersion(models.Model):
    """One trained model. Of one name, one version is the champion: it serves."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    name = models.CharField(max_length=60, help_text="Kind of model, such as churn.")
    version = models.PositiveIntegerField()
    stage = models.CharField(
        max_length=10, choices=ModelStage.choices, default=ModelStage.CHALLENGER
    )
    format = models.CharField(max_length=20, choices=ArtefactFormat.choices)
    sha256 = models.CharField("SHA-256", max_length=64, help_text="Of the artefact.")
    size_bytes = models.PositiveIntegerField()
    features = models.JSONField(help_text="Columns it reads, in its order.")
    levels = models.JSONField(
        default=dict,
        blank=True,
        help_text="Known texts of each column; null: a number. What is not in it may be either.",
    )
    seed = models.BigIntegerField()
    rows = models.PositiveIntegerField(help_text="Learnt from.")
    held_out = models.PositiveIntegerField(help_text="Judged on.")
    data_from = models.DateField(null=True, blank=True, help_text="First day it learnt from.")
    data_until = models.DateField(null=True, blank=True, help_text="First day it did not see.")
    data_sha256 = models.CharField(
        "SHA-256 of the data", max_length=64, blank=True, help_text="Of the rows it learnt from."
    )
    code_version = models.CharField(max_length=60, help_text="Of the code that trained it.")
    metrics = models.JSONField(help_text="On the rows held out.")
    baselines = models.JSONField(help_text="The same metrics of each plain model.")
    is_better = models.BooleanField("beats the plain ones")
    verdict = models.TextField()
    card = models.JSONField(default=dict, help_text="What it is for, and its limits.")
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_by_label = models.CharField("brought by", max_length=200)
    created_at = models.DateTimeField()
    promoted_at = models.DateTimeField(null=True, blank=True)
    promoted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    archived_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name", "version"], name="mlops_modelversion_number"
            ),
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=Q(stage="champion"),
                name="mlops_modelversion_one_champion",
                violation_error_message="Another version is the champion.",
            ),
            # What the keys of artefacts and promotions point to.
            models.UniqueConstraint(fields=["workspace", "id"], name="mlops_modelversion_own"),
            models.UniqueConstraint(
                fields=["workspace", "id", "sha256", "size_bytes"], name="mlops_modelversion_bytes"
            ),
            models.CheckConstraint(
                condition=Q(stage__in=ModelStage.values), name="mlops_modelversion_stage"
            ),
            models.CheckConstraint(
                condition=Q(format__in=ArtefactFormat.values), name="mlops_modelversion_format"
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="mlops_modelversion_sha256"
            ),
            models.CheckConstraint(
                condition=Q(version__gte=1, rows__gte=1), name="mlops_modelversion_counts"
            ),
            models.CheckConstraint(
                condition=Q(data_from=None) | Q(data_until__gt=F("data_from")),
                name="mlops_modelversion_window",
            ),
            models.CheckConstraint(
                condition=~Q(stage="champion") | Q(is_better=True, promoted_at__isnull=False),
                name="mlops_modelversion_champion_is_better",
                violation_error_message="Only a version that beats the plain ones serves.",
            ),
            models.CheckConstraint(
                condition=~Q(stage="archived") | Q(archived_at__isnull=False),
                name="mlops_modelversion_archived_at",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="only_its_stage_moves", exclude=list(_STANDING)),
            _SIGNED,
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class ModelArtefact(models.Model):
    """Bytes of a version, apart from it so that no list loads them. Append-only."""

    # The key is one of the table: (workspace, version, checksum, size) → that version.
    version = models.OneToOneField(
        ModelVersion,
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="artefact",
        db_constraint=False,
    )
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    sha256 = models.CharField("SHA-256", max_length=64)
    size_bytes = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256=CHECKSUM),
                name="mlops_modelartefact_sha256",
                violation_error_message="The artefact is not the one its checksum names.",
            ),
            models.CheckConstraint(
                condition=Q(size_bytes=Length("data"), size_bytes__lte=LARGEST_BYTES),
                name="mlops_modelartefact_size",
                violation_error_message="An artefact has at most 50 MB.",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return self.sha256


class Promotion(models.Model):
    """What the queue shows of a proposal to promote; its plan body decides, not this."""

    proposal = models.OneToOneField(
        Proposal, primary_key=True, on_delete=models.PROTECT, related_name="promotion"
    )
    # The keys are two of the table: (workspace, version) → a version of that workspace.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="promotions", db_constraint=False
    )
    replaced = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        help_text="The champion before it.",
    )
    done_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"promotion of {self.version_id}"
