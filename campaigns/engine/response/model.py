"""A fitted set of curves: draws of its parameters, and what was found of each channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from campaigns.engine.response.baseline import Calendar
from campaigns.engine.response.transforms import FloatArray, carryover, response

FORMAT = 1
# Of the form of the curves and of how they are fitted; another one asks for a new fit.
VERSION = "adstock-hill-1"
# Figures of a draw are kept to this many significant digits: far finer than they are known.
DIGITS = 4
SMALLEST = 1e-12


@dataclass(frozen=True)
class ChannelFacts:
    """What the figures say of one channel.

    Attributes
    ----------
    name : of the channel
    source : "fitted" where its figures narrowed its return, "prior" where they say next to nothing
    learned : share of the prior variance of its log return that the figures took away, 0 to 1
    reason : why the figures say little, as a sentence; empty where they are enough
    """

    name: str
    source: str
    learned: float
    reason: str = ""


@dataclass(frozen=True)
class Quality:
    """How well the curves foretell.

    Attributes
    ----------
    steps : held out at the end; 0 where nothing could be held out
    mape : mean |actual − predicted| / actual of the held-out steps, as a share
    naive_mape : the same of repeating the last week
    total_error : predicted total of the held-out steps over the actual one, less 1
    r_squared : share of the variance that the curves explain in the fit
    likeness : correlation of neighbouring errors
    mixing : greatest split R-hat of the chains; near 1 where they agree

    What was not measured is None.
    """

    steps: int
    mape: float | None
    naive_mape: float | None
    total_error: float | None
    r_squared: float | None
    likeness: float
    mixing: float | None

    @classmethod
    def none(cls) -> Quality:
        """Of curves that were fitted on nothing."""
        return cls(0, None, None, None, None, 0.0, None)


@dataclass(frozen=True)
class ResponseModel:
    """Curves of one outcome, as draws from what is believed of them.

    Attributes
    ----------
    facts : one per channel
    source : "fitted", or "prior" where the figures as a whole were too thin
    reasons : why, as sentences; empty where fitted
    scale : mean outcome per step, in its unit
    usual : (n_channels,) usual spend per step, in money
    recent : (n_recent, n_channels) spend of the last steps, in money, for what still lingers
    present : (n_channels,) mean spend per step of the last four weeks, in money
    curves : (n_draws, n_channels, 4) log return, logit decay, log half, log slope
    baseline : (n_draws, n_columns) coefficients of the calendar's columns, in mean outcomes
    noise : (n_draws,) standard deviation of a step given the one before, in mean outcomes
    likeness : correlation of neighbouring errors
    knot_sd : how far the level moves in four weeks, in mean outcomes
    calendar : columns of the baseline
    quality : how well it foretells
    seed : of the draws
    """

    facts: tuple[ChannelFacts, ...]
    source: str
    reasons: tuple[str, ...]
    scale: float
    usual: FloatArray
    recent: FloatArray
    present: FloatArray
    curves: FloatArray
    baseline: FloatArray
    noise: FloatArray
    likeness: float
    knot_sd: float
    calendar: Calendar
    quality: Quality
    seed: int

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels."""
        return tuple(fact.name for fact in self.facts)

    def lingering(self) -> FloatArray:
        """Adstock at the last step of the figures; (n_draws, n_channels), in usual spends."""
        spent = self.recent / self.usual
        decay = 1 / (1 + np.exp(-self.curves[..., 1]))
        return np.asarray(carryover(spent[:, None, :], decay, spent[0])[-1])

    def steady(self, spend: FloatArray) -> FloatArray:
        """Units per step that channels bring where they spend the same at every step.

        Parameters
        ----------
        spend : (n_points, n_channels) money per step

        Returns
        -------
        (n_points, n_draws, n_channels) units per step
        """
        half, slope = np.exp(self.curves[..., 2]), np.exp(self.curves[..., 3])
        stock = np.asarray((spend / self.usual)[:, None, :])
        units = response(stock, np.exp(self.curves[..., 0]), half, slope)
        return np.asarray(self.scale * units)

    def thinned(self, draws: int) -> ResponseModel:
        """Keep fewer draws, evenly picked; all where there are not that many."""
        if draws >= len(self.curves):
            return self
        picked = np.linspace(0, len(self.curves) - 1, draws).round().astype(int)
        return replace(
            self,
            curves=self.curves[picked],
            baseline=self.baseline[picked],
            noise=self.noise[picked],
        )

    def to_json(self) -> dict[str, Any]:
        """Plain numbers and texts, as JSON keeps them; draws rounded to four digits."""
        plain: dict[str, Any] = {"format": FORMAT, **asdict(self)}
        for name in ("usual", "recent", "present", "curves", "baseline", "noise"):
            plain[name] = _rounded(getattr(self, name))
        calendar = plain["calendar"]
        for name in ("control_centre", "control_scale"):
            calendar[name] = calendar[name].tolist()
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> ResponseModel:
        """Read the model that `to_json` wrote.

        Raises
        ------
        ValueError : it was written in another format
        """
        if plain.get("format") != FORMAT:
            raise ValueError(
                f"These curves have format {plain.get('format')}, not {FORMAT}: fit them anew"
            )
        given = {key: value for key, value in plain.items() if key != "format"}
        for name in ("usual", "present", "noise", "recent", "curves", "baseline"):
            given[name] = np.array(given[name], dtype=np.float64)
        calendar = dict(given["calendar"])
        for name in ("control_centre", "control_scale"):
            calendar[name] = np.array(calendar[name], dtype=np.float64)
        given["calendar"] = Calendar(**calendar)
        given["quality"] = Quality(**given["quality"])
        given["facts"] = tuple(ChannelFacts(**fact) for fact in given["facts"])
        given["reasons"] = tuple(given["reasons"])
        return cls(**given)


def _rounded(values: FloatArray) -> Any:
    digits = DIGITS - 1 - np.floor(np.log10(np.maximum(np.abs(values), SMALLEST)))
    tens = 10.0**digits
    return (np.round(values * tens) / tens).tolist()
