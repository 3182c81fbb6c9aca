"""Deals as a CRM tells of them: what was seen, where it leads to, and what fits nowhere."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from campaigns.models import Ad
from workspaces.ids import uuid7
from workspaces.models import Connection, User, Workspace


class StageMapping(models.Model):
    """Which of our stages a CRM's stage stands for; an empty key: nobody has said so yet."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    source = models.CharField(max_length=40)
    portal = models.CharField(max_length=40, blank=True, help_text="The CRM's own account.")
    pipeline = models.CharField(max_length=120, blank=True)
    stage = models.CharField(max_length=120, help_text="The CRM's internal id of the stage.")
    label = models.CharField(max_length=200, blank=True, help_text="What the CRM calls it.")
    stage_key = models.CharField("our stage", max_length=60, blank=True)
    mapped_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    mapped_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "source", "portal", "pipeline", "stage"],
                name="attribution_stagemapping_once",
            ),
        ]
        indexes = [
            # the list of stages that nobody has mapped
            models.Index(
                fields=["workspace"],
                condition=Q(stage_key=""),
                name="attribution_stage_unmapped",
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.stage


class Deal(models.Model):
    """Where a deal stands now, derived from its stage changes."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    source = models.CharField(max_length=40)
    portal = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=120)
    ad = models.ForeignKey(
        Ad,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        help_text="The ad that its value is credited to.",
    )
    stage = models.CharField(max_length=60, blank=True, help_text="Our stage; empty: unmapped.")
    moved_at = models.DateTimeField(null=True, blank=True)
    amount = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True, help_text="Real, once known."
    )
    amount_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "source", "portal", "external_id"],
                name="attribution_deal_once",
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gte=0), name="attribution_deal_amount"
            ),
            models.CheckConstraint(
                condition=Q(amount=None, amount_at=None)
                | Q(amount__isnull=False, amount_at__isnull=False),
                name="attribution_deal_amount_dated",
            ),
        ]
        indexes = [
            # pipeline value per ad
            models.Index(
                fields=["ad", "stage"],
                condition=Q(ad__isnull=False),
                name="attribution_deal_credited",
            ),
            # value per stage
            models.Index(fields=["workspace", "stage"], name="attribution_deal_stage"),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def conversion_id(self) -> str:
        """Id of the conversion that tells where the deal came from."""
        return ":".join(part for part in (self.source, self.portal, self.external_id) if part)


class StageChange(models.Model):
    """A deal was seen to enter a stage. Append-only; one row per event of the source."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="stage_changes")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    source = models.CharField(max_length=40)
    source_event = models.CharField(max_length=200)
    pipeline = models.CharField(max_length=120, blank=True)
    stage = models.CharField(max_length=120, help_text="As the source calls it.")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "source", "source_event"],
                name="attribution_stagechange_once",
            ),
        ]
        indexes = [
            models.Index(fields=["deal", "at"], name="attribution_change_deal"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.stage} at {self.at}"


class AdPipelineValue(models.Model):
    """Pipeline value of an ad as a CRM sums it up; each report sets it anew."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    ad = models.OneToOneField(Ad, on_delete=models.PROTECT, related_name="crm_value")
    value = models.DecimalField(max_digits=20, decimal_places=6)
    source = models.CharField(max_length=40)
    reported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(value__gte=0), name="attribution_adpipelinevalue_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value}"


class CrmSync(models.Model):
    """How far the deals of a CRM were read by time of change, and what the last sync found."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    connection = models.OneToOneField(Connection, on_delete=models.PROTECT)
    watermark_at = models.DateTimeField(
        null=True, blank=True, help_text="Newest change that was read. Empty: none yet."
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    deals_read = models.PositiveIntegerField(default=0, help_text="In the last sync.")
    deals_healed = models.PositiveIntegerField(
        default=0, help_text="Deals with stages that no webhook had told of."
    )
    differences = models.JSONField(
        default=list, blank=True, help_text="The first of these deals, with the stages they lacked."
    )

    class Meta:
        verbose_name = "CRM sync"

    def __str__(self) -> str:
        return f"{self.connection_id} up to {self.watermark_at}"


class QuarantinedAd(models.Model):
    """An ad id that a CRM named and we do not know, kept until a person says which ad it is."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    source = models.CharField(max_length=40)
    given = models.CharField("ad id given", max_length=200)
    value = models.DecimalField(max_digits=20, decimal_places=6, help_text="Newest reported.")
    times = models.PositiveIntegerField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ad = models.ForeignKey(
        Ad,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        help_text="The ad it is. Later reports under the id given go there by themselves.",
    )
    resolved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "source", "given"], name="attribution_quarantinedad_once"
            ),
        ]

    def __str__(self) -> str:
        return self.given
