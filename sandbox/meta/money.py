"""Meta's money on the wire: integers in the account currency times Meta's own offset."""

from __future__ import annotations

from decimal import Decimal

from sandbox.entities import Account, minor_units

#: Meta's list, which is not ISO 4217: an ISO library is wrong by 100 for five of these.
WHOLE_UNIT_CURRENCIES = frozenset(
    ("CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND")
)
#: About a dollar a day; Meta keeps such a table per currency.
_MINIMA = {"JPY": 100, "HUF": 300, "TWD": 30, "KRW": 1000, "CLP": 900, "COP": 4000, "CRC": 500}
_MINIMA |= {"ISK": 130, "IDR": 15000, "PYG": 7000, "VND": 25000}


def offset(account: Account) -> int:
    """Wire units per major unit; an account may say so itself (`currency_offset` in its seed)."""
    given = account.extra.get("currency_offset")
    if isinstance(given, int):
        return given
    return 1 if account.currency in WHOLE_UNIT_CURRENCIES else 100


def to_wire(amount: Decimal | None, account: Account) -> str:
    """Write an amount as Meta does; "0" for none."""
    return str(int((amount or Decimal(0)) * offset(account)))


def from_wire(text: str, account: Account) -> Decimal:
    """Read a wire amount.

    Raises
    ------
    ValueError : not a whole number of wire units
    """
    return Decimal(int(text)) / offset(account)


def minimum_daily(account: Account) -> Decimal:
    """Return the smallest daily budget in major units."""
    given = account.extra.get("min_budget")
    return Decimal(str(given)) if given else Decimal(_MINIMA.get(account.currency, 1))


def major_text(amount: Decimal, account: Account) -> str:
    """Write an amount of an insight: major units, as many decimals as the currency has."""
    digits = len(str(minor_units(account.currency))) - 1
    return f"{amount:.{digits}f}"
