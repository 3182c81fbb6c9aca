"""Files of contacts: upload, columns, check, writing."""

from __future__ import annotations

import csv
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from outreach.engine.contact_file import ATTRIBUTE, FIELDS
from outreach.models import Audience, AudienceKind, ContactImport, ContactImportState
from outreach.selectors.file_samples import samples_of
from outreach.services.people.ending import KEPT_DAYS
from outreach.services.people.import_job import IMPORT_JOB
from outreach.services.people.importing import begin_check, begin_writing, receive_file
from outreach.services.people.refusing import PeopleError
from workspaces.gate import Proposer
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role
from workspaces.selectors import open_run
from workspaces.services.jobs import JobRefusedError
from workspaces.tasks import request_and_send

_SHOWN: Final = 50
_UNSAFE: Final = ("=", "+", "-", "@", "\t", "\r")
_KNOWN: Final = (("replace", "Take the file's values"), ("fill", "Fill empty fields only"),
                 ("skip", "Leave them as they are"))  # fmt: skip
_CONSENT: Final = (("", "The file says nothing of it"), ("column", "A column says it"),
                   ("all", "All of them agreed"))  # fmt: skip
_CHANNELS: Final = (("email", "E-mail"), ("sms", "SMS"), ("both", "Both"))


@page(Role.OPERATOR)
def imports(request: PageRequest) -> HttpResponse:
    """Files so far, and a form for the next one."""
    context: dict[str, Any] = {"title": "Import contacts", "kept_days": KEPT_DAYS}
    status = 200
    if request.method == "POST":
        upload = request.FILES.get("file")
        try:
            if upload is None:
                raise PeopleError("file", "Choose a CSV or XLSX file.")
            run = receive_file(
                workspace=request.workspace, file=upload, file_name=str(upload.name),  # type: ignore[arg-type]  # a file
                by=Proposer.person(request.user), now=timezone.now(),
            )  # fmt: skip
            return redirect("contact-import", run.public_id)
        except PeopleError as error:
            context["error"], status = error, 400
    rows = ContactImport.objects.filter(workspace=request.workspace)
    context["rows"] = rows.order_by("-pk")[:_SHOWN]
    return show(request, "outreach/people/imports.html", context, status=status)


def _own(request: PageRequest, public_id: UUID) -> ContactImport:
    rows = ContactImport.objects.filter(workspace=request.workspace).select_related("workspace")
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404("There is no such file.")
    return found


@require_safe
@page(Role.OPERATOR)
def contact_import(request: PageRequest, public_id: UUID) -> HttpResponse:
    """One file, at whatever step it is; asked by HTMX while a worker is at it."""
    return _shown(request, _own(request, public_id))


def _shown(
    request: PageRequest, run: ContactImport, *, error: PeopleError | None = None
) -> HttpResponse:
    choices = [("", "Not used"), *((name, name.replace("_", " ").capitalize()) for name in FIELDS)]
    may_map = bool(run.file) and run.state in (
        ContactImportState.UPLOADED, ContactImportState.CHECKED, ContactImportState.FAILED
    )  # fmt: skip
    context = {
        "title": run.file_name,
        "run": run,
        "job": open_run(request.workspace, IMPORT_JOB) if run.is_open else None,
        "choices": choices,
        "columns": _columns(run) if may_map else [],
        "known": _KNOWN,
        "consent": _CONSENT,
        "channels": _CHANNELS,
        "lists": Audience.objects.filter(
            workspace=request.workspace, kind=AudienceKind.LIST, archived_at=None
        ).order_by("name"),
        "bad_rows": run.bad_rows.order_by("line")[:_SHOWN],
        "bad": sum(run.report.get(kind, 0) for kind in ("invalid", "repeated", "conflict")),
        "may_map": may_map,
        "error": error,
        "may_write": has_role(request, Role.OPERATOR),
    }  # fmt: skip
    status = 400 if error else 200
    name = "outreach/people/import.html"
    if request.htmx and not error:
        name += "#progress"
    return show(request, name, context, status=status)


def _columns(run: ContactImport) -> list[tuple[int, str, str, str, str, str]]:
    """Each column with what it means, the attribute that it may become, and first values."""
    found = []
    for place, (header, sample) in enumerate(zip(run.headers, samples_of(run), strict=True)):
        meaning = run.columns.get(header, "")
        name = header.lower().replace(" ", "_")[:70]
        attribute = meaning if meaning.startswith(ATTRIBUTE) else f"{ATTRIBUTE}{name}"
        own = attribute.removeprefix(ATTRIBUTE)
        found.append((place, header, meaning, attribute, own, sample))
    return found


@require_POST
@page(Role.OPERATOR)
def check(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Look through a file as its columns were mapped."""
    run, given = _own(request, public_id), request.POST
    columns = {h: given.get(f"column-{place}", "") for place, h in enumerate(run.headers)}
    names = ("country", "known", "consent", "channel", "statement", "audience")
    options = {name: given[name] for name in names if name in given}
    try:
        begin_check(
            run=run, columns=columns, options=options, by=Proposer.person(request.user),
            now=timezone.now(),
        )  # fmt: skip
    except PeopleError as error:
        run.columns, run.options = columns, {**run.options, **options}
        return _shown(request, run, error=error)
    _start(request)
    return redirect("contact-import", public_id)


@require_POST
@page(Role.OPERATOR)
def write(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Write what was checked."""
    run = _own(request, public_id)
    try:
        begin_writing(run=run, by=Proposer.person(request.user), now=timezone.now())
    except PeopleError as error:
        messages.error(request, str(error))
    else:
        _start(request)
    return redirect("contact-import", public_id)


def _start(request: PageRequest) -> None:
    try:
        request_and_send(
            workspace=request.workspace, name=IMPORT_JOB, trigger="page", now=timezone.now(),
            by=request.user,
        )  # fmt: skip
    except JobRefusedError as error:
        messages.info(request, f"{error} The file is taken after that.")


@require_safe
@page(Role.OPERATOR)
def bad_rows(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Rows that are not taken, as CSV; a spreadsheet computes nothing of it."""
    run = _own(request, public_id)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="not-taken-{run.public_id}.csv"'
    writer = csv.writer(answer)
    writer.writerow(["line", "kind", "reason", "text"])
    for row in run.bad_rows.order_by("line").iterator():
        cells = [row.kind, row.reason, row.text]
        writer.writerow([row.line, *(f"'{c}" if c.startswith(_UNSAFE) else c for c in cells)])
    return answer
