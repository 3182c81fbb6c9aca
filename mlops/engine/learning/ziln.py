"""Training of small nets with the zero-inflated lognormal loss; imports torch at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from mlops.engine.learning.devices import device
from mlops.engine.learning.epochs import Lesson, learn, seeded

HIDDEN = (64, 32, 16)
_STEP = 2e-3
_DECAY = 1e-2
_BATCHES = 12  # an epoch has at least so many, so few rows are learnt from as thoroughly
_LARGEST_BATCH = 1024
_LEAST_SPREAD = 1e-3

Weights = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Sample:
    """Rows to learn from or to stop by."""

    inputs: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]

    def tensors(self, where: torch.device) -> tuple[Tensor, Tensor]:
        """Both as single precision, where the net is."""
        return (
            torch.tensor(self.inputs, dtype=torch.float32, device=where),
            torch.tensor(self.values, dtype=torch.float32, device=where),
        )


def loss(told: Tensor, values: Tensor) -> Tensor:
    """Negative log-likelihood of values that are zero, or else lognormal.

    Parameters
    ----------
    told : (n, 3) log-odds of a value, mean of its logarithm, spread before softplus
    values : (n,) not negative

    References
    ----------
    Wang, Liu and Miao (2019), A deep probabilistic model for customer lifetime value prediction,
    eq. (5).
    """
    some = values > 0
    happening = functional.binary_cross_entropy_with_logits(told[:, 0], some.float())
    logs = torch.log(torch.where(some, values, torch.ones_like(values)))
    spread = functional.softplus(told[:, 2]) + _LEAST_SPREAD
    amount = logs + torch.log(spread) + 0.5 * ((logs - told[:, 1]) / spread) ** 2
    return happening + torch.mean(amount * some)


def train(
    known: Sample, stop: Sample, *, seed: int, epochs: int, patience: int, dropout: float = 0.0
) -> Weights:
    """Fit one net, and keep it as it was when it told the other rows best.

    Parameters
    ----------
    known, stop : rows to learn from, and rows to judge each epoch by
    seed : of the first weights, the order of the rows and the dropout
    epochs, patience : at most so many, and so many without a gain
    dropout : share of a layer's outputs left out while learning

    Returns
    -------
    ``0.weight``, ``0.bias``, ``1.weight`` …: one pair per layer
    """
    seeded(seed)
    where = device()
    net = _net(known, dropout).to(where)
    inputs, values = known.tensors(where)
    others, their_values = stop.tensors(where)
    lesson = Lesson(
        loss=lambda chosen: loss(net(inputs[chosen]), values[chosen]),
        judged=lambda: loss(net(others), their_values),
        rows=len(values),
        batch=max(1, min(_LARGEST_BATCH, len(values) // _BATCHES)),
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=_STEP, weight_decay=_DECAY, fused=True)
    return _named(learn(net, optimiser, lesson, epochs=epochs, patience=patience))


def _net(known: Sample, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    width = known.inputs.shape[1]
    for size in HIDDEN:
        layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(dropout)]
        width = size
    last = nn.Linear(width, 3)
    # Begin with what is true of all rows; the net learns the differences.
    logs = np.log(known.values[known.values > 0])
    share = logs.size / known.values.size
    with torch.no_grad():
        last.weight.mul_(0.1)
        last.bias.copy_(
            torch.tensor([np.log(share / (1 - share + 1e-9)), logs.mean(), _unsoft(logs.std())])
        )
    return nn.Sequential(*layers, last)


def _unsoft(spread: float) -> float:
    return float(np.log(np.expm1(max(spread, 0.1))))


def _named(state: dict[str, Tensor]) -> Weights:
    numbers = sorted({int(name.split(".")[0]) for name in state})
    return {
        f"{position}.{part}": state[f"{number}.{part}"].cpu().numpy()
        for position, number in enumerate(numbers)
        for part in ("weight", "bias")
    }
