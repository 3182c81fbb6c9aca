"""How a workspace runs its inbox: promises, hours, and who gets what."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from inbox.models.conversations import Conversation, InboxChannel, Team, Urgency
from inbox.models.replies import ResponseTemplate
from inbox.models.responses import CustomerResponse
from workspaces.ids import uuid7
from workspaces.models import User, Workspace


class ListOrder(models.TextChoices):
    """Which conversation comes first."""

    LOSS = "loss", "What waiting costs"
    FIFO = "fifo", "Who waits longest"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class InboxPolicy(models.Model):
    """Switches of a workspace's inbox; who changed them stands in history."""

    workspace = models.OneToOneField(
        Workspace, on_delete=models.PROTECT, related_name="inbox_policy"
    )
    order = models.CharField(max_length=4, choices=ListOrder.choices, default=ListOrder.LOSS)
    drafts_on = models.BooleanField(default=True, help_text="Write a draft for what wants one.")
    undo_s = models.PositiveSmallIntegerField(
        "undo, seconds", default=10, validators=[MaxValueValidator(120)],
        help_text="So long an answer can be taken back.",
    )  # fmt: skip
    asks_satisfaction = models.BooleanField(
        default=False, help_text="Ask how it was after a conversation was closed."
    )
    satisfaction_after_minutes = models.PositiveIntegerField(
        default=60, help_text="So long after it was closed."
    )
    satisfaction_text = models.TextField(
        blank=True, default="", help_text="What they are asked; empty: as shipped."
    )
    model_drafts = models.BooleanField(
        default=False,
        help_text="Let the connected language model adapt drafts; a person signs each.",
    )
    acknowledges = models.BooleanField(
        default=False, help_text="Tell at once that a message arrived; no promise is kept by it."
    )
    acknowledgement = models.TextField(blank=True, default="")
    close_waiting_after_days = models.PositiveSmallIntegerField(
        default=7, validators=[MinValueValidator(1)],
        help_text="Who does not answer us for so long has nothing more to say.",
    )  # fmt: skip
    shows_images = models.BooleanField(
        default=False, help_text="Load pictures of mails from outside: senders see that it is read."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "inbox policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(order__in=ListOrder.values), name="inbox_policy_order"
            ),
            models.CheckConstraint(
                condition=Q(undo_s__lte=120, close_waiting_after_days__gte=1),
                name="inbox_policy_limits",
            ),
            models.CheckConstraint(
                condition=Q(acknowledges=False) | ~Q(acknowledgement=""),
                name="inbox_policy_acknowledgement",
                violation_error_message="Write what people are told.",
            ),
        ]

    def __str__(self) -> str:
        return f"Inbox of {self.workspace}"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class SLAPolicy(models.Model):
    """What is promised on a channel, by urgency, in minutes of business time."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="sla_policies")
    channel = models.CharField(max_length=9, choices=InboxChannel.choices)
    urgency = models.CharField(max_length=6, choices=Urgency.choices)
    first_minutes = models.PositiveIntegerField(
        "first answer, minutes", validators=[MinValueValidator(1)]
    )
    next_minutes = models.PositiveIntegerField(
        "next answer, minutes", null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="Empty: as the first.",
    )  # fmt: skip
    resolution_minutes = models.PositiveIntegerField(
        "closed within, minutes", null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="Empty: not promised.",
    )  # fmt: skip
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "SLA policy"
        verbose_name_plural = "SLA policies"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "channel", "urgency"],
                name="inbox_slapolicy_once",
                violation_error_message="This is promised already; change it there.",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=InboxChannel.values, urgency__in=Urgency.values),
                name="inbox_slapolicy_words",
            ),
            models.CheckConstraint(
                condition=Q(first_minutes__gte=1)
                & (Q(next_minutes=None) | Q(next_minutes__gte=1))
                & (Q(resolution_minutes=None) | Q(resolution_minutes__gte=1)),
                name="inbox_slapolicy_minutes",
                violation_error_message="A promise is at least a minute.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}, {self.get_urgency_display()}"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class BusinessHours(models.Model):
    """When a team, or everybody, is there. Without a row the clock never stops."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="business_hours"
    )
    team = models.CharField(
        max_length=7, choices=Team.choices, blank=True, default="",
        help_text="Empty: teams without hours of their own.",
    )  # fmt: skip
    time_zone = models.CharField(max_length=64, help_text="Such as Europe/Vienna.")
    week = models.JSONField(
        default=dict,
        help_text='Hours by weekday, such as {"mon": [["09:00", "12:00"], ["13:00", "17:30"]]}.',
    )
    holidays = models.JSONField(
        default=dict, blank=True,
        help_text='Other hours by day, such as {"2026-12-24": [["09:00", "12:00"]]}; '
        "without any: closed.",
    )  # fmt: skip
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "business hours"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "team"],
                name="inbox_businesshours_once",
                violation_error_message="This team has its hours already.",
            ),
            models.CheckConstraint(
                condition=Q(team__in=["", *Team.values]), name="inbox_businesshours_team"
            ),
        ]

    def __str__(self) -> str:
        return self.get_team_display() or "Everybody"


