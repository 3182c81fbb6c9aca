"""What a page hands out as a file, before it is drawn: tables, charts, and a report of both.

A page builds these from its own figures; ``sheets``, ``drawing`` and ``paper`` turn them into
files. They know nothing of Django, so what a file says can be tested without opening it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

Cell = str | int | float | Decimal | None
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """Rows under a head; ``texts`` are the columns that stand left, all others are numbers.

    Sheets keep what is ``unreported``, since machines read them by column; paper and charts do not.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    texts: frozenset[int] = frozenset({0})
    unreported: frozenset[int] = frozenset()
    unreported_rows: frozenset[int] = frozenset()

    @property
    def printed(self) -> Table:
        """The same without columns and rows of which nothing is reported."""
        kept = [place for place in range(len(self.head)) if place not in self.unreported]
        return Table(
            self.title,
            tuple(self.head[place] for place in kept),
            tuple(
                tuple(row[place] for place in kept)
                for at, row in enumerate(self.rows)
                if at not in self.unreported_rows
            ),
            self.note,
            frozenset(new for new, place in enumerate(kept) if place in self.texts),
        )


@dataclass(frozen=True)
class Bar:
    """One value, as it is written, with its interval where there is one."""

    label: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None
    is_focus: bool = False


@dataclass(frozen=True)
class BarPanel:
    """Bars that belong together."""

    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class BarChart:
    """Panels of lying bars, all on one scale."""

    title: str
    panels: tuple[BarPanel, ...]
    note: str = ""


@dataclass(frozen=True)
class DotChart:
    """Measured points and the curve through them.

    Attributes
    ----------
    band : where the curve may be: x, low and high
    now : x of what is so now
    """

    title: str
    across: str
    upwards: str
    dots: tuple[tuple[float, float], ...]
    curve: tuple[tuple[float, float], ...] = ()
    note: str = ""
    band: tuple[tuple[float, float, float], ...] = ()
    now: float | None = None


@dataclass(frozen=True)
class DaysPanel:
    """One figure by day; ``None`` where it is not known, or has no interval."""

    title: str
    values: tuple[float | None, ...]
    band: tuple[tuple[float, float] | None, ...] = ()


@dataclass(frozen=True)
class DaysChart:
    """Figures over the same days, each on a scale of its own."""

    title: str
    days: tuple[date, ...]
    panels: tuple[DaysPanel, ...]
    note: str = ""


@dataclass(frozen=True)
class HeatCell:
    """A value as it is written, and how strong it is from 0 to 1."""

    text: str
    strength: float


@dataclass(frozen=True)
class HeatChart:
    """Values of rows in columns, coloured by how strong they are."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[HeatCell, ...]], ...]
    note: str = ""


Chart = BarChart | DaysChart | DotChart | HeatChart


@dataclass(frozen=True)
class Report:
    """A page on paper.

    Attributes
    ----------
    filters : what was asked for, by name
    figures : the page's cards: name and value
    """

    title: str
    workspace: str
    made_at: datetime
    filters: Pairs
    figures: Pairs = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = field(default=())
