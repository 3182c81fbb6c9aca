"""People, what they are known by, and the merges that can be undone."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from workspaces.ids import uuid7
from workspaces.models import User, Workspace


class IdentifierKind(models.TextChoices):
    """What a person is known by, surest first."""

    USER_ID = "user_id", "User id"
    CRM_CONTACT = "crm_contact", "CRM contact"
    EMAIL = "email_hash", "Hashed e-mail"
    PHONE = "phone_hash", "Hashed phone"
    VISITOR = "visitor_id", "Visitor id"


class Person(models.Model):
    """Somebody, as far as we know.

    A merge moves nothing: rows keep the person that they came with, and ``root`` says who that is
    today. So a merge is undone without loss.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    root = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="members",
        help_text="Who this is after merges; empty: itself.",
    )  # fmt: skip
    # No key: it may name somebody who was forgotten since.
    walked_root = models.BigIntegerField(
        null=True, blank=True, help_text="The root when journeys were built last; empty: itself."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "people"
        constraints = [
            models.CheckConstraint(
                condition=Q(root=None) | ~Q(root=F("id")), name="attribution_person_other_root"
            ),
        ]
        indexes = [
            # Whoever is another than when journeys were built last.
            models.Index(
                fields=["workspace"],
                name="attribution_person_merged",
                condition=Q(root__isnull=False) | Q(walked_root__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class Identifier(models.Model):
    """One thing that a person is known by; stays with the person that it first came with."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="identifiers")
    kind = models.CharField(max_length=11, choices=IdentifierKind.choices)
    value = models.CharField(max_length=120)
    first_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "value"],
                name="attribution_identifier_once",
                violation_error_message="Somebody is known by this already.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=IdentifierKind.values), name="attribution_identifier_kind"
            ),
            models.CheckConstraint(condition=~Q(value=""), name="attribution_identifier_value"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.value}"


class IdentityMerge(models.Model):
    """Evidence that two people are one; undone by a date, never deleted but on erasure."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    left = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="merges_left")
    right = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="merges_right")
    evidence = models.JSONField(default=dict, help_text="What told so.")
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(left=F("right")),
                name="attribution_merge_of_two",
                violation_error_message="A person cannot be merged with itself.",
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(undone_at__gte=F("merged_at")),
                name="attribution_merge_undone_later",
            ),
            models.UniqueConstraint(
                fields=["left", "right"],
                condition=Q(undone_at=None),
                name="attribution_merge_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.left_id} = {self.right_id}"
