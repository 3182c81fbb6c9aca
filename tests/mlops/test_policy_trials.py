"""Trials of other policies: asked on their page, worked off, told, and refused."""

from __future__ import annotations

import pytest

from mlops.engine.arms import AdState, SamplerPolicy
from mlops.engine.plain_splits import split_plainly
from mlops.models import PolicyTrial, TrialState
from mlops.services.policy_asking import Asked, AskedError, read_asked
from mlops.services.policy_trials import POLICY_JOB
from tests.mlops.ledgers import ledger_of
from tests.workspaces.factories import MembershipFactory
from workspaces.models import JobConfig, JobRun, JobState
from workspaces.services.jobs import perform

PAGE = "/models/budget/policies/"


@pytest.fixture
def ledger(workspace, now):
    return ledger_of(workspace, now)


def try_it(client, workspace, **form):
    return client.post(f"{PAGE}try/", {"workspace": str(workspace.public_id), **form}, follow=True)


def worked_off(now):
    run = JobRun.objects.get(name=POLICY_JOB, state=JobState.QUEUED)
    return perform(run_id=run.pk, clock=lambda: now)


def test_trial_is_asked_worked_off_and_told(
    ledger, operator, viewer, client_as, now, django_assert_max_num_queries
):
    client = client_as(operator)
    page = try_it(client, ledger, policy="proportional", days="60").text
    assert "The trial waits for a worker." in page
    assert "Proportional to ROAS" in page

    run = worked_off(now)

    trial = PolicyTrial.objects.get()
    assert (run.state, run.counts, trial.state) == (JobState.DONE, {"trials": 1}, TrialState.DONE)
    assert trial.results["rounds"] == 39
    assert client.get(f"{PAGE}run/")["HX-Refresh"] == "true"
    house = client_as(viewer)
    house.get(PAGE)
    with django_assert_max_num_queries(12):
        page = house.get(PAGE).text
    logged, low, high = trial.results["estimates"]["logged"]
    assert f"<strong>{logged:.2f}</strong>" in page
    assert f"{low:.2f} to {high:.2f}" in page
    assert "39 of 40 allocations count" in page
    assert f"Revenue per 1 {ledger.currency} spent" in page
    assert page.count('data-label="Brings"') == 4
    assert "An operator can start a trial." in page


def test_more_money_to_the_better_arm_is_told_as_more(ledger, operator, client_as, now):
    client = client_as(operator)
    try_it(client, ledger, policy="greedy", estimator="ips")
    worked_off(now)

    page = client.get(PAGE).text

    gain, low, _ = PolicyTrial.objects.get().results["estimates"]["ips_gain"]
    assert low > 0
    assert f"spent, {gain:.2f} more than the" in page
    assert "So it is better by the ledger." in page


def test_the_same_policy_gains_nothing_and_a_version_may_be_named(ledger, operator, client_as, now):
    client = client_as(operator)
    try_it(client, ledger, policy="version-1")
    worked_off(now)

    trial = PolicyTrial.objects.get()
    assert trial.results["money_moved"] == 0.0
    assert trial.results["decided_otherwise"] == 0
    assert "Safety policy, version 1" in client.get(PAGE).text
    assert try_it(client, ledger, policy="version-9").status_code == 400


def test_a_ledger_too_short_says_what_it_lacks(workspace, operator, client_as, now):
    ledger_of(workspace, now, days=5)
    client = client_as(operator)
    try_it(client, workspace, policy="equal")
    worked_off(now)

    assert PolicyTrial.objects.get().state == TrialState.REFUSED
    page = client.get(PAGE).text
    assert "There are 4 rounds whose outcome is known; 30 are the least." in page
    assert "The ledger cannot tell" in page


def test_without_a_ledger_the_page_says_what_to_do(workspace, viewer, client_as):
    page = client_as(viewer).get(PAGE).text

    assert "The sampler has no ledger yet." in page
    assert 'href="/campaigns/accounts/"' in page
    assert "<form" not in page.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"policy": "luck"}, "Policy"),
        ({"policy": "values"}, "Policy: Change at least one value"),
        ({"policy": "equal", "days": "0"}, "Days: Give a number from 7 to 365"),
        ({"policy": "equal", "estimator": "guess"}, "Estimator"),
        ({"policy": "values", "max_budget_change": "x"}, "Largest change of a budget: Give"),
        ({"policy": "values", "kill_pipeline_roas": "nan"}, "Kill below a ROAS of: Give"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_field(ledger, operator, client_as, form, field):
    answer = try_it(client_as(operator), ledger, **form)

    assert answer.status_code == 400
    assert field in answer.text
    assert not PolicyTrial.objects.exists()
    assert not JobRun.objects.filter(name=POLICY_JOB).exists()


def test_roles_and_other_workspaces_are_refused(
    ledger, viewer, operator, other_workspace, client_as, now
):
    refused = try_it(client_as(viewer), ledger, policy="equal")
    assert (refused.status_code, PolicyTrial.objects.count()) == (403, 0)
    client = client_as(operator)
    try_it(client, ledger, policy="equal")
    trial = PolicyTrial.objects.get()

    stranger = client_as(MembershipFactory(workspace=other_workspace, role="admin").user)
    assert stranger.get(f"{PAGE}{trial.public_id}/").status_code == 404
    assert "Equal split</a>" not in stranger.get(PAGE).text


def test_a_job_that_is_off_is_said_and_nothing_is_asked(ledger, operator, client_as):
    JobConfig.objects.update_or_create(
        workspace=ledger, name=POLICY_JOB, defaults={"is_enabled": False}
    )

    assert "switched off" in try_it(client_as(operator), ledger, policy="equal").text
    assert not PolicyTrial.objects.exists()


def test_options_are_in_the_units_of_the_form():
    asked = read_asked(
        {"policy": "values", "max_budget_change": "30", "most_evidence": ""}, frozenset()
    )

    assert asked.options == {"max_budget_change": 0.3}
    assert asked.name == "Sampler: largest change of a budget 30 %"
    assert Asked.from_json(asked.as_json()) == asked
    with pytest.raises(AskedError, match="no such version"):
        read_asked({"policy": "version-2"}, frozenset({1}))


def arm(name, value, budget=100.0):
    return AdState(
        ad_id=name, impressions=1_000, clicks=10, spend=100, pipeline_value=value,
        cash_revenue=None, age_hours=200, daily_budget=budget,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "values", "budgets"),
    [
        ("equal", (100.0, 900.0), [100.0, 100.0]),
        ("proportional", (300.0, 500.0), [75.0, 125.0]),
        ("greedy", (300.0, 500.0), [50.0, 150.0]),
        ("greedy", (500.0, 500.0), [100.0, 100.0]),
        ("proportional", (0.0, 0.0), [100.0, 100.0]),
        ("proportional", (None, 500.0), [50.0, 150.0]),
    ],
)
def test_plain_splits_keep_the_limits_of_a_decision(rule, values, budgets):
    states = [arm(name, value) for name, value in zip("ab", values, strict=True)]

    found = split_plainly(states, 200.0, rule, "pipeline", SamplerPolicy())

    assert found.tolist() == pytest.approx(budgets)
