"""The kinds of models there are, and how each is read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from mlops.engine.budget import nets as budget_nets
from mlops.engine.budget.state import ACTIONS
from mlops.engine.budget.training import KIND as BUDGET
from mlops.engine.learning import churn, forecast, ltv, message_intent, plain, roi
from mlops.engine.learning.forecast import model as forecast_model
from mlops.engine.learning.shapes import Artefact, Served


@dataclass(frozen=True)
class Kind:
    """One kind of model.

    ``load`` raises ``ValueError`` for whatever it cannot read, and imports its library only when
    called: web processes import this module. ``is_by_subject``: each row is of somebody, such as a
    user, so two versions can answer side by side, each for its share of them.
    """

    name: str
    label: str
    goal: str
    load: Callable[[Artefact], Served]
    unit: Literal["probability", "money", "number"] = "number"
    # What it gives of a row, in its order.
    outputs: tuple[str, ...] = ("prediction",)
    # Columns that move by nature, and why: that they do is no drift.
    nature: Mapping[str, str] = field(default_factory=dict)
    is_by_subject: bool = False
    # What it reads are people's words: no prediction keeps them, and it is asked elsewhere.
    asked_at: str = ""
    # What serves where no version does, in words; a champion can be retired to it.
    without: str = ""

    @property
    def why_at_once(self) -> str:
        """Why no share of the subjects can go first."""
        if self.asked_at:
            return "One version reads all messages of the workspace"
        return "Plans of the whole workspace rest on it"

    def unit_in(self, currency: str) -> str:
        """Name of the unit of what it predicts, in a workspace of a currency."""
        return currency if self.unit == "money" else self.unit


_OLDER: Final = "every campaign is a day older each day"
_ALL = (
    Kind(
        name=churn.KIND,
        label="Churn",
        goal="Ranks better than logistic regression, its probabilities off by 0.02 or by chance.",
        load=churn.load,
        unit="probability",
        is_by_subject=True,
    ),
    Kind(
        name=ltv.KIND,
        label="Lifetime value",
        goal=(
            "Ranks as well as the best plain baseline (Gini), predicts 0.85 to 1.15 times what "
            "comes in all, and its deciles are off by 20 % at most, or by chance; all together."
        ),
        load=ltv.load,
        unit="money",
        is_by_subject=True,
    ),
    Kind(
        name=forecast.KIND,
        label="Forecast of campaigns",
        goal=(
            "Errs 20 % less than the seasonal naive forecast (MASE), at most 5 % more than MSTL,"
            " and its 80 % intervals hold 76 % to 84 % of what comes; all together."
        ),
        load=forecast_model.load,
        outputs=forecast_model.OUTPUTS,
        nature={"age": _OLDER, "weekday": "the calendar moves it"},
    ),
    Kind(
        name=roi.KIND,
        label="Return on investment",
        goal="Errs less (mean absolute error of ROI) than the channel's mean and the week before.",
        load=roi.load,
        nature={"duration": _OLDER},
    ),
    Kind(
        name=BUDGET,
        label="Budget policy",
        goal=(
            "Brings 95 % of the exact solver's revenue where the curves hold, and more than it"
            " under fatigue and shocks."
        ),
        load=budget_nets.load,
        outputs=ACTIONS,
    ),
    Kind(
        name=message_intent.KIND,
        label="Intent of messages",
        goal=(
            "Reads more of the newest corrected messages right than what reads them now, surely"
            " and not by chance, no fewer of all that were corrected or answered, and its"
            " confidence is off by 0.05 at most, or by chance."
        ),
        load=message_intent.load,
        unit="probability",
        outputs=message_intent.OUTPUTS,
        asked_at="POST /api/responses/classify/",
        without="the base that ships",
    ),
    Kind(
        name="roi_mean",
        label="ROI by channel mean",
        goal="Lower mean absolute error than one mean for all; what an ROI model must beat.",
        load=plain.load_channel_mean,
    ),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})
