"""The sync over REST: start it, see how far it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django_celery_beat.models import PeriodicTask
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.services.sync_job import SYNC_JOB
from workspaces import scopes
from workspaces.api.config_serializers import JobRunOut
from workspaces.api.idempotency import once
from workspaces.api.jobs import start
from workspaces.api.proposal_serializers import NothingIn
from workspaces.api.views import ApiView
from workspaces.models import JobRun, JobState

TAG = ["Sync"]
SCHEDULE = "campaigns: sync performance"


class SyncStatusOut(serializers.Serializer[Any]):
    """The newest run, and when the next one is due."""

    run_id = serializers.UUIDField(allow_null=True)
    state = serializers.CharField(
        help_text="idle, queued, active, completed, failed, retry or expired"
    )
    trigger = serializers.CharField(allow_null=True)
    step = serializers.CharField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    last_success_at = serializers.DateTimeField(allow_null=True)
    next_run_at = serializers.DateTimeField(allow_null=True)
    interval_minutes = serializers.IntegerField(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    error = serializers.CharField(allow_null=True)


class SyncRunNow(ApiView):
    """Start a sync."""

    scopes = {"POST": scopes.SYNC_RUN}

    @extend_schema(
        tags=TAG,
        operation_id="sync_run_now",
        summary="Read the platforms now",
        request=NothingIn,
        responses={202: JobRunOut},
    )
    @once
    def post(self, request: Request) -> Response:
        """Queue a sync of all connected accounts; one that waits already is returned."""
        self.read(NothingIn)
        run = start(self.caller, SYNC_JOB, now=self.now)
        return Response(JobRunOut(run).data, status=status.HTTP_202_ACCEPTED)


class SyncStatus(ApiView):
    """How far the sync is."""

    scopes = {"GET": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG,
        operation_id="sync_status",
        summary="How far is the sync?",
        responses=SyncStatusOut,
    )
    def get(self, request: Request) -> Response:
        """Return the newest run with its figures, and the next moment of the schedule."""
        runs = JobRun.objects.filter(workspace=self.workspace, name=SYNC_JOB)
        newest = runs.order_by("-queued_at", "-pk").first()
        success = runs.filter(state=JobState.DONE).order_by("-queued_at", "-pk").first()
        next_at, every = _schedule(self.now)
        shown = {
            **_run(newest),
            "last_success_at": success.finished_at if success else None,
            "next_run_at": next_at,
            "interval_minutes": every,
        }
        return Response(SyncStatusOut(shown).data)


def _run(run: JobRun | None) -> dict[str, Any]:
    if run is None:
        empty = ("run_id", "trigger", "step", "started_at", "finished_at", "duration_ms", "error")
        return {**dict.fromkeys(empty), "state": "idle", "counts": {}}
    ended, began = run.finished_at, run.started_at
    return {
        "run_id": run.public_id,
        "state": run.state,
        "trigger": run.trigger,
        "step": run.step,
        "started_at": began,
        "finished_at": ended,
        "duration_ms": (ended - began) // timedelta(milliseconds=1) if ended and began else None,
        "counts": run.counts,
        "error": run.error,
    }


def _schedule(now: datetime) -> tuple[datetime | None, int | None]:
    """Return the next moment and, for plain intervals, the minutes between two."""
    row = PeriodicTask.objects.filter(name=SCHEDULE, enabled=True).first()
    if row is None:
        return None, None
    left = row.schedule.remaining_estimate(row.last_run_at or now)
    every = row.interval.schedule.run_every if row.interval else None
    return now + max(left, timedelta(0)), every // timedelta(minutes=1) if every else None
