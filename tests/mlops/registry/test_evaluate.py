"""One table of how each model stands."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from mlops.engine.budget import splits
from mlops.engine.budget.contest import SOLVER
from mlops.engine.learning.criteria import CRITERIA, Judged
from mlops.engine.learning.kinds import KINDS
from mlops.selectors.evaluation import evaluation_of
from mlops.services.registry.adding import add_version
from tests.mlops.registry.steps import champion, trained, version_of

pytestmark = pytest.mark.django_db


def _as(kind, metrics, baselines, *, is_better=True):
    return replace(trained(), kind=kind, metrics=metrics, baselines=baselines, is_better=is_better)


def _lines(workspace):
    return {(line.model, line.by, line.measure): line for line in evaluation_of(workspace)}


def test_every_kind_has_its_criteria():
    assert set(CRITERIA) == set(KINDS)


def test_what_serves_is_shown_and_else_the_newest(workspace, now, django_assert_num_queries):
    serving = version_of(workspace, now)
    champion(serving, now)
    version_of(workspace, now, meta=2.0)
    found = {"auc": 0.83, "f1": 0.61, "ece": 0.01}
    plain = {"logistic regression": {"auc": 0.82}, "guess": {"auc": 0.5}}
    add_version(workspace=workspace, trained=_as("churn", found, plain), now=now)
    worse = _as("churn", found | {"auc": 0.81}, plain, is_better=False)
    add_version(workspace=workspace, trained=worse, now=now)

    with django_assert_num_queries(1):
        lines = _lines(workspace)

    mean = lines["roi_mean", "ours", "Mean absolute error"]
    assert (mean.version, mean.stage, mean.is_met) == (1, "Champion", True)
    assert mean.beside.startswith("one mean for all ")
    churn = lines["churn", "ours", "AUC"]
    assert (churn.version, churn.stage, churn.found, churn.is_met) == (2, "Challenger", 0.81, False)
    assert churn.beside == "logistic regression 0.8200"
    assert [lines["churn", "the customer's", name].is_met for name in ("AUC", "F1")] == [
        False, False,
    ]  # fmt: skip
    none = lines["ltv", "the customer's", "RMSE"]
    assert (none.version, none.found, none.is_met) == (None, None, False)


@pytest.mark.parametrize(
    ("kind", "metrics", "met"),
    [
        ("churn", {"auc": 0.83, "f1": 0.76}, [True, True]),
        ("churn", {"auc": 0.82, "f1": 0.75}, [False, False]),
        ("ltv", {"rmse": 2.49}, [True]),
        ("ltv", {"rmse": 2.50}, [False]),
        ("forecast", {"mape": 0.119}, [True]),
        ("forecast", {"mape": 0.12}, [False]),
    ],
)
def test_customers_figures(kind, metrics, met):
    judged = Judged(metrics, {}, is_better=True)

    wishes = CRITERIA[kind].wishes

    assert [wish.is_met(wish.found(judged)) for wish in wishes] == met
    assert CRITERIA[kind].best_plain(judged) is None


def test_the_optimiser_that_serves_is_held_against_the_present_plan():
    (wish,) = CRITERIA["budget"].wishes
    plain = {SOLVER: {"of_solver_rough": 1.0}, splits.PRESENT: {"of_solver_rough": 0.9}}
    learnt = {"of_solver_rough": 1.05}

    solver, policy = (wish.found(Judged(learnt, plain, is_better=one)) for one in (False, True))

    assert solver == pytest.approx(1 / 0.9 - 1)
    assert policy == pytest.approx(1.05 / 0.9 - 1)
    assert wish.is_met(0.08)
    assert not wish.is_met(0.079)
    assert wish.found(Judged({}, {}, is_better=False)) is None


def test_the_command_prints_a_table_or_json(workspace, now):
    version_of(workspace, now)
    table, text = StringIO(), StringIO()

    call_command("evaluate", workspace="acme", stdout=table)
    call_command("evaluate", workspace="acme", format="json", stdout=text)

    said = table.getvalue()
    assert "1 (challenger)" in said
    assert "the customer's: < 2.50" in said
    assert "none yet" in said
    lines = json.loads(text.getvalue())
    assert {line["model"] for line in lines} == set(KINDS)
    assert [line["is_met"] for line in lines if line["model"] == "roi_mean"] == [True]
    with pytest.raises(CommandError, match="There is no workspace"):
        call_command("evaluate", workspace="nobody")
