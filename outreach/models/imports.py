"""Files of contacts: mapped by a person, checked, and only then written."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from outreach.models.audiences import Audience
from workspaces.ids import uuid7
from workspaces.models import ApiKey, User, Workspace


class ContactImportState(models.TextChoices):
    """How far a file came."""

    UPLOADED = "uploaded", "Columns to confirm"
    CHECKING = "checking", "Being checked"
    CHECKED = "checked", "Ready to be written"
    WRITING = "writing", "Being written"
    DONE = "done", "Written"
    FAILED = "failed", "Not taken"


class ContactImport(models.Model):
    """One file of people. Its rows wait in a table of their own until they are written."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    file_name = models.CharField(max_length=300)
    file_sha256 = models.CharField(max_length=64, blank=True, default="")
    file = models.FileField(
        upload_to="contact-imports/", blank=True, help_text="Kept until it is written."
    )
    state = models.CharField(
        max_length=8, choices=ContactImportState.choices, default=ContactImportState.UPLOADED
    )
    headers = models.JSONField(default=list)
    columns = models.JSONField(default=dict, help_text="Column → our field.")
    options = models.JSONField(
        default=dict, help_text="Country, consent and its proof, list, what happens to known ones."
    )
    # The key is one of the table: (workspace, audience).
    audience = models.ForeignKey(
        Audience, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_constraint=False,
        help_text="The fixed list that they are put on.",
    )  # fmt: skip
    report = models.JSONField(default=dict, blank=True, help_text="What the check found.")
    rows_read = models.PositiveIntegerField(default=0)
    written_to = models.PositiveIntegerField(
        default=0, help_text="The line up to which it is written: here it goes on after a stop."
    )
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, default="")
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    api_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    by_label = models.CharField(max_length=150, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_contactimport_of"),
            models.CheckConstraint(
                condition=Q(state__in=ContactImportState.values),
                name="outreach_contactimport_state",
            ),
        ]
        indexes = [
            # What a worker takes next.
            models.Index(
                fields=["workspace", "id"],
                name="outreach_contactimport_next",
                condition=Q(state__in=["checking", "writing"]),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_open(self) -> bool:
        """Whether a worker has to do with it."""
        return self.state in (ContactImportState.CHECKING, ContactImportState.WRITING)


class ContactImportRow(models.Model):
    """A row that is not taken, and why; the first ten thousand of a file."""

    run = models.ForeignKey(ContactImport, on_delete=models.CASCADE, related_name="bad_rows")
    line = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, help_text="invalid, repeated, conflict.")
    reason = models.CharField(max_length=300)
    text = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "line"], name="outreach_contactimportrow_once"),
        ]

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"
