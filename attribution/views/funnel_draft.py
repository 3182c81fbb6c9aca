"""A funnel as its builder's form says it: read, changed by buttons, and turned into a document.

The raw form is kept as nested texts, also where they are no funnel yet. A place such as
``steps-1-any_of-0-match`` names a field; an error's place is the same with brackets and dots.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

from attribution.engine.funnel_definition import (
    LONGEST_NAME,
    MOST_FILTERS,
    MOST_MATCHERS,
    MOST_STEPS,
    ORDERING,
)
from attribution.models import FunnelDefinition
from attribution.services.funnels.defining import FunnelError

UNITS: Final = {"minutes": 60, "hours": 3_600, "days": 86_400}
MOST: Final = {
    "steps": MOST_STEPS, "exclusions": MOST_MATCHERS, "any_of": MOST_MATCHERS,
    "where": MOST_FILTERS,
}  # fmt: skip
_PLAIN: Final = ("name", "site", "number", "unit", "mode", "alert")
_FIRST_FIELD: Final = {"steps": "name", "exclusions": "match", "any_of": "match",
                       "where": "property"}  # fmt: skip
_FIELD = re.compile(
    r"steps-\d{1,2}-name"
    r"|(steps-\d{1,2}-any_of|exclusions)-\d{1,2}-(kind|match|where-\d{1,2}-(property|op|value))"
)
Row = dict[str, Any]


@dataclass
class Draft:
    """What the form says; ``focus`` is the element that the cursor goes to."""

    name: str = ""
    site: str = ""
    number: str = "7"
    unit: str = "days"
    mode: str = "ordered"
    alert: str = "20"
    steps: list[Row] = field(default_factory=lambda: [_blank("steps"), _blank("steps")])
    exclusions: list[Row] = field(default_factory=list)
    focus: str = ""

    def document(self) -> Row:
        """The funnel as the services take it.

        Raises
        ------
        FunnelError : the window is no number of a unit
        """
        return {
            "steps": [_step(step, number) for number, step in enumerate(self.steps, start=1)],
            "exclusions": [_matcher(row) for row in self.exclusions],
            "window_seconds": self._window(),
            "mode": self.mode,
        }

    def alert_drop_pct(self) -> int | None:
        """By how many percent a step has to fall for an alert.

        Raises
        ------
        FunnelError : it is no whole number
        """
        if not self.alert:
            return None
        if not self.alert.isdecimal() or len(self.alert) > 3:
            raise FunnelError("alert_drop_pct", "Give a fall of 1 to 100 percent, or none.")
        return int(self.alert)

    def _window(self) -> int:
        try:
            seconds = Decimal(self.number) * UNITS[self.unit]
        except (InvalidOperation, KeyError):
            raise FunnelError("window_seconds", "Give a number, and choose its unit.") from None
        if not seconds.is_finite() or abs(seconds) > 10**9:
            raise FunnelError("window_seconds", "Give a window of 1 second to 90 days.")
        return int(seconds)


@dataclass(frozen=True)
class Part:
    """A step, matcher or filter as the form draws it; ``place`` begins its fields' names."""

    place: str
    row: Row
    number: int
    is_last: bool
    parts: list[Part]
    has_room: bool

    @property
    def is_first(self) -> bool:
        """Whether it cannot move up."""
        return self.number == 1


def parts_of(rows: list[Row], group: str) -> list[Part]:
    """Rows with their places; ``has_room`` says whether one more fits into each."""
    found = []
    for number, row in enumerate(rows, start=1):
        place = f"{group}-{number - 1}"
        below = "any_of" if "any_of" in row else "where"
        inner = row.get(below, [])
        found.append(
            Part(
                place=place,
                row=row,
                number=number,
                is_last=number == len(rows),
                parts=parts_of(inner, f"{place}-{below}") if inner else [],
                has_room=len(inner) < MOST[below],
            )
        )
    return found


def draft_of(funnel: FunnelDefinition) -> Draft:
    """The form of a funnel that stands."""
    seconds = funnel.window_seconds
    unit = next((name for name, size in reversed(UNITS.items()) if not seconds % size), "minutes")
    number = f"{Decimal(seconds) / UNITS[unit]:f}"
    return Draft(
        name=funnel.name,
        site=str(funnel.site.public_id) if funnel.site else "",
        number=number.rstrip("0").rstrip(".") if "." in number else number,
        unit=unit,
        mode=funnel.mode,
        alert=str(funnel.alert_drop_pct or ""),
        steps=[
            {"name": step["name"], "any_of": [_written(one) for one in step["any_of"]]}
            for step in funnel.definition["steps"]
        ],
        exclusions=[_written(one) for one in funnel.definition.get("exclusions", [])],
    )


