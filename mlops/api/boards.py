"""The ML dashboards over REST: charts as PNG, their rows, and the sync that makes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from mlops.board_answers import picture_answer
from mlops.models import BoardType, SyncRun, Theme
from mlops.selectors.boards import (
    BOARDS,
    Board,
    Standing,
    current_of,
    pictures_of,
    rows_of,
    standing_of,
)
from mlops.services.boards.syncing import request_sync
from mlops.services.boards.wording import basis_of
from workspaces import scopes
from workspaces.api.fields import amount_text
from workspaces.api.idempotency import once
from workspaces.api.proposal_serializers import NothingIn
from workspaces.api.views import ApiView
from workspaces.models import JobState
from workspaces.tasks import send_soon

TAG = ["ML dashboards and sync"]
NAMES = OpenApiParameter("name", str, OpenApiParameter.PATH, enum=list(BOARDS))
_MONEY = frozenset({"acquisition_cost", "recommended_budget", "total_budget"})


class SyncStatusOut(serializers.Serializer[Any]):
    """The newest run, and when the next one is due."""

    run_id = serializers.UUIDField(allow_null=True)
    state = serializers.CharField(
        help_text="idle, queued, active, completed, failed, retry or expired"
    )
    trigger = serializers.CharField(allow_null=True)
    step = serializers.CharField(
        allow_null=True, help_text="Collect, Predict, Draw or Store; of a failed run, what failed."
    )
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    last_success_at = serializers.DateTimeField(allow_null=True)
    next_run_at = serializers.DateTimeField(allow_null=True)
    interval_minutes = serializers.IntegerField(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    error = serializers.CharField(allow_null=True)


class SyncStartedOut(serializers.Serializer[Any]):
    """The run that carries the wish out; calls while it waits or works get the same one."""

    run_id = serializers.UUIDField()
    state = serializers.ChoiceField(JobState.choices)
    trigger = serializers.CharField()


class BoardStatusOut(serializers.Serializer[Any]):
    """One dashboard."""

    name = serializers.CharField()
    dashboard_type = serializers.ChoiceField(BoardType.choices)
    state = serializers.CharField(help_text="missing, fresh or stale")
    created_at = serializers.DateTimeField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True, help_text="Of the light chart; its ETag.")
    dark_sha256 = serializers.CharField(allow_null=True)


class BoardsStatusOut(serializers.Serializer[Any]):
    """All four, and the sync behind them."""

    dashboards = BoardStatusOut(many=True)
    figures_until = serializers.DateField(allow_null=True)
    basis = serializers.CharField(allow_null=True, help_text="What the forecast of ROI rests on.")
    notes = serializers.ListField(child=serializers.CharField())
    sync = SyncStatusOut()


class BoardRowOut(serializers.Serializer[Any]):
    """A row; each dashboard has the columns of its own table, and money is text."""

    channel = serializers.CharField()
    date = serializers.DateField(required=False)
    roi_forecast = serializers.FloatField(required=False)
    low = serializers.FloatField(required=False, allow_null=True)
    high = serializers.FloatField(required=False, allow_null=True)
    roi_actual = serializers.FloatField(required=False, allow_null=True)
    roi_pred = serializers.FloatField(required=False, allow_null=True)
    conversion_actual = serializers.FloatField(required=False, allow_null=True)
    conversion_pred = serializers.FloatField(required=False, allow_null=True)
    reach_actual = serializers.FloatField(required=False, allow_null=True)
    reach_pred = serializers.FloatField(required=False, allow_null=True)
    ctr_actual = serializers.FloatField(required=False, allow_null=True)
    ctr_pred = serializers.FloatField(required=False, allow_null=True)
    acquisition_cost = serializers.CharField(required=False, allow_null=True)
    recommended_budget = serializers.CharField(required=False)
    total_budget = serializers.CharField(required=False)
    currency = serializers.CharField(required=False)
    created_at = serializers.DateTimeField()


class BoardDataOut(serializers.Serializer[Any]):
    """Rows of one dashboard's current batch."""

    dashboard_type = serializers.ChoiceField(BoardType.choices)
    created_at = serializers.DateTimeField(allow_null=True, help_text="null: no sync ended yet.")
    results = BoardRowOut(many=True)


