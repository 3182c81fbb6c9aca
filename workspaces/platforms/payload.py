"""Reading and cleaning JSON that somebody else wrote: typed access, secrets taken out."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import quote

REMOVED = "[removed]"
KEPT_TEXT = 2_000
MAX_EXPONENT = 30
_SECRET_KEYS = frozenset(
    {"access_token", "refresh_token", "client_secret", "authorization", "id_token"}
    | {"developer_token", "developer-token", "access-token", "appsecret_proof", "app_secret"}
)
_SECRET_PARAMETER = re.compile(r"((?:access_token|appsecret_proof|client_secret)=)[^&\s\"']+")


def parse_json(body: bytes) -> object:
    """Return the JSON value with exact decimals; ``None`` when it is not JSON."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def mapping(value: object) -> dict[str, object]:
    """Return a JSON object, empty when the value is something else."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[dict[str, object]]:
    """Return the objects of a JSON list, empty when the value is something else."""
    return [mapping(item) for item in value] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a string or number as text, empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    return _storable(str(value))


def decimal(value: object) -> Decimal | None:
    """Return a finite number, also one written as text; ``None`` for anything else."""
    try:
        number = Decimal(text(value))
    except InvalidOperation:
        return None
    # An exponent without bound would fill the memory once it becomes an integer.
    return number if number.is_finite() and number.adjusted() <= MAX_EXPONENT else None


def amount(value: object) -> Decimal:
    """Return a number that counts as zero when the platform leaves it out."""
    return decimal(value) or Decimal(0)


def whole(value: object) -> int:
    """Return a count that is zero when the platform leaves it out."""
    return int(amount(value))


def day(value: object) -> date | None:
    """Return the date at the start of an ISO-like text."""
    try:
        return date.fromisoformat(text(value)[:10])
    except ValueError:
        return None


def moment(value: object) -> datetime | None:
    """Return the time of a Unix timestamp."""
    seconds = decimal(value)
    try:
        return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def clean(value: object, secrets: Sequence[str]) -> object:
    """Return the value as plain JSON, bounded, without secrets by name or by content."""
    if isinstance(value, dict):
        return {
            clean_text(str(key), secrets): (
                REMOVED if str(key).lower() in _SECRET_KEYS else clean(item, secrets)
            )
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [clean(item, secrets) for item in value]
    if isinstance(value, Decimal):
        return str(value)
    return clean_text(value, secrets) if isinstance(value, str) else value


def clean_text(value: str, secrets: Sequence[str]) -> str:
    """Return the text, bounded, with every secret replaced, also in its URL-encoded form."""
    # Cut last: cutting first could leave half a token that no longer matches.
    value = _storable(value)
    for secret in secrets:
        for form in (secret, quote(secret, safe="")):
            value = value.replace(form, REMOVED) if form else value
    return _SECRET_PARAMETER.sub(rf"\1{REMOVED}", value)[:KEPT_TEXT]


def _storable(value: str) -> str:
    # The database takes neither NUL nor half a surrogate pair, and JSON may spell both.
    return value.replace("\x00", "").encode(errors="replace").decode()
