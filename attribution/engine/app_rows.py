"""Installs and sessions as somebody sends them, from JSON or from cells of a file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST_S: Final = 86_400
_LARGEST: Final = Decimal(10) ** 12
DEVICE_TYPES: Final = ("ios", "android", "other")
SOURCES: Final = ("paid", "organic")
_LENGTHS: Final = {"channel": 40, "device_model": 80, "os_version": 20, "region": 80, "city": 80}
INSTALL_FIELDS: Final = (
    "user_id", "installed_on", "channel", "source", "campaign_id", "creative_id", "ad_id",
    "device_type", "device_model", "os_version", "country", "region", "city",
)  # fmt: skip
SESSION_FIELDS: Final = (
    "session_id", "user_id", "started_at", "seconds", "events", "features", "revenue", "currency",
    "quality",
)  # fmt: skip


class FieldError(ValueError):
    """A field that cannot be read; says which and why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class InstallRow:
    """One install; ids of advertising are ours or the platform's, empty where there is none."""

    user_id: str
    installed_on: date
    channel: str
    source: str
    campaign_id: str
    creative_id: str
    ad_id: str
    device_type: str
    device_model: str
    os_version: str
    country: str
    region: str
    city: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session of a user."""

    session_id: str
    user_id: str
    started_at: datetime
    seconds: int
    events: dict[str, Any]
    features: list[str]
    revenue: Decimal
    currency: str
    quality: int


def read_install(given: Mapping[str, Any]) -> InstallRow:
    """Read an install.

    Parameters
    ----------
    given : fields by name; texts, or what JSON makes of them; missing ones may be empty

    Raises
    ------
    FieldError : a field is unknown, missing or wrong
    """
    _refuse_unknown(given, INSTALL_FIELDS)
    ids = {name: _text(given, name, 120) for name in ("campaign_id", "creative_id", "ad_id")}
    source = _choice(given, "source", SOURCES, "paid" if any(ids.values()) else "")
    if source == "organic" and (named := next((name for name in ids if ids[name]), "")):
        raise FieldError(named, "an organic install has none; leave it empty or say paid")
    channel = _text(given, "channel", _LENGTHS["channel"], least=int(source == "paid"))
    country = _text(given, "country", 2).upper()
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise FieldError("country", "use two letters such as DE")
    return InstallRow(
        user_id=_text(given, "user_id", 120, least=1),
        installed_on=_day(given, "installed_on"),
        channel=channel or "organic",
        source=source,
        device_type=_choice(given, "device_type", DEVICE_TYPES, "other"),
        country=country,
        **ids,
        **{
            name: _text(given, name, _LENGTHS[name])
            for name in ("device_model", "os_version", "region", "city")
        },
    )


def read_session(given: Mapping[str, Any]) -> SessionRow:
    """Read a session.

    Parameters
    ----------
    given : fields by name, as for an install; ``started_at`` with its offset

    Raises
    ------
    FieldError : a field is unknown, missing or wrong
    """
    _refuse_unknown(given, SESSION_FIELDS)
    return SessionRow(
        session_id=_text(given, "session_id", 120, least=1),
        user_id=_text(given, "user_id", 120, least=1),
        started_at=_moment(given, "started_at"),
        seconds=_whole(given, "seconds", LONGEST_S, is_needed=True),
        events=_counts(given, "events"),
        features=_names(given, "features"),
        revenue=_amount(given, "revenue"),
        currency=_text(given, "currency", 3).upper(),
        quality=_whole(given, "quality", 100),
    )


def _refuse_unknown(given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if unknown := sorted(str(name) for name in set(given) - set(known)):
        raise FieldError(unknown[0], f"there is no such field; known: {', '.join(known)}")


def _text(given: Mapping[str, Any], name: str, most: int, *, least: int = 0) -> str:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise FieldError(name, "this is no text")
    text = (value or "").strip()
    if len(text) < least:
        raise FieldError(name, "this is missing")
    if len(text) > most:
        raise FieldError(name, f"this is longer than {most} characters")
    if "\x00" in text:
        raise FieldError(name, "this holds a character without a meaning (NUL)")
    return text


def _choice(given: Mapping[str, Any], name: str, known: tuple[str, ...], usual: str) -> str:
    value = _text(given, name, 20).lower() or usual
    if value not in known:
        raise FieldError(name, f"use one of {', '.join(known)}")
    return value


def _day(given: Mapping[str, Any], name: str) -> date:
    text = _text(given, name, 40, least=1)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise FieldError(name, f"{text!r} is no day; write it as 2026-10-31") from None
    if day < EARLIEST.date():
        raise FieldError(name, f"{text} is before {EARLIEST:%Y-%m-%d}")
    return day


def _moment(given: Mapping[str, Any], name: str) -> datetime:
    text = _text(given, name, 40, least=1)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FieldError(name, f"{text!r} is no moment; write 2026-10-31T18:30:00Z") from None
    if moment.tzinfo is None:
        raise FieldError(name, "say its offset from UTC, such as Z or +02:00")
    if moment < EARLIEST:
        raise FieldError(name, f"{text} is before {EARLIEST:%Y-%m-%d}")
    return moment


def _whole(given: Mapping[str, Any], name: str, most: int, *, is_needed: bool = False) -> int:
    value = given.get(name)
    if value in (None, ""):
        if is_needed:
            raise FieldError(name, "this is missing")
        return 0
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number <= most:
        raise FieldError(name, f"use a number from 0 to {most:,}")
    return round(number)


def _amount(given: Mapping[str, Any], name: str) -> Decimal:
    value = given.get(name)
    if value in (None, ""):
        return Decimal(0)
    try:
        amount = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < _LARGEST:
        raise FieldError(name, "use an amount of zero or more, with a decimal point")
    return amount.quantize(Decimal("0.000001"))


def _parsed(given: Mapping[str, Any], name: str) -> Any:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise FieldError(name, "this is no JSON") from None


def _counts(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = _parsed(given, name) or {}
    if not isinstance(value, dict) or not all(
        isinstance(times, int) and not isinstance(times, bool) for times in value.values()
    ):
        raise FieldError(name, 'use event names with how often: {"purchase": 1}')
    if len(json.dumps(value)) > 4_000 or "\\u0000" in json.dumps(value):
        raise FieldError(name, "this is too long, or holds NUL")
    return value


def _names(given: Mapping[str, Any], name: str) -> list[str]:
    value = _parsed(given, name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise FieldError(name, 'use a list of names: ["search"]')
    if len(json.dumps(value)) > 4_000 or "\\u0000" in json.dumps(value):
        raise FieldError(name, "this is too long, or holds NUL")
    return value
