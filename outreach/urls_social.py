"""Paths of the social board."""

from __future__ import annotations

from django.urls import path

from outreach.views import funnels, social

urlpatterns = [
    path("social/", social.social, name="social"),
    path("social/read/<slug:platform>/", social.read_now, name="social-read"),
    path("social/funnels/new/", funnels.new, name="social-funnel-new"),
    path("social/funnels/<uuid:public_id>/", funnels.funnel, name="social-funnel"),
    path("social/funnels/<uuid:public_id>/save/", funnels.save, name="social-funnel-save"),
    path("social/funnels/<uuid:public_id>/<slug:action>/", funnels.act, name="social-funnel-act"),
    path(
        "social/posts/<uuid:public_id>/switches/", funnels.post_switches, name="social-post-switch"
    ),
    path("social/advocates/<uuid:public_id>/keep/", social.keep, name="social-advocate-keep"),
]
