"""Visitors of websites and their sessions over REST."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.api import visit_serializers as forms
from attribution.selectors.website.timeline import (
    events_of,
    session_of,
    sessions_of,
    views_of,
    visitor_of,
)
from workspaces import scopes
from workspaces.api.views import ApiView

TAG = ["Website"]
NEWEST: Final = 50


class WebsiteVisitor(ApiView):
    """A visitor."""

    scopes = {"GET": scopes.ATTRIBUTION_READ}

    @extend_schema(
        tags=TAG,
        operation_id="website_visitor",
        summary="Show a visitor with his newest sessions",
        responses=forms.VisitorWithSessionsOut,
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """The newest fifty; without consent a visitor is known for one day only."""
        visitor = visitor_of(self.workspace, public_id)
        if visitor is None:
            raise Http404
        sessions = sessions_of(visitor, limit=NEWEST)
        shown = forms.SessionOut(sessions, many=True).data
        return Response({**forms.VisitorOut(visitor).data, "sessions": shown})


class WebsiteSession(ApiView):
    """A session."""

    scopes = {"GET": scopes.ATTRIBUTION_READ}

    @extend_schema(
        tags=TAG,
        operation_id="website_session",
        summary="Show what was seen and done in a session",
        responses=forms.SessionWithPagesOut,
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Up to five hundred pages and events; both are dropped after their time."""
        session = session_of(self.workspace, public_id)
        if session is None:
            raise Http404
        return Response(
            {
                **forms.SessionOut(session).data,
                "pages": forms.PageViewOut(views_of(session), many=True).data,
                "done": forms.WebEventOut(events_of(session), many=True).data,
            }
        )
