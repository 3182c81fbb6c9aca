"""What would come without advertising: level, trend, weekday, season and controls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from campaigns.engine.response.series import WEEK, Series
from campaigns.engine.response.transforms import FloatArray

KNOT_DAYS = 28
YEAR_DAYS = 365.25
# A season of the year can only be told from a trend by seeing it come again.
LEAST_YEARS = 1.5
# Prior mean of the level and prior standard deviations, as shares of the mean outcome.
EXPECTED_LEVEL = 0.5
LEVEL_SD, WEEKDAY_SD, SEASON_SD, CONTROL_SD = 0.3, 0.3, 0.2, 0.2


@dataclass(frozen=True)
class Calendar:
    """Which columns the baseline has.

    Attributes
    ----------
    steps : of the series it was made for
    first_weekday, step_days : as in `Series`
    control_centre, control_scale : (n_controls,) by which controls are standardised
    """

    steps: int
    first_weekday: int
    step_days: int
    control_centre: FloatArray
    control_scale: FloatArray

    @classmethod
    def of(cls, series: Series) -> Calendar:
        """Take the calendar of a series."""
        scale = series.controls.std(axis=0)
        return cls(
            steps=series.steps,
            first_weekday=series.first_weekday,
            step_days=series.step_days,
            control_centre=series.controls.mean(axis=0),
            control_scale=np.where(scale > 0, scale, 1.0),
        )

    def columns(self, start: int, stop: int, controls: FloatArray | None = None) -> FloatArray:
        """Design of the steps from start up to, not with, stop.

        The trend is a path through levels four weeks apart; after the last step it stays level.

        Parameters
        ----------
        start, stop : steps counted from the first of the series; may lie after its last
        controls : (stop − start, n_controls); without them the controls are at their mean

        Returns
        -------
        (stop − start, n_columns); column 0 is ones, then trend, weekday, season, controls
        """
        steps = np.arange(start, stop)
        if controls is None:
            controls = np.broadcast_to(self.control_centre, (len(steps), len(self.control_centre)))
        standardised = (controls - self.control_centre) / self.control_scale
        parts = [np.ones((len(steps), 1)), self._trend(steps)]
        return np.hstack([*parts, self._weekdays(steps), self._season(steps), standardised])

    def spread(self, knot_sd: float) -> FloatArray:
        """Prior standard deviation of each column's coefficient, in mean outcomes.

        Parameters
        ----------
        knot_sd : how far the level moves in four weeks

        Returns
        -------
        (n_columns,)
        """
        knots = self._trend(np.arange(1)).shape[1]
        weekdays = self._weekdays(np.arange(1)).shape[1]
        season = self._season(np.arange(1)).shape[1]
        sizes = (1, knots, weekdays, season, len(self.control_centre))
        scales = (LEVEL_SD, knot_sd, WEEKDAY_SD, SEASON_SD, CONTROL_SD)
        return np.repeat(np.array(scales), sizes)

    def _trend(self, steps: np.ndarray) -> FloatArray:
        length = KNOT_DAYS // self.step_days
        starts = np.arange(0, self.steps - 1, length)
        held = np.minimum(steps, self.steps - 1)
        path: FloatArray = np.clip((held[:, None] - starts[None, :]) / length, 0.0, 1.0)
        return path

    def _weekdays(self, steps: np.ndarray) -> FloatArray:
        if self.step_days == WEEK:
            return np.zeros((len(steps), 0))
        weekday = (self.first_weekday + steps) % WEEK
        # Each day against the mean of the week, so that the level stays the week's mean.
        last = (weekday[:, None] == WEEK - 1) * 1.0
        return np.asarray((weekday[:, None] == np.arange(WEEK - 1)) - last)

    def _season(self, steps: np.ndarray) -> FloatArray:
        if self.steps * self.step_days < LEAST_YEARS * YEAR_DAYS:
            return np.zeros((len(steps), 0))
        angle = 2 * np.pi * steps[:, None] * self.step_days / YEAR_DAYS * np.arange(1, 3)
        return np.hstack([np.sin(angle), np.cos(angle)])
