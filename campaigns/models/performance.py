"""What happened, per platform day."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from campaigns.models.entities import Ad, AdAccount, AdSet, Campaign
from workspaces.models import Workspace


class Level(models.TextChoices):
    """Level of a performance row."""

    CAMPAIGN = "campaign", "Campaign"
    AD_SET = "ad_set", "Ad set"
    AD = "ad", "Ad"


def _money(**options: object) -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    return models.DecimalField(max_digits=20, decimal_places=6, **options)  # type: ignore[arg-type]  # passed through


class DailyPerformance(models.Model):
    """One day of one campaign, ad set or ad, in the account's currency and reporting day."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    account = models.ForeignKey(AdAccount, on_delete=models.PROTECT)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT)
    ad_set = models.ForeignKey(AdSet, null=True, blank=True, on_delete=models.PROTECT)
    ad = models.ForeignKey(Ad, null=True, blank=True, on_delete=models.PROTECT)
    level = models.CharField(max_length=8, choices=Level.choices)
    day = models.DateField()
    impressions = models.BigIntegerField(default=0)
    reach = models.BigIntegerField(null=True, blank=True, help_text="Never summed over days.")
    clicks = models.BigIntegerField(default=0)
    engagement = models.BigIntegerField(default=0)
    spend = _money(default=0)
    conversions = _money(default=0)
    revenue = _money(default=0)
    pipeline_value = _money(default=0)
    installs = models.BigIntegerField(default=0)
    retained_day_1 = models.BigIntegerField(null=True, blank=True)
    retained_day_7 = models.BigIntegerField(null=True, blank=True)
    retained_day_30 = models.BigIntegerField(null=True, blank=True)
    revenue_day_7 = _money(null=True, blank=True)
    revenue_day_30 = _money(null=True, blank=True)
    predicted_ltv = _money(null=True, blank=True)
    is_derived = models.BooleanField(
        default=False, help_text="Amounts computed from the file's ratios."
    )
    source = models.CharField(max_length=10, default="sync")
    fetched_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "daily performance"
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "ad_set", "ad", "day"],
                nulls_distinct=False,
                name="campaigns_dailyperformance_once",
            ),
            models.CheckConstraint(
                condition=Q(level__in=Level.values), name="campaigns_dailyperformance_level"
            ),
            models.CheckConstraint(
                condition=Q(level="campaign", ad_set=None, ad=None)
                | Q(level="ad_set", ad_set__isnull=False, ad=None)
                | Q(level="ad", ad__isnull=False),
                name="campaigns_dailyperformance_level_fits",
            ),
            models.CheckConstraint(
                condition=Q(impressions__gte=0, clicks__gte=0, spend__gte=0, conversions__gte=0),
                name="campaigns_dailyperformance_not_negative",
            ),
        ]
        indexes = [
            # dashboards and totals: a workspace's days at the summing level
            models.Index(fields=["workspace", "level", "day"], name="campaigns_perf_days"),
            # the sampler and effects: one account's days
            models.Index(fields=["account", "level", "day"], name="campaigns_perf_account"),
            models.Index(
                fields=["ad_set", "day"],
                condition=Q(ad_set__isnull=False),
                name="campaigns_perf_ad_set",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.level}"
