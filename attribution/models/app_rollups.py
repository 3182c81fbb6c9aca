"""What installs and sessions come to by day and by cohort, so that pages need not count them.

Both tables are rebuilt from installs and sessions by the job ``app-users``
(``services/installs/rollups.py``); nothing else writes them. A user has one install and so one
channel, therefore users of several channels may be added up.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from attribution.models.installs import InstallSource
from workspaces.models import Workspace


def _money(**options: object) -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    return models.DecimalField(max_digits=20, decimal_places=6, **options)  # type: ignore[arg-type]  # passed through


class AppDay(models.Model):
    """A channel's users on a day; a day without a row, up to the newest one, had nobody."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    day = models.DateField(help_text="In the workspace's time zone.")
    channel = models.CharField(max_length=40, help_text="That brought the users.")
    source = models.CharField(max_length=7, choices=InstallSource.choices)
    installs = models.PositiveIntegerField(default=0)
    active = models.PositiveIntegerField(default=0, help_text="Users with a session on the day.")
    active_30 = models.PositiveIntegerField(
        default=0, help_text="Users with a session on the day or the 29 before it."
    )
    sessions = models.PositiveIntegerField(default=0)
    revenue = _money(default=0, help_text="Of these sessions, in the workspace's currency.")
    numbers = models.BigIntegerField(
        default=0, db_default=0, editable=False,
        help_text="Sum of the keys of what was counted: tells whether it is still the same.",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "day", "channel", "source"], name="attribution_appday_once"
            ),
            models.CheckConstraint(
                condition=Q(source__in=InstallSource.values), name="attribution_appday_source"
            ),
            models.CheckConstraint(
                condition=Q(active__lte=F("active_30"))
                & Q(active__lte=F("sessions"))
                & Q(revenue__gte=0),
                name="attribution_appday_figures",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.channel}"


class AppCohort(models.Model):
    """Those who installed on a day, from a channel and a country; what is too early is empty."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    installed_on = models.DateField(help_text="In the workspace's time zone.")
    channel = models.CharField(max_length=40)
    source = models.CharField(max_length=7, choices=InstallSource.choices)
    country = models.CharField(max_length=2, blank=True, default="")
    users = models.PositiveIntegerField()
    retained_1 = models.PositiveIntegerField(
        null=True, blank=True, help_text="Users with a session on day 1."
    )
    retained_7 = models.PositiveIntegerField(null=True, blank=True)
    retained_30 = models.PositiveIntegerField(null=True, blank=True)
    payers = models.PositiveIntegerField(default=0, help_text="Users who paid so far.")
    revenue_7 = _money(null=True, blank=True, help_text="Of days 0 to 6.")
    revenue_30 = _money(null=True, blank=True, help_text="Of days 0 to 29.")
    revenue = _money(default=0, help_text="So far.")
    valued = models.PositiveIntegerField(
        default=0, help_text="Users whose value of 180 days is known."
    )
    value_180 = _money(default=0, help_text="Value of 180 days of those users.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "installed_on", "channel", "source", "country"],
                name="attribution_appcohort_once",
            ),
            models.CheckConstraint(
                condition=Q(source__in=InstallSource.values), name="attribution_appcohort_source"
            ),
            models.CheckConstraint(
                condition=Q(users__gt=0, payers__lte=F("users"), valued__lte=F("users"))
                & (Q(retained_1=None) | Q(retained_1__lte=F("users")))
                & (Q(retained_7=None) | Q(retained_7__lte=F("users")))
                & (Q(retained_30=None) | Q(retained_30__lte=F("users"))),
                name="attribution_appcohort_users",
            ),
            models.CheckConstraint(
                condition=Q(revenue__gte=0, value_180__gte=0)
                & (Q(revenue_7=None) | Q(revenue_7__gte=0))
                & (Q(revenue_30=None) | Q(revenue_30__gte=0)),
                name="attribution_appcohort_money",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.installed_on} {self.channel} {self.country}".strip()
