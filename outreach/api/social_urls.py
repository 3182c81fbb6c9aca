"""Paths of social networks."""

from __future__ import annotations

from outreach.api import funnels, social
from workspaces.api.routing import api_path

urlpatterns = [
    api_path(
        "agents/social-accounts/", social.AgentSocialAccounts.as_view(), "api-agent-social-accounts"
    ),
    api_path("social/posts/", social.SocialPosts.as_view(), "api-social-posts"),
    api_path(
        "social/posts/<uuid:public_id>/", social.SocialPostDetail.as_view(), "api-social-post"
    ),
    api_path(
        "social/posts/<uuid:public_id>/switches/",
        funnels.SocialPostChange.as_view(),
        "api-social-post-switches",
    ),
    api_path("social/funnels/", funnels.SocialFunnels.as_view(), "api-social-funnels"),
    api_path(
        "social/funnels/<uuid:public_id>/",
        funnels.SocialFunnelDetail.as_view(),
        "api-social-funnel",
    ),
    *(
        api_path(
            f"social/funnels/<uuid:public_id>/{name}/", view.as_view(), f"api-social-funnel-{name}"
        )
        for name, view in (
            ("start", funnels.SocialFunnelStart),
            ("pause", funnels.SocialFunnelPause),
            ("report", funnels.SocialFunnelReport),
        )
    ),
    api_path("social/engagements/", social.SocialEngagements.as_view(), "api-social-engagements"),
    api_path("social/advocates/", social.SocialAdvocates.as_view(), "api-social-advocates"),
    api_path(
        "social/advocates/<uuid:public_id>/",
        social.SocialAdvocateDetail.as_view(),
        "api-social-advocate",
    ),
    api_path(
        "social/insights/<str:platform>/", social.SocialInsights.as_view(), "api-social-insights"
    ),
    api_path("social/sync/<str:platform>/", social.SocialSync.as_view(), "api-social-sync"),
]
