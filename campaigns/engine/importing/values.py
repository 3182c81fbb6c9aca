"""One cell of a file: numbers, days, ids and states as people and platforms write them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

_EMPTY: Final = frozenset(("", "-", "--", "—", "–", "n/a", "na", "null", "none", "nan", "(none)"))
_PLAIN = re.compile(r"-?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,2})?|-?\.\d+", re.ASCII)
_THOUSANDS = {
    ".": re.compile(r"-?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?|-?\d+(?:\.\d*)?", re.ASCII),
    ",": re.compile(r"-?\d{1,3}(?:\.\d{3})+(?:,\d*)?|-?\d+(?:,\d*)?|-?,\d+", re.ASCII),
}
# Currency signs and codes around an amount; spaces and apostrophes between its thousands.
_DRESSING = re.compile(
    r"[\s\u00a0\u202f\u2009'’]|[$€£¥₹₩₽₺₴₫₪฿₱]|[A-Z]{1,3}\$?(?=[\s\d-])|(?<=[\s\d])[A-Z]{3}$"
)
_MAX_NUMBER: Final = Decimal(10) ** 13
_EXCEL_EPOCH: Final = date(1899, 12, 30)
_RESOURCE = re.compile(r"customers/\d+/\w+/(?:\d+~)?(\d+)", re.ASCII)
_ROUNDED_ID = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{2})?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?: .*)?", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4})(?:,? .*)?", re.ASCII)
_EXCEL = re.compile(r"(\d{5})(?:\.\d+)?", re.ASCII)
_NAMED_FORMATS: Final = (
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%a, %b %d, %Y",
    "%A, %B %d, %Y",
)
_STATES: Final[dict[str, str]] = {
    "active": "active",
    "enabled": "active",
    "eligible": "active",
    "on": "active",
    "delivering": "active",
    "paused": "paused",
    "inactive": "paused",
    "off": "paused",
    "disabled": "paused",
    "not delivering": "paused",
    "suspended": "paused",
    "campaign paused": "paused",
    "budgetpaused": "paused",
    "archived": "archived",
    "completed": "archived",
    "ended": "archived",
    "removed": "removed",
    "deleted": "removed",
}
_MICROSOFT_ZONES: Final[dict[str, str]] = {
    "PacificTimeUSCanadaTijuana": "America/Los_Angeles",
    "MountainTimeUSCanada": "America/Denver",
    "CentralTimeUSCanada": "America/Chicago",
    "EasternTimeUSCanada": "America/New_York",
    "GreenwichMeanTimeDublinEdinburghLisbonLondon": "Europe/London",
    "AmsterdamBerlinBernRomeStockholmVienna": "Europe/Berlin",
    "BrusselsCopenhagenMadridParis": "Europe/Paris",
    "OsakaSapporoTokyo": "Asia/Tokyo",
    "CanberraMelbourneSydney": "Australia/Sydney",
}


def is_empty(text: str) -> bool:
    """Whether a cell holds nothing, or a sign for nothing."""
    return text.strip().lower() in _EMPTY


def number(text: str, decimal_sign: str = ".") -> Decimal | None:
    """Read a number with currency, percent and thousands signs.

    Parameters
    ----------
    text : the cell; ``25 %`` is 0.25, ``(1.50)`` is −1.5
    decimal_sign : ``.`` or ``,``

    Returns
    -------
    the number, or None for an empty cell

    Raises
    ------
    ValueError : the cell is no number, or larger than 10^13
    """
    bare = text.strip()
    if bare.lower() in _EMPTY:
        return None
    if decimal_sign == "." and _PLAIN.fullmatch(bare):
        return _bounded(Decimal(bare), text)
    is_percent = bare.endswith("%")
    if bare.startswith("(") and bare.endswith(")"):
        bare = "-" + bare[1:-1]
    bare = _DRESSING.sub("", bare.rstrip("%").replace("\u2212", "-"))
    if not _THOUSANDS[decimal_sign].fullmatch(bare):
        raise ValueError(f"{shorten(text)!r} is not a number")
    plain = (
        bare.replace(",", "") if decimal_sign == "." else bare.replace(".", "").replace(",", ".")
    )
    value = _bounded(Decimal(plain), text)
    return value / 100 if is_percent else value


def _bounded(value: Decimal, text: str) -> Decimal:
    if abs(value) > _MAX_NUMBER:
        raise ValueError(f"{shorten(text)!r} is too large")
    return value


def day(text: str, order: str) -> date:
    """Read the calendar day of a date or timestamp as written, whatever its zone.

    Parameters
    ----------
    text : the cell
    order : ``dmy`` or ``mdy`` for days such as 03/04/2024, ``excel`` for serial numbers, else empty

    Raises
    ------
    ValueError : not a day, or one whose order of day and month is not known
    """
    bare = text.strip()
    try:
        return _day(bare, order)
    except (ValueError, OverflowError) as error:
        if str(error).startswith("!"):
            raise ValueError(str(error)[1:]) from None
        raise ValueError(f"{shorten(text)!r} is not a day; write it as 2024-12-31") from None


def _day(bare: str, order: str) -> date:
    if order == "excel" and (found := _EXCEL.fullmatch(bare)):
        return _EXCEL_EPOCH + timedelta(days=int(found.group(1)))
    for pattern in (_ISO, _COMPACT, _YEAR_FIRST):
        if found := pattern.fullmatch(bare):
            return date(int(found.group(1)), int(found.group(2)), int(found.group(3)))
    if found := _YEAR_LAST.fullmatch(bare):
        return _year_last(int(found.group(1)), int(found.group(3)), int(found.group(4)), order)
    return _named_day(bare)


def _year_last(first: int, second: int, year: int, order: str) -> date:
    if order not in ("dmy", "mdy"):
        raise ValueError("!day and month can be mixed up; say whether days are dmy or mdy")
    return date(year, second, first) if order == "dmy" else date(year, first, second)


def _named_day(bare: str) -> date:
    for form in _NAMED_FORMATS:
        try:
            return datetime.strptime(bare, form).date()  # noqa: DTZ007  # a calendar day has no zone
        except ValueError:
            continue
    raise ValueError(bare)


def year_last_parts(text: str) -> tuple[int, str, int] | None:
    """First number, sign and second number of a day that ends in its year, else None."""
    found = _YEAR_LAST.fullmatch(text.strip())
    return (int(found.group(1)), found.group(2), int(found.group(3))) if found else None


def is_excel_day(text: str) -> bool:
    """Whether a cell looks like a spreadsheet's serial day between 1982 and 2064."""
    found = _EXCEL.fullmatch(text.strip())
    return bool(found) and 30_000 <= int(found.group(1)) <= 60_000 if found else False


