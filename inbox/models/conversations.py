"""Conversations."""

from __future__ import annotations

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from outreach.models import Contact, MessageChannel, OutreachCampaign, OutreachMessage
from workspaces.ids import uuid7
from workspaces.models import User, Workspace
from workspaces.search import words_of


class InboxChannel(models.TextChoices):
    """Ways in. Those of outreach and what is written under our posts, for all to read."""

    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    WHATSAPP = "whatsapp", "WhatsApp"
    INSTAGRAM = "instagram", "Instagram"
    FACEBOOK = "facebook", "Facebook"
    LINKEDIN = "linkedin", "LinkedIn"
    TWITTER = "twitter", "X"
    CHAT = "chat", "Website chat"
    COMMENT = "comment", "Public comment"


assert {*MessageChannel.values} < {*InboxChannel.values}  # noqa: S101  # holds at import or never


class ConversationStatus(models.TextChoices):
    """Where a conversation stands. Waiting: for the customer."""

    OPEN = "open", "Open"
    WAITING = "waiting", "Waiting for the customer"
    SNOOZED = "snoozed", "Snoozed"
    CLOSED = "closed", "Closed"


class Team(models.TextChoices):
    """Who looks after it."""

    SALES = "sales", "Sales"
    SUPPORT = "support", "Support"
    SUCCESS = "success", "Success"


class Intent(models.TextChoices):
    """What somebody wants of us."""

    PURCHASE = "purchase", "Purchase"
    QUESTION = "question", "Question"
    OBJECTION = "objection", "Objection"
    COMPLAINT = "complaint", "Complaint"
    COMPLIMENT = "compliment", "Compliment"
    FEEDBACK = "feedback", "Feedback"
    UNSUBSCRIBE = "unsubscribe", "Unsubscribe"
    SPAM = "spam", "Spam"
    OTHER = "other", "Other"


class Urgency(models.TextChoices):
    """How soon it hurts."""

    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class Posture(models.TextChoices):
    """What the machine may do in a conversation."""

    AUTO = "auto", "Draft, and send where the policy allows"
    DRAFT_ONLY = "draft_only", "Draft only"
    OFF = "off", "Nothing"


class SlaState(models.TextChoices):
    """How the next answer stands against its target."""

    NONE = "", "No target"
    RUNNING = "running", "Running"
    WARNED = "warned", "Due soon"
    BREACHED = "breached", "Breached"
    ESCALATED = "escalated", "Escalated"


#: Those in which something is left to do.
UNCLOSED: Final = (
    ConversationStatus.OPEN, ConversationStatus.WAITING, ConversationStatus.SNOOZED,
)  # fmt: skip


