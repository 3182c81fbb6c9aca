"""Who might be the same person: said by evidence, decided by people."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from outreach.models import Contact
from workspaces.ids import uuid7
from workspaces.models import User, Workspace


class SuggestionStatus(models.TextChoices):
    """What became of a suggestion."""

    OPEN = "open", "Open"
    CONFIRMED = "confirmed", "The same person"
    REFUSED = "refused", "Two people"
    TAKEN_BACK = "taken_back", "Taken apart again"


class IdentitySuggestion(models.Model):
    """Two contacts that may be one person. Nothing is joined until a person says so."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    # The keys are ones of the table: (workspace, contact).
    first = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    second = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    evidence = models.JSONField(default=list, help_text="What speaks for it.")
    status = models.CharField(
        max_length=10, choices=SuggestionStatus.choices, default=SuggestionStatus.OPEN
    )
    merge = models.ForeignKey(
        "attribution.IdentityMerge", null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", db_index=False,
    )  # fmt: skip
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "first", "second"], name="inbox_identitysuggestion_once"
            ),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="inbox_identitysuggestion_two"
            ),
            models.CheckConstraint(
                condition=Q(status__in=SuggestionStatus.values),
                name="inbox_identitysuggestion_status",
            ),
            models.CheckConstraint(
                condition=Q(status="open", decided_at=None)
                | ~Q(status="open") & Q(decided_at__isnull=False),
                name="inbox_identitysuggestion_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}"
