"""Ad accounts and what lives in them: mirrors of the platforms, or imported as they are."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Case, Q, Value, When

from campaigns.platforms.registry import executes
from workspaces.ids import uuid7
from workspaces.models import Connection, Workspace
from workspaces.models.workspace import currency_code, validate_time_zone


class Platform(models.TextChoices):
    """Where an ad account lives. ``microsoft`` and ``other`` take imports only."""

    META = "meta", "Meta"
    GOOGLE = "google", "Google Ads"
    TIKTOK = "tiktok", "TikTok"
    LINKEDIN = "linkedin", "LinkedIn"
    MICROSOFT = "microsoft", "Microsoft Ads"
    OTHER = "other", "Other"


class DeliveryStatus(models.TextChoices):
    """Whether an entity is switched on, in the platforms' common words."""

    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    ARCHIVED = "archived", "Archived"
    REMOVED = "removed", "Removed"


class LearningStatus(models.TextChoices):
    """Learning phase as the platform reports it."""

    LEARNING = "learning", "Learning"
    STABLE = "stable", "Stable"
    LIMITED = "limited", "Learning limited"
    UNKNOWN = "unknown", "Not reported"


class LifeState(models.TextChoices):
    """How a campaign lives, as we see it."""

    LEARNING = "learning", "Learning"
    ACTIVE = "active", "Active"
    FATIGUED = "fatigued", "Fatigued"
    PAUSED = "paused", "Paused"


class CreativeFormat(models.TextChoices):
    """Form of a creative."""

    VIDEO = "video", "Video"
    IMAGE = "image", "Image"
    CAROUSEL = "carousel", "Carousel"
    NATIVE = "native", "Native"


class Entity(models.Model):
    """What every advertising entity has."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    external_id = models.CharField(max_length=120)
    name = models.CharField(max_length=300)
    status = models.CharField(
        max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.ACTIVE
    )
    effective_status = models.CharField(max_length=40, blank=True)
    mirrored_at = models.DateTimeField(
        null=True, blank=True, help_text="When the platform was last read."
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class BudgetOwner(models.Model):
    """Budget and bid, for the levels that may own them. Amounts in the account's currency."""

    daily_budget = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    lifetime_budget = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    bid = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    bid_strategy = models.CharField(max_length=60, blank=True)

    class Meta:
        abstract = True


