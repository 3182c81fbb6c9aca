"""The public data that models are judged on, read from a folder that the caller names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlops.engine.learning.bgnbd import Purchases
from mlops.engine.learning.shapes import FloatArray, Rows

TELCO = "churn_telco/telco_dev.csv"
CDNOW = "ltv_cdnow/CDNOW_sample.csv"
SERIES = {
    "Wikipedia, Peyton Manning": (
        "series_wikipedia_pageviews/example_wp_log_peyton_manning.csv", "ds", "y",
    ),
    "Wikipedia, R": ("series_wikipedia_pageviews/example_wp_log_R.csv", "ds", "y"),
    "sessions of a site": ("series_ga_sessions/ga_sessions.csv", "Date", "Target"),
}  # fmt: skip
_CALIBRATED = pd.Timestamp("1997-09-30")
CDNOW_WEEKS = 39.0


@dataclass(frozen=True)
class Buyers:
    """Customers by what they bought in the first 39 weeks, and what they spent in the next 39."""

    rows: Rows
    spent: FloatArray
    bought: Purchases


def telco(folder: Path) -> tuple[Rows, npt.NDArray[np.bool_]]:
    """Customers of a telephone company, and who left."""
    frame = pd.read_csv(_found(folder, TELCO))
    left = (frame["Churn"] == "Yes").to_numpy()
    # Blank for who has just begun.
    frame["TotalCharges"] = pd.to_numeric(frame["TotalCharges"], errors="coerce")
    return _columns(frame.drop(columns=["customerID", "Churn"])), left


def cdnow(folder: Path) -> Buyers:
    """Customers of a shop for CDs: the 1/10 sample that the literature uses."""
    frame = pd.read_csv(_found(folder, CDNOW))
    frame["date"] = pd.to_datetime(frame["date"].astype(str))
    days = frame.groupby(["sample_id", "date"])[["value", "cds"]].sum().reset_index()
    first = days.groupby("sample_id")["date"].min()
    days = days.join(first.rename("first"), on="sample_id")
    known = days[days["date"] <= _CALIBRATED]
    later = days[days["date"] > _CALIBRATED]

    def total(some: pd.DataFrame, column: str = "value") -> FloatArray:
        sums = some.groupby("sample_id")[column].sum()
        return sums.reindex(first.index, fill_value=0).to_numpy(float)

    again = known[known["date"] > known["first"]]
    frequency = again.groupby("sample_id").size().reindex(first.index, fill_value=0).to_numpy(float)
    recency = _weeks(known.groupby("sample_id")["date"].max() - first)
    age = _weeks(_CALIBRATED - first)
    mean = np.divide(total(again), frequency, out=np.zeros_like(frequency), where=frequency > 0)
    rows = {
        "frequency": frequency,
        "recency_weeks": recency,
        "age_weeks": age,
        "silent_weeks": age - recency,
        "mean_value": np.where(frequency > 0, mean, np.nan),
        "first_value": total(known[known["date"] == known["first"]]),
        "total_value": total(known),
        "cds": total(known, "cds"),
    }
    for weeks in (4, 13, 26):
        recent = known[known["date"] > _CALIBRATED - pd.Timedelta(weeks=weeks)]
        rows[f"value_{weeks}_weeks"] = total(recent)
    return Buyers(rows, total(later), Purchases(frequency, recency, age, mean))


def daily_series(folder: Path) -> dict[str, pd.Series]:
    """Daily counts by name, with every day; NaN where one is missing."""
    found = {}
    for name, (path, day, value) in SERIES.items():
        frame = pd.read_csv(_found(folder, path), parse_dates=[day])
        found[name] = frame.groupby(day)[value].mean().asfreq("D")
    return found


def _weeks(spans: pd.Series) -> FloatArray:
    return (spans.dt.days / 7).to_numpy(float)


def _columns(frame: pd.DataFrame) -> Rows:
    return {
        name: values.to_numpy(float)
        if pd.api.types.is_numeric_dtype(values)
        else values.to_numpy(dtype=object).astype(str)
        for name, values in frame.items()
    }


def _found(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.exists():
        raise SystemExit(
            f"{path} is missing. Name the folder that holds {name} with --data; "
            "docs/models.md says where the public sets come from."
        )
    return path
