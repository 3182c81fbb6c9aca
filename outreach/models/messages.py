"""Messages: one row each from the plan to the reply, with the proof that it was allowed."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from outreach.models.campaigns import OutreachCampaign, SequenceStep
from outreach.models.channels import MessageChannel, Purpose, money
from outreach.models.contacts import Contact, ContactPoint
from outreach.models.plans import SendPlan
from outreach.models.templates import TemplateVersion
from workspaces.ids import uuid7
from workspaces.models import Workspace


class MessageStatus(models.TextChoices):
    """How far a message came; later ones say more."""

    PENDING = "pending", "Waits for a person"
    SCHEDULED = "scheduled", "Scheduled"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    OPENED = "opened", "Opened"
    CLICKED = "clicked", "Clicked"
    REPLIED = "replied", "Replied"
    BOUNCED = "bounced", "Bounced"
    COMPLAINED = "complained", "Complained"
    FAILED = "failed", "Failed"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    CANCELLED = "cancelled", "Not sent"


#: In these it has not gone out, and still may.
WAITING = (MessageStatus.PENDING, MessageStatus.SCHEDULED, MessageStatus.SENDING)
#: In these it never went out.
UNSENT = (*WAITING, MessageStatus.FAILED, MessageStatus.CANCELLED)

# Provider's news comes late, twice and in any order; a call that may have gone out is never made
# again, and what was sent stays sent.
_MOVES = """
IF NEW.status <> OLD.status AND (
    (OLD.status = 'pending' AND NEW.status NOT IN ('scheduled', 'cancelled', 'failed'))
 OR (OLD.status = 'scheduled'
     AND NEW.status NOT IN ('pending', 'sending', 'failed', 'cancelled'))
 OR (OLD.status = 'cancelled')
 OR (OLD.sent_at IS NOT NULL AND NEW.status IN ('pending', 'scheduled', 'sending', 'cancelled'))
) THEN
    RAISE EXCEPTION 'message % cannot go from % to %', NEW.id, OLD.status, NEW.status
        USING ERRCODE = 'check_violation';
END IF;
IF OLD.sent_at IS NOT NULL AND NEW.sent_at IS DISTINCT FROM OLD.sent_at THEN
    RAISE EXCEPTION 'message % was sent already', NEW.id USING ERRCODE = 'check_violation';
END IF;
IF (NEW.workspace_id, NEW.contact_id, NEW.point_id, NEW.channel, NEW.campaign_id, NEW.plan_id,
    NEW.step_id, NEW.attempt, NEW.dedup_key)
   IS DISTINCT FROM
   (OLD.workspace_id, OLD.contact_id, OLD.point_id, OLD.channel, OLD.campaign_id, OLD.plan_id,
    OLD.step_id, OLD.attempt, OLD.dedup_key) THEN
    RAISE EXCEPTION 'message % goes where it was planned to', NEW.id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


