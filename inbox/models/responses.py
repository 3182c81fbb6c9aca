"""What was written: their messages and ours, what hangs on them, and what they were read as."""

from __future__ import annotations

from datetime import datetime

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from inbox.models.conversations import Conversation, InboxChannel, Intent, Urgency
from outreach.models import ContactPoint, OutreachMessage
from workspaces.formats import share
from workspaces.ids import uuid7
from workspaces.models import User, Workspace
from workspaces.search import words_of


class Direction(models.TextChoices):
    """Whose words they are."""

    IN = "in", "Theirs"
    OUT = "out", "Ours"


class Delivery(models.TextChoices):
    """How far a message of ours got."""

    NONE = "", "Theirs"
    SCHEDULED = "scheduled", "Goes out soon"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Taken back"
    BY_HAND = "by_hand", "To be sent by hand"


# The key of (conversation, answers, point) says the rest: an answer goes to the address from which
# the message that it answers was written, in the conversation in which that stands.
_GOES_BACK = pgtrigger.Trigger(
    name="goes_back",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Condition("NEW.direction = 'out'"),
    func="""
    IF NOT EXISTS (
        SELECT FROM inbox_customerresponse t
         WHERE t.workspace_id = NEW.workspace_id AND t.id = NEW.answers_id AND t.direction = 'in'
    ) THEN
        RAISE EXCEPTION 'only what somebody wrote can be answered'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.message_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM outreach_outreachmessage m
         WHERE m.workspace_id = NEW.workspace_id AND m.id = NEW.message_id
           AND m.point_id = NEW.point_id
    ) THEN
        RAISE EXCEPTION 'an answer goes to the address that wrote'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
    """,
)

_STAYS = pgtrigger.Trigger(
    name="stays",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func="""
    IF (NEW.workspace_id, NEW.direction, NEW.channel, NEW.external_id, NEW.point_id, NEW.answers_id,
        NEW.arrived_in_id, NEW.at)
       IS DISTINCT FROM
       (OLD.workspace_id, OLD.direction, OLD.channel, OLD.external_id, OLD.point_id, OLD.answers_id,
        OLD.arrived_in_id, OLD.at) THEN
        RAISE EXCEPTION 'what was written stays' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
    """,
)


