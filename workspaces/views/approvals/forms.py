"""What the address of the queue and its small forms may say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from workspaces.models import Risk, Workspace
from workspaces.panels import facets
from workspaces.selectors_queue import TABS, QueueFilter, proposers
from workspaces.selectors_rows import kind_labels

_ALL = [("", "All")]


class FilterForm(forms.Form):
    """Filters of the queue. What is not understood is named and left out."""

    q = forms.CharField(required=False, max_length=100, label="Search")
    kind = forms.ChoiceField(required=False, label="Kind")
    risk = forms.ChoiceField(required=False, choices=[*_ALL, *Risk.choices], label="Risk")
    proposer = forms.ChoiceField(required=False, label="Proposed by")
    low = forms.DecimalField(required=False, min_value=0, max_digits=14, label="At least a day")
    high = forms.DecimalField(required=False, min_value=0, max_digits=14, label="At most a day")
    snoozed = forms.BooleanField(required=False, label="Show snoozed")

    def __init__(self, data: QueryDict, *, workspace: Workspace, tab: str) -> None:
        super().__init__(data, auto_id="filter-%s")
        self._tab = tab
        self.fields["q"].widget.attrs.update(type="search", placeholder="Subject or summary")
        self._choices("kind", list(kind_labels().items()))
        self._choices("proposer", proposers(workspace=workspace, tab=tab))
        for facet in facets():
            self.fields[facet.name] = forms.ChoiceField(required=False, label=facet.label)
            self._choices(facet.name, list(facet.choices(workspace)))
        for name in ("low", "high"):
            label = self.fields[name].label
            self.fields[name].label = f"{label} ({workspace.currency})"

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        asked = self.data.get(name, "")
        known = {key for key, _label in choices}
        # A proposer that has no row in this tab stays chosen, so that the address keeps its sense.
        extra = [(asked, asked)] if name == "proposer" and asked and asked not in known else []
        field = self.fields[name]
        field.choices = [*_ALL, *choices, *extra]  # type: ignore[attr-defined]  # a ChoiceField

    def filters(self) -> QueueFilter:
        """Filters that are valid."""
        self.is_valid()
        given: dict[str, Any] = self.cleaned_data
        return QueueFilter(
            tab=self._tab,
            kind=given.get("kind", ""),
            risk=given.get("risk", ""),
            proposer=given.get("proposer", ""),
            low=given.get("low"),
            high=given.get("high"),
            search=given.get("q", "").replace("\x00", ""),
            with_snoozed=given.get("snoozed", False) or self._tab != "waiting",
            facets=tuple((f.name, given[f.name]) for f in facets() if given.get(f.name)),
        )


def tab_of(query: QueryDict) -> str:
    """The tab that an address names; the first one for anything unknown."""
    tab = query.get("tab", "")
    return tab if tab in TABS else "waiting"
