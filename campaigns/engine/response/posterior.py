"""How well curves agree with the figures: the log posterior and its slope, for many at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from campaigns.engine.response import priors
from campaigns.engine.response.baseline import EXPECTED_LEVEL, Calendar
from campaigns.engine.response.series import Series
from campaigns.engine.response.transforms import NOTHING, FloatArray, carryover

# Steps whose mean spend stands for what was spent before the first of them.
OPENING_DAYS = 28


@dataclass(frozen=True)
class Noise:
    """What is left over: its likeness from step to step, and how restless the level is.

    Attributes
    ----------
    likeness : correlation of neighbouring steps, 0 to below 1
    knot_sd : how far the level moves in four weeks, in mean outcomes
    sd : of a step given the one before, in mean outcomes; only scales the priors of the baseline
    """

    likeness: float
    knot_sd: float
    sd: float


class Baseline:
    """The baseline integrated out: what of a path it cannot explain.

    Parameters
    ----------
    calendar : the columns
    controls : (n_steps, n_controls)
    noise : of the steps
    """

    def __init__(self, calendar: Calendar, controls: FloatArray, noise: Noise) -> None:
        self.noise = noise
        self.root = np.sqrt(1 - noise.likeness**2)
        self.scale = calendar.spread(noise.knot_sd) / noise.sd
        columns = calendar.columns(0, calendar.steps, controls) * self.scale
        whitened = self.whiten(columns)
        lower = np.linalg.cholesky(np.eye(columns.shape[1]) + whitened.T @ whitened)
        self.explained = np.linalg.solve(lower, whitened.T).T
        self.back = np.linalg.inv(lower).T * self.scale[:, None]
        self.log_size = float(np.log(np.diag(lower)).sum() - np.log(self.root))

    def whiten(self, path: FloatArray) -> FloatArray:
        """Take from each step what its predecessor foretells; (n_steps, …) both."""
        fresh = path.copy()
        fresh[1:] -= self.noise.likeness * path[:-1]
        fresh[0] *= self.root
        return fresh

    def unexplained(self, path: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Squares that the baseline leaves of paths, and half their slope by the path.

        Parameters
        ----------
        path : (n_steps, n_draws)

        Returns
        -------
        (n_draws,) sums of squares, (n_steps, n_draws) half their derivative
        """
        fresh = self.whiten(path)
        fresh -= self.explained @ (self.explained.T @ fresh)
        half = fresh.copy()
        half[0] *= self.root
        half[:-1] -= self.noise.likeness * fresh[1:]
        return np.einsum("td,td->d", fresh, self.whiten(path)), half

    def coefficients(
        self, path: FloatArray, sd: FloatArray, rng: np.random.Generator | None
    ) -> FloatArray:
        """Coefficients of the columns given paths; the mean ones without rng.

        Parameters
        ----------
        path : (n_steps, n_draws) outcome less the channels' response
        sd : (n_draws,) of the noise
        rng : of the draws

        Returns
        -------
        (n_draws, n_columns)
        """
        means = self.explained.T @ self.whiten(path)
        if rng is not None:
            means = means + sd * rng.standard_normal(means.shape)
        return np.asarray((self.back @ means).T)


