"""Rules of an audience: a document that people edit, checked with the path of what is wrong.

A document is a group: ``{"match": "all" | "any", "rules": [...]}``. A rule is a group again or
``{"what": ..., ...}``; every one may carry ``"not": true``. What there is says ``RULES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from outreach.engine.addresses import CHANNELS

Match = Literal["all", "any"]
MOST_RULES: Final = 50
DEEPEST: Final = 5
LONGEST_DAYS: Final = 3650
PURPOSES: Final = ("marketing", "service")
SEGMENTS: Final = ("champions", "loyal", "potential_loyalists", "at_risk", "lost")
CUSTOMER_TYPES: Final = ("new", "returning", "existing")
STAGES: Final = ("engaged", "lead", "customer", "at_risk")

#: Fields of a contact by kind: words, or one of a choice.
FIELDS: Final[dict[str, tuple[str, ...] | None]] = {
    "first_name": None, "last_name": None, "external_id": None, "locale": None, "country": None,
    "region": None, "time_zone": None, "source": None,
    "customer_type": CUSTOMER_TYPES, "lifecycle_stage": STAGES, "segment": SEGMENTS,
    "preferred_channel": CHANNELS,
}  # fmt: skip
#: Figures of a contact.
FIGURES: Final = ("purchases", "spent", "days_since_purchase", "days_since_added")
WORD_TESTS: Final = ("is", "any_of", "contains", "starts_with", "known")
CHOICE_TESTS: Final = ("is", "any_of", "known")
FIGURE_TESTS: Final = ("equals", "at_least", "at_most", "known")
TYPES: Final = ("text", "number", "date", "boolean")
#: What people did, with the words of it.
BEHAVIOUR: Final = {
    "visited": "visited a website",
    "viewed": "viewed a page",
    "event": "did",
    "converted": "converted",
    "received": "received a message",
    "opened": "opened a message",
    "clicked": "clicked in a message",
    "replied": "replied to a message",
}
#: Behaviour that may be narrowed by a text, and what the text is.
NARROWED: Final = {"viewed": "page", "event": "event", "converted": "kind"}


class RulesError(ValueError):
    """A document that cannot be read; ``path`` says where, ``rules.1.value``."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class Group:
    """Several rules of which all or any must hold."""

    match: Match
    rules: tuple[Rule, ...]
    negated: bool = False
    path: str = ""


@dataclass(frozen=True)
class Field:
    """A field, figure or attribute of the contact held against a value.

    ``kind`` is ``text``, ``number``, ``date`` or ``boolean``; ``is_attribute`` looks into the
    attributes that the workspace itself gave.
    """

    name: str
    test: str
    value: Any
    kind: str = "text"
    is_attribute: bool = False
    negated: bool = False
    path: str = ""


@dataclass(frozen=True)
class ConsentIs:
    """What the newest consent of a channel and purpose says; ``unknown``: there is none."""

    channel: str
    purpose: str
    state: str
    negated: bool = False
    path: str = ""


@dataclass(frozen=True)
class Reachable:
    """An address that works and is not suppressed; an empty channel: any."""

    channel: str
    negated: bool = False
    path: str = ""


@dataclass(frozen=True)
class Did:
    """Something done at least so many times in the last days."""

    event: str
    days: int
    times: int = 1
    detail: str = ""
    negated: bool = False
    path: str = ""


@dataclass(frozen=True)
class Dropped:
    """Came to a step of a funnel, 1 is the first, and no further."""

    funnel: UUID
    step: int
    days: int
    negated: bool = False
    path: str = ""


@dataclass(frozen=True)
class InVariant:
    """Met a variant of a test; an empty one: any."""

    test: UUID
    variant: str
    negated: bool = False
    path: str = ""


@dataclass(frozen=True)
class Member:
    """On a fixed list."""

    audience: UUID
    negated: bool = False
    path: str = ""


_Leaf = Field | ConsentIs | Reachable | Did | Dropped | InVariant | Member
Rule = Group | _Leaf


@dataclass
class _Reading:
    """How much of a document was read."""

    count: int = 0


def parse(document: object) -> Group:
    """Read a document.

    Returns
    -------
    the group; without rules everybody belongs to it

    Raises
    ------
    RulesError : something in it is wrong, with its path
    """
    if document == {}:
        return Group("all", ())
    found = _rule(document, "rules", 0, _Reading(), must_be_group=True)
    assert isinstance(found, Group)  # noqa: S101  # for mypy; must_be_group says so
    return found


