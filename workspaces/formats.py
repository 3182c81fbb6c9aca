"""How amounts, percentages and values of plans are written for people."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from math import floor, isfinite, log10
from typing import Any

_SYMBOLS = {
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "VND": "₫", "ILS": "₪",
    "AUD": "A$", "CAD": "CA$", "NZD": "NZ$", "HKD": "HK$", "TWD": "NT$", "SGD": "S$", "BRL": "R$",
    "MXN": "MX$",
}  # fmt: skip
_WITHOUT_DECIMALS = frozenset({
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
    "VUV", "XAF", "XOF", "XPF",
})  # fmt: skip
_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
MINUS = "−"
TIMES = "×"


def decimals_of(currency: str) -> int:
    """How many decimals people write in a currency."""
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def symbol_of(currency: str) -> str:
    """Return the sign of a currency, else its code."""
    return _SYMBOLS.get(currency, currency)


def number_of(value: Any) -> Decimal | None:
    """The finite number that a stored text or number means; ``None`` for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def money(amount: Decimal, currency: str) -> str:
    """Amount with its currency: ``$1,250.00``; codes without a sign stand before the number."""
    step = Decimal(1).scaleb(-decimals_of(currency))
    text = f"{abs(amount).quantize(step, rounding=ROUND_HALF_EVEN):,}"
    sign = MINUS if amount < 0 else ""
    symbol = _SYMBOLS.get(currency, f"{currency} " if currency else "")
    return f"{sign}{symbol}{text}"


def signed_money(amount: Decimal, currency: str) -> str:
    """Amount with its sign written out, for differences."""
    return money(amount, currency) if amount < 0 else f"+{money(amount, currency)}"


def percent(value: Decimal) -> str:
    """Signed percentage with one decimal where it needs one: ``+15 %``."""
    rounded = value.quantize(Decimal("0.1"))
    text = f"{abs(rounded):,.1f}".removesuffix(".0")
    return f"{MINUS if rounded < 0 else '+'}{text} %"


def figure(value: Decimal | float, digits: int = 0) -> str:
    """Number with thousands and just so many decimals: ``1,234.50``."""
    text = f"{abs(value):,.{digits}f}"
    return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text


def signed_figure(value: Decimal | float, digits: int = 0) -> str:
    """The same with its sign written out, for differences."""
    text = figure(value, digits)
    return text if text.startswith(MINUS) else f"+{text}"


def rounded(value: float, digits: int = 4) -> str:
    """Number with so many telling digits, as a form takes it: ``0.8472``, ``4542``."""
    if not value or not isfinite(value):
        return f"{value:g}"
    places = max(digits - 1 - floor(log10(abs(value))), 0)
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


def share(value: Decimal | float, digits: int = 0) -> str:
    """Share 0–1 as a percentage with thousands: ``1,250 %``."""
    return f"{figure(100 * value, digits)} %"


def signed_share(value: Decimal | float, digits: int = 0) -> str:
    """The same with its sign written out, for differences."""
    return f"{signed_figure(100 * value, digits)} %"


def times(value: Decimal | float) -> str:
    """Multiple, as what comes back of each unit spent: ``2.56×``."""
    return f"{figure(value, 2)}{TIMES}"


def plain(number: Decimal) -> str:
    """Number with thousands, at most two decimals and no trailing zeros."""
    text = f"{abs(number):,.2f}".rstrip("0").rstrip(".")
    return f"{MINUS if number < 0 and text != '0' else ''}{text}"


def amount(value: Any, currency: str | None) -> str:
    """Money where there is a currency, else a plain number or text."""
    number = number_of(value)
    if number is None:
        return "–" if value in (None, "") else str(value)
    return money(number, currency) if currency else plain(number)
