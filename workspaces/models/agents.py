"""What agents suggest: programs outside that may read and propose, and never sign."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from workspaces.ids import uuid7
from workspaces.models.accounts import User
from workspaces.models.gate import Proposal
from workspaces.models.keys import ApiKey
from workspaces.models.workspace import Workspace


class SuggestionType(models.TextChoices):
    """What a suggestion is about."""

    SEGMENT_OPPORTUNITY = "segment_opportunity", "Segment opportunity"
    CHURN_PREVENTION = "churn_prevention", "Churn prevention"
    FUNNEL_OPTIMIZATION = "funnel_optimization", "Funnel optimisation"
    AB_TEST_WINNER = "ab_test_winner", "Test winner"
    BUDGET_CHANGE = "budget_change", "Budget change"


class Priority(models.TextChoices):
    """How soon an agent wants it to be looked at."""

    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class AgentSuggestion(models.Model):
    """One thing that an agent suggests; what it recommends to do are proposals of its own.

    An agent's id names it for good: told again it changes nothing.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    agent = models.ForeignKey(
        ApiKey, on_delete=models.PROTECT, related_name="suggestions", db_index=False
    )
    agent_type = models.CharField(max_length=60, help_text="What the agent calls itself.")
    external_id = models.CharField(max_length=120, help_text="The agent's own id.")
    digest = models.CharField(max_length=64, help_text="Of what was told first.")
    type = models.CharField(max_length=20, choices=SuggestionType.choices)
    priority = models.CharField(max_length=6, choices=Priority.choices, default=Priority.MEDIUM)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    impact = models.JSONField(default=dict, blank=True, help_text="What the agent expects of it.")
    cta_url = models.URLField(max_length=500, blank=True, help_text="Where the agent says more.")
    suggested_at = models.DateTimeField(help_text="By the agent's clock.")
    created_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "external_id"], name="workspaces_agentsuggestion_once"
            ),
            models.CheckConstraint(
                condition=Q(type__in=SuggestionType.values), name="workspaces_agentsuggestion_type"
            ),
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values),
                name="workspaces_agentsuggestion_priority",
            ),
            models.CheckConstraint(
                condition=Q(dismissed_at=None, dismissed_by=None)
                | Q(dismissed_at__isnull=False, dismissed_by__isnull=False),
                name="workspaces_agentsuggestion_dismissed",
            ),
        ]
        indexes = [
            # the page: newest first
            models.Index(fields=["workspace", "-id"], name="workspaces_agentsuggestion_new"),
        ]

    def __str__(self) -> str:
        return self.title


class SuggestedAction(models.Model):
    """What was made of one recommended action: a proposal, or a draft that a person finishes."""

    suggestion = models.ForeignKey(
        AgentSuggestion, on_delete=models.CASCADE, related_name="actions"
    )
    position = models.PositiveSmallIntegerField()
    action_type = models.CharField(max_length=40)
    label = models.CharField(max_length=200)
    url = models.CharField(max_length=300, blank=True, help_text="The draft that was made.")
    proposal = models.ForeignKey(
        Proposal, null=True, blank=True, on_delete=models.PROTECT, related_name="suggested_by"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["suggestion", "position"], name="workspaces_suggestedaction_once"
            ),
            models.CheckConstraint(
                condition=Q(proposal__isnull=False) | ~Q(url=""),
                name="workspaces_suggestedaction_made",
            ),
        ]

    def __str__(self) -> str:
        return self.label
