"""What is known of a campaign on a day, and what its money brought in the days after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.campaign_days import TRAITS, Days, Panel
from mlops.engine.learning.shapes import FloatArray, Rows

#: Days that features add up, and days that the target is of.
BEFORE_DAYS: Final = 7
AFTER_DAYS: Final = 7
#: What is typical of a channel is looked for in its last days.
TYPICAL_DAYS: Final = 30
_SUMS: Final = ("impressions", "clicks", "engagement", "spend", "revenue", "conversions")
NUMBERS: Final = (
    "impressions", "clicks", "engagement", "acquisition_cost", "conversion_rate", "duration",
    "roas_before",
)  # fmt: skip
FEATURES: Final = (*NUMBERS, *TRAITS)


@dataclass(frozen=True)
class RoiRows:
    """Campaigns on days on which they had spent in the week before; arrays are (rows,).

    Attributes
    ----------
    rows : features by name of `FEATURES`, of the days before alone
    origin : first day of those that the target is of
    roi : revenue over spend less one of the days from then on; NaN where they are not over or
        nothing was spent
    series : place of the campaign in the panel
    """

    rows: Rows
    origin: Days
    roi: FloatArray
    series: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return self.origin.size

    def where(self, chosen: npt.NDArray[np.bool_]) -> RoiRows:
        """Take some of them."""
        rows = {name: values[chosen] for name, values in self.rows.items()}
        return RoiRows(rows, self.origin[chosen], self.roi[chosen], self.series[chosen])


def roi_rows(panel: Panel, days: npt.NDArray[np.int64] | None = None) -> RoiRows:
    """Rows of every day on which there is a week before, the oldest first.

    Parameters
    ----------
    panel : of campaigns; the day after its last one has a row too, whose target nobody knows
    days : places of the days to take, in order; else all
    """
    count = panel.days.size
    origins = np.arange(BEFORE_DAYS, count + 1)
    if days is not None:
        origins = days[days >= BEFORE_DAYS]
    before = {name: _window(panel.figures[name], origins - BEFORE_DAYS, origins) for name in _SUMS}
    ends = origins + AFTER_DAYS
    over = ends <= count
    after = {
        name: _window(panel.figures[name], origins, np.minimum(ends, count))
        for name in ("spend", "revenue")
    }
    roi = np.where(over[None, :], _ratio(after["revenue"], after["spend"]) - 1, np.nan)
    at, series = np.nonzero(before["spend"].T > 0)
    first = panel.days[0] + origins.astype("timedelta64[D]")
    own = {name: values[series, at] for name, values in before.items()}
    begun = panel.started_on[series]
    return RoiRows(
        rows={
            "impressions": own["impressions"],
            "clicks": own["clicks"],
            "engagement": own["engagement"],
            "acquisition_cost": _ratio(own["spend"], own["conversions"]),
            "conversion_rate": _ratio(own["conversions"], own["clicks"]),
            "duration": ((first[at] - begun) / np.timedelta64(1, "D")).astype(np.float64),
            "roas_before": _ratio(own["revenue"], own["spend"]),
            **{name: panel.traits[name][series] for name in TRAITS},
        },
        origin=first[at],
        roi=roi[series, at],
        series=series,
    )


def typical_rows(rows: RoiRows) -> Rows:
    """Tell what is usual of each channel in its last 30 days, one row per channel by name.

    Median of the numbers, most frequent of the texts; of equally frequent ones the first by name.
    """
    recent = rows.where(rows.origin > rows.origin.max() - np.timedelta64(TYPICAL_DAYS, "D"))
    channel = np.asarray(recent.rows["channel"]).astype(str)
    found: dict[str, npt.NDArray[Any]] = {"channel": np.unique(channel)}
    for name in FEATURES[: -len(TRAITS)]:
        values = np.asarray(recent.rows[name], dtype=np.float64)
        found[name] = np.array([_median(values[channel == one]) for one in found["channel"]])
    for name in TRAITS[1:]:
        texts = np.asarray(recent.rows[name]).astype(str)
        found[name] = np.array([_usual(texts[channel == one]) for one in found["channel"]])
    return {name: found[name] for name in FEATURES}


def _window(
    values: FloatArray, start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> FloatArray:
    """(series, windows) sums of the days from ``start`` to before ``end``; unknown days are 0."""
    known = np.nan_to_num(values)
    reached = np.concatenate([np.zeros((len(values), 1)), np.cumsum(known, axis=1)], axis=1)
    # Differences of sums leave dust where nothing was.
    sums: FloatArray = np.round(reached[:, end] - reached[:, start], 6)
    return sums


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def _median(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")


def _usual(texts: npt.NDArray[np.str_]) -> str:
    names, counts = np.unique(texts, return_counts=True)
    return str(names[np.argmax(counts)])
