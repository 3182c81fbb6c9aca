"""Funnels, who came how far in them on which day, and people who were saved from them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from attribution.engine.funnel_definition import (
    LONGEST_WINDOW_S,
    MOST_STEPS,
    SHORTEST_WINDOW_S,
    Definition,
    read_definition,
)
from attribution.models.clicks import CustomerType
from attribution.models.identity import Person
from attribution.models.website import Site
from campaigns import metrics
from workspaces import formats
from workspaces.ids import uuid7
from workspaces.models import User, Workspace


class FunnelMode(models.TextChoices):
    """What may happen between two steps."""

    ORDERED = "ordered", "Loose: anything may happen between"
    STRICT = "strict", "Strict: nothing may happen between"


def _text(length: int) -> models.CharField:  # type: ignore[type-arg]  # stubs want both
    return models.CharField(max_length=length, blank=True, default="")


def _customer_type(**options: Any) -> models.CharField:  # type: ignore[type-arg]  # stubs want both
    return models.CharField(
        max_length=9, choices=CustomerType.choices, blank=True, default="", **options
    )


class FunnelDefinition(models.Model):
    """A sequence of steps on websites, each served by pages or events."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=120)
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, help_text="Empty: all websites."
    )
    definition = models.JSONField(help_text="Steps and exclusions.")
    window_seconds = models.PositiveIntegerField(
        validators=[MinValueValidator(SHORTEST_WINDOW_S), MaxValueValidator(LONGEST_WINDOW_S)],
        help_text="From the first step to the last.",
    )
    mode = models.CharField(max_length=7, choices=FunnelMode.choices, default=FunnelMode.ORDERED)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1, help_text="Rises when its counting changes.")
    alert_drop_pct = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Warn when a step's rate falls by so many percent; empty: never.",
    )  # fmt: skip
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    refreshed_at = models.DateTimeField(null=True, blank=True, help_text="Counted up to then.")
    counted_version = models.PositiveIntegerField(
        null=True, blank=True, help_text="The version that the entries were counted by."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="attribution_funnel_named_once",
                violation_error_message="There is a funnel of this name already.",
            ),
            # What entries point to: a funnel of another workspace is no funnel of theirs.
            models.UniqueConstraint(fields=["workspace", "id"], name="attribution_funnel_of"),
            models.CheckConstraint(
                condition=Q(
                    window_seconds__gte=SHORTEST_WINDOW_S, window_seconds__lte=LONGEST_WINDOW_S
                ),
                name="attribution_funnel_window",
                violation_error_message="A funnel's window is 1 second to 90 days.",
            ),
            models.CheckConstraint(
                condition=Q(mode__in=FunnelMode.values), name="attribution_funnel_mode"
            ),
            models.CheckConstraint(
                condition=Q(alert_drop_pct=None)
                | Q(alert_drop_pct__gte=1, alert_drop_pct__lte=100),
                name="attribution_funnel_alert_drop",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def document(self) -> dict[str, Any]:
        """The whole funnel as a document."""
        return {
            **self.definition,
            "window_seconds": self.window_seconds,
            "mode": self.mode,
        }

    def parsed(self) -> Definition:
        """The funnel as the engine and the SQL take it."""
        return read_definition(self.document)

    @property
    def step_names(self) -> list[str]:
        """Names of the steps in their order."""
        return [step["name"] for step in self.definition["steps"]]


class FunnelEntry(models.Model):
    """The furthest attempt of a visitor that began on a day, of equal ones the first."""

    # The keys are one of the table: (workspace, funnel) → a funnel of that workspace.
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    funnel = models.ForeignKey(
        FunnelDefinition,
        on_delete=models.CASCADE,
        related_name="entries",
        db_index=False,
        db_constraint=False,
    )
    visitor_key = models.UUIDField()
    entered_on = models.DateField(help_text="Day of the first step in the workspace's time zone.")
    level = models.PositiveSmallIntegerField(help_text="How many steps were reached.")
    started_at = models.DateTimeField()
    step_seconds = ArrayField(
        models.FloatField(), help_text="From the first step to each that was reached."
    )
    completed_at = models.DateTimeField(null=True, blank=True)
    value = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True,
        help_text="Of the last step, in the workspace's currency.",
    )  # fmt: skip
    source = _text(120)
    device = _text(10)
    customer_type = _customer_type(help_text="At the first step; empty without consent.")
    variants = models.JSONField(default=dict, blank=True, help_text="Test key → variant key.")

    class Meta:
        verbose_name_plural = "funnel entries"
        constraints = [
            # Also what bars read by: a funnel's days.
            models.UniqueConstraint(
                fields=["funnel", "entered_on", "visitor_key"], name="attribution_entry_once"
            ),
            models.CheckConstraint(
                condition=Q(level__gte=1, level__lte=MOST_STEPS), name="attribution_entry_level"
            ),
            models.CheckConstraint(
                condition=Q(step_seconds__len=F("level")), name="attribution_entry_steps"
            ),
            models.CheckConstraint(
                condition=Q(customer_type__in=["", *CustomerType.values]),
                name="attribution_entry_customer",
            ),
            models.CheckConstraint(
                condition=Q(completed_at=None) | Q(completed_at__gte=F("started_at")),
                name="attribution_entry_completed_later",
            ),
        ]
        indexes = [
            # One visitor's entries: who he is among the people behind a bar, and his erasure.
            models.Index(fields=["workspace", "visitor_key"], name="attribution_entry_visitor"),
        ]

    def __str__(self) -> str:
        return f"{self.visitor_key} on {self.entered_on}: {self.level}"


