"""What another policy of the sampler would have earned on the rounds of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from campaigns.models import SafetyPolicy
from campaigns.selectors import current_policy
from mlops.engine.arms import Mode
from mlops.engine.off_policy import Evaluation, Log, NoSupportError, evaluate
from mlops.engine.plain_splits import Rule, split_plainly
from mlops.engine.posterior import SPREADING_COUNT
from mlops.engine.sampler import BattleHardenedSampler
from mlops.selectors.policy_log import Round, allocations_since, rounds_of
from mlops.services.policy_asking import DAYS
from mlops.services.sampling import sampler_for
from workspaces.models import Workspace
from workspaces.services.refusals import RefusedError

# Money that the account's mean counts for when an arm's return is expected before the round.
_PRIOR_SPEND: Final = 200.0
Told = Callable[[int, int], None]


class NotEvaluableError(RefusedError):
    """The ledger cannot tell; says what is missing."""


def _nobody(_done: int, _total: int) -> None:
    """Stand in for who is told how far it is."""


@dataclass(frozen=True)
class OtherPolicy:
    """What is set against the policy in force.

    Attributes
    ----------
    mode, options : of the sampler; what is not given is as in force
    version : a stored policy instead of the one in force
    rule : a plain split instead of the sampler, within the same limits
    """

    mode: Mode | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    version: SafetyPolicy | None = None
    rule: Rule | None = None


@dataclass(frozen=True)
class PolicyEvaluation:
    """An evaluation and how often the other policy would have decided otherwise.

    ``allocations`` is how many the ledger has of the days, ``found.rounds`` how many of them count.
    """

    found: Evaluation
    since: datetime
    allocations: int
    decisions: int
    decided_otherwise: int
    money_moved: float
    mode: Mode


def evaluate_policy(
    *,
    workspace: Workspace,
    now: datetime,
    other: OtherPolicy,
    days: int = DAYS,
    told: Told = _nobody,
) -> PolicyEvaluation:
    """Replay the rounds of the ledger under another policy, and estimate what it would bring.

    Values are per unit of money, in what the workspace counts (pipeline value or cash). Shares
    are taken to return what the arm returned per unit of money, so a policy that would have moved
    much more money to an arm is flattered: returns fall with money.

    Parameters
    ----------
    other : the policy
    days : how far back
    told : is told how many rounds of how many are replayed

    Raises
    ------
    NotEvaluableError : too few rounds with an outcome, or policies too far apart
    ValueError : an option that the sampler does not know, or out of range
    """
    since = now - timedelta(days=days)
    in_force = current_policy(workspace=workspace)
    theirs = _sampler(workspace, other.version or in_force, other.mode, other.options)
    own = _sampler(workspace, in_force, None, {})
    rounds = [one for one in rounds_of(workspace, since=since, now=now) if _spent(one) > 0]
    replays = []
    for done, one in enumerate(rounds):
        told(done, len(rounds))
        replays.append((_replay(own, one), _replay(theirs, one, other.rule)))
    try:
        found = evaluate(_log(rounds, [shares for _, (shares, _) in replays], theirs.mode))
    except NoSupportError as error:
        raise NotEvaluableError(str(error)) from error
    changed = [
        before != after
        for (_, mine), (_, others) in replays
        for before, after in zip(mine, others, strict=True)
    ]
    apart = [float(np.abs(mine - others).sum()) / 2 for (mine, _), (others, _) in replays]
    return PolicyEvaluation(
        found=found,
        since=since,
        allocations=allocations_since(workspace, since),
        decisions=len(changed),
        decided_otherwise=sum(changed),
        money_moved=float(np.mean(apart)),
        mode=theirs.mode,
    )


def _sampler(
    workspace: Workspace, policy: SafetyPolicy, mode: Mode | None, options: Mapping[str, Any]
) -> BattleHardenedSampler:
    """The sampler as the rounds of accounts run it, but for what is given."""
    known = {"most_evidence": SPREADING_COUNT, **options}
    try:
        return sampler_for(workspace=workspace, policy=policy, mode=mode, **known)
    except TypeError as error:
        raise ValueError(f"There is no such value of the policy: {error}") from error


def _spent(one: Round) -> float:
    return sum(outcome.spend for outcome in one.outcomes.values())


def _replay(
    sampler: BattleHardenedSampler, one: Round, rule: Rule | None = None
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], tuple[str, ...]]:
    """Shares of the money and decisions that a policy gives to a round's arms."""
    if rule:
        budgets = split_plainly(one.states, one.total, rule, sampler.mode, sampler.policy)
        decisions: tuple[str, ...] = ("maintain",) * len(one.states)
    else:
        items = sampler.select(one.states, one.total, None, one.seed, now=one.at).items
        budgets = np.array([item.recommended_budget for item in items])
        decisions = tuple(item.decision for item in items)
    return budgets / max(float(budgets.sum()), 1e-12), decisions


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
