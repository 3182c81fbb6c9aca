"""Sums that add up by name: what dashboards are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any, Self

from campaigns import metrics


@dataclass(frozen=True)
class Sums:
    """A data class of sums that begin at nothing; a query names them ``sum_…``."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Read sums that a query made; one of no rows, or not asked for, stays at nothing."""
        names: tuple[str, ...] = cls.__match_args__
        sums = {name: row.get(f"sum_{name}") for name in names}
        return cls(**{name: value for name, value in sums.items() if value is not None})

    @classmethod
    def all_of(cls, parts: Iterable[Self]) -> Self:
        """All of them together."""
        names: tuple[str, ...] = cls.__match_args__
        rows = map(attrgetter(*names), parts)
        return cls(*map(sum, zip(*rows, strict=True)))

    def __add__(self, other: Self) -> Self:
        return self.all_of((self, other))


@dataclass(frozen=True)
class Retention(Sums):
    """Installs whose return is known by now, and how many of them returned."""

    known_1: int = 0
    known_7: int = 0
    known_30: int = 0
    retained_1: int = 0
    retained_7: int = 0
    retained_30: int = 0

    @property
    def d1(self) -> Decimal | None:
        """Share that came back on day 1."""
        return metrics.retention(Decimal(self.retained_1), self.known_1)

    @property
    def d7(self) -> Decimal | None:
        """Share that came back on day 7."""
        return metrics.retention(Decimal(self.retained_7), self.known_7)

    @property
    def d30(self) -> Decimal | None:
        """Share that came back on day 30."""
        return metrics.retention(Decimal(self.retained_30), self.known_30)
