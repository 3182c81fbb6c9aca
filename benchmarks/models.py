"""``python -m benchmarks.models --data DIR``: judge the models on public and synthetic data."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.embedders import compare
from benchmarks.figures import machine, write_between
from benchmarks.model_outcomes import Outcome
from benchmarks.model_sets import CDNOW_WEEKS, cdnow, telco
from benchmarks.models_series import series_outcomes
from benchmarks.models_synthetic import synthetic_outcomes
from mlops.engine.learning import bgnbd, churn, ltv, metrics
from mlops.engine.learning.columns import take
from mlops.engine.learning.leakage import LeakageError, check_leakage
from mlops.engine.learning.shapes import FloatArray, Rows
from mlops.engine.learning.splits import folds

DOCS = Path(__file__).resolve().parents[1] / "docs" / "models.md"
# Tables of the page: between which lines each stands, and the parts that fill it.
TABLES = {
    ("<!-- models: written by the command -->", "<!-- end of models -->"): (
        "churn", "ltv", "embedder",
    ),
    ("<!-- forecasts and worlds: written by the command -->", "<!-- end of worlds -->"): (
        "series", "synthetic",
    ),
}  # fmt: skip
SEED = 1
_FOLDS = 5


def churn_outcomes(folder: Path) -> Iterator[Outcome]:
    """Judge the churn model: five folds, each predicted by a model that never saw it."""
    rows, left = telco(folder)
    settings = churn.Settings(seed=SEED)
    told = _out_of_fold(
        rows, left, lambda known, y, asked: churn.fit(known, y, settings)[0].predict(asked)
    )
    plain = _out_of_fold(rows, left, churn.logistic)
    fold = folds(left.size, _FOLDS, SEED)
    area, line = (
        float(np.mean([metrics.auc(left[fold == k], p[fold == k]) for k in range(_FOLDS)]))
        for p in (told, plain)
    )
    error, its = (metrics.calibration_error(left, one) for one in (told, plain))
    name = "telco, churn"
    logistic = "logistic regression"
    yield Outcome(name, "AUC", f"{area:.4f}", f"{logistic} {line:.4f}", "≥ 0.840", area >= 0.840)
    yield Outcome(name, "AUC against its baseline", f"{area - line:+.4f}", "", "> 0", area > line)
    yield Outcome(
        name, "calibration error", f"{error:.4f}", f"{logistic} {its:.4f}", "≤ 0.02", error <= 0.02
    )
    shuffled = np.random.default_rng(SEED).permutation(left)
    nothing = metrics.auc(
        shuffled,
        _out_of_fold(
            rows, shuffled, lambda known, y, asked: churn.fit(known, y, settings)[0].predict(asked)
        ),
    )
    yield Outcome(
        name, "AUC, target shuffled", f"{nothing:.3f}", "", "0.47–0.53", abs(nothing - 0.5) <= 0.03
    )
    yield _planted(name, rows, left)


def ltv_outcomes(folder: Path) -> Iterator[Outcome]:
    """Judge the model of lifetime value on CDNOW, five folds."""
    buyers = cdnow(folder)
    settings = ltv.Settings(seed=SEED)
    told = _out_of_fold(
        buyers.rows,
        buyers.spent,
        lambda known, y, asked: ltv.fit(known, y, settings).predict(asked),
    )
    trees = _out_of_fold(
        buyers.rows, buyers.spent, lambda known, y, asked: ltv.boosting(known, y, asked, SEED)
    )
    found = ltv.measures(buyers.spent, told)
    plain = {
        "BG/NBD + Gamma-Gamma": ltv.measures(
            buyers.spent, bgnbd.expected_value(buyers.bought, CDNOW_WEEKS)
        ),
        "gradient boosting": ltv.measures(buyers.spent, trees),
    }
    name, best = "CDNOW 1/10, lifetime value", max(one["gini"] for one in plain.values())

    def beside(measure: str) -> str:
        return ", ".join(f"{label} {one[measure]:.3f}" for label, one in plain.items())

    for measure, label, goal, is_met in (
        ("gini", "normalised Gini", "≥ the best baseline", found["gini"] >= best),
        ("total_ratio", "predicted / actual in all", "0.85–1.15",
         0.85 <= found["total_ratio"] <= 1.15),
        ("decile_mape", "decile MAPE", "≤ 0.20", found["decile_mape"] <= 0.20),
    ):  # fmt: skip
        yield Outcome(name, label, f"{found[measure]:.3f}", beside(measure), goal, is_met)
    model = bgnbd.fit_frequency(buyers.bought)
    parameters = (model.r, model.alpha, model.a, model.b)
    printed = (0.243, 4.414, 0.793, 2.426)
    yield Outcome(
        "CDNOW 1/10, BG/NBD",
        "r, alpha, a, b",
        ", ".join(f"{one:.3f}" for one in parameters),
        "",
        "0.243, 4.414, 0.793, 2.426 (Fader, Hardie and Lee 2005)",
        bool(np.allclose(parameters, printed, atol=1e-3)),
    )


def embedder_outcomes(folder: Path) -> Iterator[Outcome]:
    """Judge the sentence model against hashed words."""
    for found in compare(folder):
        yield Outcome(
            f"{found.data}, text embedder",
            "recall@5",
            f"{found.model:.3f}",
            f"hashed TF-IDF {found.hashed:.3f}",
            "> hashed TF-IDF",
            is_met=found.model > found.hashed,
        )


PARTS: dict[str, Callable[[Path], Iterator[Outcome]]] = {
    "churn": churn_outcomes,
    "ltv": ltv_outcomes,
    "embedder": embedder_outcomes,
    "series": series_outcomes,
    "synthetic": synthetic_outcomes,
}


def _out_of_fold(
    rows: Rows,
    target: npt.NDArray[np.generic],
    told: Callable[[Rows, npt.NDArray[np.generic], Rows], FloatArray],
) -> FloatArray:
    fold, predicted = folds(target.size, _FOLDS, SEED), np.empty(target.size)
    for number in range(_FOLDS):
        unseen = fold == number
        predicted[unseen] = told(take(rows, ~unseen), target[~unseen], take(rows, unseen))
    return predicted


def _planted(name: str, rows: Rows, left: npt.NDArray[np.bool_]) -> Outcome:
    leak = np.where(left, "closed", "open")
    try:
        check_leakage({**rows, "account": leak}, left)
    except LeakageError as error:
        found, is_met = f"stopped at “{error.feature}”", True
    else:
        found, is_met = "trained on", False
    return Outcome(name, "planted leak", found, "", "stopped", is_met=is_met)


def table(outcomes: list[Outcome]) -> str:
    """All outcomes as Markdown."""
    head = "| data, model | measure | found | baselines | goal | met |\n|---|---|---|---|---|---|"
    return "\n".join([head, *(outcome.line() for outcome in outcomes)])


def main() -> None:
    """Judge, print, and keep if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--write-docs", action="store_true", help="renew docs/models.md")
    options = parser.parse_args()
    where, day = machine(), datetime.now(UTC).date().isoformat()
    found: dict[str, list[Outcome]] = {}
    for name in options.only:
        started = time.monotonic()
        found[name] = list(PARTS[name](options.data))
        sys.stderr.write(f"{name} judged in {time.monotonic() - started:.0f} s\n")
    print(f"{where}\n\n{table([one for part in found.values() for one in part])}")
    for marks, parts in TABLES.items():
        if options.write_docs and set(parts) <= set(found):
            rows = table([one for name in parts for one in found[name]])
            command = f"python -m benchmarks.models --data DIR --only {' '.join(parts)}"
            write_between(DOCS, marks, f"`{command} --write-docs` on {day}: {where}.\n\n{rows}")


if __name__ == "__main__":
    main()
