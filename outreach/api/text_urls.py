"""Paths of texts."""

from __future__ import annotations

from outreach.api import texts
from workspaces.api.routing import api_path

urlpatterns = [
    api_path("outreach/templates/", texts.Texts.as_view(), "api-texts"),
    api_path("outreach/templates/preview/", texts.TextPreview.as_view(), "api-text-preview"),
    api_path("outreach/templates/<uuid:public_id>/", texts.TextDetail.as_view(), "api-text"),
    api_path(
        "outreach/templates/<uuid:public_id>/versions/",
        texts.TextVersions.as_view(),
        "api-text-versions",
    ),
    api_path(
        "outreach/templates/<uuid:public_id>/preview/", texts.TextLook.as_view(), "api-text-look"
    ),
    api_path(
        "outreach/templates/<uuid:public_id>/test-send/", texts.TextTest.as_view(), "api-text-test"
    ),
]
