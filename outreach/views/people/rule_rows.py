"""Rules of an audience as rows of a form, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http import QueryDict

from outreach.engine.audience_rules import (
    BEHAVIOUR,
    CHOICE_TESTS,
    FIELDS,
    FIGURE_TESTS,
    FIGURES,
    NARROWED,
    TYPES,
    WORD_TESTS,
)
from outreach.models import MessageChannel

KINDS: Final = (
    ("field", "Field"), ("attribute", "Attribute"), ("consent", "Consent"),
    ("reachable", "Can be reached by"), ("did", "Behaviour"), ("funnel", "Left a funnel"),
    ("variant", "Met a test"), ("member", "On a list"),
)  # fmt: skip
_NUMBERS: Final = ("days", "times", "step")
_PARTS: Final = ("name", "type", "test", "value", "channel", "purpose", "state", "event", "days",
                 "times", "detail", "funnel", "step", "variant", "audience")  # fmt: skip
#: Of each kind, what stands in the document; the rest of a row is left over from another kind.
_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "field": ("name", "test", "value"), "attribute": ("name", "type", "test", "value"),
    "consent": ("channel", "purpose", "state"), "reachable": ("channel",),
    "did": ("event", "days", "times", "detail"), "funnel": ("funnel", "step", "days"),
    "variant": ("test", "variant"), "member": ("audience",),
}  # fmt: skip
_TESTS: Final = {
    "is": "is", "any_of": "is one of", "contains": "contains", "starts_with": "starts with",
    "known": "is known", "equals": "is", "at_least": "is at least", "at_most": "is at most",
}  # fmt: skip
_FIRST: Final[Mapping[str, Mapping[str, Any]]] = {
    "field": {"name": "country", "test": "is", "value": ""},
    "attribute": {"name": "", "type": "text", "test": "is", "value": ""},
    "consent": {"channel": "email", "purpose": "marketing", "state": "given"},
    "reachable": {"channel": "email"},
    "did": {"event": "opened", "days": 30, "times": 1},
    "funnel": {"funnel": "", "step": 1, "days": 30},
    "variant": {"test": "", "variant": ""},
    "member": {"audience": ""},
}


def document_of(given: QueryDict) -> dict[str, Any]:
    """Document that the rows of a form say, right or wrong: who reads it tells."""
    rules = []
    places = sorted({int(n) for n in given.getlist("row") if n.isdecimal() and len(n) < 4})
    for n in places:
        what = given.get(f"r{n}-what", "field")
        rule: dict[str, Any] = {"what": what}
        if given.get(f"r{n}-was", what) != what:
            rule |= _FIRST.get(what, {})
        else:
            rule |= _parts(given, n, what)
        if given.get(f"r{n}-not") == "1":
            rule["not"] = True
        rules.append(rule)
    return {"match": given.get("match", "all"), "rules": rules}


def _parts(given: QueryDict, n: int, what: str) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for name in _OF.get(what, ()):
        if (text := given.get(f"r{n}-{name}")) is None:
            continue
        parts[name] = text.strip()
        if name in _NUMBERS:
            parts[name] = int(text) if text.strip().isdecimal() else text
    if what == "did" and parts.get("event") not in NARROWED:
        parts.pop("detail", None)
    if what in ("field", "attribute"):
        _fit_value(parts, what)
    return parts


def _fit_value(parts: dict[str, Any], what: str) -> None:
    """Test and value as the field or type has them."""
    tests = tests_of(what, parts.get("name", ""), parts.get("type", "text"))
    if parts.get("test") not in tests:
        parts["test"] = tests[0]
    text = parts.pop("value", "")
    if parts["test"] == "known":
        return
    if parts["test"] == "any_of":
        parts["value"] = [one.strip() for one in text.split(",") if one.strip()]
    elif _is_number(what, parts):
        try:
            parts["value"] = float(text)
        except ValueError:
            parts["value"] = text
    elif parts.get("type") == "boolean":
        parts["value"] = text == "true"
    else:
        parts["value"] = text


def _is_number(what: str, parts: Mapping[str, Any]) -> bool:
    return parts.get("name") in FIGURES if what == "field" else parts.get("type") == "number"


def tests_of(what: str, name: str, kind: str) -> tuple[str, ...]:
    """Tests that a field or an attribute of a type has."""
    if what == "field":
        if name in FIGURES:
            return FIGURE_TESTS
        return CHOICE_TESTS if FIELDS.get(name) else WORD_TESTS
    return {"text": WORD_TESTS, "boolean": ("is", "known")}.get(kind, FIGURE_TESTS)


def rows_of(document: Any) -> list[dict[str, Any]] | None:
    """Rows that draw a document; ``None`` where groups stand in it, which rows cannot show."""
    rules = document.get("rules", []) if isinstance(document, Mapping) else []
    if any("rules" in one for one in rules):
        return None
    return [_row(n, one) for n, one in enumerate(rules)]


def _row(n: int, rule: Mapping[str, Any]) -> dict[str, Any]:
    what, name = rule.get("what", "field"), str(rule.get("name", ""))
    kind = str(rule.get("type", "text"))
    value = rule.get("value", "")
    if isinstance(value, list):
        value = ", ".join(str(one) for one in value)
    elif isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, float):
        value = f"{value:g}"
    choices = FIELDS.get(name) if what == "field" else None
    return {
        "n": n, "what": what, "rule": {part: rule.get(part, "") for part in _PARTS},
        "negated": rule.get("not", False), "value": value, "kind": kind,
        "fields": [(one, one.replace("_", " ").capitalize()) for one in (*FIELDS, *FIGURES)],
        "types": [(one, one.capitalize()) for one in TYPES],
        "tests": [(one, _TESTS[one]) for one in tests_of(what, name, kind)],
        "choices": [(one, one.replace("_", " ").capitalize()) for one in choices or ()],
        "channels": MessageChannel.choices,
        "purposes": [("marketing", "marketing"), ("service", "service")],
        "states": [("given", "given"), ("withdrawn", "withdrawn"), ("unknown", "never said")],
        "events": [(one, said.capitalize()) for one, said in BEHAVIOUR.items()],
        "narrowed": NARROWED.get(str(rule.get("event", "")), "") if what == "did" else "",
    }  # fmt: skip
