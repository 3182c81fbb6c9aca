"""The loop in which small nets learn; imports torch at once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Lesson:
    """What a net learns by.

    Attributes
    ----------
    loss : of the rows of these places, to learn from
    judged : loss of the rows that stop it
    rows, batch : how many there are to learn from, and how many are looked at in one step
    """

    loss: Callable[[Tensor], Tensor]
    judged: Callable[[], Tensor]
    rows: int
    batch: int


def seeded(seed: int) -> None:
    """Have the same seed give the same bytes: one thread adds in one order."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)


def learn(
    net: nn.Module,
    optimiser: torch.optim.Optimizer,
    lesson: Lesson,
    *,
    epochs: int,
    patience: int,
) -> dict[str, Tensor]:
    """Learn until nothing is gained, and give the state in which it told the other rows best.

    Parameters
    ----------
    epochs, patience : at most so many, and so many without a gain
    """
    where = next(net.parameters()).device
    best, best_loss, stale = copy.deepcopy(net.state_dict()), float("inf"), 0
    for _ in range(epochs):
        net.train()
        for chosen in torch.split(torch.randperm(lesson.rows).to(where), lesson.batch):
            optimiser.zero_grad()
            lesson.loss(chosen).backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
        net.eval()
        with torch.no_grad():
            judged = float(lesson.judged())
        stale = 0 if judged < best_loss else stale + 1
        if not stale:
            best, best_loss = copy.deepcopy(net.state_dict()), judged
        if stale >= patience:
            break
    return best
