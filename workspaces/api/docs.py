"""The schema and its page, served locally."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny


class SchemaView(SpectacularAPIView):
    """The schema itself; it tells nothing of any workspace."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    metadata_class = None


class DocsView(SpectacularSwaggerSplitView):
    """The schema as a page, all of it served by us."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    metadata_class = None
    url_name = "api-schema"
