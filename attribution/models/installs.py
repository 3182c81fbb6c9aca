"""Installs of an app, and the sessions of those who installed it.

What an install's row says of sessions is derived from them (``services/installs``): days are the
workspace's, day 0 is the day of the install, ``7 days`` are days 0–6. What cannot be known yet is
empty. The mean of ``arpu``, ``arppu`` or a value over any set of rows is that set's figure.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When

from campaigns.models import Ad, Campaign, Creative
from workspaces.models import Workspace


class InstallSource(models.TextChoices):
    """Whether an ad brought somebody."""

    PAID = "paid", "Paid"
    ORGANIC = "organic", "Organic"


class DeviceType(models.TextChoices):
    """Kind of device, by its system."""

    IOS = "ios", "iOS"
    ANDROID = "android", "Android"
    OTHER = "other", "Other"


class UserSegment(models.TextChoices):
    """How somebody uses the app, by what was seen of him."""

    POWER_USER = "power_user", "Power user"
    REGULAR = "regular", "Regular"
    CASUAL = "casual", "Casual"
    CHURNER = "churner", "Left"


class ChurnReason(models.TextChoices):
    """How we know that somebody left."""

    NO_RETURN = "no_return", "Never came back"
    INACTIVE = "inactive", "Stopped coming"
    UNINSTALLED = "uninstalled", "Removed the app"


def _text(length: int, **options: Any) -> models.CharField:  # type: ignore[type-arg]  # stubs want both
    return models.CharField(max_length=length, blank=True, default="", **options)


def _money(**options: Any) -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    return models.DecimalField(max_digits=20, decimal_places=6, **options)


def _active(day: int) -> models.BooleanField:  # type: ignore[type-arg]  # stubs want both
    return models.BooleanField(
        null=True, blank=True, help_text=f"Had a session on day {day}; empty before it is over."
    )


def _value(days: int) -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    return _money(
        null=True, blank=True,
        help_text=f"Value of the first {days} days; before they are over as the source states it.",
    )  # fmt: skip


class UserInstall(models.Model):
    """A user of an app: where he came from, and what became of him. Money is the workspace's."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    user_id = models.CharField(max_length=120, help_text="As the app names the user.")
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT)
    # Looked up for whole statements at once, by a trigger that also wants them to fit together:
    # campaign, creative and ad are of the workspace, and the ad is of the campaign.
    creative = models.ForeignKey(
        Creative, null=True, blank=True, on_delete=models.PROTECT, db_index=False,
        db_constraint=False,
    )  # fmt: skip
    ad = models.ForeignKey(Ad, null=True, blank=True, on_delete=models.PROTECT, db_constraint=False)
    channel = models.CharField(max_length=40, help_text="Slug of the marketing channel.")
    source = models.CharField(max_length=7, choices=InstallSource.choices)
    installed_on = models.DateField(help_text="In the workspace's time zone.")
    device_type = models.CharField(
        max_length=7, choices=DeviceType.choices, default=DeviceType.OTHER
    )
    device_model = _text(80)
    os_version = _text(20)
    country = _text(2)
    region = _text(80)
    city = _text(80)
    active_on_day_1 = _active(1)
    active_on_day_3 = _active(3)
    active_on_day_7 = _active(7)
    active_on_day_30 = _active(30)
    sessions_7_days = models.PositiveIntegerField(default=0)
    sessions_30_days = models.PositiveIntegerField(default=0)
    mean_session_minutes = models.FloatField(default=0)
    total_minutes = models.FloatField(default=0)
    is_payer = models.BooleanField(default=False)
    first_purchase_day = models.PositiveIntegerField(
        null=True, blank=True, help_text="Days after the install."
    )
    revenue_total = _money(default=0)
    revenue_7_days = _money(default=0)
    revenue_30_days = _money(default=0)
    ltv_7_days = _value(7)
    ltv_30_days = _value(30)
    ltv_90_days = _value(90)
    ltv_180_days = _value(180)
    arpu = models.GeneratedField(
        expression=F("revenue_total"),  # type: ignore[arg-type]  # a column is an expression
        output_field=_money(),
        db_persist=True,
    )
    arppu = models.GeneratedField(
        expression=Case(When(is_payer=True, then=F("revenue_total")), default=Value(None)),
        output_field=_money(null=True),
        db_persist=True,
    )
    segment = models.CharField(
        max_length=10, choices=UserSegment.choices, default=UserSegment.CASUAL
    )
    is_churned = models.BooleanField(default=False)
    churned_on = models.DateField(null=True, blank=True, help_text="The day after the last one.")
    days_to_churn = models.PositiveIntegerField(null=True, blank=True)
    churn_reason = _text(11, choices=ChurnReason.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "user_id"],
                name="attribution_install_once",
                violation_error_message="This user is known already.",
            ),
            # What sessions point to: an install of their own workspace.
            models.UniqueConstraint(fields=["workspace", "id"], name="attribution_install_of"),
            models.CheckConstraint(
                condition=Q(source__in=InstallSource.values), name="attribution_install_source"
            ),
            models.CheckConstraint(
                condition=~Q(source="organic") | Q(campaign=None, creative=None, ad=None),
                name="attribution_install_organic",
                violation_error_message="An organic install has no campaign, creative or ad.",
            ),
            models.CheckConstraint(
                condition=~Q(user_id="") & ~Q(channel=""), name="attribution_install_named"
            ),
            models.CheckConstraint(
                condition=Q(device_type__in=DeviceType.values), name="attribution_install_device"
            ),
            models.CheckConstraint(
                condition=Q(segment__in=UserSegment.values), name="attribution_install_segment"
            ),
            models.CheckConstraint(
                condition=Q(is_payer=True, first_purchase_day__isnull=False, revenue_total__gt=0)
                | Q(is_payer=False, first_purchase_day=None, revenue_total=0),
                name="attribution_install_payer",
                violation_error_message="Who pays has a first purchase and revenue, nobody else.",
            ),
            models.CheckConstraint(
                condition=Q(revenue_7_days__gte=0, revenue_7_days__lte=F("revenue_30_days"))
                & Q(revenue_30_days__lte=F("revenue_total"))
                & Q(sessions_7_days__lte=F("sessions_30_days")),
                name="attribution_install_grows",
                violation_error_message="What came in 7 days is part of what came in 30.",
            ),
            models.CheckConstraint(
                condition=Q(
                    is_churned=True, churned_on__isnull=False, days_to_churn__isnull=False,
                    churn_reason__in=ChurnReason.values,
                )
                | Q(is_churned=False, churned_on=None, days_to_churn=None, churn_reason=""),
                name="attribution_install_churn",
                violation_error_message="Who left has a day and a reason, nobody else.",
            ),
        ]  # fmt: skip
        indexes = [
            # Cohorts: a workspace's installs by day and channel.
            models.Index(
                fields=["workspace", "installed_on", "channel"], name="attribution_install_cohort"
            ),
        ]

    def __str__(self) -> str:
        return self.user_id


