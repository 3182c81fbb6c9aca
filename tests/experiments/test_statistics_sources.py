"""Comparisons against printed figures and independent implementations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from experiments.engine.statistics import ArmStatistics, compare, two_proportions
from tests.experiments.arms import arm_of, units

A, B = ArmStatistics(3407, 1396.87, 52377.9767), ArmStatistics(3461, 2422.7, 134698.29)
SHORT_A = ArmStatistics(3000, 1396.87, 52377.9767)
TEN_A, TEN_B = ArmStatistics(10, 100, 1002.25), ArmStatistics(10, 105, 1111.5)
ADJUSTED_A = ArmStatistics(
    3000, 1396.87, 52377.9767, covariate_sum=16.87, covariate_sum_squares=527.9767,
    sum_covariate_product=1,
)  # fmt: skip
ADJUSTED_B = ArmStatistics(
    3461, 2422.7, 134698.29, covariate_sum=22.7, covariate_sum_squares=1348.29,
    sum_covariate_product=1,
)  # fmt: skip
ABSOLUTE, MEAN = {"effect": "absolute"}, {"metric": "mean"}
VALID = {"method": "always_valid"}

# growthbook/growthbook (MIT), packages/stats/tests at 8f1db445: figures to five digits.
PRINTED = {
    "welch, relative": (A, B, MEAN, (0.70732, -0.03526, 1.44989, 0.37879, 0.06191)),
    "welch, absolute": (A, B, MEAN | ABSOLUTE, (0.29, 0.04538, 0.53462, 0.12478, 0.02016)),
    "proportion": (
        ArmStatistics(28, 14), ArmStatistics(30, 16), {},
        (0.06667, -0.47767, 0.61101, 0.2717, 0.80707),
    ),
    "always valid": (
        SHORT_A, B, MEAN | VALID | {"tuning": 1000}, (0.50336, -0.55844, 1.56516, 0.33341, 1.0),
    ),
    "always valid, proportion": (
        ArmStatistics(3000, 1396), ArmStatistics(3461, 2422), VALID,
        (0.50386, 0.40098, 0.60675, 0.03386, 0.0),
    ),
    "always valid, adjusted": (
        ADJUSTED_A, ADJUSTED_B, MEAN | VALID, (0.50338, -0.50969, 1.51646, 0.33341, 1.0),
    ),
    "greater": (
        SHORT_A, B, MEAN | {"alternative": "greater"},
        (0.50336, -0.04514, np.inf, 0.33341, 0.06558),
    ),
    "greater, absolute": (
        SHORT_A, B, MEAN | ABSOLUTE | {"alternative": "greater"},
        (0.23438, 0.02079, np.inf, 0.12983, 0.03554),
    ),
    "less": (
        SHORT_A, B, MEAN | {"alternative": "less"},
        (0.50336, -np.inf, 1.05186, 0.33341, 0.93442),
    ),
    "less, absolute": (
        SHORT_A, B, MEAN | ABSOLUTE | {"alternative": "less"},
        (0.23438, -np.inf, 0.44796, 0.12983, 0.96446),
    ),
}  # fmt: skip
PRINTED_BOUNDS = {
    "greater": ("ci_low", {}, -0.42356454602790883),
    "greater, absolute": ("ci_low", ABSOLUTE, -0.12656844172804982),
    "less": ("ci_high", {}, 1.4302867177403806),
    "less, absolute": ("ci_high", ABSOLUTE, 0.5953217750613832),
}
PRINTED_BELIEFS = {
    "proportion": (
        ArmStatistics(100, 49), ArmStatistics(100, 51), {},
        (0.04082, -0.24779, 0.32943, 0.14725, 0.60918, 0.04058, 0.0814),
    ),
    "mean": (TEN_A, TEN_B, MEAN, (0.05, -0.02, 0.12, 0.03572, 0.91923, 0.00131, 0.05131)),
    "mean with a prior": (
        TEN_A, TEN_B, MEAN | {"prior": (0.1, 0.1**0.5)},
        (0.05063, -0.01893, 0.12019, 0.03549, 0.92315, 0.00123, 0.05186),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PRINTED)
def test_figures_that_growthbook_prints(name):
    control, treatment, words, (effect, low, high, error, p_value) = PRINTED[name]

    found = compare(control, treatment, **words)

    assert (found.effect, found.standard_error) == pytest.approx((effect, error), abs=5.1e-6)
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=5.1e-6)
    assert found.p_value == pytest.approx(p_value, abs=5.1e-6)


@pytest.mark.parametrize("name", PRINTED_BOUNDS)
def test_one_sided_bounds_at_any_time_that_growthbook_prints(name):
    field, words, printed = PRINTED_BOUNDS[name]

    found = compare(SHORT_A, B, alternative=name.partition(",")[0], **MEAN, **VALID, **words)

    assert getattr(found, field) == pytest.approx(printed, abs=1e-12)


@pytest.mark.parametrize("name", PRINTED_BELIEFS)
def test_beliefs_that_growthbook_prints(name):
    control, treatment, words, printed = PRINTED_BELIEFS[name]

    found = compare(control, treatment, method="bayesian", **words)

    assert (
        found.effect, found.ci_low, found.ci_high, found.standard_error, found.chance_to_win,
        found.risk_ship, found.risk_keep,
    ) == pytest.approx(printed, abs=5.1e-6)  # fmt: skip
    assert found.p_value is None


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("seed", range(4))
def test_absolute_means_agree_with_scipy_and_statsmodels(seed, alternative):
    rng = np.random.default_rng(seed)
    a = rng.lognormal(1, 1, rng.integers(5, 400))
    b = rng.lognormal(1.1, 0.8, rng.integers(5, 400))

    found = compare(arm_of(a), arm_of(b), metric="mean", effect="absolute", alternative=alternative)

    theirs = stats.ttest_ind(b, a, equal_var=False, alternative=alternative)
    interval = theirs.confidence_interval(0.95)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    word = {"two-sided": "two-sided", "greater": "larger", "less": "smaller"}[alternative]
    means = CompareMeans(DescrStatsW(b), DescrStatsW(a))
    bounds = means.tconfint_diff(alternative=word, usevar="unequal")
    assert (found.ci_low, found.ci_high) == pytest.approx(bounds, rel=1e-9)


def test_tails_reach_below_the_smallest_difference_of_ones():
    """One minus a distribution function ends at 1e-16; the page's colleagues show that as 0."""
    found = compare(ArmStatistics(1e6, 50_000), ArmStatistics(1e6, 60_000), effect="absolute")

    t, degrees = 0.01 / found.standard_error, 1_981_000
    assert found.p_value == pytest.approx(2 * stats.t.sf(t, degrees), rel=0.01)
    assert 0 < found.p_value < 1e-200


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize(("a", "b"), [((10, 100), (23, 120)), ((900, 9_000), (850, 9_100))])
def test_pooled_z_agrees_with_statsmodels(a, b, alternative):
    (s_a, n_a), (s_b, n_b) = a, b

    found = two_proportions(
        ArmStatistics(n_a, s_a), ArmStatistics(n_b, s_b), alternative=alternative
    )

    word = {"two-sided": "two-sided", "greater": "larger", "less": "smaller"}[alternative]
    z, p_value = proportions_ztest([s_b, s_a], [n_b, n_a], alternative=word)
    assert (found.z, found.p_value) == pytest.approx((z, p_value), rel=1e-9)