class OutreachMessage(models.Model):
    """One message to one person. The row is the queue that it is sent from."""

    #: Also what providers hand back to us: it names the message and nobody.
    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The keys are ones of the table: (workspace, …) of each.
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="messages", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    point = models.ForeignKey(
        ContactPoint, on_delete=models.PROTECT, related_name="messages", db_constraint=False
    )
    channel = models.CharField(max_length=9, choices=MessageChannel.choices)
    purpose = models.CharField(max_length=9, choices=Purpose.choices)
    is_reply = models.BooleanField(
        default=False, db_default=False,
        help_text="It answers what they wrote: no cap and no quiet hour holds it.",
    )  # fmt: skip
    campaign = models.ForeignKey(
        OutreachCampaign, null=True, blank=True, on_delete=models.PROTECT,
        related_name="messages", db_index=False, db_constraint=False,
    )  # fmt: skip
    plan = models.ForeignKey(
        SendPlan, null=True, blank=True, on_delete=models.PROTECT, related_name="messages",
        db_index=False, db_constraint=False,
    )  # fmt: skip
    step = models.ForeignKey(
        SequenceStep, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False, db_constraint=False,
    )  # fmt: skip
    variant = models.CharField(max_length=40, blank=True, default="")
    version = models.ForeignKey(
        TemplateVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False, db_constraint=False,
    )  # fmt: skip
    attempt = models.PositiveSmallIntegerField(default=1, help_text="2 and 3 are fallbacks.")
    fallback_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="fallback_messages",
        help_text="The one that failed for good before it.",
    )  # fmt: skip
    fallbacks = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Points left, in order."
    )
    reply_to_comment = models.CharField(
        max_length=120, blank=True, default="", db_default="",
        help_text="The comment that it answers privately; each once.",
    )  # fmt: skip
    commented_at = models.DateTimeField(
        null=True, blank=True, help_text="When that was written: it opens the way for 7 days."
    )
    dedup_key = models.CharField(
        max_length=200,
        help_text="workspace:recipient:campaign:step:attempt:day; without the channel, or two "
        "workers could reach one person on two.",
    )
    content_sha256 = models.CharField(max_length=64, blank=True, default="")
    variables = models.JSONField(default=dict, blank=True, help_text="What it was filled in with.")
    subject = models.CharField(max_length=998, blank=True, default="")
    text = models.TextField(blank=True, default="")
    html = models.TextField(blank=True, default="")
    status = models.CharField(
        max_length=12, choices=MessageStatus.choices, default=MessageStatus.SCHEDULED
    )
    requires_approval = models.BooleanField(default=False)
    approved_by_label = models.CharField(max_length=150, blank=True, default="")
    refusal_reason = models.CharField(max_length=300, blank=True, default="")
    send_at = models.DateTimeField()
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="Not sent any more from then on."
    )
    claimed_by = models.CharField(max_length=120, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    call_sent_at = models.DateTimeField(
        null=True, blank=True, help_text="Written before the call: from then on it may be out."
    )
    is_unsure = models.BooleanField(
        default=False, help_text="It may have gone out and nobody can tell; a person decides."
    )
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    clicked_at = models.DateTimeField(null=True, blank=True)
    replied_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    complained_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    converted_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    open_count = models.PositiveIntegerField(default=0, db_default=0)
    click_count = models.PositiveIntegerField(default=0, db_default=0)
    links_clicked = models.JSONField(default=dict, blank=True, help_text="Address → times.")
    reply_text = models.TextField(blank=True, default="")
    reply_intent = models.CharField(max_length=40, blank=True, default="")
    reply_sentiment = models.FloatField(null=True, blank=True, help_text="-1 to 1.")
    provider = models.CharField(max_length=20, blank=True, default="")
    provider_message_id = models.CharField(max_length=200, blank=True, default="")
    error_kind = models.CharField(max_length=20, blank=True, default="")
    error = models.CharField(max_length=500, blank=True, default="")
    cost = money(default=0)
    proof = models.JSONField(
        default=dict, blank=True,
        help_text="Why it was allowed: consent, caps, window, quiet hours, suppressions, approval.",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "dedup_key"], name="outreach_message_once"
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_message_of"),
            models.CheckConstraint(
                condition=Q(status__in=MessageStatus.values,
                            channel__in=MessageChannel.values, purpose__in=Purpose.values),
                name="outreach_message_words",
            ),
            models.CheckConstraint(
                condition=Q(status__in=UNSENT) | Q(sent_at__isnull=False),
                name="outreach_message_sent_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="sending") | Q(lease_until__isnull=False) | Q(is_unsure=True),
                name="outreach_message_leased",
            ),
            models.CheckConstraint(
                condition=Q(attempt__gte=1, attempt__lte=3), name="outreach_message_attempt"
            ),
            models.UniqueConstraint(
                fields=["workspace", "channel", "reply_to_comment"],
                condition=~Q(reply_to_comment=""),
                name="outreach_message_one_private_reply",
            ),
            models.CheckConstraint(
                condition=Q(reply_to_comment="") | Q(commented_at__isnull=False),
                name="outreach_message_commented_when",
            ),
            # Nobody advertises by answering.
            models.CheckConstraint(
                condition=Q(is_reply=False) | Q(purpose="service", campaign=None),
                name="outreach_message_reply",
            ),
        ]  # fmt: skip
        indexes = [
            # The dispatcher's question: what is due, the oldest first.
            models.Index(
                fields=["workspace", "send_at"],
                name="outreach_message_due",
                condition=Q(status="scheduled"),
            ),
            # Whose worker may be dead.
            models.Index(
                fields=["lease_until"],
                name="outreach_message_leased",
                condition=Q(status="sending", is_unsure=False),
            ),
            # What a person has to look at.
            models.Index(
                fields=["workspace", "id"],
                name="outreach_message_unsure",
                condition=Q(is_unsure=True),
            ),
            # How often a person heard from us lately; texts they had.
            models.Index(
                F("workspace"), F("contact"), F("sent_at").desc(),
                name="outreach_message_contact", include=["campaign_id", "purpose", "status"],
            ),
            # A campaign's messages, the newest first.
            models.Index(
                F("campaign"), F("id").desc(), name="outreach_message_campaign",
                condition=Q(campaign__isnull=False),
            ),
            # The log of a workspace.
            models.Index(F("workspace"), F("id").desc(), name="outreach_message_log"),
            # What a provider's news is about.
            models.Index(
                fields=["workspace", "provider_message_id"],
                name="outreach_message_provider",
                condition=~Q(provider_message_id=""),
            ),
            # Who opened, clicked or replied lately; who had a message.
            *(
                models.Index(
                    fields=["workspace", f"{moment}_at"], name=f"outreach_message_{moment}",
                    include=["contact"], condition=Q(**{f"{moment}_at__isnull": False}),
                )
                for moment in ("sent", "opened", "clicked", "replied")
            ),
            # What no receipt came for.
            models.Index(
                fields=["workspace", "sent_at"],
                name="outreach_message_no_receipt",
                condition=Q(status="sent"),
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Trigger(
                name="moves", when=pgtrigger.Before, operation=pgtrigger.Update, func=_MOVES
            ),
            # No message of a campaign without a plan that was signed and let go.
            pgtrigger.Trigger(
                name="is_planned",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.campaign_id IS NOT NULL"),
                func="""
                IF NOT EXISTS (
                    SELECT FROM outreach_sendplan p
                     WHERE p.id = NEW.plan_id AND p.campaign_id = NEW.campaign_id
                       AND p.activated_at IS NOT NULL
                ) THEN
                    RAISE EXCEPTION 'campaign % sends by a signed plan only', NEW.campaign_id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} to {self.contact_id}"
