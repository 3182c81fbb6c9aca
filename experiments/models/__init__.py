"""Tests, their metrics, exposures, sums and roll-outs."""

from __future__ import annotations

from experiments.models.ab_tests import (
    STARTED,
    WHOLE,
    ABTest,
    ABTestStatus,
    ABTestType,
    EndReason,
    Layer,
    Method,
    Mode,
    Surface,
)
from experiments.models.exposures import (
    CountingWork,
    Dimension,
    Exposure,
    ExposureDay,
    MetricDay,
    UnitEvent,
    UnitOutcome,
)
from experiments.models.metrics import (
    ABTestMetric,
    Amount,
    Goal,
    Metric,
    MetricKind,
    MetricRole,
    MetricSource,
)
from experiments.models.practices import (
    BestPractice,
    PracticeCategory,
    PracticeEvidence,
    PracticeSource,
    PracticeState,
    PracticeUse,
    PracticeVersion,
)
from experiments.models.rollouts import OPEN_ROLL_OUTS, ExperimentPolicy, RollOut, RollOutState
from experiments.models.variants import (
    ABTestAllocation,
    ABTestChange,
    ABTestVariant,
    Operation,
    WebsiteABTest,
)

__all__ = [
    "OPEN_ROLL_OUTS",
    "STARTED",
    "WHOLE",
    "ABTest",
    "ABTestAllocation",
    "ABTestChange",
    "ABTestMetric",
    "ABTestStatus",
    "ABTestType",
    "ABTestVariant",
    "Amount",
    "BestPractice",
    "CountingWork",
    "Dimension",
    "EndReason",
    "ExperimentPolicy",
    "Exposure",
    "ExposureDay",
    "Goal",
    "Layer",
    "Method",
    "Metric",
    "MetricDay",
    "MetricKind",
    "MetricRole",
    "MetricSource",
    "Mode",
    "Operation",
    "PracticeCategory",
    "PracticeEvidence",
    "PracticeSource",
    "PracticeState",
    "PracticeUse",
    "PracticeVersion",
    "RollOut",
    "RollOutState",
    "Surface",
    "UnitEvent",
    "UnitOutcome",
    "WebsiteABTest",
]
