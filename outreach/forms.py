"""What the steps of a campaign's form say, as the values that services take.

Whatever cannot be read is refused with the name of its field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import QueryDict

from attribution.models import CustomerType
from experiments.forms import number_of, whole_of
from outreach.engine.sequences import DEFAULT
from outreach.models import MessageChannel, StepCondition
from outreach.selectors.builder import MOST_PERSONAL

#: Steps of the form, in order.
STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "about": "About",
        "audience": "Audience",
        "channels": "Channels",
        "texts": "Texts",
        "limits": "Budget and times",
        "review": "Review",
    }
)
#: Steps that a sequence may have.
MOST_STEPS: Final = 12
#: Channels of a list by which a kind of customer is written to.
PLACES: Final = (1, 2, 3)
_HOURS_OF: Final = {"hours": 1, "days": 24}


def read_step(step: str, given: QueryDict, zone: tzinfo) -> dict[str, Any]:
    """Values of one step; moments are those of a zone.

    Raises
    ------
    ValidationError : names the field that cannot be read
    """
    return _READERS[step](given, zone)


def _about(given: QueryDict, zone: tzinfo) -> dict[str, Any]:
    return {
        name: given.get(name, "").strip()
        for name in ("name", "type", "purpose", "urgency", "goal")
        if name in given
    }


def _audience(given: QueryDict, zone: tzinfo) -> dict[str, Any]:
    return {"audience": given.get("audience", "") or None}


def _channels(given: QueryDict, zone: tzinfo) -> dict[str, Any]:
    chosen = [one for one in given.getlist("channels") if one in MessageChannel.values]
    if not chosen:
        raise ValidationError({"channels": "Choose at least one channel."})
    priorities = {}
    for kind in CustomerType.values:
        order = [given.get(f"priority-{kind}-{place}", "") for place in PLACES]
        order = list(dict.fromkeys(one for one in order if one))
        if strange := [one for one in order if one not in chosen]:
            name = dict(MessageChannel.choices).get(strange[0], strange[0])
            raise ValidationError({"priorities": f"{name} is not among the channels."})
        if order:
            priorities[kind] = order
    return {"channels": chosen, "priorities": priorities}


def _texts(given: QueryDict, zone: tzinfo) -> dict[str, Any]:
    values: dict[str, Any] = {"test": given.get("test", "") or None}
    rows = [
        _step(given, f"step-{place}-", place)
        for place in range(1, MOST_STEPS + 1)
        if _is_step(given, f"step-{place}-")
    ]
    if not rows:
        raise ValidationError({"steps": "Choose a text for the first step."})
    if "personal-1-words" in given:
        values["personalisation"] = _personal(given)
    return {**values, "steps": rows}


def _personal(given: QueryDict) -> dict[str, list[dict[str, Any]]]:
    """Rules of the campaign's own variables; a row without a name belongs to the one before it."""
    found: dict[str, list[dict[str, Any]]] = {}
    name = ""
    for place in range(1, MOST_PERSONAL + 1):
        field, values, words = (
            given.get(f"personal-{place}-{part}", "").strip()
            for part in ("field", "values", "words")
        )
        name = given.get(f"personal-{place}-variable", "").strip() or name
        if not words:
            continue
        rule = (
            {"field": field, "any_of": [one.strip() for one in values.split(",")]}
            if field or values
            else {}
        )
        found.setdefault(name, []).append({**rule, "words": words})
    return found


def _is_step(given: QueryDict, start: str) -> bool:
    """Whether somebody wrote something there, and did not take it out."""
    if given.get(f"{start}remove"):
        return False
    return bool(
        given.get(f"{start}name", "").strip()
        or any(given[name] for name in given if name.startswith(f"{start}text-"))
    )


def _step(given: QueryDict, start: str, place: int) -> dict[str, Any]:
    unit = _HOURS_OF.get(given.get(f"{start}unit", "hours"), 1)
    try:
        delay = whole_of(given, f"{start}delay", 0) or 0
    except ValidationError as error:
        raise ValidationError({"steps": f"Step {place}: {error.messages[0]}"}) from error
    condition = given.get(f"{start}condition", "") or StepCondition.ALWAYS
    return {
        "name": given.get(f"{start}name", "").strip(),
        "delay_hours": min(delay * unit, 24 * 365),
        "condition": condition,
        "segment": given.get(f"{start}segment", "") if condition == "segment" else "",
        "exits_on_reply": bool(given.get(f"{start}exits_on_reply")),
        "exits_on_conversion": bool(given.get(f"{start}exits_on_conversion")),
        "texts": _step_texts(given, f"{start}text-"),
    }


def _step_texts(given: QueryDict, start: str) -> list[dict[str, str]]:
    """``step-1-text-email`` is for all, ``step-1-text-email-b`` for a variant of the test."""
    found = []
    for name in given:
        if name.startswith(start) and given[name]:
            channel, _, variant = name.removeprefix(start).partition("-")
            template = given.get(name, "")
            found.append({"channel": channel, "variant": variant, "template": template})
    return found


def example_steps(texts: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The shipped sequence (days 1, 2, 3, 5, 7); its first step says what the campaign says now."""
    return [
        {
            "name": one.name,
            "delay_hours": round(one.delay.total_seconds() / 3600),
            "condition": str(one.condition),
            "segment": one.segment,
            "exits_on_reply": one.exits_on_reply,
            "exits_on_conversion": one.exits_on_conversion,
            "texts": texts if place == 0 else [],
        }
        for place, one in enumerate(DEFAULT)
    ]


def _limits(given: QueryDict, zone: tzinfo) -> dict[str, Any]:
    budgets = {
        channel: amount
        for channel in MessageChannel.values
        if (amount := _amount(given, f"budget-{channel}")) is not None
    }
    return {
        "budget": _amount(given, "budget"),
        "channel_budgets": {name: f"{amount:f}" for name, amount in budgets.items()},
        "daily_limit": whole_of(given, "daily_limit", None),
        "starts_at": _moment(given, "starts_at", zone),
        "ends_at": _moment(given, "ends_at", zone),
        "send_at_best_hour": bool(given.get("send_at_best_hour")),
    }


def _amount(given: Mapping[str, Any], name: str) -> Decimal | None:
    text = number_of(given, name)
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValidationError({name: f"{text!r} is no number."}) from None
    if not (amount.is_finite() and 0 <= amount < 10**12):
        raise ValidationError({name: "Give an amount from 0 on."})
    return amount


def _moment(given: Mapping[str, Any], name: str, zone: tzinfo) -> datetime | None:
    text = str(given.get(name, "")).strip()
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise ValidationError({name: "Write the moment as 2026-12-31T09:00."}) from None
    return found.replace(tzinfo=found.tzinfo or zone) if found else None


_READERS: Final[Mapping[str, Callable[[QueryDict, tzinfo], dict[str, Any]]]] = MappingProxyType(
    {
        "about": _about,
        "audience": _audience,
        "channels": _channels,
        "texts": _texts,
        "limits": _limits,
    }
)
