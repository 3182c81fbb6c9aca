"""Websites that send events: their keys, their pages' stages, and what was not taken."""

from __future__ import annotations

import secrets

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from attribution.engine.web_events import DEFAULT_CONVERSIONS
from workspaces.ids import uuid7
from workspaces.models import Workspace


def new_site_key() -> str:
    """A key for a snippet: public by nature, so it only has to be unlike any other."""
    return f"cs_{secrets.token_hex(12)}"


def _default_conversions() -> list[str]:
    return list(DEFAULT_CONVERSIONS)


class FunnelStage(models.TextChoices):
    """How far a page is on the way to a conversion, furthest last."""

    BROWSING = "browsing", "Browsing"
    HOME = "home", "Home"
    PRODUCT = "product", "Product"
    CART = "cart", "Cart"
    CHECKOUT = "checkout", "Checkout"
    CONVERSION = "conversion", "Conversion"


class Site(models.Model):
    """A website whose pages carry the tracking script."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=120)
    key = models.CharField(max_length=40, unique=True, default=new_site_key, editable=False)
    origins = ArrayField(
        models.CharField(max_length=200),
        default=list,
        help_text="Where its pages live, one each: https://shop.example. Browsers elsewhere are "
        "refused.",
    )
    is_active = models.BooleanField(default=True)
    conversion_events = ArrayField(
        models.CharField(max_length=120),
        default=_default_conversions,
        blank=True,
        help_text="Names of events that count as a conversion.",
    )
    records_conversions = models.BooleanField(
        default=True,
        help_text="Its conversion events become conversions of attribution. Switch it off where "
        "your server sends them too, under ids of its own.",
    )
    session_timeout_minutes = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 60)],
        help_text="A session ends after so many minutes without an event.",
    )
    splits_at_midnight = models.BooleanField(
        default=False, help_text="A new session begins with each day of the workspace."
    )
    splits_on_campaign = models.BooleanField(
        default=True, help_text="A new session begins when somebody comes back through another ad."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="attribution_site_named_once",
                violation_error_message="There is a website of this name already.",
            ),
            # What events point to: a site of another workspace is no site of theirs.
            models.UniqueConstraint(fields=["workspace", "id"], name="attribution_site_of"),
            models.CheckConstraint(
                condition=Q(session_timeout_minutes__gte=1, session_timeout_minutes__lte=1440),
                name="attribution_site_timeout",
                violation_error_message="A session times out after 1 to 1440 minutes.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StageRule(models.Model):
    """Which pages are which stage of a site; the first rule that fits counts."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="stage_rules")
    position = models.PositiveSmallIntegerField(default=1)
    pattern = models.CharField(
        max_length=200, help_text="A path; * stands for anything: /product/*, */thank-you*."
    )
    stage = models.CharField(max_length=10, choices=FunnelStage.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "pattern"],
                name="attribution_stagerule_once",
                violation_error_message="This site has a rule for that pattern already.",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=FunnelStage.values), name="attribution_stagerule_stage"
            ),
            models.CheckConstraint(condition=~Q(pattern=""), name="attribution_stagerule_pattern"),
        ]

    def __str__(self) -> str:
        return f"{self.pattern}: {self.get_stage_display()}"


class VisitorSalt(models.Model):
    """What visitors without consent are hashed with for one day; then it is forgotten."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    day = models.DateField(help_text="In the workspace's time zone.")
    secret = models.TextField(help_text="Encrypted.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "day"], name="attribution_visitorsalt_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.day)


class WebTally(models.Model):
    """How many events of a day were not taken, and why."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    site = models.ForeignKey(Site, on_delete=models.CASCADE)
    day = models.DateField()
    reason = models.CharField(max_length=40)
    events = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "web tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["site", "day", "reason"], name="attribution_webtally_once"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="attribution_webtally_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.reason}: {self.events}"


class QuarantinedEvent(models.Model):
    """A sample of an event that could not be read, and what is wrong with it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    site = models.ForeignKey(Site, on_delete=models.CASCADE)
    received_at = models.DateTimeField()
    field = models.CharField(max_length=120)
    message = models.CharField(max_length=300)
    payload = models.TextField(help_text="As it came, cut to 4,000 characters.")

    class Meta:
        indexes = [
            # The newest of a site; the purge, the oldest.
            models.Index(fields=["site", "received_at"], name="attribution_quarantine_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class SessionWork(models.Model):
    """A visitor with events that no session holds yet: the sessioniser's queue."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    visitor_key = models.UUIDField()
    since = models.DateTimeField(help_text="The earliest of the events.")
    received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "session work"
        indexes = [
            # The oldest waiting row of a workspace: what comes next, and how far sessions are.
            models.Index(fields=["workspace", "id"], name="attribution_sessionwork_next"),
        ]

    def __str__(self) -> str:
        return str(self.visitor_key)


class RollupWork(models.Model):
    """A day of a site whose figures have to be counted again."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    site = models.ForeignKey(Site, on_delete=models.CASCADE)
    day = models.DateField(help_text="In the workspace's time zone.")

    class Meta:
        verbose_name_plural = "rollup work"
        constraints = [
            models.UniqueConstraint(fields=["site", "day"], name="attribution_rollupwork_once")
        ]

    def __str__(self) -> str:
        return str(self.day)


class WebDay(models.Model):
    """What happened on a site on a day, in total and by one dimension: what pages read."""

    class Dimension(models.TextChoices):
        """What a day is broken down by; ``total`` has one row without a key."""

        TOTAL = "total", "Total"
        CHANNEL = "channel", "Channel"
        SOURCE = "source", "Source"
        CAMPAIGN = "campaign", "Campaign"
        LANDING = "landing", "Landing page"
        PAGE = "page", "Page"
        EVENT = "event", "Event"
        DEVICE = "device", "Device"
        BROWSER = "browser", "Browser"
        OS = "os", "Operating system"
        COUNTRY = "country", "Country"
        CUSTOMER = "customer", "Customer type"
        HOUR = "hour", "Hour"

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, db_index=False)
    day = models.DateField(help_text="In the workspace's time zone.")
    dimension = models.CharField(max_length=8, choices=Dimension.choices)
    key = models.CharField(max_length=500, blank=True, default="")
    visitors = models.PositiveIntegerField(default=0, help_text="Different ones of this day.")
    sessions = models.PositiveIntegerField(default=0)
    page_views = models.PositiveIntegerField(default=0)
    events = models.PositiveIntegerField(default=0)
    entries = models.PositiveIntegerField(default=0, help_text="Sessions that began on the page.")
    exits = models.PositiveIntegerField(default=0, help_text="Sessions that ended on the page.")
    bounces = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    scroll_sum = models.PositiveBigIntegerField(default=0, help_text="Depths of all page views.")
    conversions = models.PositiveIntegerField(default=0)
    value = models.DecimalField(
        max_digits=20, decimal_places=6, default=0, help_text="In the workspace's currency."
    )

    class Meta:
        constraints = [
            # Also what pages read by: a site's days of one dimension.
            models.UniqueConstraint(
                fields=["site", "dimension", "day", "key"], name="attribution_webday_once"
            ),
            models.CheckConstraint(
                condition=Q(visitors__lte=F("sessions") + F("page_views") + F("events")),
                name="attribution_webday_visitors",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.dimension} {self.key}"
