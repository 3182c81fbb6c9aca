from __future__ import annotations

import numpy as np
import pytest
import torch

from mlops.engine.learning import ltv, ziln
from mlops.engine.learning.bgnbd import Purchases
from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.leakage import LeakageError
from mlops.engine.learning.shapes import Artefact

SETTINGS = ltv.Settings(seed=3, epochs=6, patience=4)
HELD_OUT = np.arange(4_000) >= 2_000


def users(count: int = 4_000, seed: int = 0):
    """Users of whom few bring something; sessions say whether, and the channel how much."""
    rng = np.random.default_rng(seed)
    rows = {
        "sessions": rng.poisson(4, count).astype(float),
        "minutes": rng.lognormal(2, 1, count),
        "channel": rng.choice(["meta", "tiktok"], count),
        "country": rng.choice(["US", "DE"], count),
    }
    pays = rng.random(count) < 1 / (1 + np.exp(2 - 0.6 * rows["sessions"]))
    logs = rng.normal(np.where(rows["channel"] == "meta", 3.5, 2.0), 0.5)
    return rows, np.where(pays, np.exp(logs), 0.0)


@pytest.fixture(scope="module")
def trained():
    rows, value = users()
    return ltv.train(rows, value, HELD_OUT, SETTINGS)


def test_the_net_meets_all_three_goals_together(trained):
    best = max(one["gini"] for one in trained.baselines.values())

    assert trained.is_better, trained.verdict
    assert trained.metrics["gini"] >= best
    assert 0.85 <= trained.metrics["total_ratio"] <= 1.15
    assert trained.metrics["decile_mape"] <= 0.2
    assert set(trained.baselines) == {"mean by channel × country", "gradient boosting"}
    assert (trained.rows, trained.held_out) == (2_000, 2_000)


def test_one_seed_gives_one_artefact_and_it_is_read_back(trained):
    rows, value = users()
    known = {name: values[:400] for name, values in rows.items()}
    short = ltv.Settings(seed=3, epochs=1)
    once, again = (ltv.fit(known, value[:400], short).artefact() for _ in range(2))

    model = KINDS["ltv"].load(trained.artefact)
    judged = {name: values[HELD_OUT] for name, values in rows.items()}

    assert once.sha256 == again.sha256 != trained.artefact.sha256
    assert ltv.measures(value[HELD_OUT], model.predict(judged)) == trained.metrics
    assert model.artefact().sha256 == trained.artefact.sha256


def test_a_row_is_told_the_same_to_the_last_bit_alone_and_among_others(trained):
    model = KINDS["ltv"].load(trained.artefact)
    rows, _ = users(97)

    together = model.predict(rows)
    alone = [model.predict({n: values[i : i + 1] for n, values in rows.items()}) for i in range(97)]

    assert together.tolist() == np.concatenate(alone).tolist()


def test_reasons_are_what_a_feature_adds_when_it_is_known(trained):
    model = KINDS["ltv"].load(trained.artefact)
    one = {"sessions": [9.0], "minutes": [7.0], "channel": ["meta"], "country": ["US"]}
    rows = {name: np.array(values) for name, values in one.items()}

    (reasons,) = model.reasons(rows)
    unknown = model.predict({**rows, "sessions": np.array([np.nan])})

    assert {name for name, _ in reasons[:2]} == {"sessions", "channel"}
    assert dict(reasons)["sessions"] == pytest.approx((model.predict(rows) - unknown)[0])
    assert dict(reasons)["sessions"] > 0


def test_nothing_is_predicted_beyond_the_largest_value_learnt_from(trained):
    model = KINDS["ltv"].load(trained.artefact)
    one = {"sessions": [1e12], "minutes": [1e12], "channel": ["meta"], "country": ["US"]}

    value = model.predict({name: np.array(values) for name, values in one.items()})

    assert 0 < value[0] <= model.ceiling


def test_purchases_give_one_more_baseline():
    rows, value = users(800)
    rng = np.random.default_rng(5)
    frequency = rng.poisson(1, 800).astype(float)
    mean = np.where(frequency > 0, rng.gamma(6, 5, 800), 0)
    bought = Purchases(frequency, np.where(frequency > 0, 20.0, 0.0), np.full(800, 30.0), mean)
    short = ltv.Settings(epochs=1)

    found = ltv.train(rows, value, np.arange(800) >= 500, short, ltv.Told(bought, 26.0))

    assert found.baselines["BG/NBD + Gamma-Gamma"]["total_ratio"] > 0


def test_a_planted_leak_stops_the_training():
    rows, value = users(800)

    with pytest.raises(LeakageError, match="revenue tells the target"):
        ltv.train({**rows, "revenue": value * 1.2}, value, np.arange(800) >= 500, SETTINGS)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (np.zeros(800), "500 users to learn from, 0 of them with value"),
        (np.full(800, -1.0), "not negative"),
        (np.full(800, np.nan), "must be known"),
    ],
)
def test_values_that_teach_nothing_are_refused(value, why):
    with pytest.raises(ValueError, match=why):
        ltv.train(users(800)[0], value, np.arange(800) >= 500, SETTINGS)


@pytest.mark.parametrize(
    ("gini", "ratio", "deciles", "noise", "is_better", "why"),
    [
        (0.59, 1.0, 0.1, 0.1, False, "boosting ranks better (Gini 0.600 against 0.590)"),
        (0.60, 1.2, 0.1, 0.1, False, "1.20 times what came in all"),
        (0.60, 1.0, 0.3, 0.25, False, "deciles are off by 30 % on average, more than 20 %"),
        (0.60, 1.0, 0.2, 0.1, True, "and its deciles are off by 20 %."),
        (0.60, 1.0, 0.3, 0.35, True, "off by 30 %, no more than chance gives on so few users."),
        (0.60, 1.0, 0.6, 0.9, False, "up to 90 % on so few users with value, too much to tell"),
    ],
)
def test_the_verdict_needs_rank_sum_and_deciles(gini, ratio, deciles, noise, is_better, why):
    found = {"gini": gini, "total_ratio": ratio, "decile_mape": deciles}

    verdict = ltv.judge(found, {"mean": {"gini": 0.1}, "boosting": {"gini": 0.6}}, noise)

    assert verdict[0] is is_better
    assert why in verdict[1]


@pytest.mark.parametrize("data", [b"", b"not a model", (2).to_bytes(8, "little") + b"{}"])
def test_what_is_no_ltv_model_is_refused(data):
    with pytest.raises(ValueError, match="not an ltv model"):
        ltv.load(Artefact("safetensors", data))


def test_the_loss_is_the_likelihood_of_zero_or_a_lognormal():
    told = torch.tensor([[0.3, 1.0, 0.2], [-1.0, 0.5, 0.7]])
    values = torch.tensor([4.0, 0.0])
    share = torch.sigmoid(told[:, 0])
    spread = torch.nn.functional.softplus(told[0, 2]) + 1e-3
    lognormal = torch.distributions.LogNormal(told[0, 1], spread)

    # Less the constant ln √2π, which no weight changes.
    paid = -torch.log(share[0]) - lognormal.log_prob(values[0])
    paid -= 0.5 * torch.log(torch.tensor(2 * torch.pi))
    expected = (paid - torch.log(1 - share[1])) / 2

    assert float(ziln.loss(told, values)) == pytest.approx(float(expected), abs=1e-5)
