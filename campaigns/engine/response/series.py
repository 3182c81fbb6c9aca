"""The daily figures of a workspace that response curves are fitted on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from campaigns.engine.response.transforms import FloatArray

WEEK = 7


def _no_controls() -> FloatArray:
    return np.zeros((0, 0))


@dataclass(frozen=True)
class Series:
    """Spend per channel and one outcome, step by step without a gap.

    Attributes
    ----------
    channels : names, in the order of the columns of spend
    spend : (n_steps, n_channels) money, 0 or more, one currency throughout
    outcome : (n_steps,) units of all sources together (installs, or revenue in money), 0 or more
    first_weekday : weekday of the first step, Monday 0
    step_days : 1 for daily figures, 7 for weekly ones
    controls : (n_steps, n_controls) what else moved the outcome; n_controls may be 0
    control_names : names of the controls
    """

    channels: tuple[str, ...]
    spend: FloatArray
    outcome: FloatArray
    first_weekday: int = 0
    step_days: int = 1
    controls: FloatArray = field(default_factory=_no_controls)
    control_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what nothing can be fitted on.

        Raises
        ------
        ValueError : names the argument and what is wrong with it
        """
        if not self.control_names and not self.controls.size:
            object.__setattr__(self, "controls", np.zeros((len(self.outcome), 0)))
        _refuse_shapes(self)
        for name in ("spend", "outcome", "controls"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"{name} has gaps: every step needs a number")
        for name in ("spend", "outcome"):
            if (getattr(self, name) < 0).any():
                raise ValueError(f"{name} has values below 0")

    @property
    def steps(self) -> int:
        """Number of days, or of weeks."""
        return len(self.outcome)

    def part(self, start: int, stop: int) -> Series:
        """Take the steps from start up to, not with, stop."""
        return Series(
            channels=self.channels,
            spend=self.spend[start:stop],
            outcome=self.outcome[start:stop],
            first_weekday=(self.first_weekday + start * self.step_days) % WEEK,
            step_days=self.step_days,
            controls=self.controls[start:stop],
            control_names=self.control_names,
        )


def _refuse_shapes(series: Series) -> None:
    steps = len(series.outcome)
    if len(set(series.channels)) != len(series.channels) or not series.channels:
        raise ValueError(f"channels is {series.channels}: name each once, and at least one")
    for name, columns in (("spend", series.channels), ("controls", series.control_names)):
        wanted = (steps, len(columns))
        if getattr(series, name).shape != wanted:
            raise ValueError(f"{name} has shape {getattr(series, name).shape}, not {wanted}")
    if series.step_days not in (1, WEEK):
        raise ValueError(f"step_days is {series.step_days}: figures are daily (1) or weekly (7)")
    if not 0 <= series.first_weekday < WEEK:
        raise ValueError(f"first_weekday is {series.first_weekday}: 0 (Monday) to 6")
