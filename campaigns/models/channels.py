"""Channels that a workspace reaches people by, and what comes without an ad."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from campaigns.models.entities import Platform
from workspaces.models import Workspace


class ChannelKind(models.TextChoices):
    """Whether reaching people there is paid for."""

    PAID = "paid", "Paid"
    ORGANIC = "organic", "Organic"
    OWNED = "owned", "Owned"


def _share(**options: Any) -> models.FloatField:  # type: ignore[type-arg]  # stubs want both
    return models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(1)], **options
    )


def _factor(**options: Any) -> models.FloatField:  # type: ignore[type-arg]  # stubs want both
    return models.FloatField(default=1, validators=[MinValueValidator(0)], **options)


class MarketingChannel(models.Model):
    """A channel of a workspace: what it usually costs and brings; empty where nobody knows."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    slug = models.SlugField(max_length=40, help_text="As campaigns and installs name it.")
    label = models.CharField(max_length=80)
    kind = models.CharField(max_length=7, choices=ChannelKind.choices)
    platform = models.CharField(max_length=10, choices=Platform.choices, blank=True, default="")
    rolls_up_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts",
        help_text="The channel that it is a part of: Facebook and Instagram of Meta.",
    )  # fmt: skip
    base_cpi = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True, validators=[MinValueValidator(0)],
        help_text="Usual cost of an install, in the workspace's currency.",
    )  # fmt: skip
    cpi_variance = _share(help_text="Standard deviation of that cost, as a share of it.")
    daily_volume = models.PositiveIntegerField(null=True, blank=True, help_text="Usual installs.")
    weekend_multiplier = _factor(help_text="Of volume and cost on Saturdays and Sundays.")
    quality_score = _share(help_text="0–1: how well those stay who came through it.")
    ltv_multiplier = _factor(help_text="Worth of a user against the mean.")
    fatigue_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days after which a creative is worn."
    )
    properties = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "slug"],
                name="campaigns_channel_once",
                violation_error_message="There is a channel of this name already.",
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="campaigns_channel_of"),
            models.CheckConstraint(
                condition=Q(kind__in=ChannelKind.values), name="campaigns_channel_kind"
            ),
            models.CheckConstraint(
                condition=Q(platform__in=["", *Platform.values]), name="campaigns_channel_platform"
            ),
            models.CheckConstraint(condition=~Q(slug=""), name="campaigns_channel_named"),
            models.CheckConstraint(
                condition=Q(rolls_up_to=None) | ~Q(rolls_up_to=F("id")),
                name="campaigns_channel_not_part_of_itself",
                violation_error_message="A channel cannot be a part of itself.",
            ),
            models.CheckConstraint(
                condition=(Q(base_cpi=None) | Q(base_cpi__gte=0))
                & (Q(cpi_variance=None) | Q(cpi_variance__gte=0, cpi_variance__lte=1))
                & (Q(quality_score=None) | Q(quality_score__gte=0, quality_score__lte=1))
                & Q(weekend_multiplier__gte=0, ltv_multiplier__gte=0),
                name="campaigns_channel_figures",
                violation_error_message="Costs and factors are not negative; shares are 0 to 1.",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class DailyOrganicMetric(models.Model):
    """One day without ads: who came by himself, and how the app stood in stores and in talk."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    day = models.DateField(help_text="In the workspace's time zone.")
    organic_installs = models.PositiveIntegerField(default=0)
    store_rank = models.PositiveIntegerField(null=True, blank=True, help_text="1 is the top.")
    rating = models.FloatField(null=True, blank=True, help_text="Mean stars, 1–5.")
    reviews = models.PositiveIntegerField(default=0, help_text="Written on that day.")
    social_mentions = models.PositiveIntegerField(default=0)
    sentiment = models.FloatField(null=True, blank=True, help_text="Of mentions, −1 to 1.")
    influencer_events = models.JSONField(default=list, blank=True)
    halo_share = models.FloatField(
        null=True, blank=True, help_text="Share of the organic installs that paid ads brought."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "day"], name="campaigns_organicmetric_once"
            ),
            models.CheckConstraint(
                condition=(Q(store_rank=None) | Q(store_rank__gte=1))
                & (Q(rating=None) | Q(rating__gte=1, rating__lte=5))
                & (Q(sentiment=None) | Q(sentiment__gte=-1, sentiment__lte=1))
                & (Q(halo_share=None) | Q(halo_share__gte=0, halo_share__lte=1)),
                name="campaigns_organicmetric_figures",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} organic"
