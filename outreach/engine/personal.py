"""Rules by which a campaign chooses what stands in the blanks of its texts for each person.

A document names variables; each has rules, of which the first that holds gives the words:
``{"offer": [{"field": "customer_type", "any_of": ["new"], "words": "10 % off"},
{"words": "a free week"}]}``. A rule without a field holds for everybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from outreach.engine.rendering import SYSTEM

#: What of a person a rule may look at; beside these attributes, as ``attributes.NAME``.
FIELDS: Final = (
    "customer_type", "lifecycle_stage", "segment", "country", "locale", "preferred_channel",
)  # fmt: skip
ATTRIBUTE: Final = "attributes."
MOST_VARIABLES: Final = 20
MOST_RULES: Final = 20
LONGEST: Final = 500
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,49}")
_TAKEN: Final = frozenset(one.name for one in SYSTEM)


class PersonalError(ValueError):
    """A document that cannot be read; says where and what to do."""


@dataclass(frozen=True)
class Rule:
    """Words for whom a field has one of some values; without a field, for everybody."""

    field: str
    any_of: frozenset[str]
    words: str


Rules = Mapping[str, tuple[Rule, ...]]


def read_rules(document: object) -> Rules:
    """Read a document.

    Raises
    ------
    PersonalError : it is none
    """
    if not isinstance(document, Mapping) or len(document) > MOST_VARIABLES:
        raise PersonalError(f"Give at most {MOST_VARIABLES} variables, each with its rules.")
    return {name: _rules_of(name, rules) for name, rules in document.items()}


def _rules_of(name: object, rules: object) -> tuple[Rule, ...]:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PersonalError(f"“{name}” is no name of a variable; use small letters, digits and _.")
    if name in _TAKEN:
        raise PersonalError(f"“{name}” is filled in by itself; choose another name.")
    if not isinstance(rules, list) or not 0 < len(rules) <= MOST_RULES:
        raise PersonalError(f"{name}: give a list of 1 to {MOST_RULES} rules.")
    return tuple(_rule(f"{name}, rule {place}", one) for place, one in enumerate(rules, start=1))


def _rule(where: str, given: object) -> Rule:
    if not isinstance(given, Mapping) or set(given) - {"field", "any_of", "words"}:
        raise PersonalError(f"{where}: a rule has field, any_of and words.")
    field, values, words = given.get("field", ""), given.get("any_of", []), given.get("words")
    if not isinstance(words, str) or not 0 < len(words.strip()) <= LONGEST or "\0" in words:
        raise PersonalError(f"{where}: give words, at most {LONGEST} characters.")
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise PersonalError(f"{where}: any_of is a list of texts.")
    known = field in FIELDS or (isinstance(field, str) and field.startswith(ATTRIBUTE))
    if field != "" and not known:
        raise PersonalError(f"{where}: field is one of {', '.join(FIELDS)}, or attributes.NAME.")
    any_of = frozenset(one.strip().casefold() for one in values if one.strip())
    if bool(field) != bool(any_of):
        raise PersonalError(f"{where}: say of which field, and which values it may have.")
    return Rule(field, any_of, words.strip())


def words_for(rules: Rules, facts: Mapping[str, Any]) -> dict[str, str]:
    """Choose what stands in each variable for a person; nothing where no rule holds.

    Parameters
    ----------
    facts : by name of a field; attributes as ``attributes.NAME``
    """
    found = {}
    for name, choices in rules.items():
        for one in choices:
            if not one.field or str(facts.get(one.field, "")).casefold() in one.any_of:
                found[name] = one.words
                break
    return found