def identifier(text: str) -> str:
    """Read an id: resource names and ``.0`` of spreadsheets are taken off.

    Raises
    ------
    ValueError : a spreadsheet rounded the id, or it is longer than 120 characters
    """
    bare = text.strip()
    if bare.isdecimal():
        return bare if len(bare) <= 120 else _too_long(text)
    if bare.lower() in _EMPTY:
        return ""
    if found := _RESOURCE.fullmatch(bare):
        return found.group(1)
    if bare.endswith(".0") and bare[:-2].isdecimal():
        return bare[:-2]
    if _ROUNDED_ID.fullmatch(bare):
        raise ValueError(f"{bare!r} was rounded by a spreadsheet; export the ids as text")
    return bare if len(bare) <= 120 else _too_long(text)


def _too_long(text: str) -> str:
    raise ValueError(f"{shorten(text)!r} is longer than an id can be (120 characters)")


def status(text: str) -> str:
    """Our word for a platform's state, empty when it is none that we know."""
    return _STATES.get(text.strip().lower().replace("_", " "), "")


def zone(text: str) -> str:
    """IANA name of a time zone, translated from Microsoft's own where needed."""
    return _MICROSOFT_ZONES.get(text.strip(), text.strip())


def shorten(text: str, length: int = 60) -> str:
    """Start of a text, for messages."""
    return text if len(text) <= length else text[: length - 1] + "…"
