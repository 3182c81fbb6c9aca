"""What is measured: definitions that tests share, and the parts they play in a test."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import pghistory
import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from experiments.models.ab_tests import KEY, REFUSE, ABTest
from workspaces.models import Workspace


class MetricKind(models.TextChoices):
    """What is said of one unit."""

    BINOMIAL = "binomial", "Conversion: share of units that did it"
    MEAN = "mean", "Mean: amount of a unit"
    RATIO = "ratio", "Ratio: one amount over another"
    TIME_TO_EVENT = "time_to_event", "Time to event: hours until a unit did it"


class MetricSource(models.TextChoices):
    """Where the events come from."""

    WEBSITE_EVENT = "website_event", "Website events"
    CONVERSION = "conversion", "Conversions"
    MESSAGE_EVENT = "message_event", "Message events"
    TRACKED = "tracked", "Events told through the API"
    AD_PERFORMANCE = "ad_performance", "Ad performance"
    IMPORTED = "imported", "Imported figures"


class Amount(models.TextChoices):
    """What of an event is added up."""

    COUNT = "count", "How often"
    VALUE = "value", "Its value"


class Goal(models.TextChoices):
    """Which way is better."""

    INCREASE = "increase", "More is better"
    DECREASE = "decrease", "Less is better"


class MetricRole(models.TextChoices):
    """What a metric decides in a test."""

    PRIMARY = "primary", "Primary"
    SECONDARY = "secondary", "Secondary"
    GUARDRAIL = "guardrail", "Guardrail"


#: What a metric counts; how people call it may change at any time.
DEFINITION: Final = ("key", "kind", "source", "event", "amount", "per_event", "per_amount",
                     "window_h", "cap", "goal", "covariate_days")  # fmt: skip
_NEW, _OLD = (", ".join(f"{row}.{name}" for name in DEFINITION) for row in ("NEW", "OLD"))
_IS_FIXED: Final = pgtrigger.Trigger(
    name="is_fixed",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func=f"""
    IF ({_NEW}) IS DISTINCT FROM ({_OLD}) AND EXISTS (
        SELECT FROM experiments_abtestmetric p JOIN experiments_abtest t ON t.id = p.test_id
         WHERE p.metric_id = OLD.id AND t.started_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'metric % counts as it did when tests of it began', OLD.key {REFUSE};
    END IF;
    RETURN NEW;
    """,  # names of columns, constants of ours
)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class Metric(models.Model):
    """A definition. It is fixed once a test that uses it has started."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    key = models.CharField(max_length=40, validators=[KEY])
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=13, choices=MetricKind.choices, default=MetricKind.BINOMIAL)
    source = models.CharField(
        max_length=14, choices=MetricSource.choices, default=MetricSource.WEBSITE_EVENT
    )
    event = models.CharField(
        max_length=120, blank=True, default="",
        help_text="Name of the event or type of the conversion. Empty: any conversion.",
    )  # fmt: skip
    amount = models.CharField(max_length=5, choices=Amount.choices, default=Amount.COUNT)
    per_event = models.CharField(
        max_length=120, blank=True, default="", help_text="Of a ratio: the event below the line."
    )
    per_amount = models.CharField(max_length=5, choices=Amount.choices, default=Amount.COUNT)
    window_h = models.PositiveIntegerField(
        "window (hours)", default=7 * 24,
        validators=[MinValueValidator(1), MaxValueValidator(2160)],
        help_text="Counted from a unit's first exposure.",
    )  # fmt: skip
    cap = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(Decimal("0.000001"))],
        help_text="A unit counts for at most so much; empty: without limit.",
    )  # fmt: skip
    goal = models.CharField(max_length=8, choices=Goal.choices, default=Goal.INCREASE)
    covariate_days = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(60)],
        help_text="The same amount in so many days before exposure takes variance out (CUPED); "
        "0: none.",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "key"],
                name="experiments_metric_key_once",
                violation_error_message="There is a metric of this key already.",
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="experiments_metric_of"),
            models.CheckConstraint(
                condition=Q(kind__in=MetricKind.values, source__in=MetricSource.values,
                            amount__in=Amount.values, per_amount__in=Amount.values,
                            goal__in=Goal.values),
                name="experiments_metric_choices",
            ),
            models.CheckConstraint(
                condition=Q(kind="ratio") & ~Q(per_event="") | ~Q(kind="ratio") & Q(per_event=""),
                name="experiments_metric_ratio",
                violation_error_message="A ratio names the event below the line; no other does.",
            ),
            models.CheckConstraint(
                condition=Q(source__in=["conversion", "ad_performance", "imported"])
                | ~Q(event=""),
                name="experiments_metric_event",
                violation_error_message="Name the event that counts.",
            ),
            models.CheckConstraint(
                condition=Q(window_h__gte=1, window_h__lte=2160, covariate_days__lte=60),
                name="experiments_metric_window",
                violation_error_message="A window is 1 to 2160 hours long.",
            ),
            models.CheckConstraint(
                condition=Q(cap=None) | Q(cap__gt=0), name="experiments_metric_cap"
            ),
            # A conversion is there or not, a time starts at exposure, of a ratio both sides move.
            models.CheckConstraint(
                condition=Q(covariate_days=0) | Q(kind__in=["binomial", "mean"]),
                name="experiments_metric_covariate",
                violation_error_message="Only conversions and means look at the days before.",
            ),
        ]  # fmt: skip
        triggers = [_IS_FIXED]

    def __str__(self) -> str:
        return self.name


class ABTestMetric(models.Model):
    """The part that a metric plays in a test."""

    # The keys are ones of the table: (workspace, test) and (workspace, metric).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    test = models.ForeignKey(
        ABTest, on_delete=models.CASCADE, related_name="metrics", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    metric = models.ForeignKey(
        Metric, on_delete=models.PROTECT, related_name="uses", db_constraint=False
    )
    role = models.CharField(max_length=9, choices=MetricRole.choices)
    position = models.PositiveSmallIntegerField(default=0)
    harm_bp = models.PositiveIntegerField(
        "harm", default=200, validators=[MaxValueValidator(10_000)],
        help_text="Of a guardrail: the relative loss that may not be exceeded, in ten-thousandths.",
    )  # fmt: skip

    class Meta:
        verbose_name = "metric of a test"
        verbose_name_plural = "metrics of tests"
        constraints = [
            models.UniqueConstraint(
                fields=["test", "metric"],
                name="experiments_abtestmetric_once",
                violation_error_message="The test has this metric already.",
            ),
            models.UniqueConstraint(
                fields=["test"], condition=Q(role="primary"), name="experiments_one_primary"
            ),
            models.CheckConstraint(
                condition=Q(role__in=MetricRole.values, harm_bp__lte=10_000),
                name="experiments_abtestmetric_role",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="is_fixed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func="""
                IF EXISTS (SELECT FROM experiments_abtest
                            WHERE id = OLD.test_id AND started_at IS NOT NULL) THEN
                    RAISE EXCEPTION 'metrics of a started test stay as they were signed'
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.metric_id}"
