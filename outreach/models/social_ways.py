"""What we do with engagement: funnels, advocates and what the figures say."""

from __future__ import annotations

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from outreach.models.campaigns import OutreachCampaign
from outreach.models.channels import money
from outreach.models.messages import OutreachMessage
from outreach.models.social import EngagementKind, SocialEngagement, SocialPerson, SocialPlatform
from workspaces.ids import uuid7
from workspaces.models import Proposal, Workspace


class AdvocateTier(models.TextChoices):
    """How much somebody speaks for us: from 40, 60, 75 and 90 of 100."""

    BRONZE = "bronze", "Bronze"
    SILVER = "silver", "Silver"
    GOLD = "gold", "Gold"
    PLATINUM = "platinum", "Platinum"


class InsightType(models.TextChoices):
    """What an insight is about."""

    AUDIENCE = "audience", "Audience"
    CONTENT = "content", "Content"
    TIMING = "timing", "Timing"


class InsightPeriod(models.TextChoices):
    """What an insight looks back on."""

    DAILY = "daily", "Day"
    WEEKLY = "weekly", "Week"
    MONTHLY = "monthly", "Month"


DEFAULT_KEYWORDS: Final = ("interested", "how much", "tell me more", "link")


def default_keywords() -> list[str]:
    """What a new funnel listens for."""
    return list(DEFAULT_KEYWORDS)


def default_kinds() -> list[str]:
    """What a new funnel answers."""
    return [str(EngagementKind.COMMENT)]


