"""Doors to outside systems: credentials encrypted."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import Q

from workspaces.ids import uuid7
from workspaces.models.workspace import Workspace


class ConnectionStatus(models.TextChoices):
    """Whether a connection may be used."""

    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused by a person"
    NEEDS_LOGIN = "needs_login", "Needs a new token"
    STOPPED = "stopped", "Stopped by the platform"


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    exclude=["secret", "last_ok_at", "last_error", "last_error_at"],
)
class Connection(models.Model):
    """Access to one outside system. ``secret`` is ciphertext; nothing returns or logs it."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="connections")
    kind = models.CharField(max_length=20, help_text="meta, google, tiktok, …")
    name = models.CharField(max_length=120)
    status = models.CharField(
        max_length=12, choices=ConnectionStatus.choices, default=ConnectionStatus.ACTIVE
    )
    base_url = models.URLField(blank=True, help_text="Empty: the platform's own address.")
    secret = models.TextField(blank=True, editable=False)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "name"],
                name="workspaces_connection_name",
                violation_error_message="A connection of this kind has that name already.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=ConnectionStatus.values), name="workspaces_connection_status"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"
