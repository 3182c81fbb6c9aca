"""Telling people and other systems: notices, preferences, webhooks out, saved views."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from workspaces.ids import uuid7
from workspaces.models.accounts import User
from workspaces.models.workspace import Workspace


class DigestChannel(models.TextChoices):
    """How the day's digest comes."""

    EMAIL = "email", "E-mail"
    WHATSAPP = "whatsapp", "WhatsApp"


class NotificationPreference(models.Model):
    """How one member wants to hear of things in one workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    email_at_once = models.BooleanField(default=True, help_text="What waits for my signature.")
    daily_digest = models.BooleanField(default=True)
    digest_hour = models.PositiveSmallIntegerField(default=8, help_text="In the workspace's zone.")
    last_digest_on = models.DateField(null=True, blank=True, editable=False)
    digest_by = models.CharField(
        max_length=8, choices=DigestChannel.choices, default=DigestChannel.EMAIL,
        db_default=DigestChannel.EMAIL,
    )  # fmt: skip
    phone = models.CharField(
        max_length=16, blank=True, default="", db_default="", help_text="Such as +436601234567."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(digest_by__in=DigestChannel.values)
                & (Q(digest_by="email") | Q(phone__startswith="+")),
                name="workspaces_notificationpreference_digest_by",
                violation_error_message="For a digest by WhatsApp give a number, as +43660….",
            ),
            models.UniqueConstraint(
                fields=["workspace", "user"], name="workspaces_notificationpreference_once"
            ),
            models.CheckConstraint(
                condition=Q(digest_hour__lte=23), name="workspaces_notificationpreference_hour"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace}"


class Notification(models.Model):
    """A notice to one member; e-mail goes out once, by the row."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notifications")
    topic = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    dedup_key = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    email_due = models.BooleanField(default=False)
    emailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "workspace", "dedup_key"], name="workspaces_notification_once"
            ),
        ]
        indexes = [
            models.Index(  # the sender's query
                fields=["created_at"],
                condition=Q(email_due=True, emailed_at=None),
                name="workspaces_notification_mail",
            ),
            models.Index(  # the bell: a member's unread ones
                fields=["user", "workspace", "-created_at"],
                condition=Q(read_at=None),
                name="workspaces_notification_new",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class WebhookFormat(models.TextChoices):
    """What an endpoint understands."""

    STANDARD = "standard", "Standard Webhooks"
    SLACK = "slack", "Slack message"


@pghistory.track(
    pghistory.InsertEvent(), pghistory.UpdateEvent(), exclude=["secret", "previous_secret"]
)
class WebhookEndpoint(models.Model):
    """Where we tell another system what happened (Standard Webhooks 1.0), or people in Slack.

    ``secret`` is ciphertext. A Slack address is itself the secret: it lies there whole and is
    masked in ``url``.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    url = models.URLField(max_length=500)
    format = models.CharField(
        max_length=10, choices=WebhookFormat.choices, default=WebhookFormat.STANDARD
    )
    event_types = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    secret = models.TextField(editable=False)
    previous_secret = models.TextField(blank=True, editable=False)
    is_enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "url"], name="workspaces_webhookendpoint_url"
            ),
            models.CheckConstraint(
                condition=Q(format__in=WebhookFormat.values),
                name="workspaces_webhookendpoint_format",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event to one endpoint, tried until it is taken or given up."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT)
    event_type = models.CharField(max_length=60)
    event_id = models.CharField(max_length=80)
    body = models.TextField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "event_id"], name="workspaces_webhookdelivery_once"
            ),
        ]
        indexes = [
            models.Index(  # the sender's query
                fields=["next_attempt_at"],
                condition=Q(delivered_at=None, failed_at=None),
                name="workspaces_webhook_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.event_id}"


class SavedView(models.Model):
    """A person's named set of filters of one page."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    page = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "user", "page", "name"], name="workspaces_savedview_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name