def _rule(
    given: object, path: str, depth: int, reading: _Reading, *, must_be_group: bool = False
) -> Rule:
    if not isinstance(given, Mapping):
        raise RulesError(path, "A rule is an object.")
    negated = given.get("not", False)
    if not isinstance(negated, bool):
        raise RulesError(f"{path}.not", "Say true or false.")
    if "rules" in given or must_be_group:
        return _group(given, path, depth, reading, negated=negated)
    reading.count += 1
    if reading.count > MOST_RULES:
        raise RulesError(path, f"An audience has at most {MOST_RULES} rules.")
    what = given.get("what")
    if not isinstance(what, str) or what not in RULES:
        raise RulesError(f"{path}.what", f"Choose one of {', '.join(RULES)}.")
    read, names = RULES[what]
    for name in given:
        if name not in {"what", "not", *names}:
            raise RulesError(f"{path}.{name}", f"There is no such part; known: {', '.join(names)}.")
    return replace(read(given, path), negated=negated, path=path)


def _group(
    given: Mapping[str, Any], path: str, depth: int, reading: _Reading, *, negated: bool
) -> Group:
    if depth >= DEEPEST:
        raise RulesError(path, f"Groups stand in each other at most {DEEPEST} deep.")
    for name in given:
        if name not in ("match", "rules", "not"):
            raise RulesError(f"{path}.{name}", "A group has match, rules and not.")
    match, rules = given.get("match", "all"), given.get("rules")
    if match not in ("all", "any"):
        raise RulesError(f"{path}.match", "Choose all or any.")
    if not isinstance(rules, Sequence) or isinstance(rules, str):
        raise RulesError(f"{path}.rules" if depth else path, "Rules are a list.")
    start = path if depth == 0 else f"{path}.rules"
    parts = tuple(
        _rule(one, f"{start}.{place}", depth + 1, reading) for place, one in enumerate(rules)
    )
    if depth and not parts:
        raise RulesError(path, "This group is empty; add a rule or remove it.")
    return Group(match, parts, negated, path)


def _field(given: Mapping[str, Any], path: str) -> Field:
    name = given.get("name")
    if not isinstance(name, str) or name not in {*FIELDS, *FIGURES}:
        raise RulesError(f"{path}.name", f"Choose one of {', '.join((*FIELDS, *FIGURES))}.")
    if name in FIGURES:
        test = _choice(given, "test", FIGURE_TESTS, path)
        return Field(name, test, _number(given, test, path), "number")
    choices = FIELDS[name]
    test = _choice(given, "test", CHOICE_TESTS if choices else WORD_TESTS, path)
    value = _words(given, test, path, choices)
    return Field(name, test, value)


def _attribute(given: Mapping[str, Any], path: str) -> Field:
    name = given.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 80:
        raise RulesError(f"{path}.name", "Name an attribute, of 1 to 80 characters.")
    kind = _choice({"type": "text", **given}, "type", TYPES, path)
    tests = {"text": WORD_TESTS, "boolean": ("is", "known")}.get(kind, FIGURE_TESTS)
    test = _choice(given, "test", tests, path)
    readers: dict[str, Callable[[], Any]] = {
        "text": lambda: _words(given, test, path, None),
        "number": lambda: _number(given, test, path),
        "date": lambda: _day(given, test, path),
        "boolean": lambda: _boolean(given, test, path),
    }
    return Field(name, test, readers[kind](), kind, is_attribute=True)


def _consent(given: Mapping[str, Any], path: str) -> ConsentIs:
    return ConsentIs(
        _choice(given, "channel", CHANNELS, path),
        _choice({"purpose": "marketing", **given}, "purpose", PURPOSES, path),
        _choice({"state": "given", **given}, "state", ("given", "withdrawn", "unknown"), path),
    )  # fmt: skip


def _reachable(given: Mapping[str, Any], path: str) -> Reachable:
    return Reachable(_choice({"channel": "", **given}, "channel", ("", *CHANNELS), path))


