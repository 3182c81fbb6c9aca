"""By what versions of each kind of model are set against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from mlops.engine.learning.measures import measure_of

Metric = Literal["log_loss", "gini", "absolute_error", "mase", "error_rate"]
Subject = Literal["user", "campaign", "message"]


@dataclass(frozen=True)
class Rule:
    """How versions of one kind are set against each other.

    Attributes
    ----------
    metric : what decides
    least_rows : that are enough, where each costs a person's work; 0: as the policy says
    top_label : what is summed up of the rows ranked highest; empty where ranks mean nothing
    decides : what a version decides by its prediction, "yes" at or above its threshold
    horizon_days : until the outcome of a row is known
    is_money : outcomes are amounts in the workspace's currency
    subject : whom rows are of; those of one campaign tell nearly the same
    score_label : the one figure that stands for what is said of a row
    threshold : from which prediction on it decides "yes", where no card says so
    calibration_label : what the error of calibration is
    calibrated : the figure that groups of like predictions are drawn by, where it is not plain
    """

    metric: Metric = "absolute_error"
    least_rows: int = 0
    top_label: str = ""
    decides: str = ""
    horizon_days: int = 0
    is_money: bool = False
    subject: Subject = "user"
    score_label: str = "prediction"
    threshold: float | None = None
    calibration_label: str = "Predictions off by"
    calibrated: str = ""

    @property
    def metric_label(self) -> str:
        """What decides, as a sentence says it."""
        return measure_of("mae" if self.metric == "absolute_error" else self.metric).in_sentence

    @property
    def rows_label(self) -> str:
        """What a row is, where there are many."""
        return _ROWS_LABELS[self.subject]

    @property
    def is_chance(self) -> bool:
        """Whether predictions are probabilities of what happens or does not."""
        return self.metric in ("log_loss", "error_rate")


_RULES: Final[Mapping[str, Rule]] = {
    "churn": Rule(
        metric="log_loss",
        top_label="leavers among the 100 of 1,000 users it is surest of",
        decides="will leave",
        horizon_days=7,
    ),
    "ltv": Rule(
        metric="gini",
        top_label="value of the 100 of 1,000 users it ranks highest",
        decides="is among the most valuable tenth",
        horizon_days=180,
        is_money=True,
    ),
    "roi": Rule(
        top_label="% less error of the ROI that is expected of a campaign's week",
        decides="earns back what it costs",
        horizon_days=7,
        subject="campaign",
        score_label="ROI of the week ahead",
        threshold=0.0,
        calibration_label="Sum of ROAS off by",
        calibrated="ROAS of the week ahead",
    ),
    "forecast": Rule(
        metric="mase",
        top_label="% less error of the forecast of a campaign's week",
        horizon_days=7,
        subject="campaign",
        score_label="results of the week ahead",
        calibration_label="Share within 80 % intervals, off 80 % by",
        calibrated="results of the week ahead",
    ),
    "message_intent": Rule(
        metric="error_rate",
        least_rows=30,
        top_label="% fewer messages read wrong",
        horizon_days=7,
        subject="message",
        score_label="confidence",
        calibration_label="Confidence off by what was corrected, by",
        calibrated="confidence, and how much was right",
    ),
}


_ROWS_LABELS: Final[Mapping[Subject, str]] = {
    "user": "users", "campaign": "days of campaigns", "message": "messages",
}  # fmt: skip


def rule_of(kind: str) -> Rule:
    """Rule of a kind; one without a rule of its own is judged by its mean absolute error."""
    return _RULES.get(kind, Rule())
