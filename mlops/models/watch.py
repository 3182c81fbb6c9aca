"""What becomes of versions after training: daily scores, comparisons in the shadow, drift."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from attribution.models import UserInstall
from campaigns.models import Campaign
from mlops.engine.learning.shadow import Limits
from mlops.models.registry import ModelVersion
from workspaces.models import Workspace

_LIMITS: Final = Limits()


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class ModelPolicy(models.Model):
    """When a challenger is proposed by itself, how it comes to serve, and when one is trained anew.

    Who changed it stands in its history.
    """

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT)
    least_rows = models.PositiveIntegerField(
        default=_LIMITS.least_rows,
        validators=[MinValueValidator(100)],
        help_text="Rows with a known outcome that a challenger is compared on.",
    )
    least_gain = models.FloatField(
        default=_LIMITS.least_gain,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="Share of the champion's error that it must gain; 0.05 is 5 %.",
    )
    most_moved = models.FloatField(
        default=_LIMITS.most_moved,
        validators=[MinValueValidator(0.05), MaxValueValidator(2.0)],
        help_text="Population stability index (PSI) above which a column has moved.",
    )
    cool_down_days = models.PositiveSmallIntegerField(
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text="At least so long between two trainings that drift asks for.",
    )
    trains_by_itself = models.BooleanField(
        default=True, help_text="Drift asks for a training; else it is only told."
    )
    proposes_by_itself = models.BooleanField(
        default=True, help_text="A version that may serve is proposed; a person signs either way."
    )
    canary_share = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.1"),
        validators=[MinValueValidator(Decimal("0.001")), MaxValueValidator(Decimal(1))],
        help_text="Share of the subjects that a promoted version answers first; 1: all at once.",
    )
    canary_days = models.PositiveSmallIntegerField(
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text="So long before it answers all of them, if it did no harm.",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "model policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    least_rows__gte=100,
                    least_gain__gte=0,
                    least_gain__lte=1,
                    most_moved__gte=0.05,
                    most_moved__lte=2,
                    cool_down_days__gte=1,
                    cool_down_days__lte=90,
                    canary_share__gt=0,
                    canary_share__lte=1,
                    canary_days__gte=1,
                    canary_days__lte=60,
                ),
                name="mlops_modelpolicy_limits",
            )
        ]

    def __str__(self) -> str:
        return "Versions of models"

    @property
    def limits(self) -> Limits:
        """The same for the engine."""
        return Limits(self.least_rows, self.least_gain, self.most_moved)


def _worst_first(moved: dict[str, float]) -> list[tuple[str, float]]:
    # JSON in PostgreSQL keeps no order.
    return sorted(moved.items(), key=lambda pair: (-pair[1], pair[0]))


class _OfVersion(models.Model):
    """A row of a version; the key is one of the table: (workspace, version) → that version."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    version = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="%(class)ss",
    )

    class Meta:
        abstract = True


