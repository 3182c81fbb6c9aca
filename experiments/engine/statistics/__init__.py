"""Statistics of experiments: effects, intervals, sizes and checks from sums over units."""

from experiments.engine.statistics.arms import (
    ArmStatistics,
    Metric,
    Reason,
    off_the_edge,
    unit_variance,
)
from experiments.engine.statistics.comparison import (
    Comparison,
    Comparisons,
    Effect,
    compare,
    compare_many,
)
from experiments.engine.statistics.methods import TUNING, Alternative, Method
from experiments.engine.statistics.mismatch import (
    GATE,
    Imbalance,
    RatioWatch,
    SampleRatio,
    likely_causes,
    sample_ratio,
    start_watch,
    watched_p,
)
from experiments.engine.statistics.planning import (
    Design,
    Runtime,
    SequentialSize,
    minimum_detectable_effect,
    power,
    runtime,
    sample_size,
    sequential_size,
)
from experiments.engine.statistics.proportions import (
    Beliefs,
    PooledTest,
    beta_beliefs,
    two_proportions,
)
from experiments.engine.statistics.several import adjust_p

__all__ = [
    "GATE",
    "TUNING",
    "Alternative",
    "ArmStatistics",
    "Beliefs",
    "Comparison",
    "Comparisons",
    "Design",
    "Effect",
    "Imbalance",
    "Method",
    "Metric",
    "PooledTest",
    "RatioWatch",
    "Reason",
    "Runtime",
    "SampleRatio",
    "SequentialSize",
    "adjust_p",
    "beta_beliefs",
    "compare",
    "compare_many",
    "likely_causes",
    "minimum_detectable_effect",
    "off_the_edge",
    "power",
    "runtime",
    "sample_ratio",
    "sample_size",
    "sequential_size",
    "start_watch",
    "two_proportions",
    "unit_variance",
    "watched_p",
]
