"""What all sendings to approval keep: once, by whom, and what could not be proposed."""

from __future__ import annotations

import pgtrigger
from django.db import models

from workspaces.models import User, Workspace


class Sending(models.Model):
    """That something went to approval; inserted once and never changed."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    sent_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sent_by_label = models.CharField(max_length=200, help_text="The person, or the key.")
    sent_at = models.DateTimeField()
    left_out = models.JSONField(default=list, help_text="Budgets that stay, each with why.")

    class Meta:
        abstract = True
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
