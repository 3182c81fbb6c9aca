"""Variables of a text: their types, their samples, and values that may stand in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import urlsplit

from outreach.engine.rendering.problems import Problem, TemplateError

TYPES: Final = ("text", "number", "money", "date", "url", "list")
MAX_TEXT: Final = 2_000
MAX_URL: Final = 2_000
MAX_ITEMS: Final = 100
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,49}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
# Words of the language.
_RESERVED: Final = frozenset([
    "and", "or", "not", "in", "is", "if", "else", "elif", "endif", "for", "endfor", "true", "false",
    "none", "loop", "range",
])  # fmt: skip


@dataclass(frozen=True)
class Money:
    """An amount in a currency; written by the locale of who reads it."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


# What may stand in a variable once it is checked.
Value = str | Decimal | Money | date | None | Sequence[Mapping[str, "Value"]]


@dataclass(frozen=True)
class Variable:
    """A blank of a text.

    Attributes
    ----------
    name : small letters, digits and underscores
    type : one of `TYPES`; a list holds things with fields of their own ('items.title')
    sample : shown in previews
    is_required : a recipient without it gets no message; else the blank stays empty
    """

    name: str
    type: str = "text"
    sample: object = ""
    is_required: bool = True


# Filled in for every message; nobody has to declare them.
SYSTEM: Final = (
    Variable("unsubscribe_url", "url", "https://example.com/unsubscribe", is_required=False),
    Variable("preferences_url", "url", "https://example.com/preferences", is_required=False),
    Variable("sender_name", "text", "Example Ltd", is_required=False),
    Variable("postal_address", "text", "1 Example Street, Example City", is_required=False),
)


def variables_of(document: object) -> tuple[Variable, ...]:
    """Read the variables of a text from JSON.

    Parameters
    ----------
    document : list of objects with `name`, and if wanted `type`, `sample`, `required`

    Returns
    -------
    variables, their samples checked against their types

    Raises
    ------
    TemplateError : with a problem for each that cannot be used
    """
    if not isinstance(document, list):
        raise TemplateError([Problem("variables", 0, "Give a list of variables.")])
    problems: list[Problem] = []
    found: dict[str, Variable] = {}
    for item in document:
        variable, wrong = _variable_of(item)
        if variable is None:
            problems.append(Problem("variables", 0, wrong))
        elif variable.name in found or any(v.name == variable.name for v in SYSTEM):
            problems.append(
                Problem("variables", 0, f"'{variable.name}' is there twice.", variable.name)
            )
        else:
            found[variable.name] = variable
            problems += _checked(variable, variable.sample)[1]
    if problems:
        raise TemplateError(problems)
    return tuple(found.values())


def _variable_of(item: object) -> tuple[Variable | None, str]:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        return None, "Each variable is an object with a name."
    name, kind = item["name"], item.get("type", "text")
    if not _NAME.fullmatch(name) or name in _RESERVED:
        return None, f"'{name[:60]}' is no name: use small letters, digits and underscores."
    if kind not in TYPES:
        return None, f"'{name}' has no known type: choose among {', '.join(TYPES)}."
    required = item.get("required", True)
    if not isinstance(required, bool):
        return None, f"'{name}': say true or false whether it is required."
    return Variable(name, kind, item.get("sample", ""), required), ""


def checked_values(variables: Iterable[Variable], values: Mapping[str, object]) -> dict[str, Value]:
    """Check what stands in the blanks for one recipient.

    Parameters
    ----------
    variables : declared ones; the system's are added
    values : name → text, number, `Money` or {'amount', 'currency'}, date or ISO text, URL

    Returns
    -------
    name → value, of every declared variable; None where an optional one has none

    Raises
    ------
    TemplateError : a required one is missing, or one is not of its type
    """
    result: dict[str, Value] = {}
    problems: list[Problem] = []
    for variable in (*variables, *SYSTEM):
        value, wrong = _checked(variable, values.get(variable.name))
        result[variable.name] = value
        problems += wrong
    if problems:
        raise TemplateError(problems)
    return result


def samples(variables: Iterable[Variable]) -> dict[str, object]:
    """Return the samples of variables, the system's too."""
    return {variable.name: variable.sample for variable in (*variables, *SYSTEM)}


def _checked(variable: Variable, raw: object) -> tuple[Value, list[Problem]]:
    name = variable.name
    if raw is None or raw == "":
        if not variable.is_required:
            return None, []
        return None, [Problem("variables", 0, f"'{name}' has no value.", name)]
    try:
        return _READERS[variable.type](raw), []
    except (ValueError, InvalidOperation) as error:
        reason = str(error) if type(error) is ValueError else "is no number"
        return None, [Problem("variables", 0, f"'{name}' {reason}.", name)]


def _text(raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal | float):
        raise ValueError("is no text")
    text = str(raw)
    if len(text) > MAX_TEXT:
        raise ValueError(f"is longer than {MAX_TEXT:,} characters")
    if any(unicodedata.category(char) == "Cc" and char not in "\n\t\r" for char in text):
        raise ValueError("holds control characters")
    return text


def _number(raw: object) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal | float):
        raise ValueError("is no number")
    value = Decimal(str(raw))
    if not value.is_finite() or abs(value) >= Decimal(10) ** 15:
        raise ValueError("is no number that can be written")
    return value


def _money(raw: object) -> Money:
    if isinstance(raw, Money):
        raw = {"amount": raw.amount, "currency": raw.currency}
    if not isinstance(raw, Mapping):
        raise ValueError("is no money: give an amount and a currency")
    currency = raw.get("currency")
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        raise ValueError("names no currency of three capital letters")
    return Money(_number(raw.get("amount")), currency)


def _date(raw: object) -> date:
    if isinstance(raw, date):
        return raw
    if not isinstance(raw, str):
        raise ValueError("is no date")
    try:
        return date.fromisoformat(raw) if len(raw) == 10 else datetime.fromisoformat(raw)
    except ValueError:
        raise ValueError("is no date: write 2026-12-31") from None


def _url(raw: object) -> str:
    text = _text(raw).strip()
    if len(text) > MAX_URL or any(char.isspace() or char in "<>\"'`" for char in text):
        raise ValueError("is no address: spaces, quotes and brackets have to be encoded")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address: it must begin with https://")
    return text


def _list(raw: object) -> Sequence[Mapping[str, Value]]:
    if not isinstance(raw, list | tuple) or len(raw) > MAX_ITEMS:
        raise ValueError(f"is no list of at most {MAX_ITEMS} things")
    return tuple(_item(item) for item in raw)


def _item(item: object) -> Mapping[str, Value]:
    if not isinstance(item, Mapping):
        raise ValueError("holds something without fields")
    return {str(key): _field(value) for key, value in item.items()}


def _field(value: object) -> Value:
    if value is None or isinstance(value, Money | date):
        return value
    if isinstance(value, Mapping):
        return _money(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return _text(value)
    return _number(value)


_READERS: Final[dict[str, Callable[[object], Value]]] = {
    "text": _text, "number": _number, "money": _money, "date": _date, "url": _url, "list": _list,
}  # fmt: skip