def by_hand(a, b, metric):
    """Relative effect and its variance, from raw units and gradients, as they come."""

    def figures(arm):
        m, d = arm["amount"], arm["visits"]
        if metric == "mean":
            return m.mean(), m.var(ddof=1) / len(m)
        gradient = np.array([1 / d.mean(), -m.mean() / d.mean() ** 2])
        return m.mean() / d.mean(), gradient @ np.cov(m, d) @ gradient / len(m)

    (m_a, v_a), (m_b, v_b) = figures(a), figures(b)
    gradient = np.array([-m_b / m_a**2, 1 / m_a])
    return m_b / m_a - 1, gradient @ np.diag([v_a, v_b]) @ gradient, v_a, v_b


@pytest.mark.parametrize("metric", ["mean", "ratio"])
@pytest.mark.parametrize("seed", range(4))
def test_relative_effects_agree_with_gradients_over_raw_units(seed, metric):
    a, b = units(seed, 300), units(seed + 50, 340, lift=0.1)
    below = (a["visits"], b["visits"]) if metric == "ratio" else (None, None)

    found = compare(arm_of(a["amount"], below[0]), arm_of(b["amount"], below[1]), metric=metric)

    effect, variance, v_a, v_b = by_hand(a, b, metric)
    degrees = (v_a + v_b) ** 2 / (v_a**2 / 299 + v_b**2 / 339)
    width = stats.t.ppf(0.975, degrees) * np.sqrt(variance)
    assert found.effect == pytest.approx(effect, rel=1e-9)
    assert found.standard_error == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert (found.ci_low, found.ci_high) == pytest.approx((effect - width, effect + width))
    assert found.p_value == pytest.approx(
        2 * stats.t.sf(abs(effect) / np.sqrt(variance), degrees), rel=1e-8
    )


