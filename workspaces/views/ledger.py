"""The ledger of changes: one timeline over every kind, and what may have changed a figure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django import forms
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from workspaces.gate import RequestError
from workspaces.ledger import scopes
from workspaces.models import Workspace
from workspaces.pages import PageRequest, has_role, page, refuse, show
from workspaces.panels import facets
from workspaces.reports.answers import download
from workspaces.reports.shapes import Cell, Pairs, Table
from workspaces.reports.sheets import csv_of, xlsx_of
from workspaces.roles import Role
from workspaces.selectors_ledger import (
    EFFECTS,
    OUTCOMES,
    LedgerFilter,
    LedgerRow,
    all_rows,
    kinds,
    ledger_page,
    money_of,
    proposers,
    signers,
)

MOST_EXPORTED: Final = 10_000
_WRITERS: Final = {"csv": csv_of, "xlsx": xlsx_of}
_ALL: Final = [("", "All")]
_YEARS: Final = (2000, 2100)


class LedgerForm(forms.Form):
    """Filters of the ledger. What is not understood is left out."""

    q = forms.CharField(required=False, max_length=100, label="Search")
    kind = forms.ChoiceField(required=False, label="Kind")
    proposer = forms.ChoiceField(required=False, label="Proposed by")
    signer = forms.ChoiceField(required=False, label="Signed by")
    outcome = forms.ChoiceField(required=False, choices=list(OUTCOMES.items()), label="Outcome")
    effect = forms.ChoiceField(required=False, choices=[*_ALL, *EFFECTS.items()], label="Effect")

    def __init__(self, data: Mapping[str, str], *, workspace: Workspace) -> None:
        super().__init__(data, auto_id="ledger-%s")
        self._workspace = workspace
        self.fields["q"].widget.attrs.update(
            type="search", placeholder="Campaign, account or subject"
        )
        self._choices("kind", sorted(kinds().items(), key=lambda pair: pair[1]))
        self._choices("proposer", proposers(workspace=workspace))
        self._choices("signer", signers(workspace=workspace))
        for facet in facets():
            self.fields[facet.name] = forms.ChoiceField(required=False, label=facet.label)
            self._choices(facet.name, list(facet.choices(workspace)))
        for name, label in (("from", "From"), ("to", "To")):
            self.fields[name] = forms.DateField(
                required=False, label=f"{label} ({workspace.time_zone})",
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            )  # fmt: skip

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        asked = self.data.get(name, "")
        # A proposer without a recent row stays chosen, so that the address keeps its sense.
        is_extra = name == "proposer" and asked and asked not in dict(choices)
        extra = [(asked, asked)] if is_extra else []
        field = self.fields[name]
        field.choices = [*_ALL, *choices, *extra]  # type: ignore[attr-defined]  # a ChoiceField

    @property
    def scoped(self) -> tuple[tuple[str, str], ...]:
        """What the address narrows it to beyond the fields: name and value."""
        given = ((scope.name, self.data.get(scope.name, "")) for scope in scopes())
        return tuple((name, value.replace("\x00", "")[:100]) for name, value in given if value)

    @property
    def chips(self) -> list[tuple[str, str, str]]:
        """The same for people: name, title, and what the value is called."""
        asked = dict(self.scoped)
        return [
            (scope.name, scope.title, scope.label(self._workspace, asked[scope.name]) or "unknown")
            for scope in scopes()
            if scope.name in asked
        ]

    def filters(self) -> LedgerFilter:
        """Filters that are valid."""
        self.is_valid()
        given: dict[str, Any] = self.cleaned_data
        return LedgerFilter(
            kind=given.get("kind", ""),
            proposer=given.get("proposer", ""),
            signer=given.get("signer", ""),
            search=given.get("q", "").replace("\x00", ""),
            since=_near(given.get("from")),
            until=_near(given.get("to")),
            outcome=given.get("outcome", ""),
            effect=given.get("effect", ""),
            facets=tuple((f.name, given[f.name]) for f in facets() if given.get(f.name)),
            scoped=self.scoped,
        )


def _near(day: date | None) -> date | None:
    return day if day and _YEARS[0] <= day.year <= _YEARS[1] else None


@require_GET
@page(Role.VIEWER)
def ledger(request: PageRequest) -> HttpResponse:
    """Every change that was carried out, newest first."""
    form = LedgerForm(request.GET.dict(), workspace=request.workspace)
    try:
        found = ledger_page(
            workspace=request.workspace,
            filters=form.filters(),
            after=request.GET.get("after", ""),
        )
    except RequestError as error:
        return refuse(request, str(error), status=error.status)
    context = {
        "title": "Change ledger",
        "form": form,
        "page": found,
        "may_undo": has_role(request, Role.OPERATOR),
        "is_filtered": any(request.GET.get(name) for name in [*form.fields, *dict(form.scoped)]),
        "most": MOST_EXPORTED,
    }
    return show(request, "workspaces/ledger.html", context)


@require_GET
@page(Role.VIEWER)
def export(request: PageRequest, kind: str) -> HttpResponse:
    """The newest rows that fit, as CSV or XLSX with the filters above them."""
    if kind not in _WRITERS:
        raise Http404("There is no such export.")
    form = LedgerForm(request.GET.dict(), workspace=request.workspace)
    table = _table(request.workspace, form.filters())
    return download(_WRITERS[kind]([table], _words(form, table)), name="ledger", kind=kind)


_HEAD: Final = (
    "Carried out", "Kind", "Subject", "Summary", "Before", "After", "At stake a day",
    "Proposed by", "Signed by", "Outcome", "Predicted", "Predicted interval", "Measured",
    "Effect", "Undoes", "Id",
)  # fmt: skip


def _table(workspace: Workspace, filters: LedgerFilter) -> Table:
    rows = tuple(_cells(row, workspace) for row in all_rows(workspace, filters, most=MOST_EXPORTED))
    return Table("Ledger", _HEAD, rows, texts=frozenset(range(len(_HEAD))) - {6})


def _cells(row: LedgerRow, workspace: Workspace) -> tuple[Cell, ...]:
    proposal = row.proposal
    undone = proposal.reverts
    return (
        row.at.astimezone(workspace.zone).isoformat(timespec="seconds"),
        row.kind_label, proposal.subject_label, proposal.summary,
        row.diff.before, row.diff.after, money_of(row),
        proposal.proposer_label, ", ".join(row.signers), row.outcome,
        f"{row.predicted.metric} {row.predicted.delta}{row.predicted.per}" if row.predicted else "",
        row.predicted.interval if row.predicted else "",
        row.realised, row.effect_label, str(undone.public_id) if undone else "",
        str(proposal.public_id),
    )  # fmt: skip


def _words(form: LedgerForm, table: Table) -> Pairs:
    workspace = form._workspace  # the module's own
    given = [
        (str(form.fields[name].label), str(form.data[name]))
        for name in form.fields
        if form.data.get(name)
    ]
    scoped = [(title, label) for _, title, label in form.chips]
    is_cut = len(table.rows) == MOST_EXPORTED
    rows = f"the newest {MOST_EXPORTED:,}; narrow the dates for earlier ones" if is_cut else ""
    return (
        ("Workspace", workspace.name), ("Time zone", workspace.time_zone),
        ("Currency", workspace.currency), *given, *scoped,
        ("Rows", rows or f"{len(table.rows):,}"),
    )  # fmt: skip
