"""Reports: read-only SQL views, one path each."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from workspaces import scopes
from workspaces.api.views import RowsView
from workspaces.models import FailedJob, JobPerformanceByTenant, JobQueueHealth, RateLimitStatus


def report_view(report: type[Model], *, by: tuple[str, ...] = ()) -> type[RowsView[Any]]:
    """View of one report, under the name that it has in the database; ``by`` orders its rows."""
    name = report._meta.db_table
    words = " ".join((report.__doc__ or name).split())

    class RowOut(serializers.ModelSerializer[Any]):
        class Meta:
            model = report
            fields = "__all__"

    RowOut.__name__ = f"{report.__name__}Out"
    RowOut.__doc__ = words

    class Report(RowsView[Any]):
        scopes = {"GET": scopes.INSIGHT_READ}
        queryset = report._default_manager.none()
        serializer_class = RowOut
        filter_backends = []

        def rows(self) -> QuerySet[Any]:
            return report._default_manager.filter(tenant_id=self.workspace.slug)

        @extend_schema(tags=["Reports"], operation_id=f"reports_{name}", summary=words)
        def get(self, request: Request) -> Response:
            return self.page_of(self.get_queryset(), by=by)

    Report.__name__ = f"{report.__name__}Report"
    Report.__doc__ = words
    return Report


REPORTS: tuple[type[Model], ...] = (
    JobQueueHealth, FailedJob, JobPerformanceByTenant, RateLimitStatus,
)  # fmt: skip