@pytest.mark.parametrize("seed", range(4))
def test_adjusted_means_agree_with_a_regression_over_raw_units(seed):
    a, b = units(seed, 300), units(seed + 50, 340, lift=0.1)

    found = compare(
        arm_of(a["amount"], before=a["before"]), arm_of(b["amount"], before=b["before"]),
        metric="mean", effect="absolute",
    )  # fmt: skip

    y, x = (np.concatenate([a[key], b[key]]) for key in ("amount", "before"))
    slope = stats.linregress(x, y).slope
    own = [arm["amount"] - slope * arm["before"] for arm in (a, b)]
    theirs = stats.ttest_ind(own[1], own[0], equal_var=False)
    assert found.effect == pytest.approx(own[1].mean() - own[0].mean(), rel=1e-9)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-8)


def test_an_adjusted_relative_effect_stands_over_the_plain_control():
    a, b = units(1, 300), units(51, 340, lift=0.1)

    found = compare(
        arm_of(a["amount"], before=a["before"]), arm_of(b["amount"], before=b["before"]),
        metric="mean",
    )  # fmt: skip

    y, x = (np.concatenate([a[key], b[key]]) for key in ("amount", "before"))
    slope = stats.linregress(x, y).slope
    own = [arm["amount"] - slope * arm["before"] for arm in (a, b)]
    m_a, m_b = a["amount"].mean(), b["amount"].mean()
    v_a, v_b = (values.var(ddof=1) for values in own)
    assert found.effect == pytest.approx((own[1].mean() - own[0].mean()) / m_a, rel=1e-9)
    assert found.standard_error**2 == pytest.approx(
        v_b / (m_a**2 * 340) + v_a * m_b**2 / (m_a**4 * 300), rel=1e-9
    )


def test_the_sequence_by_the_equation():
    """Figures of the equation, put down step by step."""
    found = compare(A, B, metric="mean", effect="absolute", method="always_valid", alpha=0.1)

    level = -2 * np.log(0.1)
    rho2 = (level + np.log(level + 1)) / 5000
    n, variance = 3407 + 3461, found.standard_error**2
    k = n * rho2 + 1
    width = np.sqrt(variance * n) * np.sqrt(2 * k * np.log(np.sqrt(k) / 0.1) / (n**2 * rho2))
    assert found.ci_high - found.effect == pytest.approx(width, rel=1e-12)
    p_value = np.sqrt(k) * np.exp(-rho2 * 0.29**2 * n / variance / (2 * k))
    assert found.p_value == pytest.approx(min(1, p_value), rel=1e-9)


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_the_p_value_at_any_time_is_the_level_whose_bound_is_zero(alternative):
    """With the mixture of the level asked for: only the bound's own level moves."""
    words = {"metric": "mean", "effect": "absolute", "method": "always_valid"}
    control, treatment = ArmStatistics(900, 450.0, 900.0), ArmStatistics(900, 600.0, 1300.0)
    found = compare(control, treatment, alternative=alternative, **words)
    k = 1800 * _rho2(0.05 if alternative == "two-sided" else 0.1) + 1
    scale = found.standard_error * np.sqrt(2 * k / (k - 1))

    ratio = np.sqrt(k) / found.p_value
    log = np.log(ratio) if alternative == "two-sided" else np.log1p(ratio / 2)

    assert found.effect == pytest.approx(scale * np.sqrt(log), rel=1e-9)
    assert found.p_value < 0.05


def _rho2(alpha):
    level = -2 * np.log(alpha)
    return (level + np.log(level + 1)) / 5000