class SocialEngagementFunnel(models.Model):
    """Whom we answer, with what, and when."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The key is one of the table: (workspace, follow_up).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=120)
    is_on = models.BooleanField(default=False)
    platforms = ArrayField(models.CharField(max_length=9, choices=SocialPlatform.choices))
    kinds = ArrayField(
        models.CharField(max_length=13, choices=EngagementKind.choices), default=default_kinds
    )
    keywords = ArrayField(
        models.CharField(max_length=60), default=default_keywords, blank=True,
        help_text="One of them is in the text; empty: any text.",
    )  # fmt: skip
    least_interactions = models.PositiveSmallIntegerField(
        default=3, help_text="Of the person in 7 days; enough by itself. 0: does not count."
    )
    least_score = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(100)], help_text="Of the person as an advocate."
    )
    least_followers = models.PositiveIntegerField(default=0)
    excluded = ArrayField(
        models.CharField(max_length=120), default=list, blank=True,
        help_text="User names or ids that are never answered, such as staff.",
    )  # fmt: skip
    daily_limit = models.PositiveIntegerField(
        default=50, validators=[MinValueValidator(1)], help_text="People answered a day."
    )
    public_reply = models.TextField(blank=True, default="", help_text="Under the comment.")
    reply_after_min = models.PositiveSmallIntegerField(default=5)
    dm_text = models.TextField(blank=True, default="", help_text="The one private reply.")
    dm_after_min = models.PositiveSmallIntegerField(default=30)
    follow_up = models.ForeignKey(
        OutreachCampaign, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_constraint=False, help_text="Sequence for who answered.",
    )  # fmt: skip
    needs_approval = models.BooleanField(
        default=True, help_text="Each answer waits for a signature."
    )
    trusted_by_label = models.CharField(
        max_length=150, blank=True, default="", db_default="",
        help_text="The approver who let it answer without signatures.",
    )  # fmt: skip
    answers_from = models.DateTimeField(
        null=True, blank=True, help_text="Older engagements are left alone."
    )
    created_by_label = models.CharField(max_length=150, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_socialfunnel_of"),
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=Q(archived_at=None),
                name="outreach_socialfunnel_name",
                violation_error_message="A funnel of this name is there already.",
            ),
            models.CheckConstraint(
                condition=Q(
                    platforms__contained_by=SocialPlatform.values,
                    platforms__len__gte=1,
                    kinds__contained_by=EngagementKind.values,
                    kinds__len__gte=1,
                    least_score__lte=100,
                    daily_limit__gte=1,
                ),
                name="outreach_socialfunnel_limits",
                violation_error_message="Name at least one network and one kind; a score ends at "
                "100, a limit begins at 1.",
            ),
            models.CheckConstraint(
                condition=~Q(public_reply="", dm_text=""),
                name="outreach_socialfunnel_says",
                violation_error_message="Write a public reply, a message, or both.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def networks(self) -> list[str]:
        """Names of the networks it answers on."""
        return [str(SocialPlatform(one).label) for one in self.platforms]


class SocialFunnelEntry(models.Model):
    """One person's way through a funnel, from what triggered it to the sale."""

    # The keys are ones of the table: (workspace, …) of each.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    funnel = models.ForeignKey(
        SocialEngagementFunnel, on_delete=models.PROTECT, related_name="entries", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    person = models.ForeignKey(
        SocialPerson, on_delete=models.PROTECT, related_name="entries", db_constraint=False
    )
    engagement = models.ForeignKey(
        SocialEngagement, on_delete=models.PROTECT, related_name="entries", db_constraint=False
    )
    keyword = models.CharField(max_length=60, blank=True, default="")
    triggered_at = models.DateTimeField()
    reply_due_at = models.DateTimeField(null=True, blank=True)
    replied_at = models.DateTimeField(null=True, blank=True)
    reply_external_id = models.CharField(max_length=120, blank=True, default="")
    dm_due_at = models.DateTimeField(null=True, blank=True)
    dm_at = models.DateTimeField(null=True, blank=True)
    message = models.ForeignKey(
        OutreachMessage, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_constraint=False,
    )  # fmt: skip
    answered_at = models.DateTimeField(null=True, blank=True)
    converted_at = models.DateTimeField(null=True, blank=True)
    value = money(null=True, blank=True)
    taken_back_at = models.DateTimeField(
        null=True, blank=True, help_text="When the public reply was deleted again."
    )
    stopped_reason = models.CharField(
        max_length=300, blank=True, default="", help_text="Why it goes no further."
    )

    class Meta:
        verbose_name_plural = "funnel entries"
        constraints = [
            models.UniqueConstraint(fields=["funnel", "person"], name="outreach_funnelentry_once"),
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_funnelentry_of"),
            # Two funnels do not answer one comment.
            models.UniqueConstraint(fields=["engagement"], name="outreach_funnelentry_one_answer"),
            models.CheckConstraint(
                condition=Q(dm_at=None) | Q(dm_at__gte=F("triggered_at")),
                name="outreach_funnelentry_order",
            ),
        ]
        indexes = [
            # A funnel's report and its day's limit.
            models.Index(fields=["funnel", "triggered_at"], name="outreach_funnelentry_report"),
            # What was answered below comments lately: the inbox looks every few seconds.
            models.Index(
                fields=["workspace", "replied_at"],
                name="outreach_funnelentry_said",
                condition=Q(replied_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.funnel_id} {self.triggered_at:%Y-%m-%d %H:%M}"


class AnswerOperation(models.TextChoices):
    """What a proposal does to an engagement."""

    ANSWER = "answer", "Answer"
    TAKE_BACK = "take_back", "Take the public reply back"


class SocialAnswer(models.Model):
    """A proposal to answer somebody, for filters and pages."""

    proposal = models.OneToOneField(Proposal, primary_key=True, on_delete=models.CASCADE)
    # The key is one of the table: (workspace, entry).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    entry = models.ForeignKey(
        SocialFunnelEntry, on_delete=models.PROTECT, related_name="answers", db_constraint=False
    )
    operation = models.CharField(max_length=9, choices=AnswerOperation.choices)

    class Meta:
        verbose_name_plural = "social answers"
        constraints = [
            models.CheckConstraint(
                condition=Q(operation__in=AnswerOperation.values), name="outreach_answer_operation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} {self.entry_id}"


class SocialAdvocate(models.Model):
    """Somebody who speaks for us, scored every night."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The key is one of the table: (workspace, person).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    person = models.OneToOneField(
        SocialPerson, on_delete=models.PROTECT, related_name="advocate", db_constraint=False
    )
    score = models.FloatField(help_text="0 to 100.")
    tier = models.CharField(max_length=8, choices=AdvocateTier.choices, blank=True, default="")
    interactions = models.PositiveIntegerField(default=0, help_text="Of 30 days.")
    active_weeks = models.PositiveSmallIntegerField(default=0, help_text="Of the last eight.")
    is_active = models.BooleanField(default=True, help_text="Did something in 60 days.")
    last_at = models.DateTimeField(help_text="When they last did something.")
    since = models.DateTimeField(help_text="When they first reached bronze.")
    is_vip = models.BooleanField(default=False, help_text="A person says so.")
    notes = models.TextField(blank=True, default="")
    scored_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=100), name="outreach_socialadvocate_score"
            ),
            models.CheckConstraint(
                condition=Q(tier__in=["", *AdvocateTier.values]),
                name="outreach_socialadvocate_tier",
            ),
        ]
        indexes = [
            # The list, the best first.
            models.Index(fields=["workspace", "-score", "-id"], name="outreach_socialadvocate_list")
        ]

    def __str__(self) -> str:
        return f"{self.get_tier_display() or 'Below bronze'} {self.score:.0f}"


class PlatformInsight(models.Model):
    """What the figures of a network say, with what follows from it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    platform = models.CharField(max_length=9, choices=SocialPlatform.choices)
    type = models.CharField(max_length=8, choices=InsightType.choices)
    date = models.DateField()
    period = models.CharField(max_length=7, choices=InsightPeriod.choices)
    data = models.JSONField(default=dict, blank=True)
    key_metric = models.CharField(max_length=60)
    key_value = models.FloatField()
    change = models.FloatField(
        null=True, blank=True, help_text="Against the period before, as a share."
    )
    recommendation = models.CharField(max_length=300, blank=True, default="")
    confidence = models.FloatField(help_text="0 to 1.")
    fetched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "platform", "type", "period", "date"],
                name="outreach_platforminsight_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    platform__in=SocialPlatform.values,
                    type__in=InsightType.values,
                    period__in=InsightPeriod.values,
                    confidence__gte=0,
                    confidence__lte=1,
                ),
                name="outreach_platforminsight_values",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_platform_display()}: {self.key_metric} {self.key_value:g}"