class _Json(BaseContentNegotiation):
    """A caller that accepts pictures only is told in JSON what went wrong."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


class SyncRunNow(ApiView):
    """Start a sync."""

    scopes = {"POST": scopes.SYNC_RUN}

    @extend_schema(
        tags=TAG,
        operation_id="sync_run_now",
        summary="Make the ML dashboards now",
        request=NothingIn,
        responses={202: SyncStartedOut},
    )
    @once
    def post(self, request: Request) -> Response:
        """Collect, predict, draw and store; while a run waits or works, that one is returned."""
        return _started(self)


class BoardsGenerate(ApiView):
    """Draw all dashboards."""

    scopes = {"POST": scopes.SYNC_RUN}

    @extend_schema(
        tags=TAG,
        operation_id="ml_dashboard_generate_all",
        summary="Make all four dashboards",
        request=NothingIn,
        responses={202: SyncStartedOut},
    )
    @once
    def post(self, request: Request) -> Response:
        """Start a sync, as `sync/run-now` does: charts and rows always come from one batch."""
        return _started(self)


def _started(view: ApiView) -> Response:
    view.read(NothingIn)
    with transaction.atomic():
        run = request_sync(
            workspace=view.workspace, trigger="api", now=view.now, by=view.caller.user
        )
        if run.state == JobState.QUEUED:
            send_soon(run)
    shown = {"run_id": run.public_id, "state": run.state, "trigger": run.trigger}
    return Response(SyncStartedOut(shown).data, status=status.HTTP_202_ACCEPTED)


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
        return Response(SyncStatusOut(_status(standing_of(self.workspace, self.now))).data)


class BoardsStatus(ApiView):
    """How the dashboards stand."""

    scopes = {"GET": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG,
        operation_id="ml_dashboard_status",
        summary="How old are the dashboards?",
        responses=BoardsStatusOut,
    )
    def get(self, request: Request) -> Response:
        """Return each dashboard's age and checksum, and the sync behind them."""
        standing = standing_of(self.workspace, self.now)
        run, pictures = standing.current, pictures_of(self.workspace)
        shown = {
            "dashboards": [
                _board(board, standing, pictures.get((board.type, Theme.LIGHT)),
                       pictures.get((board.type, Theme.DARK)))
                for board in BOARDS.values()
            ],
            "figures_until": run.figures_until if run else None,
            "basis": basis_of(run.model_version) if run and run.figures_until else None,
            "notes": run.notes if run else [],
            "sync": _status(standing),
        }  # fmt: skip
        return Response(BoardsStatusOut(shown).data)


class BoardView(ApiView):
    """Base: one of the four, by its name."""

    scopes = {"GET": scopes.INSIGHT_READ}
    content_negotiation_class = _Json

    def board(self, name: str) -> Board:
        """The one that is named."""
        if name not in BOARDS:
            raise Http404
        return BOARDS[name]


class BoardChart(BoardView):
    """A chart."""

    @extend_schema(
        tags=TAG,
        operation_id="ml_dashboard_chart",
        summary="Chart of a dashboard as PNG",
        parameters=[
            NAMES, OpenApiParameter("theme", str, enum=Theme.values, description="Default: light."),
        ],
        responses={(200, "image/png"): OpenApiTypes.BINARY, 304: None},
    )  # fmt: skip
    def get(self, request: Request, name: str) -> HttpResponse:
        """Answer with the stored picture, or 304 to its ETag; nothing is drawn here."""
        try:
            return picture_answer(request._request, self.workspace, self.board(name))
        except Http404 as error:
            raise NotFound(str(error)) from error


class BoardData(BoardView):
    """Rows behind a chart."""

    @extend_schema(
        tags=TAG,
        operation_id="ml_dashboard_data",
        summary="Rows of a dashboard",
        parameters=[NAMES],
        responses={200: BoardDataOut, 304: None},
    )
    def get(self, request: Request, name: str) -> HttpResponse:
        """Answer with all rows of the current batch, or 304 to its ETag."""
        board, run = self.board(name), current_of(self.workspace)
        etag = f'"{run.public_id}-{run.started_at.timestamp()}"' if run else None
        if etag and (held := get_conditional_response(request._request, etag=etag)):
            return held
        answer = Response(_data(board, run, self))
        answer["Cache-Control"] = "private, no-cache"
        if etag:
            answer["ETag"] = etag
        return answer


def _data(board: Board, run: SyncRun | None, view: ApiView) -> dict[str, Any]:
    # Without a serializer for each of 540 rows, which would take as long as all the rest.
    rows = [_row(row) for row in rows_of(view.workspace, board).values(*board.fields)]
    return {
        "dashboard_type": board.type,
        "created_at": run.finished_at if run else None,
        "results": rows,
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    currency = row.get("currency", "")
    return {
        name: amount_text(value, currency) if name in _MONEY and value is not None else value
        for name, value in row.items()
    }


def _board(board: Board, standing: Standing, light: Any, dark: Any) -> dict[str, Any]:
    run = standing.current
    state = "missing" if light is None else "stale" if standing.is_stale else "fresh"
    return {
        "name": board.name,
        "dashboard_type": board.type,
        "state": state,
        "created_at": run.finished_at if run and light else None,
        "sha256": light.sha256 if light else None,
        "dark_sha256": dark.sha256 if dark else None,
    }


def _status(standing: Standing) -> dict[str, Any]:
    run, every = standing.job, standing.every
    return {
        "run_id": run.public_id if run else None,
        "state": run.state if run else "idle",
        "trigger": run.trigger if run else None,
        "step": run.step if run else None,
        "started_at": run.started_at if run else None,
        "finished_at": run.finished_at if run else None,
        "duration_ms": run.duration_ms if run else None,
        "last_success_at": _last_success(standing),
        "next_run_at": standing.next_at,
        "interval_minutes": every // timedelta(minutes=1) if every else None,
        "counts": run.counts if run else {},
        "error": run.error if run else None,
    }


def _last_success(standing: Standing) -> datetime | None:
    return standing.current.finished_at if standing.current else None