class FunnelAnalytics(models.Model):
    """What became of those who entered a funnel on a day, by who they were."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    funnel = models.ForeignKey(
        FunnelDefinition,
        on_delete=models.CASCADE,
        related_name="days",
        db_index=False,
        db_constraint=False,
    )
    day = models.DateField(help_text="In the workspace's time zone.")
    customer_type = _customer_type()
    source = _text(120)
    device = _text(10)
    entered = models.PositiveIntegerField()
    completed = models.PositiveIntegerField()
    reached = ArrayField(models.PositiveIntegerField(), help_text="People per step.")
    mean_seconds = models.FloatField(
        null=True, blank=True, help_text="From the first step to the last."
    )
    worst_step = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The step that loses most on the way to it."
    )
    drop_off = models.FloatField(null=True, blank=True, help_text="Share lost there, 0 to 1.")
    value = models.DecimalField(
        max_digits=20, decimal_places=6, default=0, help_text="In the workspace's currency."
    )

    class Meta:
        verbose_name_plural = "funnel analytics"
        constraints = [
            models.UniqueConstraint(
                fields=["funnel", "day", "customer_type", "source", "device"],
                name="attribution_funnelday_once",
            ),
            models.CheckConstraint(
                condition=Q(completed__lte=F("entered")), name="attribution_funnelday_completed"
            ),
            models.CheckConstraint(
                condition=Q(drop_off=None) | Q(drop_off__gte=0, drop_off__lte=1),
                name="attribution_funnelday_drop",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.completed} of {self.entered}"

    @property
    def rate(self) -> float | None:
        """Share of those who entered that got to the end."""
        return self.completed / self.entered if self.entered else None

    @property
    def average_order_value(self) -> Decimal | None:
        """Money per completion."""
        return metrics.average_order_value(self.value, self.completed)


class FunnelAlert(models.Model):
    """A step that lost more people than it used to."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    funnel = models.ForeignKey(
        FunnelDefinition, on_delete=models.CASCADE, related_name="alerts", db_index=False
    )
    step = models.PositiveSmallIntegerField(help_text="The step that fewer reach; from 2.")
    raised_at = models.DateTimeField()
    rate = models.FloatField(help_text="Share that reached it from the step before.")
    expected = models.FloatField(help_text="The share of the 28 days before.")
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["funnel", "step"],
                condition=Q(resolved_at=None),
                name="attribution_funnelalert_one_open",
            ),
            models.CheckConstraint(condition=Q(step__gte=2), name="attribution_funnelalert_step"),
            models.CheckConstraint(
                condition=Q(rate__gte=0, rate__lte=1, expected__gte=0, expected__lte=1),
                name="attribution_funnelalert_rates",
            ),
        ]
        indexes = [
            models.Index(fields=["funnel", "-raised_at"], name="attribution_funnelalert_newest")
        ]

    def __str__(self) -> str:
        return (
            f"Step {self.step}: {formats.share(self.rate, 1)} instead of"
            f" {formats.share(self.expected, 1)}"
        )


class SavedCohort(models.Model):
    """People as they were found once, kept under a name: an audience."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=120)
    origin = models.JSONField(help_text="Where they were found: funnel, step, days, filters.")
    size = models.PositiveIntegerField()
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="attribution_cohort_named_once",
                violation_error_message="There is a cohort of this name already.",
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="attribution_cohort_of"),
        ]

    def __str__(self) -> str:
        return self.name


class SavedCohortMember(models.Model):
    """One of a saved cohort."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    cohort = models.ForeignKey(
        SavedCohort,
        on_delete=models.CASCADE,
        related_name="members",
        db_index=False,
        db_constraint=False,
    )
    visitor_key = models.UUIDField()
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "visitor_key"], name="attribution_cohortmember_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.visitor_key)
