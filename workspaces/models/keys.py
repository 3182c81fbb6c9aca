"""API keys and what keeps REST calls safe to repeat."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from rest_framework_api_key.models import AbstractAPIKey

from workspaces.models.accounts import User
from workspaces.models.workspace import Workspace


class KeyKind(models.TextChoices):
    """Who uses a key."""

    INTEGRATION = "integration", "Integration"
    AGENT = "agent", "Agent"


@pghistory.track(
    pghistory.InsertEvent(), pghistory.UpdateEvent(), exclude=["hashed_key", "last_used_at"]
)
class ApiKey(AbstractAPIKey):
    """A hashed, scoped, expiring key of one workspace.

    Only a key bound to a person may sign; it then *is* that person, also as proposer. An agent's
    is bound to nobody: it reads and proposes.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="api_keys")
    kind = models.CharField(
        max_length=11, choices=KeyKind.choices, default=KeyKind.INTEGRATION,
        db_default=KeyKind.INTEGRATION,
    )  # fmt: skip
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    acts_as = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractAPIKey.Meta):
        constraints = [
            models.CheckConstraint(
                condition=~Q(scopes__contains=["changes:sign"]) | Q(acts_as__isnull=False),
                name="workspaces_apikey_signing_key_is_a_person",
                violation_error_message="A key may sign only when it is bound to a person.",
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="workspaces_apikey_of"),
            models.CheckConstraint(
                condition=Q(kind__in=KeyKind.values), name="workspaces_apikey_kind"
            ),
            models.CheckConstraint(
                condition=~Q(kind="agent") | Q(acts_as__isnull=True),
                name="workspaces_apikey_agent_is_nobody",
                violation_error_message="An agent's key is bound to no person.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)


class IdempotencyRecord(models.Model):
    """The stored answer to a POST, by its ``Idempotency-Key``; kept for 24 hours."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    owner = models.CharField(max_length=80, help_text="Who called: a key or a user.")
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "owner", "key"], name="workspaces_idempotencyrecord_once"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class ThrottleRate(models.Model):
    """A rate that differs from the default, per key (empty: all keys) and scope."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    api_key = models.ForeignKey(ApiKey, null=True, blank=True, on_delete=models.CASCADE)
    scope = models.CharField(max_length=20)
    calls = models.PositiveIntegerField()
    seconds = models.PositiveIntegerField(default=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "api_key", "scope"],
                nulls_distinct=False,
                name="workspaces_throttlerate_once",
            ),
            models.CheckConstraint(
                condition=Q(calls__gt=0, seconds__gt=0), name="workspaces_throttlerate_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope}: {self.calls} in {self.seconds} s"
