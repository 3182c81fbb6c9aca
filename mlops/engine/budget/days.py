"""Days of a market: what is spent, what it brings, how creatives tire and prices jump."""

from __future__ import annotations

import numpy as np

from mlops.engine.budget.market import PLACES, FloatArray, Market, Weather

HORIZON_DAYS = 30
# Costs rise by half while a creative lives this long at the present spend, and it is renewed when
# it is twice as old (Meta, Google, TikTok, programmatic).
_FATIGUE_DAYS = np.array([14.0, 21.0, 7.0, 30.0])
_WORN = 0.5
_RENEWED_AT = 2.0
# A shock a place about every 25 days; one in five of them is that everything overspends.
_SHOCK_A_DAY = 0.04
_OVERSPEND_A_DAY = 0.01
_OVERSPEND = 1.4
_SHOCK_DAYS = (5, 15)
_WORSE, _BETTER = (0.5, 0.8), (1.2, 1.7)
_EMPTY = 1e-9


class Days:
    """A market living from day to day under budgets that somebody sets.

    Parameters
    ----------
    market : the curves as they are known
    weather : what else happens
    rng : of everything that is drawn
    horizon : days that the money is for
    """

    def __init__(
        self,
        market: Market,
        weather: Weather,
        rng: np.random.Generator,
        *,
        horizon: int = HORIZON_DAYS,
    ) -> None:
        self.market, self.weather, self.horizon = market, weather, horizon
        self.money = market.total * horizon
        self._rng = rng
        self.day = 0
        self.weekday = int(rng.integers(7))
        self.spend: list[FloatArray] = []
        self.revenue: list[FloatArray] = []
        self.installs: list[FloatArray] = []
        worn = rng.uniform(0, _RENEWED_AT, PLACES) if weather.fatigue else np.zeros(PLACES)
        self._age = worn * _FATIGUE_DAYS
        self._shock = np.ones(PLACES)
        self._shock_left = np.zeros(PLACES, dtype=np.int64)
        self._overspend_left = 0

    @property
    def is_over(self) -> bool:
        """Whether the days, or the money, have come to an end."""
        return self.day >= self.horizon or self.left <= _EMPTY * self.money

    @property
    def left(self) -> float:
        """Money that is left."""
        return self.money - float(np.sum(self.spend)) if self.spend else self.money

    @property
    def pacing_error(self) -> float:
        """Share of the money spent, less the share of the days gone."""
        return 1.0 - self.left / self.money - self.day / self.horizon

    def efficiency(self) -> FloatArray:
        """(4,) what a place brings now over what its curve says."""
        worn = 1.0 + _WORN * self._age / _FATIGUE_DAYS if self.weather.fatigue else 1.0
        return np.asarray(self._shock / worn)

    def predicted(self, budgets: FloatArray) -> float:
        """Revenue of 30 days if budgets and the state of the market were kept."""
        market = self.market
        kept = market.brings(market.revenue, budgets) * self.efficiency()
        return HORIZON_DAYS * float(kept.sum())

    def live(self, budgets: FloatArray) -> None:
        """Spend budgets, (4,) money, for a day; what is not there cannot be spent."""
        market, rng, noise = self.market, self._rng, self.weather.noise
        spend = budgets * (_OVERSPEND if self._overspend_left else 1.0)
        if noise:
            spend = spend * np.maximum(rng.normal(1.0, noise, PLACES), 0.0)
        spend = spend * min(1.0, self.left / max(float(spend.sum()), _EMPTY))
        answer = self.efficiency()
        if noise:
            answer = answer * np.maximum(rng.normal(1.0, noise, PLACES), 0.0)
        self.spend.append(spend)
        self.revenue.append(market.brings(market.revenue, spend) * answer)
        self.installs.append(market.brings(market.installs, spend) * answer)
        self.day += 1
        self.weekday = (self.weekday + 1) % 7
        self._age_by(spend)
        if self.weather.shocks:
            self._shake()

    def _age_by(self, spend: FloatArray) -> None:
        if self.weather.fatigue:
            self._age = self._age + spend / np.maximum(self.market.present, _EMPTY)
            self._age = np.where(self._age > _RENEWED_AT * _FATIGUE_DAYS, 0.0, self._age)

    def _shake(self) -> None:
        rng = self._rng
        self._shock_left = np.maximum(self._shock_left - 1, 0)
        self._shock = np.where(self._shock_left > 0, self._shock, 1.0)
        struck = (rng.random(PLACES) < _SHOCK_A_DAY) & (self._shock_left == 0)
        size = np.where(
            rng.random(PLACES) < 0.5, rng.uniform(*_WORSE, PLACES), rng.uniform(*_BETTER, PLACES)
        )
        days = rng.integers(_SHOCK_DAYS[0], _SHOCK_DAYS[1] + 1, PLACES)
        self._shock = np.where(struck, size, self._shock)
        self._shock_left = np.where(struck, days, self._shock_left)
        self._overspend_left = max(self._overspend_left - 1, 0)
        if rng.random() < _OVERSPEND_A_DAY:
            self._overspend_left = _SHOCK_DAYS[0]