def _did(given: Mapping[str, Any], path: str) -> Did:
    event = _choice(given, "event", tuple(BEHAVIOUR), path)
    detail = given.get("detail", "")
    if not isinstance(detail, str) or len(detail) > 200 or "\0" in detail:
        raise RulesError(f"{path}.detail", "Give a text of at most 200 characters.")
    if detail and event not in NARROWED:
        raise RulesError(f"{path}.detail", f"“{BEHAVIOUR[event]}” is not narrowed by a text.")
    if event == "event" and not detail:
        raise RulesError(f"{path}.detail", "Name the event.")
    return Did(
        event, _whole(given, "days", 30, LONGEST_DAYS, path), _whole(given, "times", 1, 1000, path),
        detail,
    )  # fmt: skip


def _dropped(given: Mapping[str, Any], path: str) -> Dropped:
    return Dropped(
        _uuid(given, "funnel", path), _whole(given, "step", 1, 20, path),
        _whole(given, "days", 30, LONGEST_DAYS, path),
    )  # fmt: skip


def _variant(given: Mapping[str, Any], path: str) -> InVariant:
    variant = given.get("variant", "")
    if not isinstance(variant, str) or len(variant) > 40 or "\0" in variant:
        raise RulesError(f"{path}.variant", "Give the key of a variant.")
    return InVariant(_uuid(given, "test", path), variant)


def _member(given: Mapping[str, Any], path: str) -> Member:
    return Member(_uuid(given, "audience", path))


_Reader = Callable[[Mapping[str, Any], str], _Leaf]
#: Rules by name: how each is read, and its parts.
RULES: Final[dict[str, tuple[_Reader, tuple[str, ...]]]] = {
    "field": (_field, ("name", "test", "value")),
    "attribute": (_attribute, ("name", "type", "test", "value")),
    "consent": (_consent, ("channel", "purpose", "state")),
    "reachable": (_reachable, ("channel",)),
    "did": (_did, ("event", "days", "times", "detail")),
    "funnel": (_dropped, ("funnel", "step", "days")),
    "variant": (_variant, ("test", "variant")),
    "member": (_member, ("audience",)),
}


def _choice(given: Mapping[str, Any], name: str, choices: Sequence[str], path: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or value not in choices:
        said = ", ".join(one for one in choices if one)
        raise RulesError(f"{path}.{name}", f"Choose one of {said}.")
    return value


def _words(
    given: Mapping[str, Any], test: str, path: str, choices: tuple[str, ...] | None
) -> tuple[str, ...]:
    if test == "known":
        return ()
    value = given.get("value")
    is_several = isinstance(value, Sequence) and not isinstance(value, str)
    values: list[Any] = list(value) if is_several else [value]  # type: ignore[arg-type]  # it is
    if not 1 <= len(values) <= 1000 or (test != "any_of" and len(values) > 1):
        raise RulesError(f"{path}.value", "Give a value; several only with any_of.")
    for one in values:
        if not isinstance(one, str) or not one or len(one) > 200 or "\0" in one:
            raise RulesError(f"{path}.value", "Give a text of 1 to 200 characters.")
        if choices and one not in choices:
            raise RulesError(f"{path}.value", f"Choose one of {', '.join(choices)}.")
    return tuple(values)


def _number(given: Mapping[str, Any], test: str, path: str) -> float | None:
    if test == "known":
        return None
    value = given.get("value")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not abs(value) <= 1e15:  # type: ignore[arg-type]  # a number by now
        raise RulesError(f"{path}.value", "Give a number.")
    return float(value)  # type: ignore[arg-type]


def _day(given: Mapping[str, Any], test: str, path: str) -> date | None:
    if test == "known":
        return None
    try:
        return date.fromisoformat(str(given.get("value")))
    except ValueError:
        raise RulesError(f"{path}.value", "Give a day such as 2026-06-30.") from None


def _boolean(given: Mapping[str, Any], test: str, path: str) -> bool | None:
    value = given.get("value")
    if test == "known":
        return None
    if not isinstance(value, bool):
        raise RulesError(f"{path}.value", "Say true or false.")
    return value


def _whole(given: Mapping[str, Any], name: str, usual: int, most: int, path: str) -> int:
    value = given.get(name, usual)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise RulesError(f"{path}.{name}", f"Give a whole number of 1 to {most}.")
    return value


def _uuid(given: Mapping[str, Any], name: str, path: str) -> UUID:
    try:
        return UUID(str(given.get(name)))
    except ValueError:
        raise RulesError(f"{path}.{name}", "Give the id of one.") from None
