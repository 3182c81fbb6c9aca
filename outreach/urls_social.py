"""Paths of the social board."""

from __future__ import annotations

from django.urls import path

from outreach.views import social

urlpatterns = [
    path("social/", social.social, name="social"),
    path("social/read/<slug:platform>/", social.read_now, name="social-read"),
    path("social/advocates/<uuid:public_id>/keep/", social.keep, name="social-advocate-keep"),
]
