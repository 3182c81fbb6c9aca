"""Configured attribution models, their runs, and what each run gave to whom."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from attribution.engine.multi_touch import HALF_LIFE_DAYS
from attribution.models.journeys import Channel
from campaigns import metrics
from campaigns.models import Ad, Campaign
from workspaces.models import Workspace

LOOKBACK_DAYS = 30


class Method(models.TextChoices):
    """How a model shares a conversion out."""

    FIRST = "first", "First touch"
    LAST = "last", "Last touch"
    LAST_NON_DIRECT = "last_non_direct", "Last non-direct"
    LINEAR = "linear", "Linear"
    LINEAR_UNIQUE = "linear_unique", "Linear, each channel once"
    TIME_DECAY = "time_decay", "Time decay"
    POSITION_BASED = "position_based", "Position based"
    W_SHAPED = "w_shaped", "W-shaped"
    MARKOV = "markov", "Markov chain"
    SHAPLEY = "shapley", "Shapley"
    SHAPLEY_RATE = "shapley_rate", "Shapley on rates"


class CreditLevel(models.TextChoices):
    """To whom credit goes."""

    CHANNEL = "channel", "Channel"
    CAMPAIGN = "campaign", "Campaign"
    AD = "ad", "Ad"


def _money(**options: object) -> models.DecimalField:  # type: ignore[type-arg]  # stubs want both
    return models.DecimalField(max_digits=20, decimal_places=6, **options)  # type: ignore[arg-type]  # passed through


class AttributionModel(models.Model):
    """A way of sharing credit, with its settings; every active one runs each night."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    method = models.CharField(max_length=16, choices=Method.choices)
    levels = ArrayField(
        models.CharField(max_length=8, choices=CreditLevel.choices),
        help_text="Channel, campaign, ad: what it is worked out for.",
    )
    order = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(3)],
        help_text="Markov chain: how many touches a state remembers, 1 to 3.",
    )  # fmt: skip
    half_life_days = models.FloatField(default=HALF_LIFE_DAYS, help_text="Time decay.")
    weights = ArrayField(
        models.FloatField(), default=list, blank=True,
        help_text="Position based: first, middle, last. W-shaped: first, middle, last, rest.",
    )  # fmt: skip
    is_active = models.BooleanField(default=True)
    is_default = models.BooleanField(
        default=False, help_text="The one that daily figures and pages show first."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="attribution_model_once",
                violation_error_message="There is a model of this name already.",
            ),
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(is_default=True),
                name="attribution_model_one_default",
                violation_error_message="Another model is the default; switch that off first.",
            ),
            models.CheckConstraint(
                condition=Q(method__in=Method.values), name="attribution_model_method"
            ),
            models.CheckConstraint(
                condition=Q(order__gte=1, order__lte=3), name="attribution_model_order"
            ),
            models.CheckConstraint(
                condition=Q(half_life_days__gt=0), name="attribution_model_half_life"
            ),
            models.CheckConstraint(
                condition=Q(levels__contained_by=CreditLevel.values) & Q(levels__len__gte=1),
                name="attribution_model_levels",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Say what is wrong with the weights before the engine does."""
        wanted = {Method.POSITION_BASED: 3, Method.W_SHAPED: 4}.get(Method(self.method), 0)
        if self.weights and len(self.weights) != wanted:
            raise ValidationError({"weights": f"This method takes {wanted or 'no'} weights."})
        if self.weights and (
            min(self.weights) < 0 or abs(sum(self.weights) - 1) > 1e-9
        ):  # rounding
            raise ValidationError({"weights": "They must be zero or more and add up to 1."})


class Figures(models.Model):
    """Share of the conversions of a run, with its cost."""

    conversions = models.FloatField()
    revenue = _money()
    cost = _money(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def roas(self) -> Decimal | None:
        """Revenue over cost."""
        return None if self.cost is None else metrics.roas(self.revenue, self.cost)

    @property
    def roi(self) -> Decimal | None:
        """Revenue less cost, over cost."""
        return None if self.cost is None else metrics.roi(self.revenue, self.cost)


class AttributionRun(Figures):
    """One run of one model over one period: what went in and how it came out."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    model = models.ForeignKey(AttributionModel, on_delete=models.PROTECT, related_name="runs")
    level = models.CharField(max_length=8, choices=CreditLevel.choices)
    since = models.DateField()
    until = models.DateField(help_text="Included.")
    conversion_type = models.CharField(max_length=40, blank=True, default="")
    lookback_days = models.PositiveSmallIntegerField()
    options = models.JSONField(default=dict)
    code_version = models.CharField(max_length=40)
    watermark = models.DateTimeField(
        null=True, blank=True, help_text="Newest conversion or touch that was in."
    )
    data_sha256 = models.CharField(max_length=64, help_text="Of the journeys that went in.")
    ran_at = models.DateTimeField()
    duration_ms = models.FloatField()
    journeys = models.PositiveIntegerField()
    converted = models.PositiveIntegerField()
    without_rate = models.PositiveIntegerField(
        default=0, help_text="Conversions counted without money: an exchange rate is missing."
    )
    mean_touches = models.FloatField(null=True, blank=True)
    mean_hours = models.FloatField(null=True, blank=True)
    summary = models.JSONField(
        default=dict, blank=True, help_text="Of channel runs: paths, lengths, times, regions."
    )
    top_channel = models.ForeignKey(
        Channel, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    top_campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gte=F("since")), name="attribution_run_ends_later"
            ),
            models.CheckConstraint(
                condition=Q(level__in=CreditLevel.values), name="attribution_run_level"
            ),
            models.CheckConstraint(
                condition=Q(converted__lte=F("journeys")), name="attribution_run_converted"
            ),
        ]
        indexes = [
            # The newest run of each model for one period, as the page asks for it.
            models.Index(
                fields=["workspace", "since", "until", "conversion_type", "level", "model"],
                name="attribution_run_period",
            ),
            models.Index(fields=["workspace", "ran_at"], name="attribution_run_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.since} to {self.until}"


class AttributionCredit(Figures):
    """What one channel, campaign or ad earned in a run."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    run = models.ForeignKey(
        AttributionRun, on_delete=models.CASCADE, related_name="credits", db_index=False
    )
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, db_index=False)
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.PROTECT, db_index=False
    )
    ad = models.ForeignKey(Ad, null=True, blank=True, on_delete=models.PROTECT, db_index=False)
    share = models.FloatField(help_text="Of the conversions of the run, 0 to 1.")
    conversions_low = models.FloatField(null=True, blank=True)
    conversions_high = models.FloatField(null=True, blank=True)
    revenue_low = _money(null=True, blank=True)
    revenue_high = _money(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "channel", "campaign", "ad"],
                nulls_distinct=False,
                name="attribution_credit_once",
            ),
            models.CheckConstraint(
                condition=Q(conversions_low=None) | Q(conversions_low__lte=F("conversions_high")),
                name="attribution_credit_interval",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversions:g} of {self.run_id}"


class ChannelPerformance(models.Model):
    """A day of a channel, campaign and customer segment: messages, conversions, money.

    Message counts are registered by whoever sends; the rest is written after each night.
    Amounts are in the workspace's currency.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    day = models.DateField()
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT)
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT)
    customer_segment = models.CharField(max_length=120, blank=True, default="")
    sent = models.PositiveIntegerField(default=0)
    delivered = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    clicked = models.PositiveIntegerField(default=0)
    replied = models.PositiveIntegerField(default=0)
    conversions = models.PositiveIntegerField(default=0, help_text="By their last touch.")
    revenue = _money(default=0)
    attributed_conversions = models.FloatField(default=0)
    attributed_revenue = _money(default=0)
    model_name = models.CharField(max_length=80, blank=True, default="")
    cost = _money(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "channel_performance"
        verbose_name_plural = "channel performance"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "day", "channel", "campaign", "customer_segment"],
                nulls_distinct=False,
                name="attribution_performance_once",
            ),
        ]
        indexes = [
            # One channel over time.
            models.Index(
                fields=["workspace", "channel", "day"], name="attribution_performance_days"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.channel_id}"
