"""Paths under /api/ (and /api/v1/, the same views)."""

from __future__ import annotations

from django.urls import path

from attribution.api.urls import urlpatterns as attribution_paths
from campaigns.api.urls import urlpatterns as campaigns_paths
from experiments.api.urls import urlpatterns as experiments_paths
from inbox.api.chat_urls import urlpatterns as chat_paths
from inbox.api.desk_urls import urlpatterns as inbox_paths
from mlops.api.urls import urlpatterns as mlops_paths
from outreach.api.campaign_urls import urlpatterns as outreach_paths
from outreach.api.people_urls import urlpatterns as people_paths
from outreach.api.sending_urls import urlpatterns as sending_paths
from outreach.api.social_urls import urlpatterns as social_paths
from outreach.api.text_urls import urlpatterns as text_paths
from workspaces.api.problems import not_found
from workspaces.api.routing import api_path
from workspaces.api.urls import urlpatterns as workspaces_paths
from workspaces.views.health import live
from workspaces.webhooks import receive as receive_webhook

urlpatterns = [
    api_path("health/", live, "api-health"),
    api_path("webhooks/<str:provider>/<uuid:connection>/", receive_webhook, "api-webhook-in"),
    api_path(
        "webhooks/<str:provider>/<str:sender>/<uuid:connection>/",
        receive_webhook,
        "api-webhook-in-of",
    ),
    *workspaces_paths,
    *campaigns_paths,
    *attribution_paths,
    *experiments_paths,
    *people_paths,
    *outreach_paths,
    *text_paths,
    *sending_paths,
    *social_paths,
    *inbox_paths,
    *chat_paths,
    *mlops_paths,
    path("<path:path>", not_found),
    path("", not_found),
]
