"""Forms of the import page."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files import File
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from campaigns.engine.importing.fields import FIELDS
from campaigns.engine.importing.mapping import SETTINGS, Mapping
from campaigns.models import ImportRun, Platform
from campaigns.services.importing import ImportOptions, options_of

_LABELS = {
    "day_order": "Order of day and month",
    "decimal_sign": "Sign before decimals",
    "roi_kind": "ROI is",
    "rates_in": "Rates are",
}
_WORDS = {
    "": "–",
    "dmy": "day first (31/12/2024)",
    "mdy": "month first (12/31/2024)",
    "excel": "serial numbers of a spreadsheet",
    ".": "point (1,234.50)",
    ",": "comma (1.234,50)",
    "multiple": "a multiple of cost (2.8 = revenue of 2.8 × spend)",
    "net": "the net gain (2.8 = revenue of 3.8 × spend)",
    "share": "shares (0.025)",
    "percent": "per cent (2.5)",
}


class _ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """Any number of files, none included."""

    widget = _ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[File[bytes]]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(_FilesField, self).clean(one, initial) for one in given if one]


class UploadForm(forms.Form):
    """The file, and files that name its entities."""

    file = forms.FileField(
        label="Report (CSV or XLSX)",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    names = _FilesField(
        label="Files of names (optional)",
        required=False,
        help_text="History files of a connector with the ids and names of campaigns and ads.",
    )


class MappingForm(forms.Form):
    """Which column means what, and what the file does not say by itself."""

    platform = forms.ChoiceField(choices=Platform.choices)
    account_id = forms.CharField(required=False, max_length=120, label="Account id")
    account_name = forms.CharField(required=False, max_length=300, label="Account name")
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        required=False,
        label="Currency",
        error_messages={"invalid": "Use a three-letter ISO code such as USD."},
    )
    time_zone = forms.CharField(required=False, max_length=64, label="Time zone")
    summing_level = forms.ChoiceField(
        required=False,
        label="Totals add rows of",
        choices=[
            ("", "the finest level of the account's first file"),
            ("campaign", "campaigns"),
            ("ad_set", "ad sets"),
            ("ad", "ads"),
        ],
    )
    data_source = forms.CharField(required=False, max_length=500, label="Source and licence")
    on_bad_rows = forms.ChoiceField(
        label="Bad rows",
        choices=[("leave_out", "leave them out"), ("all_or_nothing", "then take nothing at all")],
    )
    shift_to_yesterday = forms.BooleanField(
        required=False, label="Move all days by whole weeks so that the last is yesterday or before"
    )
    conversions_unusable = forms.BooleanField(
        required=False, label="Let no model read this account's conversions"
    )

    def __init__(self, *args: Any, headers: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headers = headers
        for name, choices in SETTINGS.items():
            self.fields[name] = forms.ChoiceField(
                label=_LABELS[name], required=False, choices=[(c, _WORDS[c]) for c in choices]
            )
        fields = [("", "not used"), *((name, name.replace("_", " ")) for name in FIELDS)]
        for i, header in enumerate(headers):
            self.fields[f"column-{i}"] = forms.ChoiceField(
                label=f"Meaning of {header}", required=False, choices=fields
            )
        _dress(self)

    @staticmethod
    def initial_of(run: ImportRun, headers: Sequence[str]) -> dict[str, object]:
        """Values of the form as the run keeps them."""
        mapping, options = Mapping.from_json(run.mapping), options_of(run)
        meaning = {column: name for name, column in mapping.columns.items()}
        kept = options.to_json() | {name: getattr(mapping, name) for name in SETTINGS}
        return kept | {
            "platform": options.platform or mapping.platform,
            "currency": options.currency or mapping.fixed_currency,
            "conversions_unusable": options.conversions_usable is False,
            **{f"column-{i}": meaning.get(header, "") for i, header in enumerate(headers)},
        }

    def clean_time_zone(self) -> str:
        """Refuse what no zone is called."""
        name: str = self.cleaned_data["time_zone"]
        if name and name not in zoneinfo.available_timezones():
            raise forms.ValidationError("Use a name such as Europe/Berlin.")
        return name

    def clean(self) -> dict[str, Any]:
        """Refuse two columns with one meaning."""
        data = super().clean() or {}
        seen: dict[str, str] = {}
        for i, header in enumerate(self.headers):
            name = data.get(f"column-{i}", "")
            if name in seen:
                self.add_error(f"column-{i}", f"The column {seen[name]} has this meaning already.")
            elif name:
                seen[name] = header
        return data

    def mapping(self) -> Mapping:
        """Build the mapping that the person chose."""
        data = self.cleaned_data
        columns = {
            data[f"column-{i}"]: header
            for i, header in enumerate(self.headers)
            if data[f"column-{i}"]
        }
        settings = {name: data[name] for name in (*SETTINGS, "platform")}
        stated = "" if "currency" in columns else data["currency"]
        return Mapping.from_json({"columns": columns, "fixed_currency": stated, **settings})

    def options(self) -> ImportOptions:
        """Build the answers that the person gave."""
        data = self.cleaned_data
        kept = ("platform", "account_id", "account_name", "time_zone", "summing_level")
        return ImportOptions(
            **{name: data[name] for name in (*kept, "data_source", "on_bad_rows")},
            currency=data["currency"].upper(),
            shift_to_yesterday=data["shift_to_yesterday"],
            conversions_usable=False if data["conversions_unusable"] else None,
        )


def _dress(form: forms.Form) -> None:
    """Give the fields the widgets of the shell."""
    for field in form.fields.values():
        if isinstance(field, forms.ChoiceField):
            field.widget = UnfoldAdminSelectWidget(choices=field.choices)
        elif isinstance(field, forms.BooleanField):
            field.widget = UnfoldBooleanSwitchWidget()
        else:
            field.widget = UnfoldAdminTextInputWidget()
