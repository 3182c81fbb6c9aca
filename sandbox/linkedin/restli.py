"""Rest.li 2.0 in a query: `List(…)` and `(name:value,…)`, values inside percent-encoded."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from sandbox.web import JsonObject

_TOKEN = re.compile(r"[^(),:]*")
#: Structure is never encoded, so what is encoded is always part of a value.
_LIST = "List("


class SyntaxProblem(ValueError):
    """The query is not Rest.li 2.0."""


def read_query(raw: str) -> JsonObject:
    """Return the parameters of a raw query.

    Raises
    ------
    SyntaxProblem : brackets do not close, or a value inside a list or record is not encoded
    """
    found: JsonObject = {}
    for part in raw.split("&"):
        name, _, value = part.partition("=")
        if name:
            found[unquote_plus(name)] = _read(value)
    return found


def _read(value: str) -> object:
    if not value.startswith(("(", _LIST)):
        return unquote_plus(value)
    read, rest = _value(value)
    if rest:
        raise SyntaxProblem(f"{rest!r} is left over")
    return read


def _value(text: str) -> tuple[object, str]:
    if text.startswith(_LIST):
        return _list(text.removeprefix(_LIST))
    if text.startswith("("):
        return _record(text[1:])
    return _token(text)


def _token(text: str) -> tuple[str, str]:
    match = _TOKEN.match(text)
    raw = match.group() if match else ""
    return unquote_plus(raw), text[len(raw) :]


def _list(text: str) -> tuple[list[object], str]:
    items: list[object] = []
    if text.startswith(")"):
        return items, text[1:]
    while True:
        item, text = _value(text)
        items.append(item)
        if text.startswith(")"):
            return items, text[1:]
        text = _after(text, ",")


def _record(text: str) -> tuple[JsonObject, str]:
    fields: JsonObject = {}
    while True:
        name, text = _token(text)
        fields[name], text = _value(_after(text, ":"))
        if text.startswith(")"):
            return fields, text[1:]
        text = _after(text, ",")


def _after(text: str, mark: str) -> str:
    if not text.startswith(mark):
        raise SyntaxProblem(f"{mark!r} is wanted before {text!r}")
    return text[1:]
