"""Whom a campaign writes to: by rules, counted live, or a fixed list."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import Q

from outreach.models.contacts import Contact
from workspaces.ids import uuid7
from workspaces.models import Workspace


class AudienceKind(models.TextChoices):
    """How members are found."""

    RULES = "rules", "By rules"
    LIST = "list", "Fixed list"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), exclude=["size", "sized_at"])
class Audience(models.Model):
    """People by rules over what is known of them, or named one by one."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=300, blank=True, default="")
    kind = models.CharField(max_length=5, choices=AudienceKind.choices, default=AudienceKind.RULES)
    rules = models.JSONField(default=dict, blank=True)
    size = models.PositiveIntegerField(null=True, blank=True, help_text="When it was last counted.")
    sized_at = models.DateTimeField(null=True, blank=True)
    created_by_label = models.CharField(max_length=150, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_audience_of"),
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=Q(archived_at=None),
                name="outreach_audience_named_once",
                violation_error_message="There is an audience of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=AudienceKind.values), name="outreach_audience_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AudienceMember(models.Model):
    """Somebody on a fixed list."""

    # The keys are ones of the table: (workspace, audience) and (workspace, contact).
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    audience = models.ForeignKey(
        Audience, on_delete=models.CASCADE, related_name="members", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["audience", "contact"], name="outreach_audiencemember_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.audience_id}"
