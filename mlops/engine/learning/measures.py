"""What models are measured by: each measure's name, unit and direction in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

from workspaces.formats import figure, share

Unit = Literal["number", "share"]
Direction = Literal["higher", "lower", ""]

# From here on two decimals tell enough.
_LARGE: Final = 10


@dataclass(frozen=True)
class Measure:
    """One measure.

    Attributes
    ----------
    name : the key under which it is stored and answered
    label : for people
    better : which way is better; empty where it should lie near a value, which ``hint`` names
    unit : shares are written in per cent
    hint : what it is, in a sentence
    """

    name: str
    label: str
    better: Direction
    unit: Unit = "number"
    hint: str = ""

    @property
    def direction(self) -> str:
        """Which way is better, in words."""
        return f"{self.better} is better" if self.better else ""

    @property
    def full_label(self) -> str:
        """Its label with the direction: ``Log loss (lower is better)``."""
        return f"{self.label} ({self.direction})" if self.better else self.label

    @property
    def in_sentence(self) -> str:
        """Its label inside of a sentence: abbreviations stay as they are."""
        first = self.label.partition(" ")[0]
        return self.label if first.isupper() else f"{self.label[0].lower()}{self.label[1:]}"

    def text(self, value: float | None) -> str:
        """Write a figure of it for people."""
        if value is None:
            return "–"
        if self.unit == "share":
            return share(value, 1)
        return figure(value, 2 if abs(value) >= _LARGE else 4)


_ALL: Final = (
    Measure("accuracy", "Read right", "higher", "share",
            "Of held-out messages that were corrected, or answered as they were read."),
    Measure("accuracy_corrected", "Corrected ones read right", "higher", "share",
            "Of held-out messages that a person corrected."),
    Measure("error_rate", "Share read wrong", "lower", "share"),
    Measure("auc", "AUC", "higher",
            hint="Chance that one to whom it happens is ranked above another; 0.5 is a guess."),
    Measure("ece", "Calibration error", "lower", "share",
            "How far probabilities are from what happened, on average."),
    Measure("f1", "F1", "higher", hint="How many are found, and found rightly; 1 is best."),
    Measure("log_loss", "Log loss", "lower", hint="Surprise at what happened; 0 is none."),
    Measure("gini", "Normalised Gini", "higher",
            hint="How well it ranks by value: 1 as well as knowing, 0 as chance does."),
    Measure("total_ratio", "Predicted over actual total", "", hint="Best near 1."),
    Measure("decile_mape", "Deciles off by", "lower", "share",
            "Mean error of the tenths of users, ordered by prediction."),
    Measure("rmse", "Root mean squared error", "lower", hint="In the unit of what is predicted."),
    Measure("mae", "Mean absolute error", "lower", hint="In the unit of what is predicted."),
    Measure("median_error", "Median error", "lower", hint="In the unit of what is predicted."),
    Measure("mase", "MASE", "lower", hint="Error over that of a naive forecast; 1 is no better."),
    Measure("mape", "MAPE", "lower", "share", "Mean error in per cent of what came."),
    Measure("coverage", "80 % intervals hold", "", "share", "Best near 80 %."),
    Measure("of_solver_calm", "Of the solver's revenue, curves hold", "higher", "share"),
    Measure("of_solver_rough", "Of the solver's revenue, fatigue and shocks", "higher", "share"),
)  # fmt: skip
MEASURES: Final[Mapping[str, Measure]] = MappingProxyType({one.name: one for one in _ALL})


def measure_of(name: str) -> Measure:
    """One measure; of a part, as in ``mase_roas``, where it says so; else its key in words."""
    if name in MEASURES:
        return MEASURES[name]
    base, _, part = name.partition("_")
    if base in MEASURES:
        whole = MEASURES[base]
        return replace(whole, name=name, label=f"{whole.label}, {part.replace('_', ' ')}")
    return Measure(name, name.replace("_", " ").capitalize(), "")
