"""Stage values as a JSON document without floats, and back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from attribution.engine.synthetic_revenue import Outcome, Stage, StageValues

_OUTCOMES = ("open", "won", "lost")
_FIGURES = ("average_deal_value", "sales_cycle_days", "win_rate")
_MOST_STAGES = 50
# What the table can hold: digits before the point, and after it.
_MOST = Decimal(10) ** 14
_PLACES = {"value": 6, "average_deal_value": 6, "confidence": 4, "win_rate": 4}


class DocumentError(ValueError):
    """The document is not one of stage values; ``field`` says where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def as_document(values: StageValues) -> dict[str, Any]:
    """Write stage values as JSON; equal values give equal documents.

    Parameters
    ----------
    values : the stages and the figures they were set from

    Returns
    -------
    amounts and shares are texts, stages stand in their order
    """
    return {
        "stages": [
            {
                "key": stage.key,
                "label": stage.label,
                "order": stage.order,
                "value": _text(stage.value),
                "confidence": _text(stage.confidence),
                "description": stage.description,
                "outcome": stage.outcome,
            }
            for stage in sorted(values.stages, key=lambda stage: stage.order)
        ],
        **{name: _text(getattr(values, name)) for name in _FIGURES},
    }


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"


def from_document(document: object) -> StageValues:
    """Read a document of stage values.

    Parameters
    ----------
    document : what ``as_document`` writes; labels, descriptions and outcomes may be left out

    Raises
    ------
    DocumentError : a part is missing or of the wrong kind; it names the part
    """
    if not isinstance(document, Mapping):
        raise DocumentError("values", "Stage values are an object with a list of stages.")
    stages = document.get("stages")
    if not isinstance(stages, list) or len(stages) > _MOST_STAGES:
        raise DocumentError("stages", f"Name a list of at most {_MOST_STAGES} stages.")
    figures = {name: _number(document, name, name) for name in _FIGURES}
    return StageValues(
        stages=tuple(_stage(row, place) for place, row in enumerate(stages, start=1)), **figures
    )


def _stage(row: object, place: int) -> Stage:
    if not isinstance(row, Mapping):
        raise DocumentError("stages", "Every stage is an object with key, value and confidence.")
    key = _words(row, "key", f"stages.{place}", 60)
    where = f"stages.{key or place}"
    outcome = row.get("outcome", "open")
    if outcome not in _OUTCOMES:
        raise DocumentError(where, f"The outcome of a stage is one of {', '.join(_OUTCOMES)}.")
    order = row.get("order", place)
    if not isinstance(order, int) or isinstance(order, bool) or not 0 <= order <= 10_000:
        raise DocumentError(where, "The order of a stage is a whole number from 0 to 10000.")
    return Stage(
        key=key,
        label=_words(row, "label", where, 120) or key,
        order=order,
        value=_number(row, "value", where),
        confidence=_number(row, "confidence", where),
        description=_words(row, "description", where, 300),
        outcome=cast(Outcome, outcome),
    )


def _words(row: Mapping[str, Any], name: str, where: str, most: int) -> str:
    text = row.get(name, "")
    if not isinstance(text, str) or len(text) > most or "\x00" in text:
        raise DocumentError(where, f"The {name} of a stage is a text of at most {most} characters.")
    return text.strip()


def _number(row: Mapping[str, Any], name: str, where: str) -> Decimal:
    given = row.get(name)
    words = name.replace("_", " ")
    if isinstance(given, bool) or not isinstance(given, str | int | Decimal):
        raise DocumentError(where, f"The {words} is missing; write it as text, such as 2250.")
    try:
        number = Decimal(given)
    except InvalidOperation:
        raise DocumentError(where, f"The {words} must be a number, not {given!r}.") from None
    if not number.is_finite() or abs(number) >= _MOST:
        raise DocumentError(where, f"The {words} must be a number below 100 trillion.")
    return round(number, _PLACES.get(name, 2))
