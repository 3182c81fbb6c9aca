"""Campaigns of messages: who, when, by which channels, in which steps, for how much."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from experiments.models import ABTest
from outreach.models.audiences import Audience
from outreach.models.channels import MessageChannel, Purpose, money
from outreach.models.contacts import Contact
from outreach.models.templates import ChannelTemplate
from workspaces.ids import uuid7
from workspaces.models import Proposal, Workspace


class CampaignType(models.TextChoices):
    """What kind of campaign it is."""

    NEWSLETTER = "newsletter", "Newsletter"
    PROMOTION = "promotion", "Promotion"
    CUSTOMER_SERVICE = "customer_service", "Customer service"
    SEQUENCE = "sequence", "Sequence"


class CampaignStatus(models.TextChoices):
    """Where a campaign stands."""

    DRAFT = "draft", "Draft"
    AWAITING_APPROVAL = "awaiting_approval", "Waits for signature"
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    COMPLETED = "completed", "Completed"


class Urgency(models.TextChoices):
    """How soon it must be read; some channels suit haste, others do not."""

    URGENT = "urgent", "Urgent"
    NORMAL = "normal", "Normal"
    LOW = "low", "Low"


def _amount(**options: Any) -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    return money(null=True, blank=True, validators=[MinValueValidator(Decimal(0))], **options)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class OutreachCampaign(models.Model):
    """Messages to an audience. What goes out is the plan that was signed, not this row."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=120)
    type = models.CharField(
        max_length=16, choices=CampaignType.choices, default=CampaignType.NEWSLETTER
    )
    purpose = models.CharField(max_length=9, choices=Purpose.choices, default=Purpose.MARKETING)
    urgency = models.CharField(max_length=6, choices=Urgency.choices, default=Urgency.NORMAL)
    channels = ArrayField(
        models.CharField(max_length=9, choices=MessageChannel.choices), default=list,
        help_text="Those that may be used.",
    )  # fmt: skip
    priorities = models.JSONField(
        default=dict, blank=True,
        help_text="Customer type → channels in their order; without: by their scores.",
    )  # fmt: skip
    # The key is one of the table: (workspace, audience).
    audience = models.ForeignKey(
        Audience, null=True, blank=True, on_delete=models.PROTECT, related_name="campaigns",
        db_constraint=False,
    )  # fmt: skip
    test = models.ForeignKey(
        ABTest, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_constraint=False, help_text="Which text people get is shared out by this test.",
    )  # fmt: skip
    budget = _amount(help_text="Of the whole campaign; empty: no limit.")
    channel_budgets = models.JSONField(
        default=dict, blank=True, help_text="Channel → amount as text."
    )
    daily_limit = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Messages a day."
    )
    personalisation = models.JSONField(
        default=dict, blank=True, help_text="Variable → rules by which its value is chosen."
    )
    goal = models.CharField(
        max_length=40, blank=True, default="", help_text="The conversion that it is for."
    )
    starts_at = models.DateTimeField(null=True, blank=True, help_text="Empty: once it is signed.")
    ends_at = models.DateTimeField(null=True, blank=True)
    send_at_best_hour = models.BooleanField(
        default=True, help_text="Each at the hour that suits them; else as soon as it may."
    )
    status = models.CharField(
        max_length=17, choices=CampaignStatus.choices, default=CampaignStatus.DRAFT
    )
    paused_reason = models.CharField(max_length=300, blank=True, default="")
    launched_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_by_label = models.CharField(max_length=150, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "outreach campaign"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_campaign_of"),
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=Q(archived_at=None),
                name="outreach_campaign_named_once",
                violation_error_message="There is a campaign of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(type__in=CampaignType.values, purpose__in=Purpose.values,
                            urgency__in=Urgency.values, status__in=CampaignStatus.values),
                name="outreach_campaign_words",
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(starts_at=None) | Q(ends_at__gt=F("starts_at")),
                name="outreach_campaign_ends_later",
                violation_error_message="It ends before it starts.",
            ),
            models.CheckConstraint(
                condition=Q(budget=None) | Q(budget__gte=0), name="outreach_campaign_budget"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["active", "paused"]) | Q(launched_at__isnull=False),
                name="outreach_campaign_launched",
            ),
        ]  # fmt: skip
        indexes = [
            # What planning of later steps, pacing and the watch over harm look at.
            models.Index(
                fields=["workspace"],
                name="outreach_campaign_active",
                condition=Q(status="active"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StepCondition(models.TextChoices):
    """What must be true of the step before."""

    ALWAYS = "always", "Always"
    OPENED = "opened", "Opened"
    NOT_OPENED = "not_opened", "Did not open"
    CLICKED = "clicked", "Clicked"
    NOT_CLICKED = "not_clicked", "Did not click"
    REPLIED = "replied", "Replied"
    CONVERTED = "converted", "Converted"
    SEGMENT = "segment", "Is in a segment"


class SequenceStep(models.Model):
    """One round of messages. A newsletter has one, a sequence several."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The key is one of the table: (workspace, campaign).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    campaign = models.ForeignKey(
        OutreachCampaign, on_delete=models.CASCADE, related_name="steps", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    position = models.PositiveSmallIntegerField(help_text="First is 1.")
    name = models.CharField(max_length=120, blank=True, default="")
    delay_hours = models.PositiveIntegerField(
        default=0, help_text="After the step before; of the first, after the launch."
    )
    condition = models.CharField(
        max_length=11, choices=StepCondition.choices, default=StepCondition.ALWAYS
    )
    segment = models.CharField(max_length=20, blank=True, default="")
    exits_on_reply = models.BooleanField(default=True)
    exits_on_conversion = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "position"], name="outreach_step_once"),
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_step_of"),
            models.CheckConstraint(condition=Q(position__gte=1), name="outreach_step_position"),
            models.CheckConstraint(
                condition=Q(condition__in=StepCondition.values), name="outreach_step_condition"
            ),
            models.CheckConstraint(
                condition=~Q(condition="segment") | ~Q(segment=""), name="outreach_step_segment"
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"Step {self.position}"


class StepText(models.Model):
    """What a step says on a channel."""

    # The keys are ones of the table: (workspace, step) and (workspace, template).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    step = models.ForeignKey(
        SequenceStep, on_delete=models.CASCADE, related_name="texts", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    channel = models.CharField(max_length=9, choices=MessageChannel.choices)
    variant = models.CharField(
        max_length=40, blank=True, default="", help_text="Of the campaign's test; empty: of all."
    )
    template = models.ForeignKey(
        ChannelTemplate, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["step", "channel", "variant"], name="outreach_steptext_once"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=MessageChannel.values), name="outreach_steptext_channel"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.variant}".strip()


class EnrolmentState(models.TextChoices):
    """How far somebody is in a sequence."""

    ACTIVE = "active", "Active"
    FINISHED = "finished", "Finished"
    EXITED = "exited", "Left early"


class Enrolment(models.Model):
    """One contact's way through the steps of a campaign."""

    # The keys are ones of the table: (workspace, campaign) and (workspace, contact).
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    campaign = models.ForeignKey(
        OutreachCampaign, on_delete=models.CASCADE, related_name="enrolments", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    state = models.CharField(
        max_length=8, choices=EnrolmentState.choices, default=EnrolmentState.ACTIVE
    )
    next_position = models.PositiveSmallIntegerField(default=1)
    due_at = models.DateTimeField(null=True, blank=True)
    exit_reason = models.CharField(max_length=60, blank=True, default="")
    entered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "contact"], name="outreach_enrolment_once"),
            models.CheckConstraint(
                condition=Q(state__in=EnrolmentState.values), name="outreach_enrolment_state"
            ),
            models.CheckConstraint(
                condition=Q(state="active", due_at__isnull=False)
                | ~Q(state="active") & Q(due_at=None),
                name="outreach_enrolment_due",
            ),
        ]
        indexes = [
            # Whose next step is due.
            models.Index(
                fields=["workspace", "due_at"],
                name="outreach_enrolment_due",
                condition=Q(state="active"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: step {self.next_position}"


class LaunchOperation(models.TextChoices):
    """What a proposal does to a campaign."""

    LAUNCH = "launch", "Launch"
    CHANGE = "change", "Change while it runs"
    RESUME = "resume", "Resume"
    STOP = "stop", "Stop for good"


class CampaignLaunch(models.Model):
    """A proposal to send, for filters and pages."""

    proposal = models.OneToOneField(Proposal, primary_key=True, on_delete=models.CASCADE)
    # The keys are ones of the table: (workspace, campaign) and (workspace, plan).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    campaign = models.ForeignKey(
        OutreachCampaign, on_delete=models.PROTECT, related_name="launches", db_constraint=False
    )
    plan = models.ForeignKey(
        "SendPlan", on_delete=models.PROTECT, related_name="launches", db_constraint=False
    )
    operation = models.CharField(max_length=6, choices=LaunchOperation.choices)

    class Meta:
        verbose_name_plural = "campaign launches"
        constraints = [
            models.CheckConstraint(
                condition=Q(operation__in=LaunchOperation.values),
                name="outreach_launch_operation",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} of {self.campaign_id}"
