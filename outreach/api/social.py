"""Posts, engagement, advocates and insights over REST."""

from __future__ import annotations

from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from outreach.api.social_serializers import (
    PlatformInsightOut,
    SocialAccountOut,
    SocialAdvocateOut,
    SocialEngagementOut,
    SocialPostOut,
    SocialPostWholeOut,
)
from outreach.models import (
    AdvocateTier,
    EngagementKind,
    InsightPeriod,
    InsightType,
    PlatformInsight,
    SocialAccount,
    SocialAdvocate,
    SocialEngagement,
    SocialPlatform,
    SocialPost,
)
from outreach.selectors.social import advocates_of, engagements_of, posts_of
from outreach.services.social.syncing import job_name
from workspaces import scopes
from workspaces.api.config_serializers import JobRunOut
from workspaces.api.filters import Filters, MomentFilter
from workspaces.api.idempotency import once
from workspaces.api.jobs import started
from workspaces.api.proposal_serializers import NothingIn
from workspaces.api.views import ApiView, RowsView

TAG = ["Social"]
NEWEST = 100
_PLATFORM = OpenApiParameter("platform", str, "path", enum=SocialPlatform.values)


def _known(platform: str) -> str:
    if platform not in SocialPlatform.values:
        raise Http404
    return platform


class SocialAccountFilter(Filters):
    """Filters of the list."""

    platform = django_filters.ChoiceFilter(choices=SocialPlatform.choices)


class AgentSocialAccounts(RowsView[SocialAccount]):
    """Accounts on social networks."""

    scopes = {"GET": scopes.OUTREACH_READ}
    queryset = SocialAccount.objects.none()
    serializer_class = SocialAccountOut
    filterset_class = SocialAccountFilter

    def rows(self) -> QuerySet[SocialAccount]:
        """Accounts of the workspace."""
        return SocialAccount.objects.filter(workspace=self.workspace).select_related("connection")

    @extend_schema(
        tags=["Agents"], operation_id="agent_social_accounts_list", summary="List social accounts"
    )
    def get(self, request: Request) -> Response:
        """Accounts that are read, with their followers and the connection that each hangs on."""
        return self.page()


class SocialPostFilter(Filters):
    """Filters of the list."""

    platform = django_filters.ChoiceFilter(choices=SocialPlatform.choices)
    type = django_filters.CharFilter()
    since = MomentFilter(field_name="posted_at", lookup_expr="gte")


class SocialPosts(RowsView[SocialPost]):
    """Posts."""

    scopes = {"GET": scopes.OUTREACH_READ}
    queryset = SocialPost.objects.none()
    serializer_class = SocialPostOut
    filterset_class = SocialPostFilter
    ordering_fields = ("posted_at", "engagement_rate", "score", "comments")

    def rows(self) -> QuerySet[SocialPost]:
        """Posts of the workspace."""
        return posts_of(self.workspace, {})

    @extend_schema(tags=TAG, operation_id="social_posts_list", summary="List posts")
    def get(self, request: Request) -> Response:
        """Posts with their figures, the newest first."""
        return self.page()


class SocialPostDetail(SocialPosts):
    """One post."""

    serializer_class = SocialPostWholeOut

    @extend_schema(
        tags=TAG, operation_id="social_post", summary="Read a post", responses=SocialPostWholeOut
    )
    def get(self, request: Request, public_id: UUID) -> Response:  # type: ignore[override]  # by id
        """One post with the newest of what people did below it."""
        post = self.one(public_id)
        newest = engagements_of(self.workspace, {}).filter(post=post)[:NEWEST]
        post.newest = list(newest)  # type: ignore[attr-defined]  # for the serializer
        return Response(SocialPostWholeOut(post).data)


