"""A winner on its way to everybody, and the lines by which a workspace tests."""

from __future__ import annotations

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from experiments.models.ab_tests import WHOLE, ABTest, Method, new_seed, share_field
from experiments.models.variants import ABTestVariant
from workspaces.models import Proposal, Workspace


class RollOutState(models.TextChoices):
    """How far a roll-out is."""

    ROLLING = "rolling", "Rolling out"
    HOLDING = "holding", "With everybody but the hold-back"
    PAUSED = "paused", "Paused: the control is shown"
    FINISHED = "finished", "Finished"
    REVERTED = "reverted", "Taken back"


#: A test has one of these at most.
OPEN_ROLL_OUTS = (RollOutState.ROLLING, RollOutState.HOLDING, RollOutState.PAUSED)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class RollOut(models.Model):
    """A variant that is shown to more and more people, and what it is really worth."""

    # The keys are ones of the table: (workspace, test) and (workspace, variant).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    test = models.ForeignKey(
        ABTest, on_delete=models.PROTECT, related_name="roll_outs", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    variant = models.ForeignKey(
        ABTestVariant, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="+")
    follow_up = models.OneToOneField(
        ABTest, null=True, blank=True, on_delete=models.PROTECT, related_name="roll_out",
        help_text="The test of winner against hold-back that pages run meanwhile.",
    )  # fmt: skip
    state = models.CharField(
        max_length=8, choices=RollOutState.choices, default=RollOutState.ROLLING
    )
    share = share_field(WHOLE // 2, "Share that is shown the winner, in ten-thousandths.")
    holdback = share_field(500, "Share that keeps the control.")
    started_at = models.DateTimeField()
    next_step_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, default="", help_text="Of its state.")
    claimed = models.FloatField(null=True, blank=True, help_text="Relative lift of the test.")
    claimed_low = models.FloatField(null=True, blank=True)
    claimed_high = models.FloatField(null=True, blank=True)
    realised = models.FloatField(
        null=True, blank=True, help_text="Relative lift against the hold-back."
    )
    realised_low = models.FloatField(null=True, blank=True)
    realised_high = models.FloatField(null=True, blank=True)
    realised_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["test"],
                condition=Q(state__in=OPEN_ROLL_OUTS),
                name="experiments_rollout_one_open",
                violation_error_message="This test is being rolled out already.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RollOutState.values), name="experiments_rollout_state"
            ),
            models.CheckConstraint(
                condition=Q(share__lte=WHOLE - F("holdback"), holdback__lte=WHOLE // 2),
                name="experiments_rollout_share",
                violation_error_message="Winner and hold-back are 100 % at most.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["finished", "reverted"], ended_at__isnull=False)
                | Q(state__in=OPEN_ROLL_OUTS, ended_at__isnull=True),
                name="experiments_rollout_ended",
            ),
        ]
        indexes = [
            # What the sweep has to move on or to watch.
            models.Index(
                fields=["workspace"],
                name="experiments_rollout_open",
                condition=Q(state__in=OPEN_ROLL_OUTS),
            )
        ]

    def __str__(self) -> str:
        return f"{self.variant_id}: {self.get_state_display()}"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class ExperimentPolicy(models.Model):
    """What new tests begin with, and what needs a signature; who changed it stands in history."""

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT)
    start_needs_signature = models.BooleanField(
        default=False, help_text="A test starts once somebody else signed; else at once."
    )
    holdout = share_field(0, "Share of all people that is in no test, in ten-thousandths.")
    holdout_seed = models.CharField(max_length=40, default=new_seed, editable=False)
    method = models.CharField(max_length=12, choices=Method.choices, default=Method.ALWAYS_VALID)
    alpha_bp = models.PositiveIntegerField(
        "significance level", default=500,
        validators=[MinValueValidator(1), MaxValueValidator(2_000)],
        help_text="In ten-thousandths: 500 is 5 %.",
    )  # fmt: skip
    power_bp = models.PositiveIntegerField(
        "power", default=8_000, validators=[MinValueValidator(5_000), MaxValueValidator(9_900)],
        help_text="In ten-thousandths.",
    )  # fmt: skip
    minimum_effect_bp = models.PositiveIntegerField(
        "minimum detectable effect", default=1_000, validators=[MinValueValidator(1)],
        help_text="Relative, in ten-thousandths.",
    )  # fmt: skip
    min_days = models.PositiveSmallIntegerField(default=7)
    max_days = models.PositiveSmallIntegerField(default=14)
    min_units_shown = models.PositiveIntegerField(
        default=100, help_text="Of each variant; below it no figure is shown."
    )
    holdback = share_field(500, "Share that keeps the control after a roll-out.")
    first_step = share_field(WHOLE // 2, "Share that a roll-out begins with.")
    step_days = models.PositiveSmallIntegerField(
        default=3, help_text="Days until a roll-out goes on to everybody."
    )
    proposes_by_itself = models.BooleanField(
        default=True, help_text="Winners and futile tests are proposed; a person signs either way."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "experiment policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(holdout__lte=WHOLE // 2, holdback__lte=WHOLE // 2,
                            first_step__gte=1, first_step__lte=WHOLE,
                            min_days__gte=1, min_days__lte=F("max_days"), max_days__lte=365,
                            step_days__gte=1, step_days__lte=60,
                            alpha_bp__gte=1, alpha_bp__lte=2_000,
                            power_bp__gte=5_000, power_bp__lte=9_900, minimum_effect_bp__gte=1,
                            method__in=Method.values),
                name="experiments_policy_limits",
                violation_error_message="One of the limits is out of its range.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return "Rules of tests"