class UserSession(models.Model):
    """One use of the app. Partitioned by month of ``day``.

    Its unique key is (workspace, session id, day); ``id`` is one of the whole table.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    session_id = models.CharField(max_length=120, help_text="As the app names the session.")
    # (workspace, install) is an install of that workspace. A trigger looks once per statement: a
    # key would look once per row, which costs as much as storing the row.
    install = models.ForeignKey(
        UserInstall, on_delete=models.PROTECT, db_index=False, db_constraint=False,
        related_name="sessions", help_text="The user.",
    )  # fmt: skip
    started_at = models.DateTimeField()
    day = models.DateField(help_text="Of its start, in the workspace's time zone.")
    seconds = models.PositiveIntegerField()
    events = models.JSONField(default=dict, db_default={}, blank=True, help_text="Event → times.")
    features = models.JSONField(default=list, db_default=[], blank=True, help_text="Features used.")
    revenue = _money(default=0, db_default=0, help_text="In the workspace's currency.")
    quality = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(100)], help_text="0–100."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "session_id", "day"], name="attribution_usersession_once"
            ),
            models.CheckConstraint(
                condition=Q(revenue__gte=0, seconds__gte=0, seconds__lte=86_400, quality__lte=100),
                name="attribution_usersession_figures",
                violation_error_message="A session lasts up to a day; revenue is not negative.",
            ),
            models.CheckConstraint(condition=~Q(session_id=""), name="attribution_usersession_id"),
        ]
        indexes = [
            # One user's sessions in order.
            models.Index(fields=["install", "started_at"], name="attribution_usersession_user"),
            # Who was there on a day: DAU and MAU from the index alone.
            models.Index(
                fields=["workspace", "day", "install"], name="attribution_usersession_day"
            ),
            # One session by its number; rows come in that order, so this costs next to none.
            BrinIndex(fields=["id"], name="attribution_usersession_number"),
        ]

    def __str__(self) -> str:
        return self.session_id
