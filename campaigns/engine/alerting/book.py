"""What rules of alerts read: the newest days of campaigns or channels, and what holds now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

AMOUNTS: Final = (
    "impressions", "clicks", "engagement", "spend", "conversions", "revenue", "known_spend",
    "known_clicks",
)  # fmt: skip
FACTS: Final = ("total_budget_used", "prediction_error", "disapproved_ads")


@dataclass(frozen=True)
class Book:
    """Days of n campaigns or channels, the oldest first; the last day is the running one.

    Attributes
    ----------
    amounts : (n, d) by name; ``known_spend`` and ``known_clicks`` are of accounts whose conversions
        count, as conversions and revenue are
    has_data : (n, d) whether anything was reported
    daily_budget_used : (n, d) spend over the daily budget in force; NaN where there is none
    facts : (n,) by name, as they are now; NaN where unknown
    has_home_money : (n,) whether amounts of money are in the currency that thresholds are in
    """

    amounts: Mapping[str, FloatArray]
    has_data: BoolArray
    daily_budget_used: FloatArray
    facts: Mapping[str, FloatArray]
    has_home_money: BoolArray

    def __post_init__(self) -> None:
        shape = self.has_data.shape
        for name in AMOUNTS:
            if self.amounts[name].shape != shape:
                raise ValueError(f"{name} has shape {self.amounts[name].shape}, not {shape}")
        for name in FACTS:
            if self.facts[name].shape != shape[:1]:
                raise ValueError(f"{name} has shape {self.facts[name].shape}, not {shape[:1]}")

    def __len__(self) -> int:
        return int(self.has_data.shape[0])
