"""Answers written beforehand, over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.api.serializers import ReplyTemplateChangeIn, ReplyTemplateIn, ReplyTemplateOut
from inbox.models import ResponseTemplate, TemplateCategory
from inbox.services.templates import (
    approve_template,
    archive_template,
    change_template,
    create_template,
)
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.views import RowsView

TAG = ["Inbox"]
_EXAMPLE = OpenApiExample(
    "Opening hours",
    value={
        "name": "Hours", "category": "faq", "intents": ["question"],
        "body": "Hello {{ first_name }}, we are there from nine to five.",
    },
    request_only=True,
)  # fmt: skip


class ReplyTemplateFilter(Filters):
    """Filters of the list."""

    category = django_filters.ChoiceFilter(choices=TemplateCategory.choices)
    is_archived = django_filters.BooleanFilter(
        field_name="archived_at", lookup_expr="isnull", exclude=True
    )


class ReplyTemplatesView(RowsView[ResponseTemplate]):
    """Base: templates of the workspace."""

    queryset = ResponseTemplate.objects.none()
    serializer_class = ReplyTemplateOut
    filterset_class = ReplyTemplateFilter

    def rows(self) -> QuerySet[ResponseTemplate]:
        """All of them."""
        rows = ResponseTemplate.objects.filter(workspace=self.workspace)
        return rows.select_related("approved_by", "workspace")

    def own(self, public_id: UUID) -> dict[str, Any]:
        """What an act on one of them takes."""
        return {"template": self.one(public_id), "by": self.caller.proposer, "now": self.now}


class ReplyTemplates(ReplyTemplatesView):
    """All templates."""

    scopes = {"GET": "inbox:read", "POST": "inbox:write"}

    @extend_schema(tags=TAG, operation_id="inbox_templates", summary="List answers")
    def get(self, request: Request) -> Response:
        """Answers written beforehand, the newest first."""
        return self.page()

    @extend_schema(
        tags=TAG, operation_id="inbox_templates_create", summary="Write an answer beforehand",
        request=ReplyTemplateIn, responses={201: ReplyTemplateOut}, examples=[_EXAMPLE],
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Keep a new answer; drafts are made of it once it is approved."""
        made = create_template(
            workspace=self.workspace, values=self.read(ReplyTemplateIn), by=self.caller.proposer,
            now=self.now,
        )  # fmt: skip
        return Response(ReplyTemplateOut(made).data, status=status.HTTP_201_CREATED)


class ReplyTemplateDetail(ReplyTemplatesView):
    """One template."""

    scopes = {"GET": "inbox:read", "PATCH": "inbox:write"}

    @extend_schema(tags=TAG, operation_id="inbox_template", summary="Read an answer")
    def get(self, request: Request, public_id: UUID) -> Response:
        """Tell what it says and who approved it."""
        return Response(ReplyTemplateOut(self.one(public_id)).data)

    @extend_schema(
        tags=TAG, operation_id="inbox_templates_update", summary="Change an answer",
        request=ReplyTemplateChangeIn,
    )  # fmt: skip
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change what is given; other words are approved anew."""
        own = self.own(public_id)
        changed = change_template(values=self.read(ReplyTemplateChangeIn), **own)
        return Response(ReplyTemplateOut(changed).data)


class ReplyTemplateApprove(ReplyTemplatesView):
    """Approval of one template."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_templates_approve", summary="Approve an answer",
        request=None, responses=ReplyTemplateOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Let drafts be made of it; needs the role of approver."""
        return Response(ReplyTemplateOut(approve_template(**self.own(public_id))).data)


class ReplyTemplateArchive(ReplyTemplatesView):
    """The end of one template."""

    scopes = {"POST": "inbox:write"}

    @extend_schema(
        tags=TAG, operation_id="inbox_templates_archive", summary="Put an answer away",
        request=None, responses=ReplyTemplateOut,
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Make no drafts of it any more; its name is free."""
        return Response(ReplyTemplateOut(archive_template(**self.own(public_id))).data)
