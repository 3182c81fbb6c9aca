"""A text as its editor's form says it: read into parts, and drawn again as it was typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from outreach.models import TemplateVersion
from outreach.services.texts.writing import MOST_VARIABLES

TYPES: Final = (("text", "Text"), ("number", "Number"), ("money", "Money"), ("date", "Date"),
                ("url", "Address"), ("list", "List"))  # fmt: skip
HINTS: Final = {
    "money": "49.90 EUR", "date": "2026-12-31", "url": "https://…",
    "list": '[{"title": "Shoe"}]',
}  # fmt: skip
_SPARE: Final = 2


@dataclass(frozen=True)
class VariableRow:
    """A row of the form."""

    place: int
    name: str = ""
    type: str = "text"
    sample: str = ""
    required: bool = True


def parts_of(given: Mapping[str, str]) -> dict[str, Any]:
    """What the form says, as the services take it."""
    rows = [row for row in rows_of(given) if row.name]
    return {
        "subject": given.get("subject", "").strip(),
        "preheader": given.get("preheader", "").strip(),
        "text": given.get("text", "").replace("\r\n", "\n"),
        "body": given.get("body", "").replace("\r\n", "\n"),
        "markup": given.get("markup", "none"),
        "variables": [
            {"name": row.name, "type": row.type, "sample": _value(row), "required": row.required}
            for row in rows
        ],
    }


def rows_of(given: Mapping[str, str]) -> list[VariableRow]:
    """Rows of the form in their order, and two spare ones."""
    found: list[VariableRow] = []
    for place in range(MOST_VARIABLES + _SPARE):
        start = f"variable-{place}-"
        if name := given.get(f"{start}name", "").strip():
            found.append(
                VariableRow(
                    len(found), name, given.get(f"{start}type", "text"),
                    given.get(f"{start}sample", "").strip(), f"{start}required" in given,
                )
            )  # fmt: skip
    return [*found, *(VariableRow(len(found) + extra) for extra in range(_SPARE))]


def rows_of_version(version: TemplateVersion | None) -> list[VariableRow]:
    """Rows that say what a version declares, and two spare ones."""
    declared = version.variables if version else []
    found = [
        VariableRow(
            place, one["name"], one.get("type", "text"), _shown(one.get("sample", "")),
            one.get("required", True),
        )
        for place, one in enumerate(declared)
    ]  # fmt: skip
    return [*found, *(VariableRow(len(found) + extra) for extra in range(_SPARE))]


def _value(row: VariableRow) -> Any:
    """The sample as JSON takes it; what cannot be read stays text, and is refused with a reason."""
    if row.type == "money":
        amount, _, currency = row.sample.partition(" ")
        return {"amount": amount, "currency": currency.strip()} if row.sample else ""
    if row.type == "list":
        try:
            return json.loads(row.sample)
        except ValueError:
            return row.sample
    return row.sample


def _shown(sample: Any) -> str:
    if isinstance(sample, dict):
        return f"{sample.get('amount', '')} {sample.get('currency', '')}".strip()
    return sample if isinstance(sample, str) else json.dumps(sample, ensure_ascii=False)
