"""Performance over REST: sums by group, and files to import."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.entity_serializers import FiguresOut
from campaigns.api.queries import PerformanceQuery, chosen_period
from campaigns.engine.importing.mapping import Mapping
from campaigns.models import DailyPerformance, ImportRun, Platform
from campaigns.selectors.lookup import by_any_id
from campaigns.selectors.performance import GROUPS, days_of, figures, grouped
from campaigns.services.importing import (
    ImportOptions,
    ImportRefused,
    queue_import,
    receive_upload,
    save_answers,
)
from campaigns.tasks import run_import_task
from workspaces import scopes
from workspaces.api.fields import Body
from workspaces.api.idempotency import once
from workspaces.api.parsers import TooLargeError
from workspaces.api.views import RowsView

TAG = ["Campaigns"]
MAX_UPLOAD_BYTES = 20 * 1024 * 1024


class NamedOut(serializers.Serializer[Any]):
    """A campaign or an ad."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class PerformanceOut(FiguresOut):
    """Sums of one group in one currency; of the group's names only the asked one is there."""

    currency = serializers.CharField()
    conversions_usable = serializers.BooleanField(
        help_text="False: conversions of these accounts are not trusted; their ratios are null."
    )
    day = serializers.DateField(required=False)
    channel = serializers.CharField(required=False)
    campaign = NamedOut(required=False)
    ad = NamedOut(required=False)


class Performance(RowsView[DailyPerformance]):
    """Sums by day, channel, campaign or ad."""

    scopes = {"GET": scopes.INSIGHT_READ}
    queryset = DailyPerformance.objects.none()
    serializer_class = PerformanceOut
    filter_backends = []

    @extend_schema(
        tags=TAG,
        operation_id="performance_list",
        summary="Performance by day, channel, campaign or ad",
        parameters=[PerformanceQuery],
        responses=PerformanceOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Sums per group and currency: unlike money is never added."""
        asked = self.read_query(PerformanceQuery)
        period = chosen_period(asked, self.workspace, self.now)
        rows = days_of(self.workspace, period)
        if given := asked.get("ad_account"):
            rows = by_any_id(rows, given, "account__")
        if given := asked.get("campaign"):
            rows = by_any_id(rows, given, "campaign__")
        if "channel" in asked:
            rows = rows.filter(campaign__channel=asked["channel"])
        group = asked["group"]
        return self.page_of(
            grouped(rows, group),
            by=("-day",) if group == "day" else (GROUPS[group][0],),
            shown=lambda page: [_row(row, group) for row in page],
        )


def _row(sums: Any, group: str) -> dict[str, Any]:
    return {
        **_name(sums, group),
        "currency": sums["currency"],
        "conversions_usable": sums["usable"],
        **FiguresOut(figures(sums, usable=sums["usable"])).data,
    }


def _name(sums: Any, group: str) -> dict[str, Any]:
    if group == "day":
        return {"day": sums["day"].isoformat()}
    if group == "channel":
        return {"channel": sums["campaign__channel"]}
    named = {"id": str(sums[f"{group}__public_id"]), "name": sums[f"{group}__name"]}
    return {group: named}


class ImportIn(Body):
    """A file with what it does not say itself."""

    file = serializers.FileField(help_text="CSV or XLSX, 20 MB at most.")
    platform = serializers.ChoiceField(Platform.choices, required=False, default="")
    account_id = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    account_name = serializers.CharField(
        max_length=300, required=False, default="", allow_blank=True
    )
    currency = serializers.CharField(max_length=3, required=False, default="", allow_blank=True)
    time_zone = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    all_or_nothing = serializers.BooleanField(required=False, default=False)
    data_source = serializers.CharField(
        max_length=500, required=False, default="", allow_blank=True
    )


class BadRowOut(serializers.Serializer[Any]):
    """A row that was left out."""

    line = serializers.IntegerField()
    column = serializers.CharField()
    reason = serializers.CharField()


class ImportOut(serializers.Serializer[Any]):
    """An import and how far it is."""

    id = serializers.UUIDField(source="public_id")
    file_name = serializers.CharField()
    state = serializers.CharField(source="job.state", allow_null=True, default=None)
    error = serializers.CharField(source="job.error", allow_null=True, default=None)
    rows_read = serializers.IntegerField()
    rows_bad = serializers.IntegerField()
    days_written = serializers.IntegerField()
    days_unchanged = serializers.IntegerField()
    totals = serializers.JSONField()
    imported_by = serializers.CharField(source="importer", help_text="A person, a key or both.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class ImportDetailOut(ImportOut):
    """An import with the rows that were left out (the first thousand)."""

    bad_rows = BadRowOut(many=True)


class ImportView(RowsView[ImportRun]):
    """Base: imports of the workspace."""

    queryset = ImportRun.objects.none()
    serializer_class = ImportOut
    filter_backends = []

    def rows(self) -> Any:
        """Return all of them with their jobs."""
        return ImportRun.objects.filter(workspace=self.workspace).select_related(
            "job", "created_by", "api_key"
        )


class PerformanceImport(ImportView):
    """Import a file."""

    scopes = {"GET": scopes.INSIGHT_READ, "POST": scopes.INSIGHT_WRITE}
    parser_classes = [MultiPartParser]

    @extend_schema(tags=TAG, operation_id="performance_import_list", summary="List imports")
    def get(self, request: Request) -> Response:
        """Imports, newest first."""
        return self.page()

    @extend_schema(
        tags=TAG,
        operation_id="performance_import",
        summary="Import a performance file",
        request=ImportIn,
        responses={202: ImportOut},
    )
    @once
    def post(self, request: Request) -> Response:
        """Take a CSV or XLSX file; its columns are mapped by guess, a worker reads it."""
        body = self.read(ImportIn)
        upload = body["file"]
        if upload.size > MAX_UPLOAD_BYTES:
            raise TooLargeError(
                f"{upload.name} is larger than {MAX_UPLOAD_BYTES:,} bytes; use the import page or"
                " the command import_performance."
            )
        with transaction.atomic():
            run = self._queue(upload, body)
            transaction.on_commit(partial(run_import_task.delay, run_id=run.pk))
        return Response(ImportOut(run).data, status=status.HTTP_202_ACCEPTED)

    def _queue(self, upload: Any, body: dict[str, Any]) -> ImportRun:
        by, now = self.caller.user, self.now
        try:
            run = receive_upload(
                workspace=self.workspace, file=upload, file_name=upload.name, names=(), by=by,
                now=now, api_key=self.caller.key,
            )  # fmt: skip
            save_answers(run=run, mapping=Mapping.from_json(run.mapping), options=_options(body))
            return queue_import(run=run, by=by, now=now, trigger="api")
        except ImportRefused as error:
            raise serializers.ValidationError({"file": str(error)}) from error


def _options(body: dict[str, Any]) -> ImportOptions:
    names = ("platform", "account_id", "account_name", "currency", "time_zone", "data_source")
    return ImportOptions(
        on_bad_rows="all_or_nothing" if body["all_or_nothing"] else "leave_out",
        **{name: body[name] for name in names},
    )


class PerformanceImportDetail(ImportView):
    """One import."""

    scopes = {"GET": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG,
        operation_id="performance_import_read",
        summary="Look at an import",
        responses=ImportDetailOut,
    )
    def get(self, request: Request, public_id: Any) -> Response:
        """How far it is, and the rows that were left out with line and reason."""
        run: Any = self.one(public_id)
        return Response(
            {
                **ImportOut(run).data,
                "bad_rows": BadRowOut(run.bad_rows.order_by("pk"), many=True).data,
            }
        )
