"""The market as a Gymnasium environment, in which a budget policy learns."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from mlops.engine.budget.days import HORIZON_DAYS, Days
from mlops.engine.budget.market import CALM, Market, Weather
from mlops.engine.budget.state import ACTIONS, FEATURES, moved, seen, share_moved

_PACING, _MOVING = 0.5, 0.05
_FURTHEST = 10.0

Observation = npt.NDArray[np.float32]


class BudgetEnv(gym.Env[Observation, np.int64]):
    """One episode is a month of daily decisions, from the present plan on.

    Observation and actions are those of `mlops.engine.budget.state`. The reward of a day is

        (Δ predicted 30-day revenue − spend) / daily budget − 0.5 · |pacing error|
            − 0.05 · share of the budget moved,

    where Δ compares what the new budgets promise with what the old ones do, in the market as it
    stands: what happens by itself is nobody's merit, and would drown what is.

    Parameters
    ----------
    market : of the response curves
    weather : fatigue, shocks and noise
    horizon : days of an episode
    """

    metadata = {"render_modes": []}  # as the base class declares it

    def __init__(
        self, market: Market, weather: Weather = CALM, *, horizon: int = HORIZON_DAYS
    ) -> None:
        self.market, self.weather, self.horizon = market, weather, horizon
        shape = (len(FEATURES),)
        self.observation_space = gym.spaces.Box(-_FURTHEST, _FURTHEST, shape, np.float32)
        self.action_space = gym.spaces.Discrete(len(ACTIONS))
        self.budgets = market.present.copy()
        self._days: Days | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin a month at the present plan."""
        super().reset(seed=seed)
        self._days = Days(self.market, self.weather, self.np_random, horizon=self.horizon)
        self.budgets = self.market.present.copy()
        return self._seen(self._days), {}

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Decide a day's budgets and live it.

        Raises
        ------
        RuntimeError : the month has not begun
        """
        days = self._days
        if days is None:
            raise RuntimeError("reset the environment before its first step")
        before = self.budgets
        self.budgets = moved(before, int(action))
        gained = days.predicted(self.budgets) - days.predicted(before)
        days.live(self.budgets)
        spend = float(days.spend[-1].sum())
        reward = (
            (gained - spend) / self.market.total
            - _PACING * abs(days.pacing_error)
            - _MOVING * share_moved(before, self.budgets)
        )
        told = {"revenue": float(days.revenue[-1].sum()), "spend": spend}
        return self._seen(days), reward, days.is_over, False, told

    def _seen(self, days: Days) -> Observation:
        return seen(days, self.budgets).astype(np.float32)
