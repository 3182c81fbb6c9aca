"""What visitors did, as it came (``WebEvent``), and page by page (``PageView``).

Both tables are partitioned by ``day``, the day of the event's own id, so that a repetition meets
the row that it repeats and old days can be dropped. Their unique key is (site, day, event id);
Django is told of the last part, which is as good as unique.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from attribution.models.website import FunnelStage, Site
from workspaces.models import Workspace


class EventType(models.TextChoices):
    """What kind of thing happened."""

    PAGE_VIEW = "page_view", "Page view"
    CLICK = "click", "Click"
    FORM_SUBMIT = "form_submit", "Form sent"
    SCROLL = "scroll", "Scrolled"
    ENGAGEMENT = "engagement", "Engaged time"
    CUSTOM = "custom", "Event of its own"
    IDENTIFY = "identify", "Told who it is"


class EventCategory(models.TextChoices):
    """What an event is a sign of."""

    ENGAGEMENT = "engagement", "Engagement"
    CONVERSION = "conversion", "Conversion"
    NAVIGATION = "navigation", "Navigation"


def _text(length: int, **options: Any) -> models.CharField:  # type: ignore[type-arg]  # stubs want both
    return models.CharField(max_length=length, blank=True, default="", **options)


class WebEvent(models.Model):
    """One event of a website, as it came; append-only."""

    event_id = models.UUIDField(primary_key=True, help_text="UUIDv7 of the browser.")
    # The keys are one of the table: (workspace, site) → a site of that workspace.
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    day = models.DateField(help_text="Of the event's id, UTC.")
    visitor_key = models.UUIDField(
        help_text="With consent the browser's visitor id, else a hash that changes every day."
    )
    has_consent = models.BooleanField()
    client_session = models.UUIDField(null=True, blank=True)
    at = models.DateTimeField(help_text="By our clock.")
    received_at = models.DateTimeField()
    type = models.CharField(max_length=11, choices=EventType.choices)
    category = models.CharField(max_length=10, choices=EventCategory.choices)
    name = _text(120, help_text="Of an event of its own; else its type.")
    label = _text(200)
    page_id = models.UUIDField(null=True, blank=True, help_text="The page view it belongs to.")
    url = _text(2000)
    path = _text(500)
    title = _text(300)
    referrer = _text(2000)
    source = _text(120, help_text="Empty: it brought none, it came from the site itself.")
    medium = _text(120)
    campaign = _text(200)
    content = _text(200)
    term = _text(200)
    click_id_kind = _text(12)
    click_id = _text(500)
    is_tagged = models.BooleanField(help_text="Its address names a campaign or an ad click.")
    element_id = _text(200)
    element_class = _text(200)
    element_text = _text(200)
    element_type = _text(40)
    href = _text(2000)
    scroll = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Percent.")
    seconds = models.FloatField(null=True, blank=True, help_text="Engaged since the last one.")
    user_id = _text(120)
    value = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    currency = _text(3)
    device = _text(10)
    os = _text(40)
    browser = _text(40)
    country = _text(2)
    region = _text(80)
    city = _text(80)
    screen = _text(12)
    time_zone = _text(60)
    language = _text(20)
    variants = models.JSONField(default=dict, blank=True, help_text="Test key → variant key.")
    properties = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            # One visitor's events in order: the sessioniser, the timeline.
            models.Index(fields=["site", "visitor_key", "at"], name="attribution_webevent_visitor"),
            # Who is here now. Rows lie in the order in which they came, so this costs next to none.
            BrinIndex(fields=["received_at"], name="attribution_webevent_received"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(type__in=EventType.values), name="attribution_webevent_type"
            ),
            models.CheckConstraint(
                condition=Q(category__in=EventCategory.values),
                name="attribution_webevent_category",
            ),
            models.CheckConstraint(
                condition=Q(value=None) | Q(value__gte=0), name="attribution_webevent_value"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.type} {self.path}"


class PageView(models.Model):
    """A page that somebody saw, with what he did on it; made from events."""

    event_id = models.UUIDField(primary_key=True)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    day = models.DateField(help_text="Of the event's id, UTC.")
    local_day = models.DateField(help_text="In the workspace's time zone.")
    visitor_key = models.UUIDField()
    session_id = models.UUIDField(help_text="The session's public id.")
    position = models.PositiveIntegerField(help_text="In the session; the first is 1.")
    at = models.DateTimeField()
    url = _text(2000)
    path = _text(500)
    title = _text(300)
    referrer = _text(2000)
    stage = models.CharField(max_length=10, choices=FunnelStage.choices)
    is_conversion_page = models.BooleanField()
    is_exit = models.BooleanField(help_text="The last page of its session.")
    seconds = models.FloatField()
    scroll = models.PositiveSmallIntegerField(help_text="The depth that was reached, percent.")
    interactions = models.PositiveIntegerField(help_text="Clicks, forms and events of its own.")
    variants = models.JSONField(default=dict, blank=True, help_text="Test key → variant key.")

    class Meta:
        indexes = [
            models.Index(fields=["site", "visitor_key", "at"], name="attribution_pageview_visitor"),
            # The pages of a day, counted.
            models.Index(fields=["site", "local_day"], name="attribution_pageview_day"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(stage__in=FunnelStage.values), name="attribution_pageview_stage"
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1), name="attribution_pageview_position"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.path} at {self.at:%Y-%m-%d %H:%M}"
