"""A budget policy learnt by deep Q-learning; imports torch and stable-baselines3 at once.

stable-baselines3 2.9.2 resolves with our pins and brings no package that was not there (``pip
install --dry-run``), so the learning is its own; of its files, which hold pickles, none is written:
only the weights leave, as safetensors (`mlops.engine.budget.nets`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.callbacks import BaseCallback
from torch import nn

from mlops.engine.budget.days import HORIZON_DAYS
from mlops.engine.budget.environment import BudgetEnv
from mlops.engine.budget.market import CALM, ROUGH, FloatArray, Market
from mlops.engine.budget.nets import ValueNet

DISCOUNT = 0.95
EXPLORE_FROM, EXPLORE_TO = 1.0, 0.05
HIDDEN = (64, 64)
_EXPLORED = 0.4  # share of the training over which exploration falls
_BUFFER = 50_000
_FIRST = 500
_TOLD_TIMES = 10


@dataclass(frozen=True)
class Settings:
    """How a training goes."""

    seed: int = 0
    steps: int = 60_000
    rough_share: float = 0.5  # of the months, the others are calm
    progress: Callable[[float], None] = lambda share: None


class Months(gym.Wrapper):
    """Months of either weather, drawn at each reset."""

    env: BudgetEnv

    def __init__(self, env: BudgetEnv, rough_share: float, seed: int) -> None:
        super().__init__(env)
        self._rough_share = rough_share
        self._rng = np.random.default_rng(seed)

    def reset(self, **options):  # type: ignore[no-untyped-def]  # as the base class
        """Draw the weather, then begin."""
        self.env.weather = ROUGH if self._rng.random() < self._rough_share else CALM
        return super().reset(**options)


class _Told(BaseCallback):
    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def _on_step(self) -> bool:
        if self.num_timesteps % max(self._settings.steps // _TOLD_TIMES, 1) == 0:
            self._settings.progress(self.num_timesteps / self._settings.steps)
        return True


def learn(market: Market, settings: Settings = Settings()) -> ValueNet:
    """Learn the values of the actions in a market.

    Parameters
    ----------
    market : of the workspace's curves
    settings : seed, number of days lived, share of them under fatigue and shocks

    Returns
    -------
    the net; the same market and settings give the same one on the same machine

    References
    ----------
    Mnih et al. (2015), Human-level control through deep reinforcement learning, Nature 518. Raffin
    et al. (2021), Stable-Baselines3, JMLR 22(268).
    """
    torch.set_num_threads(1)  # one thread adds in one order
    env = Months(BudgetEnv(market), settings.rough_share, settings.seed)
    model = DQN(
        "MlpPolicy", env, seed=settings.seed, device="cpu", verbose=0,
        gamma=DISCOUNT, exploration_initial_eps=EXPLORE_FROM, exploration_final_eps=EXPLORE_TO,
        exploration_fraction=_EXPLORED, learning_rate=5e-4, batch_size=64, buffer_size=_BUFFER,
        learning_starts=min(_FIRST, settings.steps // 4), train_freq=4, gradient_steps=1,
        target_update_interval=500, policy_kwargs={"net_arch": list(HIDDEN)},
    )  # fmt: skip
    _begin_at_holding(model)
    model.learn(settings.steps, callback=_Told(settings))
    return ValueNet(layers=_layers(model), neutral=_mean_state(model))


def _begin_at_holding(model: DQN) -> None:
    """Let all values begin at what a month's spend costs: only differences are left to learn."""
    cost = -(1 - DISCOUNT**HORIZON_DAYS) / (1 - DISCOUNT)
    for net in (model.policy.q_net, model.policy.q_net_target):
        nn.init.constant_(_linear(net)[-1].bias, cost)


def _linear(net: nn.Module) -> list[nn.Linear]:
    return [layer for layer in net.modules() if isinstance(layer, nn.Linear)]


def _layers(model: DQN) -> tuple[tuple[FloatArray, FloatArray], ...]:
    linear = _linear(model.policy.q_net)
    return tuple((_array(layer.weight), _array(layer.bias)) for layer in linear)


def _array(tensor: torch.Tensor) -> FloatArray:
    # Single precision is what is stored, and what was stored serves.
    return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64)


def _mean_state(model: DQN) -> FloatArray:
    buffer = model.replay_buffer
    if buffer is None:
        raise RuntimeError("the training kept no states")
    seen = buffer.observations[: buffer.size(), 0]
    return np.asarray(seen.astype(np.float64).mean(axis=0).astype(np.float32), dtype=np.float64)
