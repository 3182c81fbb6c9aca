"""What to change on a website, with the reason, the expected gain and what became of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from attribution.engine.funnel_advice import Kind
from attribution.models.funnels import FunnelDefinition
from workspaces.ids import uuid7
from workspaces.models import User, Workspace


class AdviceKind(models.TextChoices):
    """What is wrong."""

    WORST_STEP = Kind.WORST_STEP.value, "Worst step"
    SEGMENT_GAP = Kind.SEGMENT_GAP.value, "Gap of a segment"
    SLOW_STEP = Kind.SLOW_STEP.value, "Slow step"
    LANDING_BOUNCE = Kind.LANDING_BOUNCE.value, "Landing page left at once"


class AdviceStatus(models.TextChoices):
    """What people decided."""

    PENDING = "pending", "Pending"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    IMPLEMENTED = "implemented", "Implemented"


class OptimizationRecommendation(models.Model):
    """One thing to change, ranked by the conversions that it may win back."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    funnel = models.ForeignKey(
        FunnelDefinition, on_delete=models.PROTECT, related_name="recommendations"
    )
    kind = models.CharField(max_length=14, choices=AdviceKind.choices)
    area = models.CharField(max_length=500, help_text="Where: steps, segment or page.")
    problem = models.TextField()
    impact = models.TextField()
    change = models.TextField(help_text="What to change.")
    steps = ArrayField(models.TextField(), default=list, help_text="How to go about it.")
    expected_gain = models.FloatField(help_text="Conversions in a period as long as the one seen.")
    gain_text = models.TextField(help_text="How the gain was reckoned.")
    evidence = models.JSONField(default=dict)
    confidence = models.FloatField(help_text="0 to 1.")
    test = models.JSONField(default=dict, help_text="Suggested test: people per arm, days.")
    since = models.DateField(help_text="First day seen.")
    until = models.DateField(help_text="Last day seen.")
    status = models.CharField(
        max_length=11, choices=AdviceStatus.choices, default=AdviceStatus.PENDING
    )
    reviewed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    implemented_at = models.DateTimeField(null=True, blank=True)
    test_key = models.CharField(max_length=120, blank=True, default="")
    measured_gain = models.FloatField(
        null=True, blank=True, help_text="Conversions above what the rate before would have given."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["funnel", "kind", "area"],
                condition=Q(status="pending"),
                name="attribution_advice_once",
                violation_error_message="This is recommended already.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=AdviceKind.values), name="attribution_advice_kind"
            ),
            models.CheckConstraint(
                condition=Q(status__in=AdviceStatus.values), name="attribution_advice_status"
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1, expected_gain__gte=0),
                name="attribution_advice_figures",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", reviewed_at=None)
                | (~Q(status="pending") & Q(reviewed_at__isnull=False)),
                name="attribution_advice_reviewed",
            ),
            models.CheckConstraint(
                condition=Q(status="implemented", implemented_at__isnull=False)
                | (~Q(status="implemented") & Q(implemented_at=None)),
                name="attribution_advice_implemented",
            ),
        ]
        indexes = [
            # The page: what waits, most recoverable first.
            models.Index(
                fields=["workspace", "status", "-expected_gain"], name="attribution_advice_ranked"
            ),
        ]

    def __str__(self) -> str:
        return self.area
