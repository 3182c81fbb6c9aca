"""Training of the net that corrects smoothed forecasts; imports torch at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mlops.engine.learning.devices import device
from mlops.engine.learning.epochs import Lesson, learn, seeded
from mlops.engine.learning.forecast.windows import AHEAD_DAYS, INPUTS, QUANTILES, TARGETS
from mlops.engine.learning.shapes import FloatArray

_HIDDEN = 24
_STEP = 3e-3
_DECAY = 1e-3
_DROPOUT = 0.1
_LARGEST_BATCH = 512
_BATCHES = 8


@dataclass(frozen=True)
class Sample:
    """Rows to learn from or to stop by; squeezed figures, NaN where unknown.

    Attributes
    ----------
    inputs : (rows, 14, 10) scaled
    smoothed : (rows, targets, 7, 3)
    came : (rows, targets, 7)
    """

    inputs: FloatArray
    smoothed: FloatArray
    came: FloatArray

    def tensors(self, where: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """All three as single precision, where the net is."""
        first, second, third = (
            torch.tensor(array, dtype=torch.float32, device=where)
            for array in (self.inputs, self.smoothed, self.came)
        )
        return first, second, third


class _Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(len(INPUTS), _HIDDEN, batch_first=True)
        self.drop = nn.Dropout(_DROPOUT)
        self.head = nn.Linear(_HIDDEN, len(TARGETS) * AHEAD_DAYS * 3)
        # Begin with the smoothed forecast; the net learns what it misses.
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, inputs: Tensor, smoothed: Tensor) -> Tensor:
        """(rows, targets, 7, 3) low, middle and high."""
        told = self.head(self.drop(self.lstm(inputs)[0][:, -1]))
        told = told.reshape(-1, len(TARGETS), AHEAD_DAYS, 3)
        middle = smoothed[..., 1] + told[..., 0]
        reach = smoothed[..., 2] - smoothed[..., 1]
        low = middle - reach * torch.exp(told[..., 1].clamp(-3, 3))
        high = middle + reach * torch.exp(told[..., 2].clamp(-3, 3))
        return torch.stack([low, middle, high], dim=-1)


def pinball(told: Tensor, came: Tensor) -> Tensor:
    """Mean quantile loss over what is known.

    References
    ----------
    Koenker and Bassett (1978), Regression quantiles, Econometrica 46, 33-50.
    """
    known = ~torch.isnan(came)
    off = torch.where(known, came, torch.zeros_like(came))[..., None] - told
    shares = torch.tensor(QUANTILES, device=told.device)
    loss = torch.maximum(shares * off, (shares - 1) * off) * known[..., None]
    return loss.sum() / known.sum().clamp(min=1)


def train(
    known: Sample, stop: Sample, *, seed: int, epochs: int, patience: int
) -> dict[str, npt.NDArray[np.float32]]:
    """Fit the net, and keep it as it was when it told the newest days best.

    Parameters
    ----------
    known, stop : rows to learn from, and the newest, to judge each epoch by
    seed : of the first weights, the order of the rows and the dropout
    epochs, patience : at most so many, and so many without a gain
    """
    seeded(seed)
    where = device()
    net = _Net().to(where)
    inputs, smoothed, came = known.tensors(where)
    others = stop.tensors(where)
    lesson = Lesson(
        loss=lambda chosen: pinball(net(inputs[chosen], smoothed[chosen]), came[chosen]),
        judged=lambda: pinball(net(others[0], others[1]), others[2]),
        rows=len(inputs),
        batch=max(1, min(_LARGEST_BATCH, len(inputs) // _BATCHES)),
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=_STEP, weight_decay=_DECAY)
    return _named(learn(net, optimiser, lesson, epochs=epochs, patience=patience))


def _named(state: dict[str, Tensor]) -> dict[str, npt.NDArray[np.float32]]:
    told = {name: value.cpu().numpy() for name, value in state.items()}
    return {
        "input": told["lstm.weight_ih_l0"],
        "recurrent": told["lstm.weight_hh_l0"],
        "bias": told["lstm.bias_ih_l0"] + told["lstm.bias_hh_l0"],
        "head.weight": told["head.weight"],
        "head.bias": told["head.bias"],
    }
