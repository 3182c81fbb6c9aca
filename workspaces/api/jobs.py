"""Jobs over REST: their runs, and one to start."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from workspaces import scopes
from workspaces.api.config_serializers import JobRunOut
from workspaces.api.filters import Filters
from workspaces.api.idempotency import once
from workspaces.api.proposal_serializers import NothingIn
from workspaces.api.views import ApiView, RowsView
from workspaces.models import JobRun, JobState
from workspaces.services.jobs import jobs
from workspaces.tasks import request_and_send

TAG = ["Jobs"]


class JobFilter(Filters):
    """Filters of the list."""

    name = django_filters.CharFilter()
    state = django_filters.ChoiceFilter(choices=JobState.choices)


class JobList(RowsView[JobRun]):
    """Runs of jobs."""

    scopes = {"GET": scopes.INSIGHT_READ}
    queryset = JobRun.objects.none()
    serializer_class = JobRunOut
    filterset_class = JobFilter
    ordering_fields = ("queued_at",)

    def rows(self) -> QuerySet[JobRun]:
        """Return runs of the workspace."""
        return JobRun.objects.filter(workspace=self.workspace)

    @extend_schema(tags=TAG, operation_id="jobs_list", summary="List runs of jobs")
    def get(self, request: Request) -> Response:
        """Runs with their progress, newest first."""
        return self.page()


class JobStart(ApiView):
    """Start a job."""

    scopes = {"POST": scopes.SYNC_RUN}

    @extend_schema(
        tags=TAG,
        operation_id="jobs_run",
        summary="Start a job",
        request=NothingIn,
        responses={202: JobRunOut},
    )
    @once
    def post(self, request: Request, name: str) -> Response:
        """Queue a run; one that waits already is returned."""
        if name not in {job.name for job in jobs()}:
            raise Http404
        return started(self, name)


def started(view: ApiView, name: str) -> Response:
    """Queue a run for the caller, shorten its wait, and answer with it; the body is empty."""
    view.read(NothingIn)
    run = request_and_send(
        workspace=view.workspace, name=name, trigger="api", now=view.now, by=view.caller.user
    )
    return Response(JobRunOut(run).data, status=status.HTTP_202_ACCEPTED)
