"""A funnel as a document: steps that pages and events serve, checked and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

MOST_STEPS: Final = 12
MOST_MATCHERS: Final = 10
MOST_FILTERS: Final = 10
MOST_TEXT: Final = 300
MOST_NUMBER: Final = 10**15
LONGEST_NAME: Final = 80
SHORTEST_WINDOW_S: Final = 1
LONGEST_WINDOW_S: Final = 90 * 86_400

Kind = Literal["page", "event"]
Operator = Literal["eq", "ne", "contains", "gt", "gte", "lt", "lte", "exists"]
Mode = Literal["ordered", "strict"]
Value = str | int | float | bool

KINDS: Final = ("page", "event")
OPERATORS: Final = ("eq", "ne", "contains", "gt", "gte", "lt", "lte", "exists")
ORDERING: Final = ("gt", "gte", "lt", "lte")
#: What a person may call them, and what they are.
MODES: Final[Mapping[str, Mode]] = {"ordered": "ordered", "loose": "ordered", "strict": "strict"}


class DefinitionError(ValueError):
    """The document is not a funnel; ``place`` says where."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place
        self.message = message


@dataclass(frozen=True)
class PropertyFilter:
    """What a property of an event must be; ``value`` is None for `exists` alone."""

    name: str
    operator: Operator
    value: Value | None = None


@dataclass(frozen=True)
class Matcher:
    """Page views whose path, or events whose name, fits a glob, and whose properties fit all."""

    kind: Kind
    match: str
    where: tuple[PropertyFilter, ...] = ()


@dataclass(frozen=True)
class FunnelStep:
    """A step: any of its matchers serves it."""

    name: str
    any_of: tuple[Matcher, ...]


@dataclass(frozen=True)
class Definition:
    """A funnel: steps in order, what ends an attempt, and how long one may take."""

    steps: tuple[FunnelStep, ...]
    window_seconds: int
    mode: Mode = "ordered"
    exclusions: tuple[Matcher, ...] = field(default=())

    @property
    def is_strict(self) -> bool:
        """Whether steps must be consecutive events of a person."""
        return self.mode == "strict"


def read_definition(document: object) -> Definition:
    """Read and check a funnel's document.

    Parameters
    ----------
    document : `steps` [{`name`, `any_of` [matcher]}], `window_seconds`, and, where wanted, `mode`
        (`ordered`, also called `loose`; `strict`) and `exclusions` [matcher]. A matcher is
        {`kind` `page`|`event`, `match` glob, `where` [{`property`, `op`, `value`}]}

    Raises
    ------
    DefinitionError : a part is missing, unknown, of the wrong kind or out of range; it names the
        place, such as `steps[1].any_of[0].match`
    """
    rows = _object(document, "funnel", ("steps", "exclusions", "window_seconds", "mode"))
    steps = _list(rows.get("steps"), "steps", 1, MOST_STEPS)
    exclusions = _list(rows.get("exclusions", []), "exclusions", 0, MOST_MATCHERS)
    return Definition(
        steps=tuple(_step(row, f"steps[{n}]") for n, row in enumerate(steps)),
        window_seconds=_window(rows.get("window_seconds")),
        mode=_mode(rows.get("mode", "ordered")),
        exclusions=tuple(_matcher(row, f"exclusions[{n}]") for n, row in enumerate(exclusions)),
    )


def write_definition(definition: Definition) -> dict[str, Any]:
    """Write a funnel's document; `read_definition` reads it back, equal funnels write alike.

    Parameters
    ----------
    definition : the funnel
    """
    return {
        "steps": [
            {"name": step.name, "any_of": [_written(matcher) for matcher in step.any_of]}
            for step in definition.steps
        ],
        "exclusions": [_written(matcher) for matcher in definition.exclusions],
        "window_seconds": definition.window_seconds,
        "mode": definition.mode,
    }