class Posterior:
    """Log posterior of the curves of one series; outcome and spend in their usual sizes.

    Parameters
    ----------
    series : with an outcome and some spend
    calendar : of the series
    noise : taken as known
    """

    def __init__(self, series: Series, calendar: Calendar, noise: Noise) -> None:
        self.baseline = Baseline(calendar, series.controls, noise)
        self.calendar = calendar
        self.usual, self.scale = priors.usual_spend(series), float(series.outcome.mean())
        self.spend = series.spend / self.usual
        # Less what the level is expected at, so that its prior is centred at nothing.
        self.outcome = series.outcome / self.scale - EXPECTED_LEVEL
        self.centre = priors.centre(series)
        self.tightness = np.linalg.inv(priors.covariance(len(self.centre)))
        opening = max(1, min(series.steps, OPENING_DAYS // series.step_days))
        self.before = self.spend[:opening].mean(axis=0)

    @property
    def size(self) -> int:
        """Number of parameters: four for each channel."""
        return self.centre.size

    def curves(self, flat: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Response of each channel and its slopes by the four parameters.

        Parameters
        ----------
        flat : (n_draws, 4 · n_channels) parameters, PARAMETERS of a channel side by side

        Returns
        -------
        (n_steps, n_draws, n_channels) response in mean outcomes, and what `slopes` needs of it
        (3, n_steps, n_draws, n_channels): one less the saturation, that times the distance from
        the half, and that times how the adstock moves with the decay, relative to itself
        """
        theta = flat.reshape(len(flat), -1, 4)
        decay = 1 / (1 + np.exp(-theta[..., 1]))
        stock, moved = self._stocks(decay)
        slope = np.exp(theta[..., 3])
        distance = slope * (theta[..., 2] - np.log(stock))
        unsaturated = 1 / (1 + np.exp(-distance))
        greatest = np.exp(theta[..., 0]) * (1 + np.exp(slope * theta[..., 2]))
        path = greatest * (1 - unsaturated)
        return path, np.stack([unsaturated, unsaturated * distance, unsaturated * moved / stock])

    def _stocks(self, decay: FloatArray) -> tuple[FloatArray, FloatArray]:
        spent = self.spend[:, None, :]
        before = np.broadcast_to(self.before, decay.shape)
        stock = carryover(spent, decay, before)
        # By the decay the adstock moves as an adstock of its own does.
        moved = -spent + np.concatenate([before[None], stock[:-1]])
        for step in range(1, len(moved)):
            moved[step] += decay * moved[step - 1]
        return np.maximum(stock, NOTHING, out=stock), moved

    def rest(self, flat: FloatArray) -> FloatArray:
        """Outcome less the expected level and the channels' response; (n_steps, n_draws)."""
        path, _ = self.curves(flat)
        return np.asarray(self.outcome[:, None] - path.sum(axis=2))

    def value_and_slope(self, flat: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Log posterior, up to a constant, and its gradient.

        Parameters
        ----------
        flat : (n_draws, 4 · n_channels)

        Returns
        -------
        (n_draws,), (n_draws, 4 · n_channels)
        """
        path, parts = self.curves(flat)
        squares, half = self.baseline.unexplained(self.outcome[:, None] - path.sum(axis=2))
        away = flat - self.centre.ravel()
        pull = away @ self.tightness
        value = -len(self.outcome) / 2 * np.log(squares) - 0.5 * (away * pull).sum(axis=1)
        weighted = path * (len(self.outcome) / squares * half)[..., None]
        sums = np.concatenate(
            [weighted.sum(axis=0)[None], np.einsum("ktdc,tdc->kdc", parts, weighted)]
        )
        slope = self._chain(flat, sums).reshape(flat.shape)
        return value, slope - pull

    def _chain(self, flat: FloatArray, sums: FloatArray) -> FloatArray:
        """From sums over steps to derivatives by the parameters."""
        theta = flat.reshape(len(flat), -1, 4)
        decay = 1 / (1 + np.exp(-theta[..., 1]))
        slope = np.exp(theta[..., 3])
        level = 1 / (1 + np.exp(-slope * theta[..., 2]))
        by_decay = slope * decay * (1 - decay) * sums[3]
        by_half = slope * (level * sums[0] - sums[1])
        by_slope = slope * theta[..., 2] * level * sums[0] - sums[2]
        return np.stack([sums[0], by_decay, by_half, by_slope], axis=-1)

    def precision(self, flat: FloatArray) -> FloatArray:
        """Curvature at one point (Gauss-Newton), for the sampler's scale.

        Parameters
        ----------
        flat : (4 · n_channels,)

        Returns
        -------
        (4 · n_channels, 4 · n_channels) positive definite
        """
        path, parts = self.curves(flat[None])
        each = np.concatenate([np.ones_like(path)[None], parts]) * path
        by_step = np.stack(
            [self._chain(flat[None], part[:, None])[0] for part in each.transpose(1, 0, 2, 3)]
        )
        design = by_step.reshape(len(self.outcome), -1)
        fresh = self.baseline.whiten(design)
        fresh -= self.baseline.explained @ (self.baseline.explained.T @ fresh)
        squares, _ = self.baseline.unexplained(self.outcome[:, None] - path.sum(axis=2))
        return np.asarray(fresh.T @ fresh * len(self.outcome) / squares[0] + self.tightness)
