"""Audiences: rules as rows with a live count, fixed lists, and their people as files."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attribution.models import FunnelDefinition
from experiments.models import ABTest
from outreach.engine.audience_rules import RulesError, parse
from outreach.models import Audience, AudienceKind
from outreach.selectors.audiences.files import HEAD, People, people_in, people_of_list, sheet_of
from outreach.selectors.audiences.reading import (
    Preview,
    in_words,
    people_of,
    preview_of,
    query_of,
)
from outreach.services.people.audiences import (
    archive_audience,
    change_audience,
    create_audience,
    remove_members,
    used_in,
)
from outreach.services.people.refusing import PeopleError
from outreach.views.people.contacts import filtered, own_contact
from outreach.views.people.rule_rows import KINDS, document_of, rows_of
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.reports.answers import download, stream
from workspaces.reports.shapes import Pairs
from workspaces.reports.sheets import csv_parts, xlsx_of
from workspaces.roles import Role

_PAGE: Final = "outreach/people/audience.html"


@require_safe
@page(Role.VIEWER)
def audiences(request: PageRequest) -> HttpResponse:
    """All audiences that are in use."""
    rows = list(
        Audience.objects.filter(workspace=request.workspace, archived_at=None).order_by("name")
    )
    context = {
        "title": "Audiences",
        "rows": [(row, _said(row)) for row in rows],
        "may_write": has_role(request, Role.OPERATOR),
    }
    return show(request, "outreach/people/audiences.html", context)


def _said(audience: Audience) -> str:
    """What is meant, without looking names up for each of a list."""
    if audience.kind == AudienceKind.LIST:
        return "Named one by one"
    try:
        count = len(parse(audience.rules).rules)
    except RulesError as error:
        return str(error)
    return f"{count} rule{'s' * (count != 1)}" if count else "Everybody"


def _own(request: PageRequest, public_id: UUID) -> Audience:
    rows = Audience.objects.filter(workspace=request.workspace).select_related("workspace")
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404("There is no such audience.")
    return found


@page(Role.OPERATOR)
def new(request: PageRequest) -> HttpResponse:
    """Make an audience; while it is edited nothing is kept."""
    kind = AudienceKind.LIST if request.GET.get("kind") == "list" else AudienceKind.RULES
    if request.method != "POST":
        return _edit(request, None, kind, {"match": "all", "rules": []})
    kind = AudienceKind.LIST if request.POST.get("kind") == "list" else AudienceKind.RULES
    return _kept(request, None, kind)


@require_safe
@page(Role.VIEWER)
def audience(request: PageRequest, public_id: UUID) -> HttpResponse:
    """One audience: whom it means, who that is now, and where it is used."""
    row = _own(request, public_id)
    return _edit(request, row, AudienceKind(row.kind), row.rules)


@require_POST
@page(Role.OPERATOR)
def save(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Keep what the form says of an audience."""
    row = _own(request, public_id)
    return _kept(request, row, AudienceKind(row.kind))


def _kept(request: PageRequest, row: Audience | None, kind: AudienceKind) -> HttpResponse:
    document = document_of(request.POST) if kind == AudienceKind.RULES else {}
    values: dict[str, Any] = {
        "name": request.POST.get("name", ""), "description": request.POST.get("description", ""),
    }  # fmt: skip
    if kind == AudienceKind.RULES and "match" in request.POST:
        values["rules"] = document
    by, now = Proposer.person(request.user), timezone.now()
    try:
        if row is None:
            row = create_audience(
                workspace=request.workspace, values={**values, "kind": kind}, by=by, now=now
            )
        else:
            change_audience(audience=row, values=values, by=by, now=now)
    except PeopleError as error:
        return _edit(request, row, kind, document, error=error)
    messages.success(request, f"“{row.name}” is saved.")
    return redirect("audience", row.public_id)


def _edit(
    request: PageRequest, row: Audience | None, kind: AudienceKind, document: Any, *,
    error: PeopleError | None = None,
) -> HttpResponse:  # fmt: skip
    is_list = kind == AudienceKind.LIST
    seen, problem = _seen(request, row, None if is_list else document)
    context = {
        "title": row.name if row else ("New list" if is_list else "New audience"),
        "row": row,
        "kind": str(kind),
        "name": request.POST.get("name", row.name if row else ""),
        "description": request.POST.get("description", row.description if row else ""),
        "used": used_in(row) if row else [],
        "error": error,
        "seen": seen,
        "problem": problem,
        "may_write": has_role(request, Role.OPERATOR),
        **_builder(request, {} if is_list else document),
    }
    return show(request, _PAGE, context, status=400 if error else 200)


