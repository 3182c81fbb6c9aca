"""Off-policy estimates: by hand, against the truth, and on the sampler's own ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from campaigns.models import ChangeType, DailyPerformance
from campaigns.selectors.subjects import subject_of
from mlops.engine.off_policy import Log, NoSupportError, evaluate
from mlops.selectors.policy_log import rounds_of
from mlops.services.policy_evaluation import (
    NotEvaluableError,
    OtherPolicy,
    evaluate_policy,
)
from mlops.services.sampling import allocate
from mlops.simulation.off_policy import coverage
from tests.campaigns.change_steps import policy_of
from tests.campaigns.scenarios.steps import two_channels
from tests.mlops.ledgers import ledger_of, state_of
from workspaces.models import Workspace

ROUNDS = 60


def log_of(propensity, target, reward, **values):
    count = len(reward)
    return Log(
        **{
            "round_of": np.arange(count), "weight": np.ones(count),
            "reward": np.array(reward), "propensity": np.array(propensity),
            "target": np.array(target), "predicted": np.zeros(count),
            "predicted_target": np.zeros(count), "uncovered": np.zeros(count), **values,
        }
    )  # fmt: skip


def coins(count=ROUNDS):
    """Two arms drawn half and half, one brings 1 and the other 3."""
    arm = np.arange(count) % 2
    return arm, np.where(arm == 0, 1.0, 3.0)


def test_the_same_policy_brings_what_was_logged():
    _, reward = coins()

    found = evaluate(log_of(np.full(ROUNDS, 0.5), np.full(ROUNDS, 0.5), reward))

    assert found.ips == found.logged
    assert found.ips.value == pytest.approx(2.0)
    assert (found.effective_rounds, found.gain.value) == (pytest.approx(ROUNDS), 0.0)


def test_estimates_by_hand():
    """Nine of ten to the arm that brings 3: 0.1 · 1 + 0.9 · 3."""
    arm, reward = coins()
    target = np.where(arm == 0, 0.1, 0.9)
    perfect = {"predicted": reward, "predicted_target": np.full(ROUNDS, 2.8)}

    found = evaluate(log_of(np.full(ROUNDS, 0.5), target, reward, **perfect))

    assert found.ips.value == pytest.approx(2.8)
    assert found.snips.value == pytest.approx(2.8)
    assert found.doubly_robust.low == pytest.approx(2.8)  # a perfect model leaves no doubt
    assert found.ips.low < 2.8 < found.ips.high
    assert found.gain.value == pytest.approx(0.8)
    assert found.effective_rounds == pytest.approx(ROUNDS / (2 * (0.1**2 + 0.9**2)))


def test_money_that_was_spread_counts_by_its_shares():
    spread = np.tile([0.25, 0.75], ROUNDS)
    log = Log(
        round_of=np.repeat(np.arange(ROUNDS), 2), weight=spread, reward=np.tile([4.0, 2.0], ROUNDS),
        propensity=spread, target=np.tile([0.5, 0.5], ROUNDS), predicted=np.zeros(2 * ROUNDS),
        predicted_target=np.zeros(ROUNDS), uncovered=np.zeros(ROUNDS),
    )  # fmt: skip

    found = evaluate(log)

    assert (found.logged.value, found.ips.value) == (pytest.approx(2.5), pytest.approx(3.0))


@pytest.mark.parametrize(
    ("count", "propensity", "values", "words"),
    [
        (20, 0.5, {}, "20 rounds whose outcome is known; 30 are the least"),
        (60, 0.5, {"uncovered": np.full(60, 0.2)}, "20 % of what the other policy would do"),
        (60, None, {}, "The policies differ so much that 60 rounds say as much as"),
    ],
)
def test_a_log_without_support_is_refused(count, propensity, values, words):
    _, reward = coins(count)
    odds = np.full(count, propensity) if propensity else np.where(np.arange(count), 0.9, 0.01)

    with pytest.raises(NoSupportError, match=words):
        evaluate(log_of(odds, np.full(count, 0.5), reward, **values))


@pytest.mark.parametrize(
    "wrong",
    [
        {"propensity": np.zeros(4)},
        {"target": np.full(4, 2.0)},
        {"uncovered": np.zeros(3)},
        {"round_of": np.full(4, 9)},
    ],
)
def test_what_no_policy_can_have_logged_is_refused(wrong):
    log = log_of(np.full(4, 0.5), np.full(4, 0.5), np.ones(4))

    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(log, **wrong)


def test_intervals_hold_the_truth_in_nine_runs_of_ten():
    found = coverage(runs=200, rounds=500)

    assert min(found.held.values()) >= 0.90
    assert abs(found.truth / found.logged - 1) > 0.02  # the policies do differ


@pytest.fixture
def ledger(workspace: Workspace, now):
    """Forty days of two arms."""
    return ledger_of(workspace, now)


def test_ledger_tells_what_another_policy_would_have_earned(
    ledger, now, django_assert_max_num_queries
):
    with django_assert_max_num_queries(10):
        bold = evaluate_policy(
            workspace=ledger, now=now,
            other=OtherPolicy(options={"most_evidence": 1_000.0, "max_budget_change": 0.5}),
        )  # fmt: skip
        shy = evaluate_policy(
            workspace=ledger, now=now, other=OtherPolicy(options={"max_budget_change": 0.0})
        )

    # Half and half was spent; the policy in force would have given a three quarters.
    assert bold.found.logged.value == pytest.approx(3.0, rel=0.1)
    assert bold.found.ips.value == pytest.approx(3.5, rel=0.1)
    assert bold.found.gain.low > 0
    assert bold.decided_otherwise == 0
    assert shy.found.gain.value == pytest.approx(0.0, abs=0.01)
    assert shy.money_moved == pytest.approx(0.10, abs=0.01)


def test_command_prints_it_or_says_what_is_missing(ledger, other_workspace, now):
    out = StringIO()

    call_command("evaluate_policy", workspace=ledger.slug, set=["max_budget_change=0"], stdout=out)

    assert "39 rounds of 40 since" in out.getvalue()
    assert "doubly robust" in out.getvalue()
    for words, options in (
        ("0 rounds whose outcome is known", {"workspace": other_workspace.slug}),
        ("no such value", {"workspace": ledger.slug, "set": ["luck=1"]}),
        ("max_budget_change must be", {"workspace": ledger.slug, "set": ["max_budget_change=7"]}),
        ("NAME=NUMBER", {"workspace": ledger.slug, "set": ["luck"]}),
        ("no workspace", {"workspace": "nobody"}),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("evaluate_policy", **options, stdout=out)


def test_what_was_delivered_counts_until_the_next_round(workspace, now):
    policy_of(workspace)
    google, meta = two_channels(workspace)
    arms = [subject_of(one, ChangeType.BUDGET).key for one in (google, meta)]
    newest = DailyPerformance.objects.latest("day").day
    for back in (5, 4):
        at = now.replace(year=newest.year, month=newest.month, day=newest.day) - timedelta(
            days=back
        )
        states = [state_of(arm, 1_000.0, at) for arm in arms]
        allocate(workspace=workspace, states=states, total_budget=200.0, now=at, seed=1)

    first, second = rounds_of(workspace, since=at - timedelta(days=9), now=at + timedelta(days=7))

    assert first.until == second.at
    assert [first.outcomes[arm].spend for arm in arms] == [100.0, 60.0]
    assert second.outcomes[arms[0]].spend == 400.0  # four days are left
    assert first.total == 200.0
    # A round whose time is not over says nothing yet.
    assert len(rounds_of(workspace, since=at - timedelta(days=9), now=at + timedelta(days=1))) == 1
    with pytest.raises(NotEvaluableError, match="2 rounds"):
        evaluate_policy(workspace=workspace, now=at + timedelta(days=8), other=OtherPolicy())
