"""Paths of the whole site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

handler500 = "workspaces.api.problems.server_error"

# A request is held against each pattern that stands before its own: so the API and the admin, which
# have a word of their own, come before the pages, but after the log-in and the health of both.
urlpatterns = [
    path("", include("workspaces.urls_accounts")),
    path("api/v1/", include("config.urls_api")),
    path("api/", include("config.urls_api")),
    path("admin/", admin.site.urls),
    path("", include("workspaces.urls_home")),
    path("", include("workspaces.urls_approvals")),
    path("", include("workspaces.urls_agents")),
    path("", include("workspaces.urls_ledger")),
    path("", include("workspaces.urls_schedules")),
    path("", include("campaigns.urls_imports")),
    path("", include("campaigns.urls_pages")),
    path("", include("attribution.urls_pages")),
    path("", include("experiments.urls_pages")),
    path("", include("outreach.urls_links")),
    path("", include("outreach.urls_people")),
    path("", include("outreach.urls_pages")),
    path("", include("outreach.urls_texts")),
    path("", include("outreach.urls_social")),
    path("", include("inbox.urls_pages")),
    path("", include("mlops.urls_pages")),
]