class CustomerResponse(models.Model):
    """One message, theirs or ours. What was written stays; what became of it is added."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The keys are ones of the table: (workspace, …) of each.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="responses", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    arrived_in = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="+", db_constraint=False,
        help_text="Where it was first: merged conversations come apart again by it.",
    )  # fmt: skip
    channel = models.CharField(max_length=9, choices=InboxChannel.choices)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    point = models.ForeignKey(
        ContactPoint, on_delete=models.PROTECT, related_name="+", db_constraint=False,
        help_text="The address that wrote, or that is written to.",
    )  # fmt: skip
    answers = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="answered_by",
        db_index=False, db_constraint=False, help_text="What a message of ours answers.",
    )  # fmt: skip
    external_id = models.CharField(
        max_length=255, blank=True, default="", help_text="Its id on the channel, such as <…@…>."
    )
    thread_ids = ArrayField(
        models.CharField(max_length=255), default=list, blank=True,
        help_text="Ids of the messages that it refers to, the nearest first.",
    )  # fmt: skip
    sender_address = models.CharField(max_length=254, blank=True, default="")
    sender_name = models.CharField(max_length=200, blank=True, default="")
    subject = models.CharField(max_length=998, blank=True, default="")
    text = models.TextField(blank=True, default="", help_text="What they wrote now.")
    media = models.JSONField(
        default=list,
        blank=True,
        help_text='What came beside words, such as [{"type": "image/jpeg", "url": "https://…"}].',
    )
    quoted = models.TextField(blank=True, default="", help_text="Quotes and signature below it.")
    html = models.TextField(blank=True, default="", help_text="Made safe.")
    at = models.DateTimeField(help_text="When it was written, as far as known; never ahead of us.")
    received_at = models.DateTimeField(null=True, blank=True)
    first_viewed_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(
        null=True, blank=True, help_text="When a model read it, or gave up; empty: not yet."
    )
    failed_reads = models.PositiveSmallIntegerField(default=0, db_default=0)
    is_auto = models.BooleanField(default=False, help_text="A machine wrote it: it stops no clock.")
    is_flagged = models.BooleanField(default=False)
    flag_reason = models.CharField(max_length=200, blank=True, default="")
    recommended_action = models.CharField(max_length=200, blank=True, default="")
    follow_up_on = models.DateField(null=True, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    sla_target_minutes = models.PositiveIntegerField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text="When a message of ours first answered it."
    )
    breached_at = models.DateTimeField(null=True, blank=True)
    is_kept = models.BooleanField(
        null=True, blank=True, help_text="Whether the promised time was kept; empty: none, or open."
    )
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    author_label = models.CharField(max_length=150, blank=True, default="")
    delivery = models.CharField(
        max_length=9, choices=Delivery.choices, blank=True, default=Delivery.NONE
    )
    send_at = models.DateTimeField(null=True, blank=True, help_text="Not before; taken back until.")
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True, default="")
    message = models.OneToOneField(
        OutreachMessage, null=True, blank=True, on_delete=models.PROTECT,
        related_name="inbox_response", db_constraint=False, help_text="As what it is sent.",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="inbox_customerresponse_of"),
            # An answer stands where the message stands that it answers, and goes where that came
            # from: the table has a key onto these.
            models.UniqueConstraint(
                fields=["workspace", "conversation", "id", "point"],
                name="inbox_customerresponse_answers",
            ),
            # Whoever tells it how often.
            models.UniqueConstraint(
                fields=["workspace", "channel", "external_id"],
                condition=~Q(external_id=""),
                name="inbox_customerresponse_once",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=InboxChannel.values, direction__in=Direction.values,
                            delivery__in=Delivery.values),
                name="inbox_customerresponse_words",
            ),
            models.CheckConstraint(
                condition=Q(direction="in", answers=None, delivery="", message=None)
                | Q(direction="out", answers__isnull=False) & ~Q(delivery=""),
                name="inbox_customerresponse_direction",
            ),
            models.CheckConstraint(
                condition=~Q(delivery__in=["sent", "delivered"]) | Q(sent_at__isnull=False),
                name="inbox_customerresponse_sent_when",
            ),
        ]  # fmt: skip
        indexes = [
            # A conversation, message by message.
            models.Index(
                fields=["conversation", "at", "id"], name="inbox_customerresponse_thread"
            ),
            # What arrived lately: reports.
            models.Index(
                fields=["workspace", "direction", "at"], name="inbox_customerresponse_days"
            ),
            # What nobody has read yet.
            models.Index(
                fields=["received_at"],
                name="inbox_customerresponse_unread",
                condition=Q(direction="in", read_at=None),
            ),
            # What news may still come of.
            models.Index(
                fields=["at"],
                name="inbox_customerresponse_news",
                condition=Q(delivery__in=["sent", "by_hand"]),
            ),
            # What is about to go out.
            models.Index(
                fields=["send_at"],
                name="inbox_customerresponse_due",
                condition=Q(delivery="scheduled"),
            ),
            # What somebody marked, and what was late.
            models.Index(
                fields=["workspace", "-at", "-id"],
                name="inbox_customerresponse_flag",
                condition=Q(is_flagged=True),
            ),
            models.Index(
                fields=["workspace", "-at", "-id"],
                name="inbox_customerresponse_late",
                condition=Q(breached_at__isnull=False),
            ),
            # What has no answer.
            models.Index(
                fields=["workspace", "-at", "-id"],
                name="inbox_customerresponse_waits",
                condition=Q(direction="in", answered_at=None),
            ),
            GinIndex(
                words_of("sender_name", "sender_address", "subject", "text"),
                name="inbox_customerresponse_search",
            ),
        ]  # fmt: skip
        triggers = [_GOES_BACK, _STAYS]

    def __str__(self) -> str:
        return self.text[:60] or self.subject or str(self.public_id)

    @property
    def came_at(self) -> datetime:
        """When we had it: a network may tell late what was written long before."""
        return max(self.at, self.received_at or self.at)


class Attachment(models.Model):
    """A file that came with a message. Type by its content; dangerous ones are held back."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    # The key is one of the table: (workspace, response).
    response = models.ForeignKey(
        CustomerResponse, on_delete=models.PROTECT, related_name="attachments", db_constraint=False
    )
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    content_id = models.CharField(max_length=255, blank=True, default="")
    file = models.FileField(max_length=200, blank=True, default="")
    source_url = models.TextField(
        blank=True, default="", help_text="Where a network keeps it until it was fetched."
    )
    fetch_at = models.DateTimeField(
        null=True, blank=True, help_text="Not before; empty: here, or given up."
    )
    fetch_tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    held_because = models.CharField(
        max_length=200, blank=True, default="", help_text="Why nobody can open it; empty: they can."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(held_because="") | ~Q(file="") | Q(fetch_at__isnull=False),
                name="inbox_attachment_held",
            )
        ]
        indexes = [
            models.Index(
                fields=["fetch_at"],
                name="inbox_attachment_fetch",
                condition=Q(fetch_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name


class AIClassification(models.Model):
    """What a message was read as, by which model, and what a person made of that."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    # The key is one of the table: (workspace, response).
    response = models.OneToOneField(
        CustomerResponse, on_delete=models.PROTECT, related_name="reading", db_constraint=False
    )
    intent = models.CharField(max_length=11, choices=Intent.choices)
    confidence = models.FloatField(help_text="Calibrated, 0 to 1.")
    sentiment = models.FloatField(help_text="−1 to 1.")
    sentiment_label = models.CharField(max_length=13)
    urgency = models.CharField(max_length=6, choices=Urgency.choices)
    language = models.CharField(max_length=8, blank=True, default="")
    topics = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    entities = models.JSONField(default=dict, blank=True)
    keywords = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    purchase_score = models.FloatField(default=0, help_text="0 to 1.")
    churn_score = models.FloatField(default=0, help_text="0 to 1.")
    objection_type = models.CharField(max_length=10, blank=True, default="")
    satisfaction = models.FloatField(null=True, blank=True, help_text="0 to 1.")
    action = models.CharField(max_length=60, blank=True, default="")
    reasons = models.JSONField(
        default=list, blank=True, help_text="Evidence, as a person reads it."
    )
    needs_person = models.CharField(
        max_length=200, blank=True, default="", help_text="Why a person answers; empty: need not."
    )
    template = models.ForeignKey(
        "inbox.ResponseTemplate", null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+", db_index=False,
    )  # fmt: skip
    model = models.CharField(max_length=60)
    version = models.CharField(max_length=60, blank=True, default="")
    ms = models.FloatField(help_text="What reading it cost, in milliseconds.")
    read_at = models.DateTimeField()
    corrected_intent = models.CharField(
        max_length=11, choices=Intent.choices, blank=True, default=""
    )
    corrected_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    corrected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "AI classification"
        constraints = [
            models.CheckConstraint(
                condition=Q(intent__in=Intent.values, urgency__in=Urgency.values),
                name="inbox_aiclassification_words",
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1, sentiment__gte=-1,
                            sentiment__lte=1, purchase_score__gte=0, purchase_score__lte=1,
                            churn_score__gte=0, churn_score__lte=1),
                name="inbox_aiclassification_scores",
            ),
            models.CheckConstraint(
                condition=Q(corrected_intent="", corrected_at=None)
                | Q(corrected_intent__in=Intent.values, corrected_at__isnull=False),
                name="inbox_aiclassification_corrected",
            ),
        ]  # fmt: skip
        indexes = [
            # What people corrected: training data, and how sure it may be.
            models.Index(
                fields=["workspace", "corrected_at"],
                name="inbox_aiclassification_fixed",
                condition=Q(corrected_at__isnull=False),
            ),
            models.Index(fields=["workspace", "read_at"], name="inbox_aiclassification_days"),
        ]

    def __str__(self) -> str:
        return f"{self.get_intent_display()} ({share(self.confidence)})"
