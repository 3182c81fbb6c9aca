"""Bandit mode: shares that follow what is likely the best, written down as propensities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np

from experiments.engine.bandit import Arm, thompson_shares
from experiments.engine.hashing import fnv1a32
from experiments.models import WHOLE, ABTest, MetricKind, Mode
from experiments.selectors.results import results_of
from experiments.services.deciding import running_tests
from experiments.services.rolling import RULE
from experiments.services.running import change_shares
from workspaces import formats
from workspaces.models import Workspace

#: Smaller moves of every share are not worth a new row.
LEAST_MOVE: Final = 100


def reweigh(*, workspace: Workspace, now: datetime) -> int:
    """Share the next units of every bandit out anew; returns how many moved."""
    tests = list(running_tests(workspace).filter(mode=Mode.BANDIT))
    return sum(reweigh_test(test=test, now=now) for test in tests)


def reweigh_test(*, test: ABTest, now: datetime) -> bool:
    """Share the next units of one bandit out, by how likely each variant is the best.

    Nothing moves while a variant has too few units, or where no share would move by 1 %.
    """
    results = results_of(test, now)
    primary = results.primary
    if primary is None or not results.is_shown or results.is_gated:
        return False
    sign = 1.0 if primary.more_is_better else -1.0
    is_share = primary.metric.kind == MetricKind.BINOMIAL
    arms = [
        _share_arm(float(one.arm.n), float(one.arm.sum), more_is_better=primary.more_is_better)
        if is_share
        else Arm(float(one.arm.n), sign * float(one.arm.sum), _squares(one.arm.sum_squares))
        for one in primary.figures
    ]
    seed = fnv1a32(f"{test.seed}:{now:%Y-%m-%dT%H:%M}")
    found = thompson_shares(arms, seed=seed)
    weights = whole_shares(found.shares)
    before = [one.variant.weight for one in primary.figures]
    if max(abs(new - old) for new, old in zip(weights, before, strict=True)) < LEAST_MOVE:
        return False
    chances = ", ".join(
        f"{one.variant.name} {formats.share(chance)}"
        for one, chance in zip(primary.figures, found.chance_best, strict=True)
    )
    change_shares(
        test=test,
        by=RULE,
        reason=f"Chance to be the best: {chances}. Seed {found.seed}.",
        now=now,
        weights={
            one.variant.key: weight for one, weight in zip(primary.figures, weights, strict=True)
        },
    )
    return True


def _share_arm(n: float, did: float, *, more_is_better: bool) -> Arm:
    """Where less is better, what counts is who did not."""
    return Arm(n, did if more_is_better else n - did)


def _squares(value: object) -> float:
    return float(np.asarray(value, dtype=np.float64)) if value is not None else 0.0


def whole_shares(shares: Sequence[float]) -> list[int]:
    """Ten-thousandths that add up; the rest goes to those that lost most by rounding down."""
    exact = [share * WHOLE for share in shares]
    whole = [int(value) for value in exact]
    order = sorted(range(len(whole)), key=lambda place: whole[place] - exact[place])
    for place in order[: WHOLE - sum(whole)]:
        whole[place] += 1
    return whole
