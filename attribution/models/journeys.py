"""Touches of people, and the journeys that they make."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from attribution.models.clicks import Conversion
from attribution.models.identity import Person
from campaigns.models import Ad, Campaign
from workspaces.models import Workspace

_LABELS = {
    "meta": "Meta", "google": "Google", "tiktok": "TikTok", "microsoft": "Microsoft",
    "linkedin": "LinkedIn", "x": "X", "email": "E-mail", "sms": "SMS", "dm": "Direct messages",
    "direct": "Direct", "organic": "Organic search", "referral": "Referral", "social": "Social",
}  # fmt: skip


class TouchKind(models.TextChoices):
    """What a person did or was shown."""

    CLICK = "click", "Click on an ad"
    VIEW = "view", "View of an ad"
    VISIT = "visit", "Visit"
    MESSAGE = "message", "Message"
    REPLY = "reply", "Reply"
    SOCIAL = "social", "Social"


class Channel(models.Model):
    """Where touches come from; models count by its number, splitting texts would cost more."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    name = models.CharField(max_length=60, help_text="In small letters, as campaigns name it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="attribution_channel_once",
                violation_error_message="There is a channel of this name already.",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="attribution_channel_named"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Name as people write it."""
        return channel_label(self.name)


def channel_label(name: str) -> str:
    """Name of a channel as people write it."""
    return _LABELS.get(name) or name[:1].upper() + name[1:].replace("_", " ")


class Touchpoint(models.Model):
    """One touch of a person with one channel.

    ``journey_id`` and what follows it are those of the first journey that the touch is part of;
    a later conversion of the same person may count it again.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT)
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT)
    ad = models.ForeignKey(Ad, null=True, blank=True, on_delete=models.PROTECT)
    kind = models.CharField(max_length=8, choices=TouchKind.choices)
    at = models.DateTimeField()
    cost = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True,
        help_text="In the workspace's currency; empty where a platform's spend holds it.",
    )  # fmt: skip
    country = models.CharField(max_length=2, blank=True, default="")
    source_key = models.CharField(max_length=160, help_text="What it was made from.")
    journey_id = models.UUIDField(null=True, blank=True)
    position = models.PositiveIntegerField(null=True, blank=True, help_text="First is 1.")
    minutes_since_first_touch = models.PositiveIntegerField(null=True, blank=True)
    minutes_since_last_touch = models.PositiveIntegerField(
        null=True, blank=True, help_text="Since the touch before it; 0 for the first."
    )
    page_url = models.CharField(max_length=2000, blank=True, default="")
    content_title = models.CharField(max_length=300, blank=True, default="")
    call_to_action = models.CharField(max_length=120, blank=True, default="")
    message_key = models.CharField(max_length=120, blank=True, default="")
    extra = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "customer_touchpoint"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "source_key"],
                name="attribution_touch_once",
                violation_error_message="This touch is here already.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=TouchKind.values), name="attribution_touch_kind"
            ),
            models.CheckConstraint(
                condition=Q(cost=None) | Q(cost__gte=0), name="attribution_touch_cost"
            ),
            models.CheckConstraint(
                condition=Q(journey_id=None) | Q(position__gte=1), name="attribution_touch_place"
            ),
        ]
        indexes = [
            # One person's touches; the purge, the newest.
            models.Index(fields=["workspace", "person", "at"], name="attribution_touch_person"),
            models.Index(fields=["workspace", "at"], name="attribution_touch_newest"),
            # What is in no journey yet.
            models.Index(
                fields=["workspace"],
                name="attribution_touch_waiting",
                condition=Q(journey_id__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.at:%Y-%m-%d %H:%M}"


class Journey(models.Model):
    """Touches of a person before a conversion, or touches that led to none."""

    journey_id = models.UUIDField(unique=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    conversion = models.OneToOneField(
        Conversion, null=True, blank=True, on_delete=models.PROTECT, related_name="journey"
    )
    conversion_type = models.CharField(max_length=40, blank=True, default="")
    value = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True,
        help_text="In the workspace's currency; empty while an exchange rate is missing.",
    )  # fmt: skip
    first_at = models.DateTimeField()
    ended_at = models.DateTimeField(help_text="The conversion, or the last touch without one.")
    touches = models.PositiveIntegerField()
    country = models.CharField(max_length=2, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(touches__gte=1), name="attribution_journey_touched"),
            models.CheckConstraint(
                condition=Q(ended_at__gte=F("first_at")), name="attribution_journey_ends_later"
            ),
            models.CheckConstraint(
                condition=Q(conversion=None, conversion_type="")
                | (~Q(conversion=None) & ~Q(conversion_type="")),
                name="attribution_journey_type",
            ),
        ]
        indexes = [
            # What a model counts: the journeys that ended in a period.
            models.Index(fields=["workspace", "ended_at"], name="attribution_journey_ended"),
        ]

    def __str__(self) -> str:
        return str(self.journey_id)


class JourneyTouch(models.Model):
    """A touch in a journey: the numbers that the models read."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    journey = models.ForeignKey(
        Journey, on_delete=models.CASCADE, related_name="steps", db_index=False
    )
    touch = models.ForeignKey(Touchpoint, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, db_index=False)
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.PROTECT, db_index=False
    )
    ad = models.ForeignKey(Ad, null=True, blank=True, on_delete=models.PROTECT, db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["journey", "position"], name="attribution_journeytouch_place"
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1), name="attribution_journeytouch_position"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. of {self.journey_id}"
