"""Ads that did well, as vectors: what new ones are compared with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pghistory
import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from campaigns.models import Ad
from mlops.models.registry import CHECKSUM
from workspaces.engine.embedding.shapes import DIMENSIONS
from workspaces.ids import uuid7
from workspaces.models import Workspace
from workspaces.models.workspace import currency_code

EMBEDDING_BYTES: Final = 4 * DIMENSIONS
_REFUSE = "USING ERRCODE = 'check_violation'"
# No key says it: an ad's workspace stands in its own row.
_OWN_AD = pgtrigger.Trigger(
    name="own_ad",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func=f"""
    IF NOT EXISTS (
        SELECT FROM campaigns_ad a WHERE a.id = NEW.ad_id AND a.workspace_id = NEW.workspace_id
    ) THEN
        RAISE EXCEPTION 'ad % is of another workspace', NEW.ad_id {_REFUSE};
    END IF;
    RETURN NEW;
    """,
)


class WinnerSource(models.TextChoices):
    """Who said that an ad is a winner."""

    POLICY = "policy", "Policy"
    ADDED = "added", "Added"


class IndexForm(models.TextChoices):
    """How an index is searched."""

    EXACT = "exact", "Exact"
    HNSW = "hnsw", "Graph (HNSW)"


def _least(default: str, help_text: str, most: int = 10**9) -> Any:
    return models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=Decimal(default),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(most))],
        help_text=help_text,
    )


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class WinnerPolicy(models.Model):
    """From when on an ad is a winner; who moved a line stands in its history."""

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT)
    ctr_above_pct = _least("3", "Clicks of a hundred impressions; or the ROAS below.", 100)
    roas_above = _least("3", "Return on ad spend; or the CTR above.")
    min_impressions = models.PositiveIntegerField(default=1_000)
    min_clicks = models.PositiveIntegerField(default=30)
    min_spend = _least("50", "In the workspace's currency.")
    min_conversions = _least("1", "Where an account's conversions can be trusted; else never.")
    min_age_h = models.PositiveIntegerField("least age (hours)", default=24)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "winner policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    ctr_above_pct__gte=0, ctr_above_pct__lte=100, roas_above__gte=0,
                    min_spend__gte=0, min_conversions__gte=0,
                ),
                name="mlops_winnerpolicy_not_negative",
                violation_error_message="No line of the policy lies below zero.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return "Lines for winners"


class WinnerLibrary(models.Model):
    """How often a workspace's winners changed: what every worker asks before it answers."""

    workspace = models.OneToOneField(Workspace, primary_key=True, on_delete=models.PROTECT)
    version = models.PositiveBigIntegerField(default=0, help_text="Of the last change.")
    rebuilt_version = models.PositiveBigIntegerField(
        default=0, help_text="Of the last change that was more than an addition."
    )
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "winner libraries"
        constraints = [
            models.CheckConstraint(
                condition=Q(rebuilt_version__lte=F("version")),
                name="mlops_winnerlibrary_versions",
            )
        ]

    def __str__(self) -> str:
        return f"Winners, change {self.version}"


class Winner(models.Model):
    """One ad that did well: its text, its vector, its figures. The vector knows no figures."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    ad = models.OneToOneField(Ad, on_delete=models.PROTECT, related_name="winner")
    source = models.CharField(max_length=6, choices=WinnerSource.choices)
    text = models.TextField(blank=True, help_text="What was embedded; empty: only the vector came.")
    traits = models.JSONField(default=dict, help_text="The parts of the text, by name.")
    metadata = models.JSONField(default=dict, blank=True, help_text="As whoever added it said.")
    embedder = models.CharField(
        max_length=60, help_text="Of the vector; vectors of two are never compared."
    )
    embedding = models.BinaryField(help_text=f"{DIMENSIONS} float32, little endian, norm 1.")
    version = models.PositiveBigIntegerField(help_text="Of the library when its vector came.")
    channel = models.CharField(max_length=40)
    currency = models.CharField(max_length=3, validators=[currency_code])
    impressions = models.PositiveBigIntegerField(default=0)
    clicks = models.PositiveBigIntegerField(default=0)
    spend = models.DecimalField(max_digits=20, decimal_places=6, default=0)
    conversions = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    ctr = models.FloatField("CTR", null=True, blank=True, help_text="Share, 0 to 1.")
    roas = models.FloatField("ROAS", null=True, blank=True)
    age_h = models.PositiveIntegerField("age (hours)", null=True, blank=True)
    figures_at = models.DateTimeField(null=True, blank=True)
    added_by_label = models.CharField("added by", max_length=200)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=WinnerSource.values), name="mlops_winner_source"
            ),
            models.CheckConstraint(
                condition=Exact(Length("embedding"), EMBEDDING_BYTES),
                name="mlops_winner_dimensions",
                violation_error_message=f"A vector has {DIMENSIONS} numbers.",
            ),
            models.CheckConstraint(condition=~Q(embedder=""), name="mlops_winner_embedder"),
            models.CheckConstraint(
                condition=Q(clicks__lte=F("impressions"), spend__gte=0),
                name="mlops_winner_figures",
                violation_error_message="An ad has at most as many clicks as impressions.",
            ),
        ]
        triggers = [_OWN_AD]
        indexes = [
            # what came since an index was read
            models.Index(fields=["workspace", "version"], name="mlops_winner_changes"),
        ]

    def __str__(self) -> str:
        return self.text[:80] or f"Winner {self.ad_id}"


class WinnerSnapshot(models.Model):
    """An index as it was saved, so that a process need not read all vectors. Never edited."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    embedder = models.CharField(max_length=60)
    version = models.PositiveBigIntegerField(help_text="Of the library that it holds.")
    form = models.CharField(max_length=5, choices=IndexForm.choices)
    entries = models.PositiveIntegerField()
    sha256 = models.CharField("SHA-256", max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    data = models.BinaryField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "embedder"], name="mlops_winnersnapshot_one"
            ),
            models.CheckConstraint(
                condition=Q(form__in=IndexForm.values), name="mlops_winnersnapshot_form"
            ),
            models.CheckConstraint(
                condition=Q(sha256=CHECKSUM),
                name="mlops_winnersnapshot_sha256",
                violation_error_message="The snapshot is not the one its checksum names.",
            ),
            models.CheckConstraint(
                condition=Q(size_bytes=Length("data")), name="mlops_winnersnapshot_size"
            ),
        ]
        triggers = [pgtrigger.Protect(name="no_update", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.entries} winners, change {self.version}"
