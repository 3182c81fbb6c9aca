"""A market of four places made from fitted response curves, and what may happen to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from campaigns.engine.response.compare import INSTALLS, REVENUE
from campaigns.engine.response.model import ResponseModel
from campaigns.engine.response.optimum import DRAWS, expected_curves

FloatArray = npt.NDArray[np.float64]

PLACES = 4
FARTHEST = 4.0  # times the present spend, up to which curves are tabulated
_POINTS = 801
_SHARE_LEAST = 1e-3  # of the whole: what a channel without present spend counts as


@dataclass(frozen=True)
class Market:
    """Expected revenue and installs a day, by spend a day, in four places.

    The three channels with the most present spend stand alone; all others share the fourth place
    and move together, in their present proportions. With fewer channels the last places are empty:
    nothing is spent there and nothing comes of it.

    Attributes
    ----------
    groups : four tuples of channel names
    shares : of each channel, in its place
    present : (4,) money a day
    revenue, installs : (n_points, 4) a day, at spends from 0 to four times the present
    """

    groups: tuple[tuple[str, ...], ...]
    shares: Mapping[str, float]
    present: FloatArray
    revenue: FloatArray
    installs: FloatArray

    @classmethod
    def of(cls, models: Mapping[str, ResponseModel]) -> Market:
        """Tabulate the curves of a workspace.

        Parameters
        ----------
        models : revenue, and installs where they are known; of the same channels

        Raises
        ------
        ValueError : no revenue, or nothing is spent
        """
        if REVENUE not in models:
            raise ValueError("The curves have no revenue, which the policy is to raise.")
        model = models[REVENUE]
        if not model.present.sum() > 0:
            raise ValueError("Nothing is spent at present, so there is no plan to start from.")
        spends = np.maximum(model.present, _SHARE_LEAST * model.present.sum())
        groups = _groups(model.channels, spends)
        steps = np.linspace(0.0, FARTHEST, _POINTS)[:, None] * spends
        tables = {name: expected_curves(one.thinned(DRAWS))(steps) for name, one in models.items()}
        place = {name: number for number, group in enumerate(groups) for name in group}
        folded = {name: _folded(table, model.channels, place) for name, table in tables.items()}
        present = _folded(spends[None], model.channels, place)[0]
        return cls(
            groups=groups,
            shares={
                name: float(spend / present[place[name]])
                for name, spend in zip(model.channels, spends, strict=True)
            },
            present=present,
            revenue=folded[REVENUE],
            installs=folded.get(INSTALLS, folded[REVENUE]),
        )

    @property
    def total(self) -> float:
        """Money a day at present."""
        return float(self.present.sum())

    def brings(self, table: FloatArray, spend: FloatArray) -> FloatArray:
        """Read a table; (…, 4) money a day -> (…, 4) units a day, by straight lines."""
        step = np.maximum(self.present, 1e-12) * FARTHEST / (len(table) - 1)
        where = np.clip(spend / step, 0.0, len(table) - 1.0)
        below = np.minimum(where.astype(np.int64), len(table) - 2)
        part = where - below
        places = np.arange(PLACES)
        found: FloatArray = table[below, places] * (1 - part) + table[below + 1, places] * part
        return found


def _groups(channels: tuple[str, ...], spends: FloatArray) -> tuple[tuple[str, ...], ...]:
    """Dearest first; what has no place of its own shares the last."""
    order = [channels[n] for n in np.argsort(-spends, kind="stable")]
    alone = [(name,) for name in order[: PLACES - 1]]
    rest = [tuple(order[PLACES - 1 :])]
    found = [*alone, *rest]
    return tuple(found + [()] * (PLACES - len(found)))


def _folded(table: FloatArray, channels: tuple[str, ...], place: Mapping[str, int]) -> FloatArray:
    folded = np.zeros((len(table), PLACES))
    for number, name in enumerate(channels):
        folded[:, place[name]] += table[:, number]
    return folded


@dataclass(frozen=True)
class Weather:
    """What may happen to a market besides the plan.

    Attributes
    ----------
    fatigue : creatives tire as they are shown, and are renewed when they are worn out
    shocks : now and then a place's prices jump for some days, or platforms spend too much
    noise : standard deviation of a day's delivery and response, as a share
    """

    fatigue: bool = False
    shocks: bool = False
    noise: float = 0.0


CALM = Weather()
ROUGH = Weather(fatigue=True, shocks=True, noise=0.03)
