"""What was recommended, by whom and on which figures; and what people made of it."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.fields.json import KeyTextTransform

from campaigns.models.sendings import Sending
from workspaces.ids import uuid7
from workspaces.models import Workspace

PARTS = ["channel_comparison", "ml_predictions", "recommendations", "summary"]


class Recommendation(models.Model):
    """One recommendation with all that it rests on, inserted once and never changed."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    recommendations = models.JSONField(help_text="The whole document, as it was checked.")
    # Taken out of the document by the database, so that the two never differ.
    summary = models.GeneratedField(
        expression=KeyTextTransform("summary", "recommendations"),
        output_field=models.TextField(),
        db_persist=True,
    )
    evidence = models.JSONField(help_text="Every number that could be stated, with id and unit.")
    evidence_ids = models.JSONField(default=list, help_text="Those that the texts state.")
    model_name = models.CharField(
        max_length=200, blank=True, help_text="Empty: written by our rules."
    )
    is_fallback = models.GeneratedField(
        expression=Case(When(model_name="", then=Value(value=True)), default=Value(value=False)),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    fallback_reason = models.TextField(blank=True, help_text="Why rules wrote it.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(model_name="") & ~Q(fallback_reason=""))
                | (~Q(model_name="") & Q(fallback_reason="")),
                name="campaigns_recommendation_says_why",
            ),
            models.CheckConstraint(
                condition=Q(recommendations__has_keys=PARTS),
                name="campaigns_recommendation_whole",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
        indexes = [
            # the newest of a workspace, and its list
            models.Index(fields=["workspace", "-id"], name="campaigns_recommendation_new"),
        ]

    def __str__(self) -> str:
        return f"Recommendation of {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def written_by(self) -> str:
        """Who wrote it, for people."""
        return self.model_name or "Rules"


class RecommendationSending(Sending):
    """That a recommendation went to approval: once, by whom, and what could not be proposed.

    Its proposals are the bundle of the recommendation's public id; they tell what became of it.
    """

    recommendation = models.OneToOneField(
        Recommendation, primary_key=True, on_delete=models.PROTECT, related_name="sending"
    )

    class Meta(Sending.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.recommendation}: sent to approval"
