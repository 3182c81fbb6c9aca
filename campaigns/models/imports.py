"""Imports of performance files: what was mapped, what was taken, what was left out and why."""

from __future__ import annotations

import pghistory
from django.db import models

from campaigns.models.entities import AdAccount
from workspaces.ids import uuid7
from workspaces.models import ApiKey, JobRun, User, Workspace


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class ImportMapping(models.Model):
    """How the columns of a kind of file are read; remembered by its set of headers."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    name = models.CharField(max_length=120)
    header_signature = models.CharField(max_length=64, help_text="SHA-256 of the sorted headers.")
    mapping = models.JSONField(default=dict, help_text="Our field to the file's column or rule.")
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "header_signature"], name="campaigns_importmapping_headers"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ImportRun(models.Model):
    """One import of one file."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    account = models.ForeignKey(AdAccount, null=True, blank=True, on_delete=models.PROTECT)
    job = models.OneToOneField(JobRun, null=True, blank=True, on_delete=models.PROTECT)
    file_name = models.CharField(max_length=300)
    file_sha256 = models.CharField(max_length=64, blank=True)
    file = models.FileField(upload_to="imports/", blank=True, help_text="Kept until read.")
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    rows_read = models.BigIntegerField(default=0)
    rows_bad = models.BigIntegerField(default=0)
    days_written = models.BigIntegerField(default=0)
    days_unchanged = models.BigIntegerField(default=0)
    totals = models.JSONField(default=dict, help_text="Sums of what was written, by currency.")
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT)
    api_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.PROTECT, help_text="The key that sent it."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="campaigns_import_recent")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def importer(self) -> str:
        """Who imported: a person, a key, or the command."""
        if self.api_key and self.created_by:
            return f"{self.created_by} by key {self.api_key}"
        return f"key {self.api_key}" if self.api_key else str(self.created_by or "command")


class ImportRow(models.Model):
    """A row that was left out, with its line and why (the first thousand of a run)."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="bad_rows")
    line = models.BigIntegerField()
    column = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=300)
    text = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"
