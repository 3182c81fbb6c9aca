"""What pipeline stages are worth: versions of it, set through the gate."""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from workspaces.models import Proposal, User, Workspace

_NOT_NEGATIVE = [MinValueValidator(Decimal(0))]
_SHARE = [*_NOT_NEGATIVE, MaxValueValidator(Decimal(1))]


class StageOutcome(models.TextChoices):
    """Whether a deal in a stage is still open."""

    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"


class SyntheticRevenueConfig(models.Model):
    """One version of a workspace's stage values; the newest in effect holds.

    A version is never edited. The first may come from a template; every other one comes from a
    proposal that people signed.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    version = models.PositiveIntegerField()
    template = models.CharField(max_length=40, blank=True)
    average_deal_value = models.DecimalField(
        max_digits=20, decimal_places=6, validators=_NOT_NEGATIVE
    )
    sales_cycle_days = models.DecimalField(max_digits=8, decimal_places=2, validators=_NOT_NEGATIVE)
    win_rate = models.DecimalField(max_digits=5, decimal_places=4, validators=_SHARE)
    stage_count = models.PositiveIntegerField(help_text="How many stages belong to it, no more.")
    proposal = models.OneToOneField(Proposal, null=True, blank=True, on_delete=models.PROTECT)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_by_label = models.CharField("editor", max_length=200)
    effective_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "synthetic_revenue_config"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "version"], name="attribution_syntheticrevenueconfig_version"
            ),
            models.CheckConstraint(
                condition=Q(version=1) | Q(proposal__isnull=False),
                name="attribution_syntheticrevenueconfig_signed",
                violation_error_message="Stage values change by proposal only.",
            ),
            models.CheckConstraint(
                condition=Q(
                    average_deal_value__gte=0,
                    sales_cycle_days__gte=0,
                    win_rate__gte=0,
                    win_rate__lte=1,
                ),
                name="attribution_syntheticrevenueconfig_ranges",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"stage values v{self.version}"


class PipelineStage(models.Model):
    """What a deal in one stage is worth, in one version."""

    config = models.ForeignKey(
        SyntheticRevenueConfig, on_delete=models.PROTECT, related_name="stages"
    )
    key = models.CharField(max_length=60)
    label = models.CharField(max_length=120)
    order = models.PositiveIntegerField()
    value = models.DecimalField(max_digits=20, decimal_places=6, validators=_NOT_NEGATIVE)
    confidence = models.DecimalField(max_digits=5, decimal_places=4, validators=_SHARE)
    description = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(
        max_length=4, choices=StageOutcome.choices, default=StageOutcome.OPEN
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["config", "key"], name="attribution_pipelinestage_key"),
            models.UniqueConstraint(
                fields=["config", "order"], name="attribution_pipelinestage_order"
            ),
            models.UniqueConstraint(
                fields=["config"],
                condition=Q(outcome="won"),
                name="attribution_pipelinestage_one_won",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=StageOutcome.values),
                name="attribution_pipelinestage_outcome",
            ),
            models.CheckConstraint(
                condition=Q(value__gte=0, confidence__gte=0, confidence__lte=1),
                name="attribution_pipelinestage_ranges",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="lost") | Q(value=0),
                name="attribution_pipelinestage_lost_is_worth_nothing",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            # A version that holds must not grow: what was signed had these stages and no more.
            pgtrigger.Trigger(
                name="complete",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="IF (SELECT count(*) FROM attribution_pipelinestage"
                " WHERE config_id = NEW.config_id) >= (SELECT stage_count"
                " FROM synthetic_revenue_config WHERE id = NEW.config_id) THEN"
                " RAISE EXCEPTION 'this version of the stage values is complete'"
                " USING ERRCODE = 'check_violation'; END IF; RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class StageValueChange(models.Model):
    """What the queue shows of a proposal of stage values; its plan body decides, not this."""

    proposal = models.OneToOneField(
        Proposal, primary_key=True, on_delete=models.PROTECT, related_name="stage_values"
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    from_version = models.PositiveIntegerField()
    what_if = models.JSONField(help_text="Ads and queued changes that it would move over a line.")
    crossing_ads = models.PositiveIntegerField()
    flipping_changes = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "stage value changes"

    def __str__(self) -> str:
        return f"from version {self.from_version}"
