"""Fitted response curves, what people asked of them, and that it went to approval."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from campaigns.models.sendings import Sending
from workspaces.ids import uuid7
from workspaces.models import User, Workspace


class ResponseFit(models.Model):
    """Curves of all channels of a workspace as they were fitted on one day; the newest one serves.

    What was too thin to learn from is in ``quality``, each with its reason. A fit is never changed;
    old ones that no scenario stands on are deleted (``services/scenarios/fitting.py``).
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    fitted_at = models.DateTimeField()
    since = models.DateField(help_text="First day of the figures, in the workspace's zone.")
    until = models.DateField(help_text="Last day of the figures.")
    engine_version = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    unit = models.CharField(max_length=40, help_text="What is counted: installs or conversions.")
    curves = models.JSONField(help_text="Draws of the curves, by outcome; empty where refused.")
    charts = models.JSONField(default=dict, help_text="Curves with their figures, to be drawn.")
    quality = models.JSONField(help_text="By outcome: errors of held-out days, and why not.")
    app = models.JSONField(default=dict, help_text="DAU, MAU and D7 retention, where there are.")
    uses_priors = models.BooleanField(help_text="Some curve is a stated prior, not learnt.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(since__lte=F("until")), name="campaigns_responsefit_days"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
        ]
        indexes = [
            # the newest of a workspace serves
            models.Index(fields=["workspace", "-id"], name="campaigns_responsefit_new"),
        ]

    def __str__(self) -> str:
        return f"Curves of {self.since} to {self.until}"

    def name_of(self, outcome: str) -> str:
        """What an outcome is called here: conversions, pipeline value."""
        names = {"installs": self.unit, "revenue": self.quality.get("value_name", "revenue")}
        return str(names[outcome])

    @property
    def days(self) -> int:
        """How many days the figures span."""
        return (self.until - self.since).days + 1


class Scenario(models.Model):
    """A plan of budgets and what one version of the curves said of it, never changed."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    fit = models.ForeignKey(ResponseFit, on_delete=models.PROTECT, related_name="scenarios")
    name = models.CharField(max_length=120)
    inputs = models.JSONField(help_text="The plan: budgets a day and the other levers.")
    results = models.JSONField(help_text="What was shown when it was saved.")
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    author_label = models.CharField(max_length=200, help_text="The person, or the key.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="campaigns_scenario_named"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
        indexes = [
            # a workspace's list, newest first
            models.Index(fields=["workspace", "-id"], name="campaigns_scenario_new"),
        ]

    def __str__(self) -> str:
        return self.name


class ScenarioSending(Sending):
    """That a scenario went to approval; its proposals are the bundle of its public id."""

    scenario = models.OneToOneField(
        Scenario, primary_key=True, on_delete=models.PROTECT, related_name="sending"
    )

    class Meta(Sending.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.scenario}: sent to approval"
