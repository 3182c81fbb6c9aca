"""The learnt policy: trained by seed, kept as bytes, shown beside the solver or serving."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import time_machine

from mlops.engine.budget.nets import ValueNet, load, write
from mlops.engine.budget.state import FEATURES
from mlops.engine.budget.training import KIND, Settings, recommended, train
from mlops.engine.learning.shapes import Artefact, Trained
from mlops.services.budget.asking import read_asked
from mlops.services.budget.planning import plan_budget
from mlops.services.registry.adding import add_version
from mlops.services.training import TooLittleError, train_model
from tests.mlops.budget.curves import PRESENT, learnt
from tests.mlops.budget.steps import NOW, learnt_fit
from tests.mlops.registry.steps import champion


def net_that(action):
    """Always the same action."""
    values = np.zeros(10)
    values[action] = 1.0
    layers = ((np.zeros((8, 20)), np.zeros(8)), (np.zeros((10, 8)), values))
    return ValueNet(layers, np.zeros(20))


def version_that(workspace, action, *, is_better):
    net = net_that(action)
    figures = {"of_solver_calm": 0.97, "of_solver_rough": 1.02}
    trained = Trained(
        kind=KIND, artefact=write(net), features=net.features, metrics=figures,
        baselines={"exact solver": dict.fromkeys(figures, 1.0)}, is_better=is_better,
        verdict="It does what it does.", rows=1, held_out=1,
    )  # fmt: skip
    return add_version(workspace=workspace, trained=trained, now=NOW)


def test_the_same_seed_gives_the_same_bytes_and_a_fair_account():
    models = {"revenue": learnt()}
    settings = Settings(seed=3, steps=300, months=2)

    first, again = train(models, settings), train(models, settings)

    assert first.artefact.sha256 == again.artefact.sha256
    assert first.features == FEATURES
    assert first.baselines["exact solver"] == {"of_solver_calm": 1.0, "of_solver_rough": 1.0}
    assert "of the exact solver's revenue where the curves hold" in first.verdict
    assert load(first.artefact).predict({name: np.zeros(2) for name in FEATURES}).shape == (2, 10)


def test_a_net_comes_back_as_it_was_and_gives_reasons():
    rng = np.random.default_rng(1)
    layers = (
        (rng.normal(size=(6, 20)), rng.normal(size=6)),
        (rng.normal(size=(10, 6)), np.ones(10)),
    )
    artefact = write(ValueNet(layers, np.zeros(20)))
    net = load(artefact)
    rows = {name: np.array([0.5]) for name in FEATURES}

    assert write(net).data == artefact.data
    (reasons,) = net.reasons(rows)
    assert {name for name, _ in reasons} == set(FEATURES)
    assert abs(reasons[0][1]) == max(abs(size) for _, size in reasons)


@pytest.mark.parametrize("data", [b"", b"\x00" * 40, write(net_that(0)).data[:-8]])
def test_bytes_that_are_no_policy_are_refused(data):
    with pytest.raises(ValueError, match="no budget policy"):
        load(Artefact("safetensors", data))


def test_a_months_moves_become_shares():
    shares = recommended(net_that(2), {"revenue": learnt()})

    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["meta"] > PRESENT["meta"] / 160  # the second place got a tenth more each day


@pytest.mark.django_db
def test_it_is_shown_beside_the_solver_until_it_is_promoted(workspace, approver):
    fit, asked = learnt_fit(workspace), read_asked({}, PRESENT)
    version = version_that(workspace, 2, is_better=True)

    beside = plan_budget(fit=fit, asked=asked, now=NOW)
    champion(version, NOW - timedelta(hours=1), approver)
    serving = plan_budget(fit=fit, asked=asked, now=NOW)

    name = "learnt policy, version 1"
    assert beside.method == "exact solver"
    assert next(one for one in beside.rivals if one.name == name).why_not == "It does what it does."
    assert serving.method == name
    assert [one.name for one in serving.rivals if one.serves] == [name]
    assert sum(line.recommended for line in serving.lines) == asked.total
    assert serving.lines != beside.lines


@pytest.mark.django_db
def test_training_needs_curves_that_were_learnt(workspace):
    with (
        time_machine.travel(NOW, tick=False),
        pytest.raises(TooLittleError, match="There are no response curves yet"),
    ):
        train_model(workspace=workspace, name=KIND, now=NOW)
