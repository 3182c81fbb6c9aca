"""Funnels over REST: made, changed, switched on and off, reported; and what posts allow."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from outreach.api.funnel_serializers import (
    FunnelReportOut,
    SocialFunnelChangeIn,
    SocialFunnelIn,
    SocialFunnelOut,
    SocialPostIn,
)
from outreach.api.social_serializers import SocialPostOut
from outreach.models import SocialEngagementFunnel, SocialPost
from outreach.selectors.funnels import funnel_report, funnels_of, last_days
from outreach.selectors.social import posts_of
from outreach.services.social.funnels import (
    archive_funnel,
    change_funnel,
    change_post,
    create_funnel,
    switch_funnel,
)
from workspaces import scopes
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.proposal_serializers import NothingIn
from workspaces.api.views import RowsView

TAG = ["Social"]
_MOST_DAYS = 730
_PERIOD = [
    OpenApiParameter("since", date, description="First day; 30 days back unless told."),
    OpenApiParameter("until", date, description="Day after the last; tomorrow unless told."),
]


class SocialFunnelFilter(Filters):
    """Filters of the list."""

    is_on = django_filters.BooleanFilter()
    is_archived = django_filters.BooleanFilter(field_name="archived_at", lookup_expr="isnull",
                                               exclude=True)  # fmt: skip


class FunnelsView(RowsView[SocialEngagementFunnel]):
    """Base: funnels of the workspace."""

    queryset = SocialEngagementFunnel.objects.none()
    serializer_class = SocialFunnelOut
    filterset_class = SocialFunnelFilter

    def rows(self) -> QuerySet[SocialEngagementFunnel]:
        """All of them, with figures."""
        return funnels_of(self.workspace, is_archived=None)

    def answer(self, public_id: UUID, code: int = status.HTTP_200_OK) -> Response:
        """Show a funnel as it stands now."""
        return Response(SocialFunnelOut(self.one(public_id)).data, status=code)

    def asked(self) -> dict[str, Any]:
        """Who asks, and when, as services take it."""
        return {"by": self.caller.proposer, "now": self.now}


class SocialFunnels(FunnelsView):
    """All funnels."""

    scopes = {"GET": scopes.OUTREACH_READ, "POST": scopes.OUTREACH_WRITE}

    @extend_schema(tags=TAG, operation_id="social_funnels_list", summary="List funnels")
    def get(self, request: Request) -> Response:
        """Funnels with how many went through, the newest first."""
        return self.page()

    @extend_schema(
        tags=TAG, operation_id="social_funnels_create", summary="Make a funnel",
        request=SocialFunnelIn, responses={201: SocialFunnelOut},
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Make a funnel, switched off. Its answers are signed unless an approver says no."""
        values = _plain(self.read(SocialFunnelIn))
        made = create_funnel(workspace=self.workspace, values=values, **self.asked())
        return self.answer(made.public_id, status.HTTP_201_CREATED)


class SocialFunnelDetail(FunnelsView):
    """One funnel."""

    scopes = {"GET": scopes.OUTREACH_READ, "PATCH": scopes.OUTREACH_WRITE,
              "DELETE": scopes.OUTREACH_WRITE}  # fmt: skip

    @extend_schema(
        tags=TAG, operation_id="social_funnel", summary="Read a funnel", responses=SocialFunnelOut
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """One funnel."""
        return self.answer(public_id)

    @extend_schema(
        tags=TAG, operation_id="social_funnel_change", summary="Change a funnel",
        request=SocialFunnelChangeIn, responses=SocialFunnelOut,
    )  # fmt: skip
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change what is given."""
        funnel = self.one(public_id)
        change_funnel(funnel=funnel, values=_plain(self.read(SocialFunnelChangeIn)), **self.asked())
        return self.answer(public_id)

    @extend_schema(
        tags=TAG, operation_id="social_funnel_archive", summary="Put a funnel away",
        responses={204: None},
    )  # fmt: skip
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Switch it off for good; its figures stay."""
        archive_funnel(funnel=self.one(public_id), **self.asked())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SocialFunnelStart(FunnelsView):
    """Switch on."""

    scopes = {"POST": scopes.OUTREACH_WRITE}
    not_for_agents = frozenset({"POST"})

    @extend_schema(
        tags=TAG, operation_id="social_funnel_start", summary="Switch a funnel on",
        request=NothingIn, responses=SocialFunnelOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Answer what comes from now on."""
        switch_funnel(funnel=self.one(public_id), is_on=True, **self.asked())
        return self.answer(public_id)


class SocialFunnelPause(FunnelsView):
    """Switch off."""

    scopes = {"POST": scopes.OUTREACH_WRITE}

    @extend_schema(
        tags=TAG, operation_id="social_funnel_pause", summary="Switch a funnel off",
        request=NothingIn, responses=SocialFunnelOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Answer nothing more; what waits for a signature is not sent either."""
        switch_funnel(funnel=self.one(public_id), is_on=False, **self.asked())
        return self.answer(public_id)


class SocialFunnelReport(FunnelsView):
    """Figures of a funnel."""

    scopes = {"GET": scopes.OUTREACH_READ}

    @extend_schema(
        tags=TAG, operation_id="social_funnel_report", summary="Report on a funnel",
        responses=FunnelReportOut, parameters=_PERIOD,
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Who set it off in a period, and what became of them, against the goals."""
        first, last = last_days(self.workspace, self.now)
        since, until = _day(request, "since", first), _day(request, "until", last)
        if not 0 < (until - since).days <= _MOST_DAYS:
            raise ValidationError({"until": f"A period has 1 to {_MOST_DAYS} days."})
        found = funnel_report(
            workspace=self.workspace, starts_on=since, ends_on=until, funnel=self.one(public_id)
        )
        return Response(FunnelReportOut(found).data)


class SocialPostChange(RowsView[SocialPost]):
    """What a post allows."""

    scopes = {"POST": scopes.OUTREACH_WRITE}
    not_for_agents = frozenset({"POST"})
    queryset = SocialPost.objects.none()
    serializer_class = SocialPostOut

    def rows(self) -> QuerySet[SocialPost]:
        """Posts of the workspace."""
        return posts_of(self.workspace, {}).select_related("workspace")

    @extend_schema(
        tags=TAG, operation_id="social_post_switches", summary="Say what funnels may do on a post",
        request=SocialPostIn, responses=SocialPostOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Switch answers on or off, name the one funnel, add keywords."""
        post = self.one(public_id)
        values = _plain(self.read(SocialPostIn))
        change_post(post=post, values=values, by=self.caller.proposer, now=self.now)
        return Response(SocialPostOut(self.one(public_id)).data)


def _day(request: Request, name: str, otherwise: date) -> date:
    text = request.query_params.get(name, "")
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise ValidationError({name: "This is a day such as 2026-11-30."}) from None


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, UUID) else value for name, value in values.items()
    }
