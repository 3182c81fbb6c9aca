"""Which figures say anything: not those of an outcome that nothing reports.

A business that counts leads has no installs, and its ad platforms no revenue. ``Installs 0`` and
``ROI −100 %`` would be read as facts there, so pages and what is printed leave such figures out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from workspaces.boards import Column

C = TypeVar("C", bound=Column)


def is_reported(column: Column, *figures: Any) -> bool:
    """Whether any of the figures, of a period and the one before, has what a column needs."""
    return not column.needs or any(getattr(one, column.needs) for one in figures if one is not None)


def reported(columns: Iterable[C], *figures: Any) -> list[C]:
    """Columns but those of outcomes that none of the figures has; a zero beside others stays."""
    return [column for column in columns if is_reported(column, *figures)]


def unreported(columns: Iterable[Column], *figures: Any, first: int = 0) -> frozenset[int]:
    """Places of all other columns in a table; ``first`` is that of the first one."""
    return frozenset(
        place
        for place, column in enumerate(columns, start=first)
        if not is_reported(column, *figures)
    )