def _written(matcher: Matcher) -> dict[str, Any]:
    where: list[dict[str, Value]] = [
        {"property": one.name, "op": one.operator} for one in matcher.where
    ]
    for row, one in zip(where, matcher.where, strict=True):
        if one.value is not None:
            row["value"] = one.value
    return {"kind": matcher.kind, "match": matcher.match, "where": where}


def _step(row: object, place: str) -> FunnelStep:
    given = _object(row, place, ("name", "any_of"))
    matchers = _list(given.get("any_of"), f"{place}.any_of", 1, MOST_MATCHERS)
    return FunnelStep(
        name=_text(given.get("name"), f"{place}.name", LONGEST_NAME),
        any_of=tuple(_matcher(one, f"{place}.any_of[{n}]") for n, one in enumerate(matchers)),
    )


def _matcher(row: object, place: str) -> Matcher:
    given = _object(row, place, ("kind", "match", "where"))
    kind = cast(Kind, _choice(given.get("kind"), f"{place}.kind", KINDS))
    match = _text(given.get("match"), f"{place}.match", MOST_TEXT)
    if kind == "page" and match[0] not in "/*":
        raise DefinitionError(f"{place}.match", "a page's path begins with / or *, such as /p/*")
    where = _list(given.get("where", []), f"{place}.where", 0, MOST_FILTERS)
    filters = (_filter(one, f"{place}.where[{n}]") for n, one in enumerate(where))
    return Matcher(kind, match, tuple(filters))


def _filter(row: object, place: str) -> PropertyFilter:
    given = _object(row, place, ("property", "op", "value"))
    name = _text(given.get("property"), f"{place}.property", MOST_TEXT)
    operator = cast(Operator, _choice(given.get("op"), f"{place}.op", OPERATORS))
    value = given.get("value")
    if operator == "exists":
        if value is not None:
            raise DefinitionError(f"{place}.value", "leave it out: exists compares with nothing")
        return PropertyFilter(name, operator)
    return PropertyFilter(name, operator, _value(value, operator, f"{place}.value"))


def _value(value: object, operator: str, place: str) -> Value:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # Neither infinite nor no number: both are no smaller than the limit.
    is_number = is_number and abs(cast(float, value)) < MOST_NUMBER
    if operator in ORDERING and not is_number:
        raise DefinitionError(place, f"{operator} compares with a number, such as 60")
    if operator == "contains":
        return _text(value, place, MOST_TEXT)
    if isinstance(value, str):
        return _text(value, place, MOST_TEXT, is_empty_allowed=True)
    if isinstance(value, bool) or is_number:
        return cast(Value, value)
    raise DefinitionError(place, "give a text, a number, true or false")


def _window(given: object) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        raise DefinitionError("window_seconds", "give a whole number of seconds, such as 604800")
    if not SHORTEST_WINDOW_S <= given <= LONGEST_WINDOW_S:
        raise DefinitionError("window_seconds", f"{given} is not within 1 second and 90 days")
    return given


def _mode(given: object) -> Mode:
    return MODES[_choice(given, "mode", tuple(MODES))]


def _object(given: object, place: str, known: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(given, Mapping):
        raise DefinitionError(place, f"give an object with {', '.join(known)}")
    for name in given:
        if name not in known:
            raise DefinitionError(place, f"{name!r} is unknown; known: {', '.join(known)}")
    return given


def _list(given: object, place: str, least: int, most: int) -> list[object]:
    if not isinstance(given, list) or not least <= len(given) <= most:
        raise DefinitionError(place, f"give a list of {least} to {most}")
    return given


def _choice(given: object, place: str, known: tuple[str, ...]) -> str:
    if not isinstance(given, str) or given not in known:
        raise DefinitionError(place, f"choose one of {', '.join(known)}, not {given!r}")
    return given


def _text(given: object, place: str, most: int, *, is_empty_allowed: bool = False) -> str:
    least = 0 if is_empty_allowed else 1
    if not isinstance(given, str) or not least <= len(given.strip()) <= most or "\x00" in given:
        raise DefinitionError(place, f"give a text of {least} to {most} characters")
    return given.strip()
