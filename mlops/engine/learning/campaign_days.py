"""What campaigns did day by day, as models of campaigns read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.shapes import FloatArray

Days = npt.NDArray[np.datetime64]
By = Literal["campaign", "channel"]

#: Texts of a campaign; the channel is always known.
TRAITS: Final = ("channel", "audience", "segment", "goal", "location", "language")
#: Sums of a day; those who were retained of its installs are unknown until they can be counted.
FIGURES: Final = (
    "impressions", "clicks", "engagement", "spend", "revenue", "conversions", "installs",
    "retained_day_1", "retained_day_7",
)  # fmt: skip
_DAY: Final = np.timedelta64(1, "D")


@dataclass(frozen=True)
class CampaignDays:
    """Days of campaigns: rows by campaign, then by day.

    Attributes
    ----------
    campaign : (rows,) place of the row's campaign, 0 and on
    day : (rows,) of the account's reporting
    figures : (rows,) sums by name of `FIGURES`; money in one currency, NaN where unknown
    keys : (campaigns,) by which the caller knows them
    started_on : (campaigns,) first day of each
    traits : (campaigns,) texts by name of `TRAITS`, empty where nobody knows
    sha256 : of all of them as they were read
    """

    campaign: npt.NDArray[np.int64]
    day: Days
    figures: Mapping[str, FloatArray]
    keys: npt.NDArray[np.int64]
    started_on: Days
    traits: Mapping[str, npt.NDArray[Any]]
    sha256: str = ""

    def __len__(self) -> int:
        return self.campaign.size


@dataclass(frozen=True)
class Panel:
    """Campaigns, or channels, over consecutive days; figures are (series, days).

    Zero on a day without a row, NaN before a series began.

    Attributes
    ----------
    keys : (series,) the campaign's, or the channel's name
    days : (days,)
    traits : (series,) each
    started_on : (series,)
    figures : by name of `FIGURES`
    """

    keys: npt.NDArray[Any]
    days: Days
    traits: Mapping[str, npt.NDArray[Any]]
    started_on: Days
    figures: Mapping[str, FloatArray]

    def __len__(self) -> int:
        return self.keys.size

    @property
    def ages(self) -> FloatArray:
        """(series, days) days since each began; negative before."""
        gaps: FloatArray = ((self.days[None, :] - self.started_on[:, None]) / _DAY).astype(float)
        return gaps


def panel(days: CampaignDays, by: By = "campaign", *, until: date | None = None) -> Panel:
    """Lay rows out as series over the same days.

    Parameters
    ----------
    days : at least one row
    by : one series per campaign, or the sum of a channel's campaigns
    until : the last day of the panel where that is later than the last of the rows

    Raises
    ------
    ValueError : there are no rows
    """
    if not len(days):
        raise ValueError("days: there is no day of any campaign.")
    if by == "campaign":
        keys, owner = days.keys, np.arange(days.keys.size)
    else:
        keys, owner = np.unique(days.traits["channel"].astype(str), return_inverse=True)
    last = days.day.max() if until is None else max(days.day.max(), np.datetime64(until))
    dates = np.arange(days.day.min(), last + _DAY)
    place = owner[days.campaign] * dates.size + ((days.day - dates[0]) / _DAY).astype(np.int64)
    began = np.full(keys.size, days.day.max())
    np.minimum.at(began, owner, days.started_on)
    np.minimum.at(began, owner[days.campaign], days.day)
    shape = (keys.size, dates.size)
    before = dates[None, :] < began[:, None]
    return Panel(
        keys=keys,
        days=dates,
        traits={name: _of_series(values, owner) for name, values in days.traits.items()},
        started_on=began,
        figures={
            name: np.where(before, np.nan, _summed(place, values, shape, name))
            for name, values in days.figures.items()
        },
    )


def _of_series(values: npt.NDArray[Any], owner: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
    """Text that most campaigns of each series bear; of equally many the first by name."""
    texts = values.astype(str)
    found = []
    for number in range(int(owner.max()) + 1):
        names, counts = np.unique(texts[owner == number], return_counts=True)
        found.append(names[np.argmax(counts)])
    return np.array(found)


def _summed(
    place: npt.NDArray[np.int64], values: FloatArray, shape: tuple[int, int], name: str
) -> FloatArray:
    size = shape[0] * shape[1]
    unknown = np.isnan(values)
    sums = np.bincount(place, weights=np.where(unknown, 0.0, values), minlength=size)
    if name.startswith("retained"):
        # Without all of a day's campaigns the share of its installs would seem to be smaller.
        sums[np.bincount(place, weights=unknown, minlength=size) > 0] = np.nan
    return sums.astype(np.float64).reshape(shape)