class AdAccount(models.Model):
    """One account on one platform; where we cannot write, signed changes become tasks."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="ad_accounts")
    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.PROTECT, related_name="ad_accounts"
    )
    platform = models.CharField(max_length=10, choices=Platform.choices)
    external_id = models.CharField(max_length=120)
    name = models.CharField(max_length=300)
    currency = models.CharField(max_length=3, validators=[currency_code])
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    money_offset = models.PositiveIntegerField(
        null=True, blank=True, help_text="Units of the currency's smallest amount, as reported."
    )
    status = models.CharField(
        max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.ACTIVE
    )
    summing_level = models.CharField(
        max_length=8,
        choices=[("campaign", "Campaign"), ("ad_set", "Ad set"), ("ad", "Ad")],
        default="ad",
        help_text="Totals add rows of this level only.",
    )
    has_usable_conversions = models.BooleanField(
        default=True, help_text="Off: conversions and revenue are not trusted by any model."
    )
    data_source = models.CharField(max_length=500, blank=True, help_text="Origin and licence.")
    last_sync_at = models.DateTimeField(null=True, blank=True)
    last_sync_error = models.TextField(blank=True)
    blocked_until = models.DateTimeField(
        null=True, blank=True, help_text="Circuit breaker or throttling: no call before."
    )
    consecutive_errors = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "platform", "external_id"],
                name="campaigns_adaccount_once",
                violation_error_message="This account is here already.",
            ),
            models.CheckConstraint(
                condition=Q(platform__in=Platform.values), name="campaigns_adaccount_platform"
            ),
            models.CheckConstraint(
                condition=Q(status__in=DeliveryStatus.values), name="campaigns_adaccount_status"
            ),
            models.CheckConstraint(
                condition=Q(summing_level__in=["campaign", "ad_set", "ad"]),
                name="campaigns_adaccount_summing_level",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.platform})"

    @property
    def is_by_hand(self) -> bool:
        """Whether signed changes are tasks for a person: none is connected, or it is only read."""
        return self.connection_id is None or not executes(self.platform)


class Campaign(Entity, BudgetOwner):
    """A campaign."""

    account = models.ForeignKey(AdAccount, on_delete=models.PROTECT, related_name="campaigns")
    channel = models.CharField(max_length=40, blank=True)
    objective = models.CharField(max_length=60, blank=True)
    budget_external_id = models.CharField(
        max_length=120, blank=True, help_text="Google: the budget resource; may be shared."
    )
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    goal = models.CharField(max_length=200, blank=True)
    target_audience = models.CharField(max_length=300, blank=True)
    customer_segment = models.CharField(max_length=120, blank=True)
    location = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=40, blank=True)
    total_budget = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    learning_status = models.CharField(
        max_length=10, choices=LearningStatus.choices, default=LearningStatus.UNKNOWN
    )
    has_learning_ad_sets = models.BooleanField(
        db_default=False, editable=False, help_text="A running ad set of it is learning."
    )
    is_fatigued = models.BooleanField(
        db_default=False, editable=False, help_text="People click less than three weeks before."
    )
    # Computed by the database, so that no change of the status ever leaves it behind.
    life_state = models.GeneratedField(
        expression=Case(
            When(~Q(status="active"), then=Value("paused")),
            When(is_fatigued=True, then=Value("fatigued")),
            When(
                Q(learning_status="learning") | Q(has_learning_ad_sets=True), then=Value("learning")
            ),
            default=Value("active"),
        ),
        output_field=models.CharField(max_length=10),
        db_persist=True,
        choices=LifeState.choices,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "external_id"],
                name="campaigns_campaign_once",
                violation_error_message="A campaign with this id is in the account already.",
            ),
            # What the keys of rows that speak of a campaign point to.
            models.UniqueConstraint(fields=["workspace", "id"], name="campaigns_campaign_own"),
            models.CheckConstraint(
                condition=Q(status__in=DeliveryStatus.values), name="campaigns_campaign_status"
            ),
            models.CheckConstraint(
                condition=Q(learning_status__in=LearningStatus.values),
                name="campaigns_campaign_learning",
            ),
            models.CheckConstraint(
                condition=Q(daily_budget=None) | Q(daily_budget__gte=0),
                name="campaigns_campaign_budget_not_negative",
                violation_error_message="A budget cannot be negative.",
            ),
        ]


class AdSet(Entity, BudgetOwner):
    """An ad set (Google: ad group)."""

    account = models.ForeignKey(AdAccount, on_delete=models.PROTECT, related_name="ad_sets")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="ad_sets")
    optimisation_goal = models.CharField(max_length=60, blank=True)
    targeting = models.JSONField(default=dict, blank=True)
    learning_status = models.CharField(
        max_length=10, choices=LearningStatus.choices, default=LearningStatus.UNKNOWN
    )
    learning_conversions = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "external_id"],
                name="campaigns_adset_once",
                violation_error_message="An ad set with this id is in the account already.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=DeliveryStatus.values), name="campaigns_adset_status"
            ),
            models.CheckConstraint(
                condition=Q(learning_status__in=LearningStatus.values),
                name="campaigns_adset_learning",
            ),
            models.CheckConstraint(
                condition=Q(daily_budget=None) | Q(daily_budget__gte=0),
                name="campaigns_adset_budget_not_negative",
                violation_error_message="A budget cannot be negative.",
            ),
        ]


class Creative(models.Model):
    """What people see."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    account = models.ForeignKey(AdAccount, on_delete=models.PROTECT, related_name="creatives")
    external_id = models.CharField(max_length=120)
    headline = models.CharField(max_length=300, blank=True)
    primary_text = models.TextField(blank=True)
    call_to_action = models.CharField(max_length=60, blank=True)
    hook_type = models.CharField(max_length=60, blank=True)
    format = models.CharField(
        max_length=10, choices=CreativeFormat.choices, default=CreativeFormat.IMAGE
    )
    media_url = models.URLField(max_length=500, blank=True)
    live_since = models.DateField(null=True, blank=True)
    performance_score = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "external_id"], name="campaigns_creative_once"
            ),
            models.CheckConstraint(
                condition=Q(format__in=CreativeFormat.values), name="campaigns_creative_format"
            ),
            models.CheckConstraint(
                condition=Q(performance_score=None) | Q(performance_score__lte=100),
                name="campaigns_creative_score",
            ),
        ]

    def __str__(self) -> str:
        return self.headline or self.external_id


class Ad(Entity):
    """An ad: one creative in one ad set."""

    account = models.ForeignKey(AdAccount, on_delete=models.PROTECT, related_name="ads")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="ads")
    ad_set = models.ForeignKey(
        AdSet, null=True, blank=True, on_delete=models.PROTECT, related_name="ads"
    )
    creative = models.ForeignKey(
        Creative, null=True, blank=True, on_delete=models.PROTECT, related_name="ads"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "external_id"],
                name="campaigns_ad_once",
                violation_error_message="An ad with this id is in the account already.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=DeliveryStatus.values), name="campaigns_ad_status"
            ),
        ]
