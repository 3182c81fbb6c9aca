"""Channels that reach people, what each may do, and the lines a workspace sends by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pghistory
import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from workspaces.models import Connection, Workspace


class MessageChannel(models.TextChoices):
    """Ways to reach somebody; engines count them in this order."""

    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    WHATSAPP = "whatsapp", "WhatsApp"
    INSTAGRAM = "instagram", "Instagram"
    FACEBOOK = "facebook", "Facebook"
    LINKEDIN = "linkedin", "LinkedIn"
    TWITTER = "twitter", "X"
    CHAT = "chat", "Website chat"


class Purpose(models.TextChoices):
    """What a message is for; law and caps differ."""

    MARKETING = "marketing", "Marketing"
    SERVICE = "service", "Service"


def money(**options: Any) -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    """An amount in the workspace's currency."""
    return models.DecimalField(max_digits=20, decimal_places=6, **options)


def _basis_points(default: int, help_text: str) -> models.PositiveIntegerField:  # type: ignore[type-arg]  # stubs want both
    return models.PositiveIntegerField(
        default=default, validators=[MaxValueValidator(10_000)], help_text=help_text
    )


# No key says it: a connection's workspace stands in its own row.
OWN_CONNECTION = pgtrigger.Trigger(
    name="own_connection",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Condition("NEW.connection_id IS NOT NULL"),
    func="""
    IF NOT EXISTS (
        SELECT FROM workspaces_connection c
         WHERE c.id = NEW.connection_id AND c.workspace_id = NEW.workspace_id
    ) THEN
        RAISE EXCEPTION 'connection % is of another workspace', NEW.connection_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
    """,
)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class ChannelPolicy(models.Model):
    """How a workspace uses a channel: by which connection, at what price, under which law."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="channel_policies"
    )
    channel = models.CharField(max_length=9, choices=MessageChannel.choices)
    is_on = models.BooleanField(default=False, help_text="Off: nothing is sent by it.")
    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="What it is sent by.",
    )  # fmt: skip
    sender = models.CharField(
        max_length=200, blank=True, default="",
        help_text="From whom: an address such as News <news@shop.example>, a number, a page's id.",
    )  # fmt: skip
    reply_to = models.CharField(max_length=200, blank=True, default="")
    unit_cost = money(
        default=Decimal(0), validators=[MinValueValidator(Decimal(0))],
        help_text="Of a message, or of a segment of an SMS; in the workspace's currency.",
    )  # fmt: skip
    rate_per_second = models.PositiveIntegerField(
        default=50, validators=[MinValueValidator(1)],
        help_text="Over all workers; more than the provider allows is refused there.",
    )  # fmt: skip
    daily_limit = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="Messages a day, answers aside; empty: as many as the provider lets a new "
        "account send. What is over it waits for the next day.",
    )  # fmt: skip
    warms_up_since = models.DateField(
        null=True, blank=True,
        help_text="A new sender's first day: 50 messages, and every day twice as many.",
    )  # fmt: skip
    law = models.JSONField(
        default=dict, blank=True,
        help_text="What differs from the shipped rules: quiet hours, windows, who must send.",
    )  # fmt: skip
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "channel policies"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "channel"],
                name="outreach_channelpolicy_once",
                violation_error_message="This channel has its rules already.",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=MessageChannel.values),
                name="outreach_channelpolicy_channel",
            ),
            models.CheckConstraint(
                condition=Q(unit_cost__gte=0, rate_per_second__gte=1),
                name="outreach_channelpolicy_limits",
                violation_error_message="A price is 0 or more, a rate 1 a second or more.",
            ),
            models.CheckConstraint(
                condition=Q(daily_limit=None) | Q(daily_limit__gte=1),
                name="outreach_channelpolicy_daily",
                violation_error_message="A limit is 1 a day or more; empty: the provider's.",
            ),
        ]
        triggers = [OWN_CONNECTION]

    def __str__(self) -> str:
        return self.get_channel_display()


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class OutreachPolicy(models.Model):
    """Caps, lines and thresholds of a workspace; who changed them stands in history."""

    workspace = models.OneToOneField(
        Workspace, on_delete=models.PROTECT, related_name="outreach_policy"
    )
    marketing_per_day = models.PositiveSmallIntegerField(
        default=1, help_text="Marketing messages to one person in 24 hours, all channels."
    )
    marketing_per_week = models.PositiveSmallIntegerField(default=4, help_text="In 7 days.")
    all_per_day = models.PositiveSmallIntegerField(
        default=3, help_text="Messages of any purpose in 24 hours; replies to people do not count."
    )
    all_per_week = models.PositiveSmallIntegerField(default=10, help_text="In 7 days.")
    repeat_hours = models.PositiveSmallIntegerField(
        default=24, help_text="Hours in which one campaign writes to a person once."
    )
    content_days = models.PositiveSmallIntegerField(
        default=7, help_text="Days in which no campaign sends a person the same text again."
    )
    launch_recipients = models.PositiveIntegerField(
        default=1_000, help_text="A launch to more people needs a signature."
    )
    launch_budget = money(
        default=Decimal(500), validators=[MinValueValidator(Decimal(0))],
        help_text="So does one that costs more, in the workspace's currency.",
    )  # fmt: skip
    has_canary = models.BooleanField(
        default=True, help_text="1 % first, then 10 %, then all; stops by itself on harm."
    )
    complaint_warn_bp = _basis_points(10, "Complaints of delivered, in ten-thousandths.")
    complaint_stop_bp = _basis_points(30, "From here on a domain is not sent from.")
    bounce_warn_bp = _basis_points(200, "Hard bounces of sent, in ten-thousandths.")
    bounce_stop_bp = _basis_points(500, "From here on a domain is not sent from.")
    judged_from = models.PositiveIntegerField(
        default=500, help_text="Messages below which no rate stops anything."
    )
    tracks_opens = models.BooleanField(default=True, help_text="A pixel in HTML mails.")
    tracks_clicks = models.BooleanField(default=True, help_text="Links lead over our address.")
    stop_means_all = models.BooleanField(
        default=True, help_text="STOP by SMS counts for every channel."
    )
    postal_address = models.CharField(
        max_length=300, blank=True, default="", help_text="In the foot of marketing mails."
    )
    choice = models.JSONField(
        default=dict, blank=True, help_text="What differs from the shipped table of channels."
    )
    learned_chooses = models.BooleanField(
        default=False,
        help_text="What was learnt chooses the channel for nine people in ten, the table for one; "
        "else the other way round.",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "outreach policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    marketing_per_day__lte=F("all_per_day"),
                    marketing_per_week__lte=F("all_per_week"),
                    complaint_warn_bp__lte=F("complaint_stop_bp"),
                    bounce_warn_bp__lte=F("bounce_stop_bp"),
                    complaint_stop_bp__lte=10_000,
                    bounce_stop_bp__lte=10_000,
                    launch_budget__gte=0,
                ),
                name="outreach_policy_limits",
                violation_error_message="Marketing is part of all messages; to warn comes before "
                "to stop; shares end at 10,000.",
            )
        ]

    def __str__(self) -> str:
        return "Rules of outreach"


class Halt(models.Model):
    """Sending that stopped itself, or that a person stopped; it resumes by a person."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    channel = models.CharField(max_length=9, choices=MessageChannel.choices)
    scope = models.CharField(
        max_length=200, blank=True, default="", help_text="A sending domain; empty: the channel."
    )
    reason = models.CharField(max_length=300)
    figures = models.JSONField(default=dict, blank=True)
    since = models.DateTimeField()
    by_label = models.CharField(max_length=150, blank=True, default="", help_text="Empty: a rule.")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by_label = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        constraints = [
            # Also what each send asks.
            models.UniqueConstraint(
                fields=["workspace", "channel", "scope"],
                condition=Q(lifted_at=None),
                name="outreach_halt_one_open",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None) | Q(lifted_at__gte=F("since")),
                name="outreach_halt_lifted_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.scope}".strip()
