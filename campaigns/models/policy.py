"""The safety policy: numbers people set, kept as immutable versions."""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from campaigns.models.entities import AdAccount
from workspaces.models import User, Workspace

_SHARE = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))]
_POSITIVE = [MinValueValidator(Decimal(0))]


def _money(default: int | None = None, help_text: str = "") -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    """Amount a day in the workspace's currency; empty: no limit."""
    return models.DecimalField(
        max_digits=20,
        decimal_places=6,
        default=default,
        null=default is None,
        blank=default is None,
        validators=_POSITIVE,
        help_text=help_text,
    )


def _pct(default: int, highest: int, help_text: str = "") -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    """Percentage, 0 to ``highest``."""
    return models.DecimalField(
        max_digits=6,
        decimal_places=2,
        default=default,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(highest))],
        help_text=help_text,
    )


def _share(default: str, help_text: str = "") -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    """Share, 0 to 1."""
    return models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal(default),
        validators=_SHARE,
        help_text=help_text,
    )


def _number(default: str, help_text: str = "") -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    """Number without unit, or in the unit its name tells."""
    return models.DecimalField(
        max_digits=12,
        decimal_places=4,
        default=Decimal(default),
        validators=_POSITIVE,
        help_text=help_text,
    )


class SafetyPolicy(models.Model):
    """One version of the limits of a workspace, or of one ad account in it (a full override).

    The newest version with ``effective_at`` holds. A version is never edited; one that loosens a
    limit takes effect when a second admin or approver confirms it.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    account = models.ForeignKey(
        AdAccount,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        help_text="Empty: for the whole workspace.",
    )
    version = models.PositiveIntegerField()
    why = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    loosens = models.JSONField(default=list, help_text="Fields that allow more than before.")
    confirmed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    effective_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    jitter_min_ms = models.PositiveIntegerField("jitter from (ms)", default=3000)
    jitter_max_ms = models.PositiveIntegerField("jitter to (ms)", default=18000)
    fuzz_pct = _pct(0, 3, "Budgets are moved by up to this much, so that amounts are not round.")
    rate_campaign_hour = models.PositiveIntegerField("calls per campaign and hour", default=15)
    rate_workspace_day = models.PositiveIntegerField("calls per workspace and day", default=100)
    platform_rate_hour = models.PositiveIntegerField(
        "budget changes per ad set and hour", default=4
    )
    velocity_pct = _pct(20, 100, "Largest move of one budget within the window, up or down.")
    velocity_window_h = models.PositiveIntegerField("velocity window (hours)", default=6)
    min_daily_budget = _money(1)
    max_daily_budget = _money(None, "Per entity. Empty: no limit.")
    max_workspace_daily_total = _money(None, "Sum of all daily budgets. Empty: no limit.")
    max_change_pct = _pct(50, 100, "Largest change of one decision.")
    learning_mode = models.CharField(
        max_length=8, choices=[("block", "Wait"), ("warning", "Warn only")], default="block"
    )
    learning_edit_pct = _pct(20, 100, "Our guard: larger edits wait while an ad set is learning.")
    freshness_h = models.PositiveIntegerField("oldest data for automatic changes (h)", default=24)
    blackout_weekly = models.JSONField(
        default=list, blank=True, help_text='[[weekday 0-6, "HH:MM", "HH:MM"], …], workspace time'
    )
    blackout_dates = models.JSONField(default=list, blank=True, help_text='["2026-12-24", …]')
    drift_pct = _pct(1, 100, "A live budget further from the signed 'before' than this is drift.")
    auto_approve_enabled = models.BooleanField(default=False)
    auto_max_change_pct = _pct(10, 100)
    auto_max_increase = _money(100)
    auto_max_result = _money(500)
    auto_min_confidence = _share("0.85")
    four_eyes_result = _money(1000, "A budget above this needs two signatures.")
    high_pause_spend = _money(100, "Pausing what spends this much a day is high risk.")
    high_change_pct = _pct(30, 100)
    medium_change_pct = _pct(10, 100)
    medium_confidence = _share("0.70")
    expiry_h = models.PositiveIntegerField("expiry without decision (h)", default=24)
    ignorance_zone_days = _number("2.0")
    ignorance_zone_spend = _money(100)
    ignorance_rule = models.CharField(
        max_length=3, choices=[("or", "either"), ("and", "both")], default="or"
    )
    min_spend_for_kill = _money(200)
    kill_pipeline_roas = _number("0.5")
    scale_pipeline_roas = _number("3.0")
    roas_threshold = _number("2.0")
    max_budget_change = _share("0.50")
    confidence_threshold = _share("0.70")
    decay_form = models.CharField(
        max_length=12,
        choices=[("frequency", "By frequency"), ("impressions", "By impressions")],
        default="frequency",
    )

    class Meta:
        verbose_name_plural = "safety policies"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "account", "version"],
                nulls_distinct=False,
                name="campaigns_safetypolicy_version",
            ),
            models.CheckConstraint(
                condition=Q(jitter_min_ms__lte=models.F("jitter_max_ms")),
                name="campaigns_safetypolicy_jitter",
                violation_error_message="The shortest jitter must not exceed the longest.",
            ),
            models.CheckConstraint(
                condition=Q(fuzz_pct__gte=0, fuzz_pct__lte=3), name="campaigns_safetypolicy_fuzz"
            ),
            models.CheckConstraint(
                condition=Q(auto_min_confidence__gte=models.F("confidence_threshold")),
                name="campaigns_safetypolicy_auto_confidence",
                violation_error_message=(
                    "Auto-approval cannot ask for less confidence than the sampler does."
                ),
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=models.F("created_by")),
                name="campaigns_safetypolicy_confirmed_by_another",
                violation_error_message="A second person must confirm a looser policy.",
            ),
            models.CheckConstraint(
                condition=Q(effective_at=None) | Q(loosens=[]) | Q(confirmed_by__isnull=False),
                name="campaigns_safetypolicy_looser_is_confirmed",
                violation_error_message="A looser policy holds once a second person confirms it.",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="immutable", exclude=["confirmed_by", "effective_at", "withdrawn_at"]
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Name of this version as signatures and plans record it."""
        scope = f"account {self.account_id} " if self.account_id else ""
        return f"safety policy {scope}v{self.version}"
