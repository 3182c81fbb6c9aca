"""Visitors and their sessions, made from events by the sessioniser."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from attribution.models.clicks import CustomerType
from attribution.models.identity import Person
from attribution.models.journeys import channel_label
from attribution.models.website import FunnelStage, Site
from workspaces.ids import uuid7
from workspaces.models import Workspace


class LifecycleStage(models.TextChoices):
    """How close a visitor is to us."""

    ENGAGED = "engaged", "Engaged"
    LEAD = "lead", "Lead"
    CUSTOMER = "customer", "Customer"
    AT_RISK = "at_risk", "At risk"


def _text(length: int, **options: Any) -> models.CharField:  # type: ignore[type-arg]  # stubs want both
    return models.CharField(max_length=length, blank=True, default="", **options)


def _money() -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    return models.DecimalField(
        max_digits=20,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="In the workspace's currency; empty while an exchange rate is missing.",
    )


class Visitor(models.Model):
    """A browser with consent, or whoever looked alike on one day without it."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, db_index=False)
    key = models.UUIDField()
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL)
    has_consent = models.BooleanField()
    user_id = _text(120)
    first_source = _text(120)
    first_medium = _text(120)
    first_campaign = _text(200)
    first_url = _text(2000)
    first_referrer = _text(2000)
    utm_source = _text(120)
    utm_medium = _text(120)
    utm_campaign = _text(200)
    utm_content = _text(200)
    utm_term = _text(200)
    device = _text(10)
    os = _text(40)
    browser = _text(40)
    screen = _text(12)
    country = _text(2)
    region = _text(80)
    city = _text(80)
    time_zone = _text(60)
    language = _text(20)
    visits = models.PositiveIntegerField(default=0)
    page_views = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    first_conversion_at = models.DateTimeField(null=True, blank=True)
    conversions = models.PositiveIntegerField(default=0)
    value = _money()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    customer_type = models.CharField(
        max_length=9, choices=CustomerType.choices, blank=True, default="",
        help_text="Empty without consent: nobody can tell.",
    )  # fmt: skip
    lifecycle_stage = models.CharField(
        max_length=8, choices=LifecycleStage.choices, blank=True, default=""
    )
    lifecycle_reason = _text(200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "key"], name="attribution_visitor_once"),
            models.CheckConstraint(
                condition=Q(last_seen_at__gte=F("first_seen_at")),
                name="attribution_visitor_seen_later",
            ),
            models.CheckConstraint(
                condition=Q(customer_type__in=["", *CustomerType.values]),
                name="attribution_visitor_customer",
            ),
            models.CheckConstraint(
                condition=Q(lifecycle_stage__in=["", *LifecycleStage.values]),
                name="attribution_visitor_lifecycle",
            ),
        ]
        indexes = [
            # Whoever was here last.
            models.Index(fields=["workspace", "last_seen_at"], name="attribution_visitor_newest"),
        ]

    def __str__(self) -> str:
        return self.user_id or str(self.key)


class WebSession(models.Model):
    """One visit: events of a visitor with no long pause between them."""

    public_id = models.UUIDField(unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, db_index=False)
    visitor = models.ForeignKey(
        Visitor, on_delete=models.CASCADE, related_name="sessions", db_index=False
    )
    visitor_key = models.UUIDField()
    number = models.PositiveIntegerField(default=1, help_text="Of the visitor's; the first is 1.")
    chain_started_at = models.DateTimeField(
        help_text="Where the walk over events has to begin to make this session again."
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(help_text="Its last event.")
    local_day = models.DateField(help_text="Of its start, in the workspace's time zone.")
    source = models.CharField(max_length=120)
    medium = _text(120)
    channel = models.CharField(max_length=60)
    campaign = _text(200)
    content = _text(200)
    term = _text(200)
    click_id_kind = _text(12)
    click_id = _text(500)
    referrer = _text(2000)
    landing_page = _text(500)
    exit_page = _text(500)
    page_views = models.PositiveIntegerField()
    events = models.PositiveIntegerField(help_text="All but page views and engaged time.")
    seconds = models.FloatField()
    is_bounce = models.BooleanField(
        help_text="One page, nothing done on it, less than ten seconds of attention."
    )
    furthest_stage = models.CharField(max_length=10, choices=FunnelStage.choices)
    conversions = models.PositiveIntegerField(default=0)
    value = _money()
    engagement_score = models.PositiveSmallIntegerField(help_text="0 to 100.")
    customer_type = models.CharField(
        max_length=9, choices=CustomerType.choices, blank=True, default="",
        help_text="At its start; empty without consent.",
    )  # fmt: skip
    device = _text(10)
    os = _text(40)
    browser = _text(40)
    country = _text(2)
    region = _text(80)
    city = _text(80)
    variants = models.JSONField(default=dict, blank=True, help_text="Test key → variant key.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gte=F("started_at"), started_at__gte=F("chain_started_at")),
                name="attribution_websession_times",
            ),
            models.CheckConstraint(
                condition=Q(engagement_score__lte=100), name="attribution_websession_score"
            ),
            models.CheckConstraint(
                condition=Q(furthest_stage__in=FunnelStage.values),
                name="attribution_websession_stage",
            ),
            models.CheckConstraint(
                condition=Q(customer_type__in=["", *CustomerType.values]),
                name="attribution_websession_customer",
            ),
        ]
        indexes = [
            # One visitor's sessions in order.
            models.Index(fields=["visitor", "started_at"], name="attribution_websession_visitor"),
            models.Index(fields=["site", "visitor_key"], name="attribution_websession_key"),
            # A day's sessions, counted; the newest.
            models.Index(fields=["site", "local_day"], name="attribution_websession_day"),
            models.Index(fields=["workspace", "started_at"], name="attribution_websession_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.landing_page} at {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def has_converted(self) -> bool:
        """Whether anything was converted in it."""
        return self.conversions > 0

    @property
    def channel_name(self) -> str:
        """Name of its channel as people write it."""
        return channel_label(self.channel)
