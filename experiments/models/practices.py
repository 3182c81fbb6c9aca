"""What works: practices, their versions, the tests that speak of them, and where they were used."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from experiments.models.ab_tests import KEY, ABTest
from workspaces.ids import uuid7
from workspaces.models import Workspace


class PracticeCategory(models.TextChoices):
    """What a practice is about."""

    COPY = "copy", "Copy"
    CTA = "cta", "Call to action"
    TIMING = "timing", "Timing"
    FOLLOW_UP = "follow_up", "Follow-up"
    LAYOUT = "layout", "Layout"
    AUDIENCE = "audience", "Audience"
    FORMAT = "format", "Format"


class PracticeSource(models.TextChoices):
    """Who said it first."""

    AB_TEST = "ab_test", "Own A/B tests"
    EXTERNAL_RESEARCH = "external_research", "Research elsewhere"
    PLATFORM_API = "platform_api", "Platform"
    LLM_KNOWLEDGE = "llm_knowledge", "Language model"


class PracticeState(models.TextChoices):
    """How far it can be relied on."""

    HYPOTHESIS = "hypothesis", "Hypothesis"
    TO_TEST = "to_test", "To be tested"
    SUPPORTED = "supported", "Supported by own data"
    VALIDATED = "validated", "Validated"
    REVIEW = "review", "To be looked at again"
    REJECTED = "rejected", "Rejected"
    DEPRECATED = "deprecated", "Deprecated"


def _figure(**options: Any) -> models.FloatField:  # type: ignore[type-arg]  # stubs want both
    return models.FloatField(null=True, blank=True, **options)


class BestPractice(models.Model):
    """Something that works, as far as is known today; its versions say how that came about."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    key = models.CharField(max_length=40, validators=[KEY])
    category = models.CharField(max_length=10, choices=PracticeCategory.choices)
    channel = models.CharField(max_length=40, blank=True, default="", help_text="Empty: any.")
    practice_type = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    recommendation = models.CharField(max_length=500)
    rule = models.JSONField(default=dict, help_text="Measure → ranges that a piece keeps it in.")
    source = models.CharField(max_length=17, choices=PracticeSource.choices)
    source_label = models.CharField(max_length=300, blank=True, default="")
    state = models.CharField(
        max_length=10, choices=PracticeState.choices, default=PracticeState.HYPOTHESIS
    )
    why = models.CharField(max_length=500, blank=True, default="", help_text="Of its state.")
    confidence = models.FloatField(
        default=0, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="Probability that it does good.",
    )  # fmt: skip
    sample_size = models.PositiveBigIntegerField(default=0, help_text="People in its tests.")
    baseline_value = _figure(help_text="Rate of those without it.")
    optimised_value = _figure(help_text="Rate of those with it.")
    effect = _figure(help_text="Relative, shrunk: 0.08 is +8 %.")
    effect_low = _figure()
    effect_high = _figure()
    correlation = _figure(help_text="Rank correlation with success in own data.")
    segments = models.JSONField(default=dict, blank=True, help_text="Effect by channel.")
    validation_count = models.PositiveIntegerField(default=0, help_text="Tests that speak of it.")
    times_applied = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    first_seen_at = models.DateTimeField()
    validated_at = models.DateTimeField(null=True, blank=True)
    next_check_on = models.DateField(null=True, blank=True)
    deprecated_at = models.DateTimeField(null=True, blank=True)
    deprecated_reason = models.CharField(max_length=300, blank=True, default="")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "key"],
                name="experiments_bestpractice_once",
                violation_error_message="There is a practice of this key already.",
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="experiments_bestpractice_of"),
            models.CheckConstraint(
                condition=Q(category__in=PracticeCategory.values,
                            source__in=PracticeSource.values, state__in=PracticeState.values),
                name="experiments_bestpractice_choices",
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1)
                & (Q(correlation=None) | Q(correlation__gte=-1, correlation__lte=1)),
                name="experiments_bestpractice_shares",
            ),
            models.CheckConstraint(
                condition=Q(effect=None, effect_low=None, effect_high=None)
                | Q(effect_low__lte=F("effect"), effect__lte=F("effect_high")),
                name="experiments_bestpractice_interval",
            ),
            models.CheckConstraint(
                condition=Q(state="deprecated", deprecated_at__isnull=False)
                & ~Q(deprecated_reason="")
                | ~Q(state="deprecated") & Q(deprecated_at=None, deprecated_reason=""),
                name="experiments_bestpractice_deprecated",
                violation_error_message="What is deprecated says when and why.",
            ),
        ]  # fmt: skip
        indexes = [
            # The page: a workspace's practices, the surest first.
            models.Index(
                fields=["workspace", "state", "-confidence"], name="experiments_practice_state"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class _OfPractice(models.Model):
    """A row of a practice; the key is one of the table: (workspace, practice)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    practice = models.ForeignKey(
        BestPractice, on_delete=models.PROTECT, db_index=False, db_constraint=False,
        related_name="%(class)ss",
    )  # fmt: skip

    class Meta:
        abstract = True


class PracticeVersion(_OfPractice):
    """What a practice said from a moment on; append-only."""

    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=PracticeState.choices)
    why = models.CharField(max_length=500)
    values = models.JSONField(default=dict, help_text="Its figures then.")
    by_label = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "version"], name="experiments_practiceversion_once"
            )
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"Version {self.version}"


class PracticeEvidence(_OfPractice):
    """What one finished test says of a practice; append-only.

    ``predicted`` is what the practice said before this test was known: whether it was right is the
    honest measure of a practice.
    """

    test = models.ForeignKey(
        ABTest, on_delete=models.PROTECT, db_constraint=False, related_name="practice_evidence"
    )
    log_effect = models.FloatField()
    variance = models.FloatField()
    units = models.PositiveBigIntegerField()
    rate_without = models.FloatField()
    rate_with = models.FloatField()
    predicted = _figure(help_text="Relative effect; empty: nothing was known before.")
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "practice evidence"
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "test"], name="experiments_practiceevidence_once"
            ),
            models.CheckConstraint(
                condition=Q(variance__gt=0), name="experiments_practiceevidence_variance"
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.practice_id} by {self.test_id}"


class PracticeUse(_OfPractice):
    """Where a practice was taken up; each draft once."""

    subject_key = models.CharField(max_length=120, help_text="Test, campaign or message.")
    subject_label = models.CharField(max_length=200)
    by_label = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "subject_key"], name="experiments_practiceuse_once"
            )
        ]

    def __str__(self) -> str:
        return self.subject_label