class Conversation(models.Model):
    """What one contact and we write to each other on one channel about one thing."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The keys are ones of the table: (workspace, …) of each.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="conversations", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    channel = models.CharField(max_length=9, choices=InboxChannel.choices)
    subject = models.CharField(max_length=300, blank=True, default="")
    status = models.CharField(
        max_length=7, choices=ConversationStatus.choices, default=ConversationStatus.OPEN
    )
    assignee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="conversations",
        db_index=False,
    )  # fmt: skip
    team = models.CharField(max_length=7, choices=Team.choices, default=Team.SUPPORT)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    intent = models.CharField(max_length=11, choices=Intent.choices, blank=True, default="")
    sentiment = models.FloatField(null=True, blank=True, help_text="−1 to 1, of their last words.")
    urgency = models.CharField(max_length=6, choices=Urgency.choices, default=Urgency.MEDIUM)
    language = models.CharField(max_length=8, blank=True, default="", help_text="Such as en.")
    is_escalated = models.BooleanField(default=False)
    posture = models.CharField(max_length=10, choices=Posture.choices, default=Posture.DRAFT_ONLY)
    preview = models.CharField(
        max_length=200, blank=True, default="", help_text="How the last message begins."
    )
    unread = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Messages of theirs that nobody opened."
    )
    opened_at = models.DateTimeField(help_text="When it began.")
    last_message_at = models.DateTimeField()
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(
        null=True, blank=True, help_text="Their first words that are not answered; empty: none."
    )
    first_answered_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    sla_state = models.CharField(
        max_length=9, choices=SlaState.choices, blank=True, default=SlaState.NONE
    )
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="By when the next answer is promised; empty: by none."
    )
    warn_at = models.DateTimeField(null=True, blank=True)
    escalate_at = models.DateTimeField(null=True, blank=True)
    resolve_by = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    value_at_risk = models.FloatField(
        default=0, db_default=0, help_text="Worth of the customer times their churn risk."
    )
    valued_at = models.DateTimeField(
        null=True, blank=True, help_text="When that was last reckoned; empty: never."
    )
    order_key = models.FloatField(
        default=0, db_default=0,
        help_text="Higher: waiting costs more. Two rows never change places by time alone.",
    )  # fmt: skip
    campaign = models.ForeignKey(
        OutreachCampaign, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False, db_constraint=False, help_text="The campaign that it answers.",
    )  # fmt: skip
    message = models.ForeignKey(
        OutreachMessage, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False, db_constraint=False, help_text="The message that it answers.",
    )  # fmt: skip
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged",
        db_constraint=False,
    )  # fmt: skip
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="inbox_conversation_of"),
            models.CheckConstraint(
                condition=Q(channel__in=InboxChannel.values, status__in=ConversationStatus.values,
                            team__in=Team.values, urgency__in=Urgency.values,
                            posture__in=Posture.values, sla_state__in=SlaState.values),
                name="inbox_conversation_words",
            ),
            models.CheckConstraint(
                condition=Q(intent__in=["", *Intent.values]), name="inbox_conversation_intent"
            ),
            models.CheckConstraint(
                condition=Q(sentiment=None) | Q(sentiment__gte=-1, sentiment__lte=1),
                name="inbox_conversation_sentiment",
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False)
                | ~Q(status="closed") & Q(closed_at=None),
                name="inbox_conversation_closed_when",
            ),
            models.CheckConstraint(
                condition=Q(status="snoozed", snoozed_until__isnull=False)
                | ~Q(status="snoozed") & Q(snoozed_until=None),
                name="inbox_conversation_snoozed_when",
            ),
            # What was merged is read where it went, and nothing is done with it here.
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(status="closed") & ~Q(merged_into=F("id")),
                name="inbox_conversation_merged",
            ),
        ]  # fmt: skip
        indexes = [
            # The list, the most expensive to wait for first; and that by age.
            models.Index(
                fields=["workspace", "-order_key", "-id"],
                name="inbox_conversation_order",
                condition=Q(status="open"),
            ),
            models.Index(
                fields=["workspace", "waiting_since", "id"],
                name="inbox_conversation_fifo",
                condition=Q(status="open"),
            ),
            # Mine, and what is nobody's; how much everybody has, and what is at risk in it.
            models.Index(
                fields=["workspace", "assignee", "-order_key", "-id"],
                include=["value_at_risk"],
                name="inbox_conversation_whose",
                condition=Q(status="open"),
            ),
            models.Index(
                fields=["workspace", "channel", "-order_key", "-id"],
                name="inbox_conversation_channel",
                condition=Q(status="open"),
            ),
            # All of one status, the newest first.
            models.Index(
                fields=["workspace", "status", "-last_message_at", "-id"],
                name="inbox_conversation_newest",
            ),
            models.Index(
                fields=["workspace", "team", "-order_key", "-id"],
                name="inbox_conversation_team",
                condition=Q(status="open"),
            ),
            # Everything, the newest first.
            models.Index(
                fields=["workspace", "-last_message_at", "-id"], name="inbox_conversation_all"
            ),
            # Everything of one channel that is about one thing, however rare.
            models.Index(
                fields=["workspace", "channel", "intent", "-last_message_at", "-id"],
                name="inbox_conversation_about",
            ),
            # What ended lately: reports, and who is asked how it was.
            models.Index(
                fields=["workspace", "closed_at"],
                name="inbox_conversation_ended",
                condition=Q(status="closed", merged_into=None),
            ),
            # What is due soon or overdue.
            models.Index(
                fields=["workspace", "due_at", "id"],
                name="inbox_conversation_late",
                condition=Q(sla_state__in=["warned", "breached", "escalated"]),
            ),
            # What is due, and what the sweep has to mark next.
            models.Index(
                fields=["workspace", "due_at"],
                name="inbox_conversation_due",
                condition=Q(due_at__isnull=False),
            ),
            models.Index(
                fields=["warn_at"],
                name="inbox_conversation_warn",
                condition=Q(sla_state="running"),
            ),
            models.Index(
                fields=["due_at"],
                name="inbox_conversation_breach",
                condition=Q(sla_state__in=["running", "warned"]),
            ),
            models.Index(
                fields=["escalate_at"],
                name="inbox_conversation_escalate",
                condition=Q(sla_state="breached"),
            ),
            models.Index(
                fields=["snoozed_until"],
                name="inbox_conversation_wake",
                condition=Q(status="snoozed"),
            ),
            # All that one person wrote, and where their next message belongs.
            models.Index(
                fields=["workspace", "contact", "-last_message_at"],
                name="inbox_conversation_contact",
            ),
            # All that one colleague looked after, the newest first.
            models.Index(
                fields=["workspace", "assignee", "-last_message_at", "-id"],
                name="inbox_conversation_given",
                condition=Q(assignee__isnull=False),
            ),
            # What carries a tag; most carry none.
            GinIndex(
                fields=["tags"], name="inbox_conversation_tags", condition=~Q(tags=[])
            ),
            GinIndex(words_of("subject"), name="inbox_conversation_subject"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.subject or self.preview[:60] or str(self.public_id)
