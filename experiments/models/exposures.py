"""Who met which variant, what came of it, and the sums that results are read from."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q

from attribution.models import Person, Site
from experiments.models.ab_tests import ABTest
from experiments.models.metrics import Metric
from experiments.models.variants import ABTestVariant
from workspaces.models import Workspace


class Exposure(models.Model):
    """The first time that a unit met a variant; append-only.

    Later ones of another variant leave only a time: the unit stays in the arm that it met first.
    """

    # The keys are ones of the table: (workspace, test) and (workspace, variant).
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    test = models.ForeignKey(
        ABTest, on_delete=models.PROTECT, db_index=False, db_constraint=False,
        related_name="exposures",
    )  # fmt: skip
    variant = models.ForeignKey(
        ABTestVariant, on_delete=models.PROTECT, db_index=False, db_constraint=False,
        related_name="+",
    )  # fmt: skip
    unit = models.CharField(max_length=120, help_text="Visitor, user or contact.")
    at = models.DateTimeField()
    day = models.DateField(help_text="In the workspace's time zone.")
    device = models.CharField(max_length=10, blank=True, default="")
    source = models.CharField(max_length=120, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")
    customer_type = models.CharField(max_length=9, blank=True, default="")
    other_variant_at = models.DateTimeField(
        null=True, blank=True, help_text="When it first met another variant too."
    )
    counted = models.PositiveSmallIntegerField(
        default=0, db_default=0,
        help_text="What sums hold of it: 0 nothing yet, 1 a unit, 2 one that met several.",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["test", "unit"], name="experiments_exposure_once"),
            models.CheckConstraint(condition=~Q(unit=""), name="experiments_exposure_unit"),
            models.CheckConstraint(
                condition=Q(counted__lte=2), name="experiments_exposure_counted"
            ),
        ]
        indexes = [
            # A unit's tests: what its events are counted for, and its erasure.
            models.Index(fields=["workspace", "unit"], name="experiments_exposure_unit"),
        ]
        triggers = [
            # Erasing a person renames the unit; a second variant leaves its time.
            pgtrigger.Trigger(
                name="append_only",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                IF (NEW.workspace_id, NEW.test_id, NEW.variant_id, NEW.at, NEW.day)
                   IS DISTINCT FROM
                   (OLD.workspace_id, OLD.test_id, OLD.variant_id, OLD.at, OLD.day) THEN
                    RAISE EXCEPTION 'an exposure stays as it was'
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit} in {self.variant_id}"


def _sum(**options: Any) -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    """Exact: what is added and taken away again leaves no rest."""
    return models.DecimalField(max_digits=40, decimal_places=12, default=0, db_default=0, **options)


class UnitOutcome(models.Model):
    """What a unit did on a day within a metric's window; only days with something to say.

    The row of the exposure's day also holds what the unit did before (CUPED).
    """

    # The keys are ones of the table: (workspace, test), exposure and (workspace, metric).
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    exposure = models.ForeignKey(
        Exposure, on_delete=models.CASCADE, db_index=False, related_name="outcomes"
    )
    metric = models.ForeignKey(
        Metric, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )
    day = models.DateField(help_text="In the workspace's time zone.")
    value = _sum()
    denominator = _sum()
    covariate = _sum()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["exposure", "metric", "day"], name="experiments_unitoutcome_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.exposure_id} {self.day}: {self.value}"


class Dimension(models.TextChoices):
    """What sums are broken down by; ``total`` has one row without a key."""

    TOTAL = "total", "Total"
    DEVICE = "device", "Device"
    SOURCE = "source", "Source"
    COUNTRY = "country", "Country"
    CUSTOMER = "customer", "Customer type"


class MetricDay(models.Model):
    """By how much a variant's sufficient statistics of a metric grew on a day.

    Those of all days up to one are the sums as of its end, so any moment can be looked at again.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    test = models.ForeignKey(
        ABTest, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="days"
    )
    variant = models.ForeignKey(
        ABTestVariant, on_delete=models.PROTECT, db_index=False, db_constraint=False,
        related_name="+",
    )  # fmt: skip
    metric = models.ForeignKey(
        Metric, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )
    dimension = models.CharField(max_length=8, choices=Dimension.choices, default=Dimension.TOTAL)
    key = models.CharField(max_length=120, blank=True, default="")
    day = models.DateField(help_text="In the workspace's time zone.")
    units = models.BigIntegerField(default=0, db_default=0)
    sum = _sum()
    sum_squares = _sum()
    denominator_sum = _sum()
    denominator_sum_squares = _sum()
    sum_product = _sum()
    covariate_sum = _sum()
    covariate_sum_squares = _sum()
    sum_covariate_product = _sum()

    class Meta:
        constraints = [
            # Also what results are read by: one test's sums of one dimension.
            models.UniqueConstraint(
                fields=["test", "dimension", "metric", "variant", "key", "day"],
                name="experiments_metricday_once",
            ),
            models.CheckConstraint(
                condition=Q(dimension__in=Dimension.values), name="experiments_metricday_dimension"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.dimension} {self.key}"


class ExposureDay(models.Model):
    """How many units of a variant were exposed first on a day."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    test = models.ForeignKey(
        ABTest, on_delete=models.PROTECT, db_index=False, db_constraint=False,
        related_name="exposure_days",
    )  # fmt: skip
    variant = models.ForeignKey(
        ABTestVariant, on_delete=models.PROTECT, db_index=False, db_constraint=False,
        related_name="+",
    )  # fmt: skip
    dimension = models.CharField(max_length=8, choices=Dimension.choices, default=Dimension.TOTAL)
    key = models.CharField(max_length=120, blank=True, default="")
    day = models.DateField(help_text="In the workspace's time zone.")
    units = models.PositiveBigIntegerField(default=0, db_default=0)
    in_several = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Of them, who met another variant later."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["test", "dimension", "variant", "key", "day"],
                name="experiments_exposureday_once",
            ),
            models.CheckConstraint(
                condition=Q(in_several__lte=F("units")), name="experiments_exposureday_units"
            ),
            models.CheckConstraint(
                condition=Q(dimension__in=Dimension.values),
                name="experiments_exposureday_dimension",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.dimension} {self.key}: {self.units}"


class UnitEvent(models.Model):
    """Something that a unit did, as an integration told it; append-only."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    event_id = models.CharField(max_length=120, help_text="Told twice, it counts once.")
    unit = models.CharField(max_length=120)
    name = models.CharField(max_length=120)
    value = models.DecimalField(max_digits=20, decimal_places=6, default=0)
    at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "event_id"], name="experiments_unitevent_once"
            ),
            models.CheckConstraint(
                condition=~Q(unit="") & ~Q(name="") & Q(value__gte=0),
                name="experiments_unitevent_told",
            ),
        ]
        indexes = [
            # What a unit did, in order: the counting of its outcomes.
            models.Index(fields=["workspace", "unit", "at"], name="experiments_unitevent_unit"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.name} of {self.unit}"


class CountingWork(models.Model):
    """A unit with news that no sum holds yet: the counting's queue.

    Of a person it is not told which units that is: it is asked when the row is worked off, since
    a merge may be under way when it is written.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.CASCADE, db_index=False, db_constraint=False
    )
    unit = models.CharField(max_length=120, blank=True, default="")
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.CASCADE, db_index=False,
        db_constraint=False, related_name="+",
    )  # fmt: skip
    since = models.DateTimeField(
        help_text="The earliest of the news; one to come is when a window ends."
    )

    class Meta:
        verbose_name_plural = "counting work"
        constraints = [
            models.CheckConstraint(
                condition=~Q(unit="") & Q(person=None) | Q(unit="", person__isnull=False),
                name="experiments_countingwork_whose",
            )
        ]
        indexes = [
            # The oldest waiting row of a workspace: what comes next.
            models.Index(fields=["workspace", "since"], name="experiments_countingwork_due"),
        ]

    def __str__(self) -> str:
        return self.unit or f"person {self.person_id}"
