"""The forecaster on public daily series, each by itself: a year of weekly origins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.model_outcomes import Outcome
from benchmarks.model_sets import daily_series
from mlops.engine.learning.campaign_days import FIGURES, TRAITS, Panel
from mlops.engine.learning.forecast import training
from mlops.engine.learning.forecast.references import MSTL, NAIVE

SEED = 1
_JUDGED_WEEKS = 52
_CHOOSING_DAYS, _STOPPING_DAYS = 182, 28


def series_outcomes(folder: Path) -> Iterator[Outcome]:
    """Choose by the half year before the last year, judge on its 52 weeks."""
    for name, values in daily_series(folder).items():
        panel = panel_of(values)
        settings = training.Settings(seed=SEED)
        trained = training.train(panel, settings, _plan(panel.days.size))
        error, plain = trained.metrics["mase"], trained.baselines
        method = f"{name} ({trained.card['method']})"
        shown = ", ".join(f"{label} {found['mase']:.3f}" for label, found in plain.items())
        yield Outcome(
            method, "MASE", f"{error:.3f}", shown, "≤ 0.8 × seasonal naive",
            error <= training.AGAINST_NAIVE * plain[NAIVE]["mase"],
        )  # fmt: skip
        yield Outcome(
            method, "MASE against MSTL", f"{error / plain[MSTL]['mase']:.3f}", "", "≤ 1.05",
            error <= training.AGAINST_MSTL * plain[MSTL]["mase"],
        )  # fmt: skip
        low, high = training.COVERED
        covered = trained.metrics["coverage_results"]
        held = ", ".join(
            f"{label} {found['coverage_results']:.0%}" for label, found in plain.items()
        )
        yield Outcome(
            method, "80% intervals hold", f"{covered:.0%}", held, "76–84%", low <= covered <= high
        )


def panel_of(values: pd.Series) -> Panel:
    """A series as results; spend only says that it goes on, and nothing else is known.

    With spend like results their cost is always one, which nobody can miss: it counts nowhere.
    """
    days = values.to_numpy(float)[None, :]
    unknown = np.full_like(days, np.nan)
    known = {"conversions": days, "spend": days, "installs": np.zeros_like(days)}
    return Panel(
        keys=np.array([0]),
        days=values.index.to_numpy().astype("datetime64[D]"),
        traits={name: np.array([""]) for name in TRAITS},
        started_on=values.index[:1].to_numpy().astype("datetime64[D]"),
        figures={name: known.get(name, unknown) for name in FIGURES},
    )


def _plan(days: int) -> training.Plan:
    judging = days - 7 * np.arange(_JUDGED_WEEKS, 0, -1)
    choosing = np.arange(judging[0] - 6 - _CHOOSING_DAYS, judging[0] - 6)
    stopping = np.arange(choosing[0] - 6 - _STOPPING_DAYS, choosing[0] - 6)
    return training.Plan(np.arange(14, stopping[0] - 6), stopping, choosing, judging)
