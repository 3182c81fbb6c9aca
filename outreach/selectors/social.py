"""What the social board and the API show: posts, the stream, advocates, what stands behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from django.db.models import Count, F, OrderBy, Q, QuerySet

from outreach.models import (
    AdvocateTier,
    EngagementKind,
    InsightPeriod,
    PlatformInsight,
    SocialAccount,
    SocialAdvocate,
    SocialEngagement,
    SocialEngagementFunnel,
    SocialPlatform,
    SocialPost,
)
from outreach.selectors.funnels import funnels_of
from workspaces.models import Workspace

Row = TypeVar("Row", SocialPost, SocialEngagement, PlatformInsight)
#: What posts are sorted by: its name, label and column.
SORTS: Final[Mapping[str, tuple[str, str]]] = {
    "newest": ("Newest", "posted_at"),
    "rate": ("Engagement rate", "engagement_rate"),
    "score": ("Score", "score"),
    "comments": ("Comments", "comments"),
    "reach": ("Reach", "reach"),
}
#: How words sound: from where to where.
FEELINGS: Final[Mapping[str, tuple[str, Q]]] = {
    "positive": ("Positive", Q(sentiment__gte=0.2)),
    "neutral": ("Neutral", Q(sentiment__gt=-0.2, sentiment__lt=0.2)),
    "negative": ("Negative", Q(sentiment__lte=-0.2)),
}
STANDINGS: Final = {"active": "Active", "inactive": "Not active", "vip": "VIP"}


def posts_of(workspace: Workspace, given: Mapping[str, str]) -> QuerySet[SocialPost]:
    """Posts that fit the filters, in the order asked for."""
    rows = _on(SocialPost.objects.filter(workspace=workspace), given)
    if text := _words(given):
        rows = rows.filter(Q(caption__icontains=text) | Q(hashtags__contains=[text.lstrip("#")]))
    _, column = SORTS.get(given.get("sort", ""), SORTS["newest"])
    return rows.order_by(OrderBy(F(column), descending=True, nulls_last=True), "-pk")


def engagements_of(workspace: Workspace, given: Mapping[str, str]) -> QuerySet[SocialEngagement]:
    """What people did, the newest first."""
    rows = _on(SocialEngagement.objects.filter(workspace=workspace), given)
    if given.get("kind", "") in EngagementKind.values:
        rows = rows.filter(kind=given["kind"])
    if given.get("feeling", "") in FEELINGS:
        rows = rows.filter(FEELINGS[given["feeling"]][1])
    if text := _words(given):
        rows = rows.filter(Q(text__icontains=text) | Q(person__username=text))
    rows = rows.select_related("person__contact", "post").prefetch_related(
        "person__contact__points"
    )
    return rows.order_by("-at", "-pk")


def advocates_of(workspace: Workspace, given: Mapping[str, str]) -> QuerySet[SocialAdvocate]:
    """Who speaks for us, the best first."""
    rows = SocialAdvocate.objects.filter(workspace=workspace)
    if given.get("platform", "") in SocialPlatform.values:
        rows = rows.filter(person__platform=given["platform"])
    if given.get("tier", "") in AdvocateTier.values:
        rows = rows.filter(tier=given["tier"])
    standing = given.get("standing", "")
    if standing in ("active", "inactive"):
        rows = rows.filter(is_active=standing == "active")
    elif standing == "vip":
        rows = rows.filter(is_vip=True)
    if text := _words(given):
        rows = rows.filter(Q(person__username__icontains=text) | Q(person__name__icontains=text))
    rows = rows.select_related("person__contact").prefetch_related("person__contact__points")
    return rows.order_by("-score", "-pk")


def listed_funnels(
    workspace: Workspace, given: Mapping[str, str]
) -> QuerySet[SocialEngagementFunnel]:
    """Funnels that fit the filters, with their figures."""
    rows = funnels_of(workspace)
    if given.get("platform", "") in SocialPlatform.values:
        rows = rows.filter(platforms__contains=[given["platform"]])
    if text := _words(given):
        rows = rows.filter(name__icontains=text)
    return rows


def insights_of(workspace: Workspace, given: Mapping[str, str]) -> QuerySet[PlatformInsight]:
    """What figures say, the newest first."""
    rows = _on(PlatformInsight.objects.filter(workspace=workspace), given)
    if given.get("period", "") in InsightPeriod.values:
        rows = rows.filter(period=given["period"])
    return rows.order_by("-date", "platform", "period", "type", "-pk")


def accounts_of(workspace: Workspace) -> list[SocialAccount]:
    """Our accounts, with how many posts of each are known."""
    rows = SocialAccount.objects.filter(workspace=workspace).annotate(post_count=Count("posts"))
    return list(rows.order_by("platform", "pk"))


def _on(rows: QuerySet[Row], given: Mapping[str, str]) -> QuerySet[Row]:
    platform = given.get("platform", "")
    return rows.filter(platform=platform) if platform in SocialPlatform.values else rows


def _words(given: Mapping[str, str]) -> str:
    return given.get("q", "").replace("\x00", "").strip()[:120]
