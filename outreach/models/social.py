"""Posts on social networks, and what people do with them."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from outreach.models.channels import OWN_CONNECTION, money
from outreach.models.contacts import Contact
from workspaces.ids import uuid7
from workspaces.models import Connection, Workspace


class SocialPlatform(models.TextChoices):
    """Networks that are read; on TikTok nothing is written."""

    INSTAGRAM = "instagram", "Instagram"
    FACEBOOK = "facebook", "Facebook"
    LINKEDIN = "linkedin", "LinkedIn"
    TWITTER = "twitter", "X"
    TIKTOK = "tiktok", "TikTok"


class EngagementKind(models.TextChoices):
    """What people do; ``engine.social.worth`` says what each is worth."""

    LIKE = "like", "Like"
    PROFILE_VISIT = "profile_visit", "Profile visit"
    COMMENT = "comment", "Comment"
    MENTION = "mention", "Mention"
    TAG = "tag", "Tag"
    SHARE = "share", "Share"
    REPOST = "repost", "Repost"
    SAVE = "save", "Save"


class SocialAccount(models.Model):
    """One of our accounts on a network, and how far it was read."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    platform = models.CharField(max_length=9, choices=SocialPlatform.choices)
    external_id = models.CharField(max_length=120)
    name = models.CharField(max_length=200, blank=True, default="")
    followers = models.PositiveIntegerField(default=0)
    synced_until = models.DateTimeField(
        null=True, blank=True, help_text="All that was done before was read."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_socialaccount_of"),
            models.UniqueConstraint(
                fields=["workspace", "platform", "external_id"], name="outreach_socialaccount_once"
            ),
            models.CheckConstraint(
                condition=Q(platform__in=SocialPlatform.values),
                name="outreach_socialaccount_platform",
            ),
        ]
        triggers = [OWN_CONNECTION]

    def __str__(self) -> str:
        return f"{self.name or self.external_id} ({self.get_platform_display()})"


