"""What a picture shows, before it is drawn. Knows no library, so a page may import it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
ThemeName = Literal["light", "dark"]
Write = Callable[[float], str]


@dataclass(frozen=True)
class Caption:
    """Words around a picture; ``note`` stands below it."""

    title: str
    workspace: str
    note: str


@dataclass(frozen=True)
class ForecastBar:
    """Expected ROI of a channel; NaN ends where there is no interval."""

    label: str
    roi: float
    low: float
    high: float


@dataclass(frozen=True)
class Measure:
    """One figure over days: actual and predicted, (days, channels), NaN where not known."""

    title: str
    actual: FloatArray
    predicted: FloatArray
    write: Write


@dataclass(frozen=True)
class Lines:
    """Two figures of each channel over the same days.

    ``changes`` has for each channel the places of days on which ads of it were changed.
    """

    days: tuple[date, ...]
    labels: tuple[str, ...]
    left: Measure
    right: Measure
    changes: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class BudgetShare:
    """What a channel got and should get."""

    label: str
    now: float
    wanted: float
