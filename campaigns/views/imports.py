"""The import page: upload, mapping with preview, progress, report."""

from __future__ import annotations

import csv
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.models import ImportRun
from campaigns.services.importing import (
    ImportRefused,
    preview,
    queue_import,
    receive_upload,
    save_answers,
)
from campaigns.tasks.imports import run_import_task
from campaigns.views.import_forms import MappingForm, UploadForm
from workspaces.models import JobState
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role

_SHOWN_RUNS: Final = 50
_SHOWN_ROWS: Final = 50
_PREVIEWED: Final = ("line", "day", "account", "campaign", "ad_set", "ad")


@require_http_methods(["GET", "POST"])
@page(Role.OPERATOR)
def import_list(request: PageRequest) -> HttpResponse:
    """Past imports and the upload form."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            run = receive_upload(
                workspace=request.workspace,
                file=form.cleaned_data["file"].file,
                file_name=form.cleaned_data["file"].name,
                names=[one.file for one in form.cleaned_data["names"]],
                by=request.user,
                now=timezone.now(),
            )
        except ImportRefused as error:
            form.add_error("file", str(error))
        else:
            return redirect("campaigns-import", run.public_id)
    runs = (
        ImportRun.objects.filter(workspace=request.workspace)
        .select_related("job", "account", "created_by", "api_key")
        .order_by("-pk")[:_SHOWN_RUNS]
    )
    context = {"title": "Import", "form": form, "runs": runs}
    return show(request, "campaigns/import_list.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@page(Role.OPERATOR)
def import_run(request: PageRequest, public_id: UUID) -> HttpResponse:
    """One import, at whatever point it is."""
    run = _own(request, public_id)
    if run.job is None or (run.job.state == JobState.FAILED and run.file):
        return _mapping_page(request, run)
    if request.method == "POST":
        messages.info(request, "This import was started already.")
        return redirect("campaigns-import", run.public_id)
    context = {"title": run.file_name, "run": run}
    if run.job.state in (JobState.QUEUED, JobState.RUNNING):
        return show(request, "campaigns/import_progress.html", context)
    context["bad_rows"] = run.bad_rows.order_by("pk")[:_SHOWN_ROWS]
    return show(request, "campaigns/import_report.html", context)


def _mapping_page(request: PageRequest, run: ImportRun) -> HttpResponse:
    if not run.file:
        messages.error(request, "The file is not kept any more; upload it again.")
        return redirect("campaigns-imports")
    now = timezone.now()
    shown = preview(run=run, now=now)
    if request.method == "POST":
        form = MappingForm(request.POST, headers=shown.headers)
        if form.is_valid():
            save_answers(run=run, mapping=form.mapping(), options=form.options())
            shown = preview(run=run, now=now)
            if "run" in request.POST and not shown.guess.problems:
                return _start(request, run)
    else:
        form = MappingForm(
            initial=MappingForm.initial_of(run, shown.headers), headers=shown.headers
        )
    is_refused = bool(form.errors or ("run" in request.POST and shown.guess.problems))
    names = [*_PREVIEWED, *shown.guess.mapping.measures]
    context = {
        "title": f"Import {run.file_name}",
        "run": run,
        "form": form,
        "guess": shown.guess,
        "names": names,
        "columns": [
            (header, examples, form[f"column-{i}"])
            for i, (header, examples) in enumerate(shown.columns)
        ],
        "settings": [field for field in form if not field.name.startswith("column-")],
        "rows": [
            (line, [values.get(name, "") for name in names], why)
            for line, values, why in shown.rows
        ],
        "bad_rows": run.bad_rows.order_by("pk")[:_SHOWN_ROWS],
    }
    return show(
        request, "campaigns/import_mapping.html", context, status=422 if is_refused else 200
    )


def _start(request: PageRequest, run: ImportRun) -> HttpResponse:
    try:
        queue_import(run=run, by=request.user, now=timezone.now())
    except ImportRefused as error:
        messages.error(request, str(error))
    else:
        run_import_task.delay_on_commit(run_id=run.pk)  # type: ignore[attr-defined]  # Celery's Django task has it
    return redirect("campaigns-import", run.public_id)


@require_GET
@page(Role.OPERATOR)
def import_progress(request: PageRequest, public_id: UUID) -> HttpResponse:
    """How far a run is; at its end the page goes to the report."""
    run = _own(request, public_id)
    if run.job is None or run.job.state not in (JobState.QUEUED, JobState.RUNNING):
        target = reverse("campaigns-import", args=[run.public_id])
        return HttpResponse(headers={"HX-Redirect": target})
    return show(request, "campaigns/import_progress.html#progress", {"run": run})


@require_GET
@page(Role.OPERATOR)
def import_bad_rows(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Rows that were left out (a thousand at most are kept), as a CSV file."""
    run = _own(request, public_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="bad-rows-{run.pk}.csv"'
    writer = csv.writer(response)
    writer.writerow(["line", "column", "reason", "row"])
    for row in run.bad_rows.order_by("pk"):
        writer.writerow([row.line, *map(_harmless, (row.column, row.reason, row.text))])
    return response


def _harmless(text: str) -> str:
    """Keep spreadsheets from running a cell of a stranger's file as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _own(request: PageRequest, public_id: UUID) -> ImportRun:
    runs = ImportRun.objects.filter(workspace=request.workspace)
    return get_object_or_404(runs.select_related("job", "account"), public_id=public_id)
