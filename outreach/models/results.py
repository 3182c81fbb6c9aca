"""What was heard of messages, counted by day, and what is left for people to do."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from attribution.models import CustomerType
from outreach.models.campaigns import OutreachCampaign, SequenceStep
from outreach.models.channels import MessageChannel, money
from outreach.models.messages import OutreachMessage
from outreach.models.templates import TemplateVersion
from workspaces.ids import uuid7
from workspaces.models import Workspace


class EventKind(models.TextChoices):
    """What was heard of a message."""

    ACCEPTED = "accepted", "Accepted by the provider"
    DELIVERED = "delivered", "Delivered"
    DEFERRED = "deferred", "Delayed"
    OPENED = "opened", "Opened"
    CLICKED = "clicked", "Clicked"
    REPLIED = "replied", "Replied"
    BOUNCED = "bounced", "Bounced for good"
    SOFT_BOUNCED = "soft_bounced", "Bounced for now"
    COMPLAINED = "complained", "Complained"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    FAILED = "failed", "Failed"
    CONVERTED = "converted", "Converted"


class MessageEvent(models.Model):
    """One thing that was heard of a message; append-only, each once."""

    # The key is one of the table: (workspace, message).
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    message = models.ForeignKey(
        OutreachMessage, on_delete=models.PROTECT, related_name="events", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    key = models.CharField(max_length=200, help_text="Told twice, it counts once.")
    at = models.DateTimeField()
    detail = models.JSONField(default=dict, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="outreach_messageevent_once"),
            models.CheckConstraint(
                condition=Q(kind__in=EventKind.values), name="outreach_messageevent_kind"
            ),
        ]
        indexes = [
            # A message's story, in order.
            models.Index(fields=["message", "at", "id"], name="outreach_messageevent_story"),
        ]
        triggers = [
            # Erasing a person empties the detail.
            pgtrigger.Trigger(
                name="append_only",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                IF (NEW.workspace_id, NEW.message_id, NEW.kind, NEW.key, NEW.at)
                   IS DISTINCT FROM
                   (OLD.workspace_id, OLD.message_id, OLD.kind, OLD.key, OLD.at) THEN
                    RAISE EXCEPTION 'what was heard of a message stays'
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class TrackedLink(models.Model):
    """An address that messages lead to, by which a click is told from another."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    url = models.CharField(max_length=2000)
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "sha256"], name="outreach_link_once"),
        ]

    def __str__(self) -> str:
        return self.url


class MessageDay(models.Model):
    """What became of the messages that were sent on a day; grows with each event."""

    # The key is one of the table: (workspace, campaign).
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    day = models.DateField(help_text="Of sending, in the workspace's time zone.")
    campaign = models.ForeignKey(
        OutreachCampaign, null=True, blank=True, on_delete=models.PROTECT, related_name="days",
        db_index=False, db_constraint=False,
    )  # fmt: skip
    step = models.ForeignKey(
        SequenceStep, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False, db_constraint=False,
    )  # fmt: skip
    channel = models.CharField(max_length=9, choices=MessageChannel.choices)
    variant = models.CharField(max_length=40, blank=True, default="")
    version = models.ForeignKey(
        TemplateVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False, db_constraint=False,
    )  # fmt: skip
    domain = models.CharField(
        max_length=120, blank=True, default="", help_text="Of the recipient; of e-mail only."
    )
    sent = models.PositiveIntegerField(default=0)
    delivered = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    clicked = models.PositiveIntegerField(default=0)
    replied = models.PositiveIntegerField(default=0)
    converted = models.PositiveIntegerField(default=0)
    bounced = models.PositiveIntegerField(default=0)
    complained = models.PositiveIntegerField(default=0)
    unsubscribed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cost = money(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "day", "campaign", "step", "channel", "variant", "version",
                        "domain"],
                nulls_distinct=False,
                name="outreach_messageday_once",
            ),
        ]  # fmt: skip
        indexes = [
            # A campaign's report.
            models.Index(fields=["campaign", "day"], name="outreach_messageday_campaign"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.channel} {self.domain}".strip()


class TaskReason(models.TextChoices):
    """Why no machine sends it."""

    ASSISTED = "assisted", "The platform forbids machines to send"
    WINDOW_CLOSED = "window_closed", "The window for automatic messages is over"
    UNSURE = "unsure", "Nobody can tell whether it went out"


class OutreachTask(models.Model):
    """Something that a person has to send or to look at."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    # The key is one of the table: (workspace, message).
    message = models.OneToOneField(
        OutreachMessage, on_delete=models.PROTECT, related_name="task", db_constraint=False
    )
    reason = models.CharField(max_length=13, choices=TaskReason.choices)
    link = models.CharField(
        max_length=500, blank=True, default="", help_text="Where to send it by hand."
    )
    due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)
    is_sent = models.BooleanField(default=False, help_text="Done by sending it, not dismissed.")
    done_by_label = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=TaskReason.values), name="outreach_task_reason"
            ),
            models.CheckConstraint(
                condition=Q(is_sent=False) | Q(done_at__isnull=False), name="outreach_task_sent"
            ),
        ]
        indexes = [
            # What is to be done, the most urgent first.
            models.Index(
                fields=["workspace", "due_at"],
                name="outreach_task_open",
                condition=Q(done_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}"


class ChannelChooser(models.TextChoices):
    """What chose the channel of a message."""

    TABLE = "table", "The table"
    LEARNED = "learned", "What was learnt"
    OTHER = "other", "The campaign's list"


class ChannelWorth(models.Model):
    """How often people of a type answer on a channel; counted daily, for the choice of channels."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    customer_type = models.CharField(max_length=12, choices=CustomerType.choices)
    channel = models.CharField(max_length=9, choices=MessageChannel.choices)
    chosen_by = models.CharField(max_length=7, choices=ChannelChooser.choices)
    messages = models.PositiveIntegerField(help_text="Sent, and old enough to have been answered.")
    answered = models.PositiveIntegerField(help_text="Clicked or replied to within three days.")
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Also what a plan asks: all of a workspace.
            models.UniqueConstraint(
                fields=["workspace", "customer_type", "channel", "chosen_by"],
                name="outreach_channelworth_once",
            ),
            models.CheckConstraint(
                condition=Q(answered__lte=F("messages")), name="outreach_channelworth_counts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_type}, {self.channel}"
