"""What pages of figures are made of: cards, and tables whose heads sort them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from workspaces.formats import money, percent, plain, share, times
from workspaces.reports.shapes import Cell

UP: Final = "-up"
NOTHING: Final = "–"
# Kinds of columns that are written in percent, with their decimals.
SHARES: Final = {"share": 1, "small_share": 3}


@dataclass(frozen=True)
class Kpi:
    """A figure of the whole period, and how it moved."""

    label: str
    text: str
    change: str
    hint: str = ""
    target: str = ""
    is_missed: bool = False


@dataclass(frozen=True)
class Head:
    """Head of a column, and the order that a click on it asks for."""

    label: str
    hint: str
    sort: str
    aria: str
    is_number: bool = True


@dataclass(frozen=True)
class Place:
    """Where the rows of a page lie among all of them."""

    number: int
    size: int
    total: int

    @classmethod
    def of(cls, number: int, *, size: int, total: int) -> Place:
        """Find the page of a number; beyond the last one, the last."""
        return cls(min(number, max(1, -(-total // size))), size, total)

    @property
    def start(self) -> int:
        """How many rows lie before the page."""
        return (self.number - 1) * self.size

    @property
    def first(self) -> int:
        """Place of the first row shown, from 1 on."""
        return self.start + 1

    @property
    def last(self) -> int:
        """Place of the last row shown."""
        return min(self.start + self.size, self.total)

    @property
    def earlier(self) -> int | None:
        """Number of the page before."""
        return self.number - 1 if self.number > 1 else None

    @property
    def later(self) -> int | None:
        """Number of the next page."""
        return self.number + 1 if self.last < self.total else None


@dataclass(frozen=True)
class Column:
    """A figure: `parts` is the sum, or the two sums, that a database sorts it by.

    It says nothing where what it `needs`, an attribute of the same figures, is nothing.
    """

    name: str
    label: str
    kind: str
    parts: tuple[str, ...] = ()
    hint: str = ""
    needs: str = ""

    def cell(self, figures: Any) -> Cell:
        """Value for a spreadsheet."""
        value: int | float | Decimal | None = getattr(figures, self.name)
        return round(value, 4) if isinstance(value, float) else value

    def text(self, figures: Any, currency: str) -> str:
        """Value as people read it."""
        value: int | float | Decimal | None = getattr(figures, self.name)
        if value is None:
            return NOTHING
        if self.kind in SHARES:
            return share(value, SHARES[self.kind])
        if self.kind == "seconds":
            return clock(float(value))
        if self.kind == "money":
            return money(Decimal(value), currency)
        if self.kind == "times":
            return times(value)
        return plain(Decimal(value))

    def head(self, currency: str) -> str:
        """Name with its unit, for a spreadsheet."""
        unit = {"seconds": "seconds", "money": currency, **dict.fromkeys(SHARES, "share")}.get(
            self.kind
        )
        return f"{self.label} ({unit})" if unit else self.label

    def kpi(self, figures: Any, before: Any, currency: str) -> Kpi:
        """Card of the whole period against the one before."""
        change = change_of(getattr(figures, self.name), getattr(before, self.name))
        return Kpi(self.label, self.text(figures, currency), change, self.hint)


def change_pct(value: float | Decimal | None, was: float | Decimal | None) -> Decimal | None:
    """How a figure moved, in percent of what it was; ``None`` where there is nothing to compare."""
    if value is None or not was:
        return None
    before = Decimal(str(was))
    return (Decimal(str(value)) - before) * 100 / abs(before)


def change_of(value: float | Decimal | None, was: float | Decimal | None) -> str:
    """How a figure moved, in words; '' where there is nothing to compare."""
    change = change_pct(value, was)
    return "" if change is None else percent(change)


def heads_of(
    texts: Mapping[str, str], columns: Iterable[Column], current: str, *, is_rising: bool
) -> list[Head]:
    """Heads of columns of text, by name, and of figures; ``current`` names what rows stand by."""
    names = [(name, label, "", False) for name, label in texts.items()]
    names += [(column.name, column.label, column.hint, True) for column in columns]
    aria = {current: "ascending" if is_rising else "descending"}
    return [
        Head(label, hint, _sort_link(name, current, is_rising=is_rising), aria.get(name, "none"),
             is_number)
        for name, label, hint, is_number in names
    ]  # fmt: skip


def _sort_link(name: str, current: str, *, is_rising: bool) -> str:
    """What a head of a table asks for: another order, or the same one turned."""
    if name != current:
        return f"{name}{UP}" if name == "key" else name
    return name if is_rising else f"{name}{UP}"


def clock(seconds: float) -> str:
    """Minutes and seconds: ``2:05``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
