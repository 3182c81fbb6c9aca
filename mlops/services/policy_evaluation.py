"""What another policy of the sampler would have earned on the rounds of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from campaigns.selectors import current_policy
from mlops.engine.arms import Mode
from mlops.engine.off_policy import Evaluation, Log, NoSupportError, evaluate
from mlops.engine.sampler import BattleHardenedSampler
from mlops.selectors.policy_log import Round, rounds_of
from mlops.services.sampling import sampler_for
from workspaces.models import Workspace
from workspaces.services.refusals import RefusedError

DAYS: Final = 90
# Money that the account's mean counts for when an arm's return is expected before the round.
_PRIOR_SPEND: Final = 200.0


class NotEvaluableError(RefusedError):
    """The ledger cannot tell; says what is missing."""


@dataclass(frozen=True)
class PolicyEvaluation:
    """An evaluation and how often the other policy would have decided otherwise."""

    found: Evaluation
    since: datetime
    decisions: int
    decided_otherwise: int
    money_moved: float


def evaluate_policy(
    *,
    workspace: Workspace,
    now: datetime,
    mode: Mode | None = None,
    options: Mapping[str, Any] | None = None,
    days: int = DAYS,
) -> PolicyEvaluation:
    """Replay the rounds of the ledger under other policy values, and estimate what they bring.

    Values are per unit of money, in what the workspace counts (pipeline value or cash). Shares
    are taken to return what the arm returned per unit of money, so a policy that would have moved
    much more money to an arm is flattered: returns fall with money.

    Parameters
    ----------
    mode, options : of the sampler; what is not given is the policy in force
    days : how far back

    Raises
    ------
    NotEvaluableError : too few rounds with an outcome, or policies too far apart
    ValueError : an option that the sampler does not know, or out of range
    """
    since = now - timedelta(days=days)
    policy = current_policy(workspace=workspace)
    try:
        other = sampler_for(workspace=workspace, policy=policy, mode=mode, **(options or {}))
    except TypeError as error:
        raise ValueError(f"There is no such value of the policy: {error}") from error
    own = sampler_for(workspace=workspace, policy=policy)
    rounds = [one for one in rounds_of(workspace, since=since, now=now) if _spent(one) > 0]
    replays = [(_replay(own, one), _replay(other, one)) for one in rounds]
    try:
        found = evaluate(_log(rounds, [shares for _, (shares, _) in replays], other.mode))
    except NoSupportError as error:
        raise NotEvaluableError(str(error)) from error
    changed = [
        (before != after)
        for (_, mine), (_, theirs) in replays
        for before, after in zip(mine, theirs, strict=True)
    ]
    apart = [float(np.abs(mine - theirs).sum()) / 2 for (mine, _), (theirs, _) in replays]
    return PolicyEvaluation(found, since, len(changed), sum(changed), float(np.mean(apart)))


def _spent(one: Round) -> float:
    return sum(outcome.spend for outcome in one.outcomes.values())


def _replay(
    sampler: BattleHardenedSampler, one: Round
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], tuple[str, ...]]:
    """Shares of the money and decisions that a policy gives to a round's arms."""
    items = sampler.select(one.states, one.total, None, one.seed, now=one.at).items
    budgets = np.array([item.recommended_budget for item in items])
    return budgets / max(float(budgets.sum()), 1e-12), tuple(item.decision for item in items)


def _log(rounds: list[Round], shares: list[np.ndarray[Any, Any]], mode: Mode) -> Log:
    units: list[tuple[int, float, float, float, float]] = []
    expected, uncovered = [], []
    for number, (one, wanted) in enumerate(zip(rounds, shares, strict=True)):
        spend = np.array([one.outcomes[state.ad_id].spend for state in one.states])
        value = np.array([one.outcomes[state.ad_id].value for state in one.states])
        given, model = spend / spend.sum(), _expected(one, mode)
        units += [
            (number, given[arm], value[arm] / spend[arm], wanted[arm], model[arm])
            for arm in np.flatnonzero(spend > 0)
        ]
        expected.append(float(wanted @ model))
        uncovered.append(float(wanted[spend <= 0].sum()))
    columns = np.array(units).reshape(-1, 5).T
    return Log(
        round_of=columns[0].astype(np.int64),
        weight=columns[1],
        reward=columns[2],
        propensity=columns[1],
        target=columns[3],
        predicted=columns[4],
        predicted_target=np.array(expected),
        uncovered=np.array(uncovered),
    )


def _expected(one: Round, mode: Mode) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return of each arm by what was seen before the round, shrunk to that of all arms."""
    spend = np.array([state.spend for state in one.states])
    value = np.array([state.revenue(mode) or 0.0 for state in one.states])
    overall = float(value.sum()) / max(float(spend.sum()), 1e-12)
    return np.asarray((value + _PRIOR_SPEND * overall) / (spend + _PRIOR_SPEND))