class SocialEngagementFilter(Filters):
    """Filters of the list."""

    platform = django_filters.ChoiceFilter(choices=SocialPlatform.choices)
    kind = django_filters.ChoiceFilter(choices=EngagementKind.choices)
    intent = django_filters.CharFilter()
    post = django_filters.UUIDFilter(field_name="post__public_id")
    is_possible_advocate = django_filters.BooleanFilter()
    since = MomentFilter(field_name="at", lookup_expr="gte")


class SocialEngagements(RowsView[SocialEngagement]):
    """What people did."""

    scopes = {"GET": scopes.OUTREACH_READ}
    queryset = SocialEngagement.objects.none()
    serializer_class = SocialEngagementOut
    filterset_class = SocialEngagementFilter

    def rows(self) -> QuerySet[SocialEngagement]:
        """Engagement of the workspace."""
        return engagements_of(self.workspace, {})

    @extend_schema(tags=TAG, operation_id="social_engagements_list", summary="List engagement")
    def get(self, request: Request) -> Response:
        """Comments, mentions and more, with what they want and how they sound."""
        return self.page()


class SocialAdvocateFilter(Filters):
    """Filters of the list."""

    platform = django_filters.ChoiceFilter(
        field_name="person__platform", choices=SocialPlatform.choices
    )
    tier = django_filters.ChoiceFilter(choices=AdvocateTier.choices)
    is_active = django_filters.BooleanFilter()
    is_vip = django_filters.BooleanFilter()


class SocialAdvocates(RowsView[SocialAdvocate]):
    """Who speaks for us."""

    scopes = {"GET": scopes.OUTREACH_READ}
    queryset = SocialAdvocate.objects.none()
    serializer_class = SocialAdvocateOut
    filterset_class = SocialAdvocateFilter
    ordering_fields = ("score", "last_at", "interactions")

    def rows(self) -> QuerySet[SocialAdvocate]:
        """Advocates of the workspace."""
        return advocates_of(self.workspace, {})

    @extend_schema(tags=TAG, operation_id="social_advocates_list", summary="List advocates")
    def get(self, request: Request) -> Response:
        """People with their scores."""
        return self.page()


class SocialAdvocateDetail(SocialAdvocates):
    """One of them."""

    @extend_schema(
        tags=TAG, operation_id="social_advocate", summary="Read an advocate",
        responses=SocialAdvocateOut,
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:  # type: ignore[override]  # by id
        """One person with score, tier and notes."""
        return Response(SocialAdvocateOut(self.one(public_id)).data)


class PlatformInsightFilter(Filters):
    """Filters of the list."""

    type = django_filters.ChoiceFilter(choices=InsightType.choices)
    period = django_filters.ChoiceFilter(choices=InsightPeriod.choices)


class SocialInsights(RowsView[PlatformInsight]):
    """What figures say."""

    scopes = {"GET": scopes.OUTREACH_READ}
    queryset = PlatformInsight.objects.none()
    serializer_class = PlatformInsightOut
    filterset_class = PlatformInsightFilter

    def rows(self) -> QuerySet[PlatformInsight]:
        """Insights of the network."""
        return PlatformInsight.objects.filter(
            workspace=self.workspace, platform=_known(self.kwargs["platform"])
        ).order_by("-date", "type", "pk")

    @extend_schema(
        tags=TAG, operation_id="social_insights_list", summary="List insights of a network",
        parameters=[_PLATFORM], responses=PlatformInsightOut(many=True),
    )  # fmt: skip
    def get(self, request: Request, platform: str) -> Response:
        """What the figures of a network say, the newest first."""
        return self.page()


class SocialSync(ApiView):
    """Read a network now."""

    scopes = {"POST": scopes.SYNC_RUN}

    @extend_schema(
        tags=TAG, operation_id="social_sync", summary="Read a network", request=NothingIn,
        responses={202: JobRunOut}, parameters=[_PLATFORM],
    )  # fmt: skip
    @once
    def post(self, request: Request, platform: str) -> Response:
        """Queue a reading; one that waits already is returned."""
        return started(self, job_name(_known(platform)))
