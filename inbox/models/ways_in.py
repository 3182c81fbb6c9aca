"""Ways in that we ask or keep open ourselves: mailboxes that are polled, chats on websites."""

from __future__ import annotations

import pghistory
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from attribution.models import Site
from inbox.models.conversations import Team
from outreach.models import ContactPoint
from workspaces.ids import uuid7
from workspaces.models import Connection, Workspace

_ACCENT = r"^#[0-9a-f]{6}$"


class Mailbox(models.Model):
    """Up to where the mailbox of a connection was read."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, related_name="mailbox", primary_key=True
    )
    since = models.DateField(help_text="What is older is left out.")
    uid_validity = models.BigIntegerField(default=0, help_text="UIDs mean nothing under another.")
    uid = models.BigIntegerField(default=0, help_text="The last one that was read.")
    polled_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(help_text="Not before.")
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        verbose_name_plural = "mailboxes"
        constraints = [
            models.CheckConstraint(
                condition=Q(uid_validity__gte=0, uid__gte=0), name="inbox_mailbox_place"
            )
        ]
        indexes = [models.Index(fields=["next_at"], name="inbox_mailbox_due")]

    def __str__(self) -> str:
        return str(self.connection)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class ChatWidget(models.Model):
    """The chat window on the pages of a website."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="chat_widgets")
    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="chat_widget")
    is_on = models.BooleanField(default=False)
    title = models.CharField(max_length=60, default="Write to us")
    greeting = models.CharField(max_length=300, blank=True, default="How can we help?")
    offline_text = models.CharField(
        max_length=300, blank=True, default="We are not here right now. Leave us a message.",
        help_text="Shown outside business hours.",
    )  # fmt: skip
    consent_text = models.CharField(
        max_length=300, blank=True, default="", help_text="What they agree to by writing."
    )
    asks_name = models.BooleanField(default=False)
    asks_email = models.BooleanField(default=True)
    team = models.CharField(max_length=7, choices=Team.choices, default=Team.SUPPORT)
    language = models.CharField(max_length=8, default="en", help_text="Of its own words.")
    accent = models.CharField(
        max_length=7, blank=True, default="", validators=[RegexValidator(_ACCENT)],
        help_text="A colour such as #3b5bdb; empty: ours.",
    )  # fmt: skip
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(team__in=Team.values), name="inbox_chatwidget_team"),
            models.CheckConstraint(
                condition=Q(accent="") | Q(accent__regex=_ACCENT), name="inbox_chatwidget_accent"
            ),
        ]

    def __str__(self) -> str:
        return f"Chat of {self.site}"


class ChatVisitor(models.Model):
    """Somebody at a website's chat window. Name and address are as they typed: no proof."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    # The key is one of the table: (workspace, point).
    point = models.OneToOneField(
        ContactPoint, on_delete=models.PROTECT, related_name="chat_visitor", db_constraint=False
    )
    widget = models.ForeignKey(ChatWidget, on_delete=models.CASCADE, related_name="visitors")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    visitor = models.CharField(
        max_length=64, blank=True, default="", help_text="Its id in website events."
    )
    page_url = models.CharField(max_length=1000, blank=True, default="")
    name = models.CharField(max_length=200, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "email"],
                name="inbox_chatvisitor_email",
                condition=~Q(email=""),
            )
        ]

    def __str__(self) -> str:
        return self.name or str(self.public_id)
