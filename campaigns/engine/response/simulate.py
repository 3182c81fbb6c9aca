"""What a plan brings, against the present one, by a thousand draws."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from campaigns.engine.response.baseline import KNOT_DAYS
from campaigns.engine.response.levers import PRIORS, Effect, Settings, Target, multipliers
from campaigns.engine.response.model import ResponseModel
from campaigns.engine.response.transforms import NOTHING, FloatArray

BAND = (0.1, 0.5, 0.9)
# Of what a level that wanders may become, the draws are a stream of their own.
FUTURE, LEVERS = 1, 2


@dataclass(frozen=True)
class Plan:
    """Budgets and levers over a horizon.

    Attributes
    ----------
    budgets : (n_channels,) money per step, 0 or more, in the order of the model's channels
    horizon : steps, 1 or more
    settings : of the other levers
    """

    budgets: FloatArray
    horizon: int
    settings: Settings = field(default_factory=Settings)

    @classmethod
    def present(cls, model: ResponseModel, horizon: int) -> Plan:
        """Go on as in the last four weeks."""
        return cls(model.present, horizon)


@dataclass(frozen=True)
class Band:
    """P10, P50, P90 and mean of a figure; None where it has no meaning (nothing spent or won).

    Means alone add up: the mean change is the mean under the plan less that under the present one.
    """

    low: float | None
    middle: float | None
    high: float | None
    mean: float | None

    @classmethod
    def of(cls, draws: FloatArray) -> Band:
        """Take the band of (n_draws,) values; none where one of them is not a number."""
        if not np.isfinite(draws).all():
            return cls(None, None, None, None)
        low, middle, high = (float(value) for value in np.quantile(draws, BAND))
        return cls(low, middle, high, float(draws.mean()))


@dataclass(frozen=True)
class Brought:
    """Draws of what a plan brings over its horizon.

    Attributes
    ----------
    paid : (n_draws, n_channels) units because of each channel
    level : (n_draws,) units that come anyway, noise of the future included
    spend : (n_channels,) money
    influencers : money for influencers
    app : DAU and D7 retention, (n_draws,) times what they are now
    """

    paid: FloatArray
    level: FloatArray
    spend: FloatArray
    influencers: float
    app: dict[Target, FloatArray]

    @property
    def total(self) -> FloatArray:
        """(n_draws,) units of all sources; bad luck cannot take more than there is."""
        return np.asarray(np.maximum(self.paid.sum(axis=1) + self.level, 0.0))

    @property
    def cost(self) -> float:
        """Money for channels and influencers."""
        return float(self.spend.sum()) + self.influencers


def bring(model: ResponseModel, plan: Plan, effects: tuple[Effect, ...] = PRIORS) -> Brought:
    """Draw what a plan brings.

    What lingers of earlier spend goes on working; what a plan's last days leave is not counted.
    The same draws serve every plan, so that differences between plans are not blurred by chance.

    Parameters
    ----------
    model : curves of one outcome
    plan : budgets, horizon and levers
    effects : of the levers

    Returns
    -------
    draws, as many as the model has

    Raises
    ------
    ValueError : budgets of another length, below 0 or not numbers, or a horizon below 1

    References
    ----------
    Jin et al. (2017), section 5 (carry-over into and out of the change period).
    """
    _refuse(model, plan)
    moved = multipliers(
        effects,
        plan.settings,
        paid=float(model.present.sum()),
        draws=len(model.curves),
        seed=model.seed + LEVERS,
    )
    paid = _paid(model, plan) * moved[Target.PAID][:, None]
    expected, surprise = _level(model, plan.horizon)
    return Brought(
        paid=paid,
        level=np.maximum(expected, 0.0) * moved[Target.ORGANIC] + surprise,
        spend=plan.budgets * plan.horizon,
        influencers=plan.settings.influencer_spend * plan.horizon,
        app={target: moved[target] for target in (Target.DAU, Target.D7_RETENTION)},
    )


def _refuse(model: ResponseModel, plan: Plan) -> None:
    if plan.budgets.shape != model.usual.shape:
        raise ValueError(f"budgets has {plan.budgets.size} channels, the curves {model.usual.size}")
    if not (np.isfinite(plan.budgets) & (plan.budgets >= 0)).all():
        raise ValueError(f"budgets is {plan.budgets.tolist()}: each must be 0 or more")
    if plan.horizon < 1:
        raise ValueError(f"horizon is {plan.horizon}: it must be 1 step or more")


def _paid(model: ResponseModel, plan: Plan) -> FloatArray:
    """Units of each channel over the horizon; (n_draws, n_channels)."""
    theta = model.curves
    slope = np.exp(theta[..., 3])
    decay = 1 / (1 + np.exp(-theta[..., 1]))
    budget = plan.budgets / model.usual
    greatest = np.exp(theta[..., 0]) * (1 + np.exp(slope * theta[..., 2]))
    at_half = np.exp(-slope * theta[..., 2])
    lingering = model.lingering() - budget
    total = np.zeros_like(slope)
    # One step at a time keeps all of it in the processor's cache.
    for _ in range(plan.horizon):
        lingering *= decay
        power = at_half * np.exp(slope * np.log(np.maximum(budget + lingering, NOTHING)))
        total += power / (1 + power)
    return np.asarray(model.scale * greatest * total)


def _level(model: ResponseModel, horizon: int) -> tuple[FloatArray, FloatArray]:
    """Tell the expected units without channels, and what the future may add by surprise."""
    rng = np.random.default_rng(model.seed + FUTURE)
    first = model.calendar.steps
    columns = model.calendar.columns(first, first + horizon)
    length = KNOT_DAYS // model.calendar.step_days
    knots = -(-horizon // length)
    moves = model.knot_sd * rng.standard_normal((len(model.noise), knots))
    steps = np.arange(1, horizon + 1)[:, None] - np.arange(knots) * length
    wander = moves @ np.clip(steps / length, 0.0, 1.0).sum(axis=0)
    chance = np.sqrt(horizon) / (1 - model.likeness) * model.noise
    surprise = wander + chance * rng.standard_normal(len(model.noise))
    return (
        model.scale * (model.baseline @ columns.sum(axis=0)),
        model.scale * surprise,
    )
