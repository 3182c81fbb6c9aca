"""What the steps of a draft's form say, as the values that services take.

Percent become ten-thousandths here and nowhere else; whatever cannot be read is refused with the
name of its field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import QueryDict

from experiments.models import WHOLE, MetricRole, Surface
from experiments.selectors.drafts import MOST_CHANGES, MOST_VARIANTS
from workspaces.typed import bare_number

#: Steps of the form, in order.
STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "idea": "Hypothesis",
        "audience": "Audience",
        "variants": "Variants",
        "metrics": "Metrics",
        "size": "Size and duration",
        "review": "Review",
    }
)
_SINGLE: Final = MappingProxyType(
    {"variants, ": "variant ", "changes, ": "change ", "metrics, ": "metric ", "website, ": "",
     "targeting, ": ""}
)  # fmt: skip


def read_step(step: str, given: QueryDict, surface: str) -> dict[str, Any]:
    """Values of one step.

    Raises
    ------
    ValidationError : names the field that cannot be read
    """
    return _READERS[step](given, surface)


def _idea(given: QueryDict, surface: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: given.get(name, "").strip() for name in ("name", "hypothesis", "type", "channel")
    }
    if key := given.get("key", "").strip():
        values["key"] = key
    if "surface" in given:
        values["surface"] = given["surface"]
    return values


def _audience(given: QueryDict, surface: str) -> dict[str, Any]:
    layer = given.get("layer", "").strip()
    values: dict[str, Any] = {
        "traffic": share_of(given, "traffic", 100),
        "layer": layer or None,
        "layer_from": share_of(given, "layer_from", 0) if layer else 0,
        "layer_to": share_of(given, "layer_to", 100) if layer else WHOLE,
        "targeting": {
            "devices": given.getlist("devices"),
            "customer_types": given.getlist("customer_types"),
            "countries": given.get("countries", "").upper().replace(",", " ").split(),
            "query": _parameters(given.get("query", "")),
        },
    }
    if surface == Surface.WEBSITE:
        values["website"] = {
            "site": given.get("site", ""),
            "page_pattern": given.get("page_pattern", "").strip() or "*",
            "selector": given.get("selector", "").strip(),
        }
    return values


def _parameters(text: str) -> dict[str, str]:
    """``utm_campaign=spring`` a line; a name alone takes any value."""
    pairs = (line.partition("=") for line in text.splitlines() if line.strip())
    return {name.strip(): value.strip() or "*" for name, _, value in pairs}


def _variants(given: QueryDict, surface: str) -> dict[str, Any]:
    rows = []
    for place in range(MOST_VARIANTS):
        start = f"variant-{place}-"
        name = given.get(f"{start}name", "").strip()
        if name and not given.get(f"{start}remove"):
            rows.append(_variant(given, start, name, surface))
    _require_whole([row["weight"] for row in rows])
    return {"variants": rows}


def _require_whole(weights: list[int | None]) -> None:
    """Say it in percent, as the form asks for them."""
    given = [weight for weight in weights if weight is not None]
    if given and (len(given) < len(weights) or sum(given) != WHOLE):
        raise ValidationError(
            {"variants": f"The shares are {sum(given) / 100:g} % in all. Make them 100 %."}
        )


def _variant(given: QueryDict, start: str, name: str, surface: str) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "weight": share_of(given, f"{start}share", None)}
    if key := given.get(f"{start}key", ""):
        row["key"] = key
    if surface == Surface.AD:
        row["ad"] = given.get(f"{start}ad", "")
    elif surface == Surface.WEBSITE:
        row["config"] = _config(given, start)
    else:
        row["config"] = {
            part: said
            for part in ("subject", "body", "call_to_action")
            if (said := given.get(f"{start}{part}", "").strip())
        }
    return row


def _config(given: QueryDict, start: str) -> dict[str, Any]:
    if target := given.get(f"{start}redirect", "").strip():
        return {"redirect": target}
    changes = []
    for place in range(MOST_CHANGES):
        at = f"{start}change-{place}-"
        change = {
            part: given.get(f"{at}{part}", "").strip()
            for part in ("kind", "selector", "name", "value")
        }
        if change["value"] or change["selector"]:
            changes.append({part: said for part, said in change.items() if said})
            changes[-1].setdefault("value", "")
    return {"changes": changes} if changes else {}


def _metrics(given: QueryDict, surface: str) -> dict[str, Any]:
    primary = given.get("primary", "")
    rows: list[dict[str, Any]] = []
    if primary:
        rows.append({"metric": primary, "role": MetricRole.PRIMARY})
    for name in given:
        key = name.removeprefix("role-")
        role = given.get(name, "")
        if name.startswith("role-") and key != primary and role in MetricRole.values:
            row: dict[str, Any] = {"metric": key, "role": role}
            if role == MetricRole.GUARDRAIL:
                row["harm_bp"] = share_of(given, f"harm-{key}", 2)
            rows.append(row)
    if not primary:
        raise ValidationError({"primary": "Choose the primary metric: it decides the test."})
    return {"metrics": rows}


def _size(given: QueryDict, surface: str) -> dict[str, Any]:
    return {
        "method": given.get("method", ""),
        "mode": given.get("mode", ""),
        "alpha_bp": share_of(given, "alpha", 5),
        "power_bp": share_of(given, "power", 80),
        "minimum_effect_bp": share_of(given, "minimum_effect", 10, most=1_000),
        "planned_units": whole_of(given, "planned_units", None),
        "min_days": whole_of(given, "min_days", 7),
        "max_days": whole_of(given, "max_days", 14),
        "holdback": share_of(given, "holdback", 5),
        "planned_for": _day(given, "planned_for"),
    }


_READERS: Final[Mapping[str, Callable[[QueryDict, str], dict[str, Any]]]] = MappingProxyType(
    {
        "idea": _idea,
        "audience": _audience,
        "variants": _variants,
        "metrics": _metrics,
        "size": _size,
    }
)


def share_of(given: Mapping[str, Any], name: str, usual: float | None, *, most: int = 100) -> Any:
    """Ten-thousandths of a field in percent; ``usual`` percent where it is empty."""
    text = str(given.get(name, "")).replace("%", "").replace(",", ".").strip()
    if not text:
        return None if usual is None else round(usual * 100)
    try:
        pct = Decimal(text)
    except InvalidOperation:
        raise ValidationError({name: f"{text!r} is no number."}) from None
    if not (pct.is_finite() and 0 <= pct <= most):
        raise ValidationError({name: f"Give 0 to {most} percent."})
    return int((pct * 100).to_integral_value())


def number_of(given: Mapping[str, Any], name: str) -> str:
    """What a field says, without what parts thousands."""
    try:
        return bare_number(str(given.get(name, "")))
    except ValueError as error:
        raise ValidationError({name: str(error)}) from None


def whole_of(given: Mapping[str, Any], name: str, usual: int | None) -> int | None:
    """A whole number of a field; ``usual`` where it is empty."""
    text = number_of(given, name)
    if not text:
        return usual
    if not text.isdecimal() or len(text) > 12:
        raise ValidationError({name: f"{text!r} is no whole number."})
    return int(text)


def amount_of(given: Mapping[str, Any], name: str) -> float | None:
    """A number above 0 of a field; none where it is empty."""
    text = number_of(given, name)
    if not text:
        return None
    try:
        number = float(Decimal(text))
    except InvalidOperation:
        raise ValidationError({name: f"{text!r} is no number."}) from None
    if not 0 < number < 1e12:
        raise ValidationError({name: "Give a number above 0."})
    return number


def _day(given: Mapping[str, Any], name: str) -> date | None:
    text = str(given.get(name, "")).strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValidationError({name: "Write the day as 2026-12-31."}) from None


def problems_of(error: ValidationError) -> list[str]:
    """A refusal as sentences, each with the field that it is about."""
    if not hasattr(error, "error_dict"):
        return list(error.messages)
    return [
        f"{_label(name)}: {message}" if name != "__all__" else message
        for name, messages in error.message_dict.items()
        for message in messages
    ]


def _label(name: str) -> str:
    """``variants.1.config.changes[0].value`` → ``Variant 2, change 1, value``."""
    words = name.replace("_bp", "").replace("_", " ").replace("[", ".").replace("]", "")
    parts = [part for part in words.split(".") if part != "config"]
    said = [str(int(part) + 1) if part.isdecimal() else part for part in parts]
    text = ", ".join(said)
    for plural, single in _SINGLE.items():
        text = text.replace(plural, single)
    return text[:1].upper() + text[1:]