class UserScore(_OfVersion):
    """What a version said of a user once his first week was over, and what came of it."""

    # (workspace, install) is an install of that workspace; a score goes with its user.
    install = models.ForeignKey(
        UserInstall, on_delete=models.CASCADE, db_index=False, db_constraint=False,
        related_name="+", help_text="The user.",
    )  # fmt: skip
    began_on = models.DateField(help_text="The day of the install.")
    scored_on = models.DateField(help_text="In the workspace's time zone.")
    score = models.FloatField()
    outcome = models.FloatField(null=True, blank=True, help_text="Empty until it is known.")

    class Meta:
        constraints = [
            # By install first, so that the rows of a user who goes are found.
            models.UniqueConstraint(fields=["install", "version"], name="mlops_userscore_once"),
            models.CheckConstraint(
                condition=Q(scored_on__gte=F("began_on")), name="mlops_userscore_days"
            ),
        ]
        indexes = [
            # Scores of a version by day, and which are not known yet.
            models.Index(fields=["version", "began_on"], name="mlops_userscore_day"),
            models.Index(
                fields=["version", "began_on"],
                name="mlops_userscore_open",
                condition=Q(outcome=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} of {self.install_id}: {self.score:.4f}"


class CampaignScore(_OfVersion):
    """What a version said of a campaign's coming days, and what came of it once they were over.

    One row holds all targets and days of one forecast, as its model gives them together: one by
    one they would be 21 rows that are only ever read together.
    """

    # (workspace, campaign) is a campaign of that workspace; a score goes with its campaign.
    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="+"
    )
    began_on = models.DateField(help_text="The first of the days that it speaks of.")
    scored_on = models.DateField(help_text="In the workspace's time zone.")
    figures = ArrayField(
        models.FloatField(),
        help_text="What the version gave: one ROI, or each target's days as P10, P50 and P90.",
    )
    outcomes = ArrayField(
        models.FloatField(null=True),
        null=True,
        blank=True,
        help_text="Of each target and day; empty until all days are over.",
    )
    scales = ArrayField(
        models.FloatField(null=True),
        null=True,
        blank=True,
        help_text="Of each target, what an error is measured in.",
    )

    class Meta:
        constraints = [
            # By campaign first, so that the rows of a campaign that goes are found.
            models.UniqueConstraint(
                fields=["campaign", "version", "began_on"], name="mlops_campaignscore_once"
            ),
            models.CheckConstraint(
                condition=Q(outcomes=None, scales=None)
                | Q(outcomes__isnull=False, scales__isnull=False),
                name="mlops_campaignscore_known",
            ),
        ]
        indexes = [
            # Scores of a version by day, and which are not known yet.
            models.Index(fields=["version", "began_on"], name="mlops_campaignscore_day"),
            models.Index(
                fields=["version", "began_on"],
                name="mlops_campaignscore_open",
                condition=Q(outcomes=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} of {self.campaign_id} from {self.began_on}"


class ScoreDay(_OfVersion):
    """Scores of a version added up by day of install, so that no page reads them one by one."""

    began_on = models.DateField(help_text="The day of the installs.")
    users = models.PositiveIntegerField()
    total = models.FloatField(help_text="Sum of the scores.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "began_on"], name="mlops_scoreday_once"),
            models.CheckConstraint(condition=Q(users__gte=1), name="mlops_scoreday_users"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.began_on}"


class ShadowReport(_OfVersion):
    """A challenger set against the champion on rows that neither learnt from."""

    champion = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, db_index=False, db_constraint=False,
        related_name="+",
    )  # fmt: skip
    day = models.DateField(help_text="In the workspace's time zone.")
    rows = models.PositiveIntegerField(help_text="With a known outcome.")
    scored = models.PositiveIntegerField(help_text="That both scored.")
    campaigns = models.PositiveIntegerField(
        null=True, blank=True, help_text="That the rows are of; empty where they are of users."
    )
    metric = models.CharField(max_length=40)
    champion_figure = models.FloatField(null=True, blank=True)
    challenger_figure = models.FloatField(null=True, blank=True)
    gain = models.FloatField(null=True, blank=True, help_text="Share of the champion's figure.")
    gain_low = models.FloatField(null=True, blank=True, help_text="95 % interval.")
    gain_high = models.FloatField(null=True, blank=True)
    moved = models.JSONField(default=dict, help_text="PSI of what it reads, by feature.")
    chance = models.JSONField(
        default=dict, help_text="PSI that chance alone may give, by feature; of few campaigns only."
    )
    rank_correlation = models.FloatField(null=True, blank=True)
    same_decisions = models.FloatField(null=True, blank=True, help_text="Share of rows.")
    differing = models.JSONField(
        default=list, help_text="Users or campaigns decided otherwise, largest first."
    )
    effect = models.JSONField(null=True, blank=True, help_text="Predicted effect of promoting it.")
    is_eligible = models.BooleanField()
    verdict = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "champion", "day"], name="mlops_shadowreport_once"
            ),
            models.CheckConstraint(
                condition=~Q(version=F("champion")), name="mlops_shadowreport_two"
            ),
            models.CheckConstraint(
                # Asked for in words: what is unknown would pass.
                condition=Q(is_eligible=False) | Q(gain_low__isnull=False, gain_low__gt=0),
                name="mlops_shadowreport_eligible_gains",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} against {self.champion_id} on {self.day}"

    @property
    def worst_first(self) -> list[tuple[str, float]]:
        """Indices of what it reads, the largest first."""
        return _worst_first(self.moved)


class DriftReport(_OfVersion):
    """How far a champion's inputs, scores and calibration had moved on a day."""

    day = models.DateField(help_text="In the workspace's time zone.")
    rows = models.PositiveIntegerField(
        help_text="Newest users, or days of campaigns, that were looked at."
    )
    moved = models.JSONField(default=dict, help_text="PSI of what it reads, by feature.")
    score_moved = models.FloatField(null=True, blank=True, help_text="PSI of its predictions.")
    chance = models.JSONField(
        default=dict, help_text="PSI that chance alone may give, by feature; of few campaigns only."
    )
    score_chance = models.FloatField(null=True, blank=True, help_text="The same of predictions.")
    known_rows = models.PositiveIntegerField(default=0, help_text="With a known outcome.")
    calibration_error = models.FloatField(null=True, blank=True)
    calibration_limit = models.FloatField(null=True, blank=True)
    is_moved = models.BooleanField()
    moved_since = models.DateField(
        null=True, blank=True, help_text="First day of the stretch that has moved."
    )
    verdict = models.TextField()
    has_asked = models.BooleanField("asked for training", default=False)
    answer = models.TextField(blank=True, help_text="What came of asking for a training.")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "day"], name="mlops_driftreport_once"),
            models.CheckConstraint(
                condition=Q(has_asked=False) | Q(is_moved=True), name="mlops_driftreport_asked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} on {self.day}"

    @property
    def worst_first(self) -> list[tuple[str, float]]:
        """Indices of what it reads, the largest first."""
        return _worst_first(self.moved)