def _seen(
    request: PageRequest, row: Audience | None, document: Any
) -> tuple[Preview | None, RulesError | None]:
    now = timezone.now()
    try:
        if document is not None:
            return preview_of(request.workspace, parse(document), now), None
        if row is None:
            return None, None
        query = query_of(row, now)
    except RulesError as error:
        return None, error
    return Preview(*people_of(row.workspace, query), "A fixed list"), None


def _builder(request: PageRequest, document: Any) -> dict[str, Any]:
    """Rows of rules and what they may name."""
    workspace = request.workspace
    rows = rows_of(document)
    return {
        "match": document.get("match", "all"),
        "rules": rows,
        "is_deep": rows is None,
        "kinds": KINDS,
        "funnels": FunnelDefinition.objects.filter(workspace=workspace).order_by("name"),
        "tests": ABTest.objects.filter(workspace=workspace).order_by("name")[:200],
        "lists": Audience.objects.filter(
            workspace=workspace, kind=AudienceKind.LIST, archived_at=None
        ).order_by("name"),
    }


@require_POST
@page(Role.VIEWER)
def draft(request: PageRequest) -> HttpResponse:
    """Rules as they stand in the form: drawn anew, counted and previewed; nothing is kept."""
    document = document_of(request.POST)
    if "add" in request.POST:
        document["rules"].append({"what": "field", "name": "country", "test": "is", "value": ""})
    if (place := request.POST.get("drop", "")).isdecimal():
        document["rules"] = [one for n, one in enumerate(document["rules"]) if n != int(place)]
    seen, problem = _seen(request, None, document)
    context = {"seen": seen, "problem": problem, "may_write": True,
               **_builder(request, document)}  # fmt: skip
    return show(request, f"{_PAGE}#builder", context)


@require_POST
@page(Role.OPERATOR)
def archive(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Put an audience away."""
    row = _own(request, public_id)
    try:
        archive_audience(audience=row, by=Proposer.person(request.user), now=timezone.now())
    except (PeopleError, GateError) as error:
        messages.error(request, str(error))
        return redirect("audience", public_id)
    messages.success(request, f"“{row.name}” is archived.")
    return redirect("audiences")


@require_POST
@page(Role.OPERATOR)
def take_off(request: PageRequest, public_id: UUID, contact_id: UUID) -> HttpResponse:
    """Take somebody off a fixed list."""
    row = _own(request, public_id)
    try:
        remove_members(
            audience=row, contacts=[own_contact(request, contact_id)],
            by=Proposer.person(request.user), now=timezone.now(),
        )  # fmt: skip
    except (PeopleError, GateError) as error:
        messages.error(request, str(error))
    return redirect("audience", public_id)


@require_safe
@page(Role.OPERATOR)
def export(request: PageRequest, public_id: UUID, kind: str) -> HttpResponseBase:
    """Its people as CSV or XLSX."""
    row = _own(request, public_id)
    try:
        people = people_in(row, timezone.now())
        said = "A fixed list" if row.kind == AudienceKind.LIST else in_words(
            row.workspace, parse(row.rules)
        )  # fmt: skip
    except RulesError as error:
        messages.error(request, str(error))
        return redirect("audience", public_id)
    words = (("Audience", row.name), ("Who", said))
    return _file(people, words, name=f"audience-{row.pk}", kind=kind)


@require_safe
@page(Role.OPERATOR)
def export_contacts(request: PageRequest, kind: str) -> HttpResponseBase:
    """Contacts as they are filtered, as CSV or XLSX."""
    people = people_of_list(request.workspace, filtered(request))
    words = tuple(
        (name.replace("_", " ").capitalize(), str(value))
        for name, value in request.GET.items() if value and name != "page"
    )  # fmt: skip
    return _file(people, words, name="contacts", kind=kind)


def _file(people: People, words: Pairs, *, name: str, kind: str) -> HttpResponseBase:
    """Everybody as CSV while it is read; as a spreadsheet, as many as memory should hold."""
    words = (*words, ("People", f"{people.count:,}"))
    if kind == "csv":
        return stream(csv_parts(HEAD, people.rows, words), name=name, kind=kind)
    if kind != "xlsx":
        raise Http404("There is no such export.")
    table = sheet_of(people)
    notes = (("Note", table.note),) if table.note else ()
    return download(xlsx_of([table], (*words, *notes)), name=name, kind=kind)