class AssignHow(models.TextChoices):
    """How one of several people is chosen."""

    ROUND_ROBIN = "round_robin", "In turn"
    LOAD = "load", "Who has least to do"
    VALUE_AT_RISK = "value_at_risk", "Who answers for least money"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class AssignmentRule(models.Model):
    """Who gets what arrives. The first rule that fits decides."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="assignment_rules"
    )
    name = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField(default=0, help_text="0 is asked first.")
    is_on = models.BooleanField(default=True)
    channels = ArrayField(models.CharField(max_length=9), default=list, blank=True)
    intents = ArrayField(models.CharField(max_length=11), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    min_value_at_risk = models.FloatField(null=True, blank=True)
    team = models.CharField(max_length=7, choices=Team.choices, blank=True, default="")
    skills = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="All of them."
    )
    how = models.CharField(max_length=13, choices=AssignHow.choices, default=AssignHow.ROUND_ROBIN)
    people = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        help_text="Users; empty: all of the conversation's team.",
    )
    most_open = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Who has so many open gets no more; empty: no limit."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(how__in=AssignHow.values, team__in=["", *Team.values]),
                name="inbox_assignmentrule_words",
            )
        ]

    def __str__(self) -> str:
        return self.name


class AgentProfile(models.Model):
    """What somebody who answers can do, and whether they are there."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="agent_profiles")
    team = models.CharField(max_length=7, choices=Team.choices, default=Team.SUPPORT)
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    is_away = models.BooleanField(default=False)
    away_until = models.DateTimeField(null=True, blank=True, help_text="Empty: until they say so.")
    away_note = models.CharField(max_length=100, blank=True, default="")
    capacity = models.PositiveSmallIntegerField(
        default=50, help_text="Open conversations at a time; 0: gets none by rules."
    )
    last_given_at = models.DateTimeField(null=True, blank=True, editable=False)
    given_number = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    signature = models.TextField(blank=True, default="", help_text="Below mails of theirs.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="inbox_agentprofile_once"),
            models.CheckConstraint(
                condition=Q(team__in=Team.values), name="inbox_agentprofile_team"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Satisfaction(models.Model):
    """What somebody said of how a conversation went."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    # The key is one of the table: (workspace, conversation).
    conversation = models.OneToOneField(
        Conversation, on_delete=models.PROTECT, related_name="satisfaction", db_constraint=False
    )
    # The keys are ones of the table: (workspace, …) of each.
    response = models.ForeignKey(
        CustomerResponse, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False, db_constraint=False, help_text="The message that asked.",
    )  # fmt: skip
    template = models.ForeignKey(
        ResponseTemplate, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False, help_text="Of what the last answer was made.",
    )  # fmt: skip
    asked_at = models.DateTimeField()
    score = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 to 5.")
    comment = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "satisfaction"
        constraints = [
            models.CheckConstraint(
                condition=Q(score=None, answered_at=None)
                | Q(score__gte=1, score__lte=5, answered_at__isnull=False),
                name="inbox_satisfaction_score",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "answered_at"], name="inbox_satisfaction_days"),
            # What people said of a template, counted anew with each answer.
            models.Index(
                fields=["template", "score"],
                name="inbox_satisfaction_template",
                condition=Q(template__isnull=False, score__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.score} of 5" if self.score else "Not answered"
