"""Files of contacts over REST: sent, looked at, written."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from outreach.models import ContactImport, ContactImportState
from outreach.services.people.import_job import IMPORT_JOB
from outreach.services.people.importing import KNOWN, begin_check, begin_writing, receive_file
from workspaces import scopes
from workspaces.api.fields import Body
from workspaces.api.idempotency import once
from workspaces.api.parsers import TooLargeError
from workspaces.api.views import RowsView
from workspaces.services.jobs import JobRefusedError
from workspaces.tasks import request_and_send

TAG = ["Contacts"]
MAX_UPLOAD_BYTES = 20 * 1024 * 1024


class ContactImportIn(Body):
    """A file, and what it does not say itself."""

    file = serializers.FileField(help_text="CSV or XLSX, 20 MB at most.")
    country = serializers.CharField(max_length=2, required=False, allow_blank=True)
    known = serializers.ChoiceField(
        [(one, one) for one in KNOWN], required=False,
        help_text="What happens to people who are here: replace fields, fill empty ones, skip.",
    )  # fmt: skip
    consent = serializers.ChoiceField(
        [("", "Nothing"), ("column", "A column"), ("all", "All agreed")], required=False,
        allow_blank=True, help_text="Where consent to marketing is said.",
    )  # fmt: skip
    channel = serializers.ChoiceField(
        [("email", "E-mail"), ("sms", "SMS"), ("both", "Both")], required=False
    )
    statement = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    audience = serializers.UUIDField(required=False, help_text="A fixed list to put them on.")


class BadContactOut(serializers.Serializer[Any]):
    """A row that is not taken."""

    line = serializers.IntegerField()
    kind = serializers.CharField()
    reason = serializers.CharField()


class ContactImportOut(serializers.Serializer[Any]):
    """A file and how far it is."""

    id = serializers.UUIDField(source="public_id")
    file_name = serializers.CharField()
    state = serializers.ChoiceField(ContactImportState.choices)
    columns = serializers.JSONField(help_text="Column → our field.")
    options = serializers.JSONField()
    report = serializers.JSONField(
        help_text="new, known, invalid, repeated, conflict, suppressed, consent."
    )
    rows_read = serializers.IntegerField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class ContactImportDetailOut(ContactImportOut):
    """A file with the first thousand rows that are not taken."""

    bad_rows = serializers.SerializerMethodField()

    def get_bad_rows(self, run: ContactImport) -> list[dict[str, Any]]:
        """Rows by line."""
        return [dict(BadContactOut(row).data) for row in run.bad_rows.order_by("line")[:1000]]


class ContactImportsView(RowsView[ContactImport]):
    """Base: files of the workspace."""

    queryset = ContactImport.objects.none()
    serializer_class = ContactImportOut
    filter_backends = []

    def rows(self) -> Any:
        """All of them."""
        return ContactImport.objects.filter(workspace=self.workspace).select_related("workspace")

    def start(self) -> None:
        """Send a worker; where one is at it already, it takes this file too."""
        with suppress(JobRefusedError):
            request_and_send(
                workspace=self.workspace, name=IMPORT_JOB, trigger="api", now=self.now,
                by=self.caller.user,
            )  # fmt: skip


class ContactImports(ContactImportsView):
    """Files of contacts."""

    scopes = {"GET": scopes.OUTREACH_READ, "POST": scopes.OUTREACH_WRITE}
    parser_classes = [MultiPartParser]

    @extend_schema(tags=TAG, operation_id="contact_imports_list", summary="List files")
    def get(self, request: Request) -> Response:
        """Files, the newest first."""
        return self.page()

    @extend_schema(
        tags=TAG, operation_id="contact_imports_create", summary="Send a file of contacts",
        request=ContactImportIn, responses={202: ContactImportOut},
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Take a CSV or XLSX; a worker checks it. Nothing is written before you say so."""
        body = self.read(ContactImportIn)
        upload = body.pop("file")
        if upload.size > MAX_UPLOAD_BYTES:
            raise TooLargeError(f"{upload.name} is larger than {MAX_UPLOAD_BYTES:,} bytes.")
        by, now = self.caller.proposer, self.now
        run = receive_file(
            workspace=self.workspace, file=upload, file_name=upload.name, by=by, now=now,
            api_key=self.caller.key,
        )  # fmt: skip
        run = begin_check(run=run, columns=run.columns, options=body, by=by, now=now)
        self.start()
        return Response(ContactImportOut(run).data, status=status.HTTP_202_ACCEPTED)


class ContactImportDetail(ContactImportsView):
    """One file."""

    scopes = {"GET": scopes.OUTREACH_READ}

    @extend_schema(
        tags=TAG, operation_id="contact_imports_read", summary="Read a file's report",
        responses=ContactImportDetailOut,
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Show how far it is and what would become, or became, of its rows."""
        return Response(ContactImportDetailOut(self.one(public_id)).data)


class ContactImportWrite(ContactImportsView):
    """Writing."""

    scopes = {"POST": scopes.OUTREACH_WRITE}
    not_for_agents = frozenset({"POST"})

    @extend_schema(
        tags=TAG, operation_id="contact_imports_write", summary="Write a checked file",
        request=None, responses={202: ContactImportOut},
    )  # fmt: skip
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Write what was checked; a worker does it, and goes on after a stop."""
        run = begin_writing(run=self.one(public_id), by=self.caller.proposer, now=self.now)
        self.start()
        return Response(ContactImportOut(run).data, status=status.HTTP_202_ACCEPTED)
