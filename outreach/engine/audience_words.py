"""Rules of an audience as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from outreach.engine.audience_rules import (
    BEHAVIOUR,
    ConsentIs,
    Did,
    Dropped,
    Field,
    Group,
    InVariant,
    Member,
    Reachable,
    Rule,
)

_CHANNELS: Final = {
    "email": "e-mail", "sms": "SMS", "whatsapp": "WhatsApp", "instagram": "Instagram",
    "facebook": "Facebook", "linkedin": "LinkedIn", "twitter": "X", "chat": "website chat",
    "": "any channel",
}  # fmt: skip
_TESTS: Final = {
    "is": "is {0}", "any_of": "is {0}", "contains": "contains {0}",
    "starts_with": "starts with {0}", "known": "is known", "equals": "is {0}",
    "at_least": "is at least {0}", "at_most": "is at most {0}",
}  # fmt: skip


def words(rule: Rule, names: Mapping[UUID, str] | None = None) -> str:
    """Say in English whom a rule means.

    Parameters
    ----------
    rule : as ``audience_rules.parse`` read it
    names : of the funnels, tests and lists that it speaks of

    Returns
    -------
    a phrase, such as ``country is “DE” and opened a message in the last 30 days``
    """
    text = _words(rule, names or {})
    if not rule.negated:
        return text
    return f"not ({text})"


def _words(rule: Rule, names: Mapping[UUID, str]) -> str:
    if isinstance(rule, Group):
        return _group(rule, names)
    if isinstance(rule, Field):
        label = rule.name if rule.is_attribute else rule.name.replace("_", " ")
        return f"{label} {_TESTS[rule.test].format(_value(rule.value))}"
    if isinstance(rule, ConsentIs):
        said = {"given": "agreed to", "withdrawn": "withdrew", "unknown": "never said a word on"}
        return f"{said[rule.state]} {rule.purpose} by {_CHANNELS[rule.channel]}"
    if isinstance(rule, Reachable):
        return f"can be reached by {_CHANNELS[rule.channel]}"
    return _deed(rule, names)


def _deed(rule: Did | Dropped | InVariant | Member, names: Mapping[UUID, str]) -> str:
    if isinstance(rule, Did):
        detail = f" “{rule.detail}”" if rule.detail else ""
        times = f" {rule.times} times or more" if rule.times > 1 else ""
        return f"{BEHAVIOUR[rule.event]}{detail}{times} in the last {_days(rule.days)}"
    if isinstance(rule, Dropped):
        name = names.get(rule.funnel, "a funnel")
        return f"left “{name}” after step {rule.step} in the last {_days(rule.days)}"
    if isinstance(rule, InVariant):
        which = f"variant {rule.variant} of" if rule.variant else "a variant of"
        return f"met {which} “{names.get(rule.test, 'a test')}”"
    return f"is on the list “{names.get(rule.audience, 'a list')}”"


def _group(group: Group, names: Mapping[UUID, str]) -> str:
    if not group.rules:
        return "everybody"
    joint = " and " if group.match == "all" else " or "
    return joint.join(
        f"({words(one, names)})" if isinstance(one, Group) and not one.negated
        else words(one, names)
        for one in group.rules
    )  # fmt: skip


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return " or ".join(f"“{one}”" for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _days(days: int) -> str:
    return "day" if days == 1 else f"{days} days"
