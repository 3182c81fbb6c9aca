"""Conversions on their way back to the platforms that brought them."""

from __future__ import annotations

import pghistory
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from attribution.models.clicks import Conversion
from attribution.models.crm import Deal
from workspaces.models import Connection, Workspace

LONGEST_DAYS = {"meta": 7, "tiktok": 7, "google": 90, "linkedin": 90}


class BackPlatform(models.TextChoices):
    """Platforms that take conversions."""

    META = "meta", "Meta"
    GOOGLE = "google", "Google"
    TIKTOK = "tiktok", "TikTok"
    LINKEDIN = "linkedin", "LinkedIn"


class OutgoingState(models.TextChoices):
    """How far a conversion is on its way back."""

    PENDING = "pending", "Waiting"
    SENT = "sent", "Sent, not decided"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Not taken"
    EXPIRED = "expired", "Too late"
    WITHDRAWN = "withdrawn", "Taken back"
    IMPOSSIBLE = "impossible", "Cannot be taken back"


class OutgoingName(models.TextChoices):
    """What a platform is told that happened, or that it did not last."""

    PURCHASE = "Purchase", "Purchase"
    LEAD = "Lead", "Lead"
    RETRACTION = "Retraction", "Taking back"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class ConversionDestination(models.Model):
    """Where a workspace's conversions are told; nothing is, until it is switched on."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, help_text="Whose credentials are used."
    )
    platform = models.CharField(max_length=10, choices=BackPlatform.choices)
    dataset_id = models.CharField(
        "pixel, action, source or rule",
        max_length=60,
        validators=[RegexValidator(r"^[A-Za-z0-9]+$", "Letters and digits only.")],
        help_text="Meta: pixel or data set. Google: conversion action. TikTok: event source. "
        "LinkedIn: conversion rule.",
    )
    account_id = models.CharField(
        max_length=20,
        blank=True,
        validators=[RegexValidator(r"^\d+$", "Digits only.")],
        help_text="Google: the account of the conversion action.",
    )
    test_code = models.CharField(
        max_length=40, blank=True, help_text="Meta and TikTok: shows events in their test view."
    )
    window_days = models.PositiveSmallIntegerField(
        default=7, help_text="Older conversions are not sent. Google: the action's own window."
    )
    is_enabled = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "platform", "dataset_id"],
                name="attribution_destination_once",
                violation_error_message="Conversions are told there already.",
            ),
            models.CheckConstraint(
                condition=Q(platform__in=BackPlatform.values),
                name="attribution_destination_platform",
            ),
            models.CheckConstraint(
                condition=~Q(platform=BackPlatform.GOOGLE) | ~Q(account_id=""),
                name="attribution_destination_google_account",
                violation_error_message="Google needs the account of the conversion action.",
            ),
            *(
                models.CheckConstraint(
                    condition=~Q(platform=platform) | Q(window_days__gte=1, window_days__lte=days),
                    name=f"attribution_destination_{platform}_window",
                    violation_error_message=f"This platform takes 1 to {days} days.",
                )
                for platform, days in LONGEST_DAYS.items()
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_platform_display()} {self.dataset_id}"

    def clean(self) -> None:
        """Refuse a connection to another platform, or of another workspace."""
        connection = Connection.objects.filter(pk=self.connection_id).first()
        if connection is None:
            return
        if connection.workspace_id != self.workspace_id or connection.kind != self.platform:
            raise ValidationError(
                {"connection": f"Choose a connection to {self.get_platform_display() or 'it'}."}
            )


class OutgoingConversion(models.Model):
    """One conversion for one destination, tried until the platform decides or it is too late.

    Its payload is built when it is sent, from what is kept then: who takes his consent back or is
    erased is not sent, however long the row waited.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    destination = models.ForeignKey(ConversionDestination, on_delete=models.PROTECT)
    conversion = models.ForeignKey(Conversion, on_delete=models.PROTECT, related_name="outgoing")
    deal = models.ForeignKey(Deal, null=True, blank=True, on_delete=models.PROTECT)
    retracts = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="retraction"
    )
    event_id = models.CharField(max_length=200)
    event_name = models.CharField(max_length=10, choices=OutgoingName.choices)
    value = models.DecimalField(max_digits=20, decimal_places=6)
    currency = models.CharField(max_length=3)
    happened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=OutgoingState.choices, default=OutgoingState.PENDING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    goes_alone = models.BooleanField(default=False, help_text="Its batch was refused.")
    payload_sha256 = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=200, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="What a person should know.")
    sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "event_id"], name="attribution_outgoing_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OutgoingState.values), name="attribution_outgoing_state"
            ),
            models.CheckConstraint(
                condition=Q(event_name__in=OutgoingName.values), name="attribution_outgoing_name"
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="attribution_outgoing_value"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("happened_at")), name="attribution_outgoing_expires"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "sent"], next_attempt_at__isnull=False)
                | Q(
                    state__in=["accepted", "rejected", "expired", "withdrawn", "impossible"],
                    settled_at__isnull=False,
                ),
                name="attribution_outgoing_goes_on_or_ended",
            ),
            models.CheckConstraint(
                condition=Q(event_name="Retraction", retracts__isnull=False)
                | (~Q(event_name="Retraction") & ~Q(state="impossible") & Q(retracts=None)),
                name="attribution_outgoing_retraction_of_one",
            ),
        ]
        indexes = [
            # the sender's query
            models.Index(
                fields=["destination", "next_attempt_at"],
                condition=Q(state__in=["pending", "sent"]),
                name="attribution_outgoing_due",
            ),
            # what a deal that is lost told before
            models.Index(
                fields=["deal"],
                condition=Q(deal__isnull=False),
                name="attribution_outgoing_deal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_name} {self.event_id}"