class SocialPerson(models.Model):
    """Somebody on a network; who that is among the contacts, where it is known."""

    # The key is one of the table: (workspace, contact).
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    platform = models.CharField(max_length=9, choices=SocialPlatform.choices)
    external_id = models.CharField(max_length=120)
    username = models.CharField(max_length=120, blank=True, default="")
    name = models.CharField(max_length=200, blank=True, default="")
    followers = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: not public.")
    takes_messages = models.BooleanField(
        null=True, blank=True, help_text="Whether we may write to them; empty: not told."
    )
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="social",
        db_constraint=False,
    )  # fmt: skip

    class Meta:
        verbose_name_plural = "social people"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_socialperson_of"),
            models.UniqueConstraint(
                fields=["workspace", "platform", "external_id"], name="outreach_socialperson_once"
            ),
            models.CheckConstraint(
                condition=Q(platform__in=SocialPlatform.values),
                name="outreach_socialperson_platform",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username or self.external_id


class SocialPost(models.Model):
    """One of our posts with its figures as they stand."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The keys are ones of the table: (workspace, …) of each.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(
        SocialAccount, on_delete=models.PROTECT, related_name="posts", db_constraint=False
    )
    platform = models.CharField(max_length=9, choices=SocialPlatform.choices)
    external_id = models.CharField(max_length=120)
    caption = models.TextField(blank=True, default="")
    type = models.CharField(max_length=40, blank=True, default="", help_text="As its network says.")
    hashtags = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    url = models.CharField(max_length=500, blank=True, default="")
    posted_at = models.DateTimeField()
    likes = models.PositiveIntegerField(default=0)
    comments = models.PositiveIntegerField(default=0)
    shares = models.PositiveIntegerField(default=0)
    saves = models.PositiveIntegerField(default=0)
    views = models.PositiveIntegerField(default=0)
    reach = models.PositiveIntegerField(
        null=True, blank=True, help_text="People; empty where the network does not tell."
    )
    engagement_rate = models.FloatField(
        null=True, blank=True, help_text="Likes, comments and shares by reach."
    )
    score = models.FloatField(
        null=True, blank=True, help_text="Place among the network's posts, 0 to 100."
    )
    auto_respond = models.BooleanField(default=True, help_text="Funnels may answer below it.")
    funnel = models.ForeignKey(
        "outreach.SocialEngagementFunnel", null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", db_constraint=False, help_text="Only this one answers here; empty: all.",
    )  # fmt: skip
    keyword_triggers = ArrayField(
        models.CharField(max_length=60), default=list, blank=True,
        help_text="Beside those of the funnels.",
    )  # fmt: skip
    comments_until = models.DateTimeField(
        null=True, blank=True, help_text="All comments before were read."
    )
    fetched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="outreach_socialpost_of"),
            models.UniqueConstraint(
                fields=["workspace", "platform", "external_id"], name="outreach_socialpost_once"
            ),
            models.CheckConstraint(
                condition=Q(platform__in=SocialPlatform.values), name="outreach_socialpost_platform"
            ),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__gte=0, score__lte=100),
                name="outreach_socialpost_score",
            ),
        ]
        indexes = [
            # The list, the newest first.
            models.Index(fields=["workspace", "-posted_at", "-id"], name="outreach_socialpost_list")
        ]

    def __str__(self) -> str:
        return self.caption[:60] or self.external_id


class SocialEngagement(models.Model):
    """One thing that somebody did. What was done stays; what we made of it is added."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The keys are ones of the table: (workspace, …) of each.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    platform = models.CharField(max_length=9, choices=SocialPlatform.choices)
    external_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=13, choices=EngagementKind.choices)
    person = models.ForeignKey(
        SocialPerson, on_delete=models.PROTECT, related_name="engagements", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    post = models.ForeignKey(
        SocialPost, null=True, blank=True, on_delete=models.PROTECT, related_name="engagements",
        db_constraint=False,
    )  # fmt: skip
    parent_external_id = models.CharField(
        max_length=120, blank=True, default="", help_text="The comment that it answers."
    )
    text = models.TextField(blank=True, default="")
    at = models.DateTimeField()
    value = models.FloatField(help_text="What its kind is worth, 2 to 10.")
    influence = models.FloatField(default=0, help_text="0 to 100, by who did it.")
    intent = models.CharField(max_length=40, blank=True, default="")
    sentiment = models.FloatField(
        null=True, blank=True, help_text="−1 to 1; empty where nothing was written."
    )
    is_possible_advocate = models.BooleanField(default=False)
    auto_responded_at = models.DateTimeField(null=True, blank=True)
    dm_at = models.DateTimeField(null=True, blank=True)
    converted_at = models.DateTimeField(null=True, blank=True)
    conversion_value = money(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "id"], name="outreach_socialengagement_of"
            ),
            # One thing is told by webhook and read again later.
            models.UniqueConstraint(
                fields=["workspace", "platform", "kind", "external_id"],
                name="outreach_socialengagement_once",
            ),
            models.CheckConstraint(
                condition=Q(platform__in=SocialPlatform.values, kind__in=EngagementKind.values),
                name="outreach_socialengagement_kind",
            ),
            models.CheckConstraint(
                condition=Q(sentiment=None) | Q(sentiment__gte=-1, sentiment__lte=1),
                name="outreach_socialengagement_sentiment",
            ),
            models.CheckConstraint(
                condition=Q(converted_at=None) | Q(converted_at__gte=F("at")),
                name="outreach_socialengagement_converted",
            ),
        ]
        indexes = [
            # The stream, the newest first.
            models.Index(fields=["workspace", "-at", "-id"], name="outreach_socialengagement_list"),
            # What somebody did of late.
            models.Index(fields=["person", "at"], name="outreach_socialengagement_who"),
            # Comments that came lately: the inbox looks every few seconds.
            models.Index(
                fields=["workspace", "created_at"],
                name="outreach_socialengagement_came",
                condition=Q(kind="comment"),
            ),
        ]
        triggers = [
            # Erasing a person empties the text.
            pgtrigger.Trigger(
                name="append_only",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                IF (NEW.workspace_id, NEW.platform, NEW.external_id, NEW.kind, NEW.person_id,
                    NEW.at, NEW.parent_external_id)
                   IS DISTINCT FROM
                   (OLD.workspace_id, OLD.platform, OLD.external_id, OLD.kind, OLD.person_id,
                    OLD.at, OLD.parent_external_id) THEN
                    RAISE EXCEPTION 'what somebody did stays' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"
