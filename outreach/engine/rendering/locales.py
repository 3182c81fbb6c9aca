"""Numbers, money and dates as people of a locale write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from workspaces.formats import decimals_of, symbol_of

_NARROW: Final = "\u202f"
_HARD: Final = "\u00a0"


@dataclass(frozen=True)
class Locale:
    """How a locale writes.

    Attributes
    ----------
    group, point : between thousands, before decimals
    money : with {symbol} and {number}
    day, long_day : dates, with {d}, {dd}, {m}, {mm}, {y} and {month}
    months : names; empty where `long_day` needs none
    """

    group: str
    point: str
    money: str
    day: str
    long_day: str
    months: tuple[str, ...] = ()


_AFTER: Final = f"{{number}}{_HARD}{{symbol}}"
_BEFORE: Final = f"{{symbol}}{_HARD}{{number}}"
_CLOSE: Final = "{symbol}{number}"
_EN: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DE: Final = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
    "November", "Dezember",
)  # fmt: skip
_FR: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
    "octobre", "novembre", "décembre",
)  # fmt: skip
_ES: Final = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
    "octubre", "noviembre", "diciembre",
)  # fmt: skip
_IT: Final = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre",
    "ottobre", "novembre", "dicembre",
)  # fmt: skip
_PT: Final = (
    "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro",
    "outubro", "novembro", "dezembro",
)  # fmt: skip
_NL: Final = (
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september",
    "oktober", "november", "december",
)  # fmt: skip
_EAST: Final = "{y}年{m}月{d}日"

LOCALES: Final = {
    "en": Locale(",", ".", _CLOSE, "{d} {month} {y}", "{d} {month} {y}", _EN),
    "en-us": Locale(",", ".", _CLOSE, "{m}/{d}/{y}", "{month} {d}, {y}", _EN),
    "en-ca": Locale(",", ".", _CLOSE, "{y}-{mm}-{dd}", "{month} {d}, {y}", _EN),
    "en-gb": Locale(",", ".", _CLOSE, "{dd}/{mm}/{y}", "{d} {month} {y}", _EN),
    "de": Locale(".", ",", _AFTER, "{dd}.{mm}.{y}", "{d}. {month} {y}", _DE),
    "de-ch": Locale("’", ".", _BEFORE, "{dd}.{mm}.{y}", "{d}. {month} {y}", _DE),
    "fr": Locale(_NARROW, ",", _AFTER, "{dd}/{mm}/{y}", "{d} {month} {y}", _FR),
    "es": Locale(".", ",", _AFTER, "{d}/{m}/{y}", "{d} de {month} de {y}", _ES),
    "es-mx": Locale(",", ".", _CLOSE, "{d}/{m}/{y}", "{d} de {month} de {y}", _ES),
    "it": Locale(".", ",", _AFTER, "{dd}/{mm}/{y}", "{d} {month} {y}", _IT),
    "pt": Locale(".", ",", _AFTER, "{dd}/{mm}/{y}", "{d} de {month} de {y}", _PT),
    "pt-br": Locale(".", ",", _BEFORE, "{dd}/{mm}/{y}", "{d} de {month} de {y}", _PT),
    "nl": Locale(".", ",", _BEFORE, "{dd}-{mm}-{y}", "{d} {month} {y}", _NL),
    "sv": Locale(_HARD, ",", _AFTER, "{y}-{mm}-{dd}", "{y}-{mm}-{dd}"),
    "da": Locale(".", ",", _AFTER, "{dd}.{mm}.{y}", "{dd}.{mm}.{y}"),
    "nb": Locale(_HARD, ",", _AFTER, "{dd}.{mm}.{y}", "{dd}.{mm}.{y}"),
    "fi": Locale(_HARD, ",", _AFTER, "{d}.{m}.{y}", "{d}.{m}.{y}"),
    "pl": Locale(_HARD, ",", _AFTER, "{dd}.{mm}.{y}", "{dd}.{mm}.{y}"),
    "cs": Locale(_HARD, ",", _AFTER, "{d}. {m}. {y}", "{d}. {m}. {y}"),
    "tr": Locale(".", ",", _CLOSE, "{dd}.{mm}.{y}", "{dd}.{mm}.{y}"),
    "ja": Locale(",", ".", _CLOSE, "{y}/{mm}/{dd}", _EAST),
    "zh": Locale(",", ".", _CLOSE, "{y}/{m}/{d}", _EAST),
    "ko": Locale(",", ".", _CLOSE, "{y}. {m}. {d}.", "{y}년 {m}월 {d}일"),
}
# Numbers as in English, days as ISO 8601: nobody misreads these.
PLAIN: Final = Locale(",", ".", _BEFORE, "{y}-{mm}-{dd}", "{y}-{mm}-{dd}")


def locale_of(tag: str) -> Locale:
    """Find a locale by its tag: `de-AT` falls back to `de`, an unknown language to plain forms."""
    key = tag.replace("_", "-").lower()
    language = key.partition("-")[0]
    return LOCALES.get(key) or LOCALES.get(language) or PLAIN


def number(value: Decimal, locale: Locale, digits: int = 0) -> str:
    """Write a number with thousands and just so many decimals."""
    rounded = value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    whole, _, rest = f"{abs(rounded):,f}".partition(".")
    text = whole.replace(",", locale.group) + (locale.point + rest if rest else "")
    return f"−{text}" if rounded < 0 else text


def money(amount: Decimal, currency: str, locale: Locale) -> str:
    """Write an amount with its currency, in the decimals that people write in it."""
    text = number(abs(amount), locale, decimals_of(currency))
    symbol = symbol_of(currency)
    pattern = locale.money
    if pattern == _CLOSE and len(symbol) == 3 and symbol.isalpha():  # a code stands apart
        pattern = _BEFORE
    written = pattern.format(symbol=symbol, number=text)
    return f"−{written}" if amount < 0 else written


def day(value: date, locale: Locale, style: str = "short") -> str:
    """Write a day; `style` is 'short' or 'long'."""
    pattern = locale.long_day if style == "long" else locale.day
    return pattern.format(
        d=value.day,
        dd=f"{value.day:02}",
        m=value.month,
        mm=f"{value.month:02}",
        y=value.year,
        month=locale.months[value.month - 1] if locale.months else "",
    )