def read_draft(form: Mapping[str, str]) -> Draft:
    """Read what was sent; names that the form does not have are passed over."""
    tree: Row = {}
    for name in form:
        if not _FIELD.fullmatch(name):
            continue
        *path, last = name.split("-")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = form[name].replace("\x00", "").strip()
    steps = [
        {"name": step.get("name", ""), "any_of": _matchers(step.get("any_of", {}))}
        for step in _listed(tree.get("steps", {}))
    ]
    plain = {name: form[name].replace("\x00", "").strip() for name in _PLAIN if name in form}
    return Draft(**plain, steps=steps, exclusions=_matchers(tree.get("exclusions", {})))


def change(draft: Draft, do: str) -> None:
    """Add, remove or move what a button says: ``add:steps-0-any_of``, ``up:steps-2``."""
    verb, _, place = do.partition(":")
    parts = place.split("-")
    if verb == "add":
        rows = _rows(draft, parts)
        if rows is not None and parts[-1] in MOST and len(rows) < MOST[parts[-1]]:
            rows.append(_blank(parts[-1]))
            draft.focus = f"{place}-{len(rows) - 1}-{_FIRST_FIELD[parts[-1]]}"
        return
    rows, index = _rows(draft, parts[:-1]), int(parts[-1]) if parts[-1].isdecimal() else -1
    if rows is None or not 0 <= index < len(rows):
        return
    group = "-".join(parts[:-1])
    if verb == "remove":
        rows.pop(index)
        draft.focus = f"do-add-{group}"
    target = index + {"up": -1, "down": 1}.get(verb, 0)
    if verb in ("up", "down") and 0 <= target < len(rows):
        rows.insert(target, rows.pop(index))
        # At the end of its way the button is off; the cursor then goes to its counterpart.
        verb = "down" if target == 0 else "up" if target == len(rows) - 1 else verb
        draft.focus = f"do-{verb}-{group}-{target}"


def field_of(place: str) -> str:
    """Form's field of an error's place: ``steps[1].name`` is ``steps-1-name``."""
    return re.sub(r"\[(\d+)\]", r"-\1", place).replace(".", "-")


def _rows(draft: Draft, parts: list[str]) -> list[Row] | None:
    """The list at a place, None where there is none."""
    node: Any = {"steps": draft.steps, "exclusions": draft.exclusions}
    for part in parts:
        if isinstance(node, list):
            if not part.isdecimal() or int(part) >= len(node):
                return None
            node = node[int(part)]
        elif isinstance(node, dict):
            node = node.get(part)
    return cast("list[Row]", node) if isinstance(node, list) else None


def _blank(kind: str) -> Row:
    if kind == "steps":
        return {"name": "", "any_of": [_blank("any_of")]}
    if kind == "where":
        return {"property": "", "op": "eq", "value": ""}
    return {"kind": "page", "match": "", "where": []}


def _listed(rows: Row) -> list[Row]:
    return [rows[key] for key in sorted(rows, key=int)]


def _matchers(rows: Row) -> list[Row]:
    return [
        {
            "kind": row.get("kind", "page"),
            "match": row.get("match", ""),
            "where": [_blank("where") | one for one in _listed(row.get("where", {}))],
        }
        for row in _listed(rows)
    ]


def _step(step: Row, number: int) -> Row:
    """A step without a name is called for what serves it first."""
    first = step["any_of"][0]["match"] if step["any_of"] else ""
    return {
        "name": step["name"] or first[:LONGEST_NAME] or f"Step {number}",
        "any_of": [_matcher(row) for row in step["any_of"]],
    }


def _matcher(row: Row) -> Row:
    return {**row, "where": [_filter(one) for one in row["where"]]}


def _filter(row: Row) -> Row:
    if row["op"] == "exists":
        return {"property": row["property"], "op": "exists"}
    return {**row, "value": _number(row["value"]) if row["op"] in ORDERING else row["value"]}


def _number(text: str) -> int | float | str:
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


def _written(matcher: Row) -> Row:
    """A matcher as texts; true and false as pages send them."""
    where = [
        {"property": one["property"], "op": one["op"], "value": _text(one.get("value", ""))}
        for one in matcher.get("where", [])
    ]
    return {"kind": matcher["kind"], "match": matcher["match"], "where": where}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
