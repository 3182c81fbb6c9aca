"""The tenant, its brake, and the rates that make its money comparable."""

from __future__ import annotations

import zoneinfo
from functools import cache

import pghistory
import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from workspaces.ids import uuid7
from workspaces.querysets import WorkspaceQuerySet


class BusinessMode(models.TextChoices):
    """What counts as revenue: cash at once, or value by pipeline stage."""

    DIRECT = "direct", "Direct sales"
    PIPELINE = "pipeline", "Sales pipeline"


@cache
def _zones() -> frozenset[str]:
    """Names of the zone database; to find them is a walk through its files."""
    return frozenset(zoneinfo.available_timezones())


def validate_time_zone(value: str) -> None:
    """Refuse names that the zone database does not know."""
    if value not in _zones():
        raise ValidationError(f"{value!r} is not a time zone; use a name such as Europe/Berlin.")


currency_code = RegexValidator(r"^[A-Z]{3}$", "Use a three-letter ISO currency code such as USD.")


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
class Workspace(models.Model):
    """One customer team; every other row belongs to exactly one."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3, default="USD", validators=[currency_code])
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    country = models.CharField(
        max_length=2,
        blank=True,
        db_default="",
        default="",
        validators=[RegexValidator(r"^[A-Z]{2}$", "Use a two-letter ISO country code such as DE.")],
        help_text="Of phones without a country code, where their person's is not known.",
    )
    mode = models.CharField(
        max_length=10, choices=BusinessMode.choices, default=BusinessMode.DIRECT
    )
    notice = models.TextField(
        blank=True, help_text="Shown on every page, e.g. where the data come from."
    )
    kill_switch = models.BooleanField(default=False, help_text="Stops every execution at claim.")
    kill_switch_reason = models.CharField(max_length=300, blank=True)
    kill_switch_at = models.DateTimeField(null=True, blank=True)
    is_sandbox = models.BooleanField(default=False, help_text="Lives on the sandbox platforms.")
    closed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Nobody enters, and nothing runs."
    )
    exported_at = models.DateTimeField(null=True, blank=True, editable=False)
    purged_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Nothing is left of it but this row."
    )
    data_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Set with the first data; currency and zone are then fixed.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(mode__in=BusinessMode.values), name="workspaces_workspace_mode"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(kill_switch=True),
                name="workspaces_workspace_closed_stands_still",
            ),
            models.CheckConstraint(
                condition=Q(purged_at=None) | Q(closed_at__isnull=False),
                name="workspaces_workspace_purged_is_closed",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="fixed_with_data",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("currency", "time_zone"),  # type: ignore[no-untyped-call]  # untyped
                condition=pgtrigger.Q(old__data_since__isnull=False)
                & (
                    pgtrigger.Q(old__currency__df=pgtrigger.F("new__currency"))
                    | pgtrigger.Q(old__time_zone__df=pgtrigger.F("new__time_zone"))
                ),
                func="RAISE EXCEPTION 'currency and time zone of a workspace with data are fixed'"
                " USING ERRCODE = 'check_violation';",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The zone in which this workspace's days are cut."""
        return zoneinfo.ZoneInfo(self.time_zone)


class KillSwitchEvent(models.Model):
    """Who pulled or released the brake, when and why. Append-only."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    is_on = models.BooleanField()
    reason = models.CharField(max_length=300)
    by = models.ForeignKey("workspaces.User", null=True, on_delete=models.PROTECT)
    by_label = models.CharField(max_length=200)
    proposal = models.ForeignKey(
        "workspaces.Proposal", null=True, blank=True, on_delete=models.PROTECT
    )
    at = models.DateTimeField()

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{'on' if self.is_on else 'off'} by {self.by_label}"


class ExchangeRate(models.Model):
    """Units of ``quote`` for one unit of ``base`` on a day."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    day = models.DateField()
    base = models.CharField(max_length=3, validators=[currency_code])
    quote = models.CharField(max_length=3, validators=[currency_code])
    rate = models.DecimalField(max_digits=20, decimal_places=10, validators=[MinValueValidator(0)])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "base", "quote", "day"],
                name="workspaces_exchangerate_one_a_day",
                violation_error_message="There is a rate for this pair and day already.",
            ),
            models.CheckConstraint(
                condition=Q(rate__gt=0), name="workspaces_exchangerate_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: 1 {self.base} = {self.rate} {self.quote}"
