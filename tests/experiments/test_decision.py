"""Ship, stop or go on: each way out, and what each of them needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.engine.decision import (
    Code,
    Decision,
    Progress,
    cost_of_waiting,
    decide,
)
from experiments.engine.statistics import ArmStatistics, compare
from experiments.engine.verdicts import Guardrail, Reading, Rule

VALID = Rule(method="always_valid", minimum_effect=0.10, planned_units=20_000)
FIXED = replace(VALID, method="fixed")
BAYES = replace(VALID, method="bayesian")
RUN = Progress(days=8, control_units=10_000)


def reading(rate, *, control=0.10, units=10_000, method="always_valid", guardrails=(), name="b"):
    arms = ArmStatistics(units, control * units), ArmStatistics(units, rate * units)
    return Reading(
        variant=name,
        units=units,
        primary=compare(*arms, method=method, effect="absolute"),
        bound=compare(*arms, method="always_valid", effect="absolute"),
        lift=compare(*arms, method="always_valid"),
        guardrails=tuple(guardrails),
    )


def guardrail(rate, key="refunds", **words):
    arms = ArmStatistics(10_000, 1_000), ArmStatistics(10_000, 10_000 * rate)
    bound, lift = (
        compare(*arms, method="always_valid", effect=effect) for effect in ("absolute", "relative")
    )
    return Guardrail(key, bound, lift, **words)


def test_nothing_is_believed_while_the_split_is_off():
    found = decide([reading(0.15)], VALID, replace(RUN, sample_ratio_p=0.0009))

    assert found == Decision("gated", None, (Code.SAMPLE_RATIO,))


def test_a_cleared_bound_ships_after_a_week():
    assert decide([reading(0.15)], VALID, RUN) == Decision("ship", "b", (Code.BOUND_CLEARED,))
    assert decide([reading(0.15)], VALID, replace(RUN, days=6)) == Decision(
        "keep_running", None, (Code.TOO_FEW_DAYS,)
    )


@pytest.mark.parametrize("rule", [FIXED, BAYES])
def test_other_methods_ship_at_the_planned_size_only(rule):
    early = reading(0.15, method=rule.method)
    complete = reading(0.15, method=rule.method, units=20_000)

    assert decide([early], rule, RUN) == Decision("keep_running", None, (Code.BEFORE_PLANNED_SIZE,))
    assert decide([complete], rule, replace(RUN, control_units=20_000)) == Decision(
        "ship", "b", (Code.SHOWN_AT_PLANNED_SIZE,)
    )
    # One arm alone is not the planned size.
    assert decide([complete], rule, RUN).action == "keep_running"


def test_the_longest_run_ends_a_fixed_test_too():
    found = decide([reading(0.15, method="fixed")], FIXED, replace(RUN, days=14))

    assert found == Decision("ship", "b", (Code.SHOWN_AT_PLANNED_SIZE,))


def test_harm_stops_before_the_week_is_over():
    found = decide([reading(0.05, method="fixed")], FIXED, replace(RUN, days=1))

    assert found == Decision("stop_harm", "b", (Code.PRIMARY_HARMED,))


def test_too_few_units_are_judged_in_no_way():
    found = decide([reading(0.02, control=0.9, units=99)], VALID, replace(RUN, control_units=99))

    assert found == Decision("keep_running", None, (Code.TOO_FEW_UNITS,))


def test_a_harmed_guardrail_outweighs_a_win():
    found = decide([reading(0.15, guardrails=[guardrail(0.06)])], VALID, RUN)

    assert found == Decision("stop_harm", "b", (Code.GUARDRAIL_HARMED,), ("refunds",))


def test_what_a_guardrail_tolerates_and_which_way_it_suffers():
    def action(rate, **words):
        return decide([reading(0.15, guardrails=[guardrail(rate, **words)])], VALID, RUN).action

    assert action(0.06, margin=0.4) == "ship"
    assert action(0.06, more_is_better=False) == "ship"
    assert action(0.15, more_is_better=False) == "stop_harm"


def test_less_may_be_better():
    rule = replace(VALID, more_is_better=False)

    assert decide([reading(0.05)], rule, RUN) == Decision("ship", "b", (Code.BOUND_CLEARED,))
    assert decide([reading(0.15)], rule, RUN).codes == (Code.PRIMARY_HARMED,)
    bayes = replace(rule, method="bayesian", planned_units=10_000)
    assert decide([reading(0.05, method="bayesian")], bayes, RUN).action == "ship"


def test_futility_where_the_effect_worth_having_is_excluded():
    rule, run = VALID, Progress(days=8, control_units=1_000_000)

    assert decide([reading(0.1, units=1_000_000)], rule, run) == Decision(
        "stop_futility", None, (Code.BELOW_MINIMUM,)
    )
    assert decide([reading(0.1)], rule, RUN) == Decision("keep_running", None, (Code.NOT_CLEARED,))


def test_a_fixed_test_ends_at_its_size_and_any_test_with_its_time():
    planned = replace(FIXED, planned_units=10_000)

    assert decide([reading(0.1, method="fixed")], planned, RUN) == Decision(
        "stop_futility", None, (Code.NOTHING_SHOWN,)
    )
    assert decide([reading(0.1)], VALID, replace(RUN, days=14)) == Decision(
        "stop_time_up", None, (Code.TIME_UP,)
    )


def test_the_best_of_several_variants_ships_and_they_share_the_error():
    several = [reading(0.14, name="b"), reading(0.15, name="c"), reading(0.1, name="d")]
    assert decide(several, VALID, RUN) == Decision("ship", "c", (Code.BOUND_CLEARED,))

    close = reading(0.1095, method="fixed")
    rule = replace(FIXED, planned_units=10_000)
    assert close.primary.p_value == pytest.approx(0.0288, abs=0.001)
    assert decide([close], rule, RUN).action == "ship"
    assert decide([close, reading(0.1, method="fixed", name="c")], rule, RUN).action != "ship"


def test_a_winner_ships_beside_a_variant_that_does_harm():
    found = decide([reading(0.05, name="b"), reading(0.15, name="c")], VALID, RUN)

    assert found == Decision("ship", "c", (Code.BOUND_CLEARED,))


def test_a_bayesian_rule_may_bound_the_expected_loss():
    rule = replace(BAYES, planned_units=10_000, alpha=0.2)
    one = reading(0.1035, method="bayesian")
    assert one.primary.risk_ship == pytest.approx(0.0005, abs=0.0001)

    run = replace(RUN, control_units=10_000)
    assert decide([reading(0.1045, method="bayesian")], rule, run).action == "ship"
    assert decide([one], replace(rule, alpha=0.3, most_risk=0.0001), run).action != "ship"
    assert decide([one], replace(rule, alpha=0.3, most_risk=0.001), run).action == "ship"


def test_what_cannot_be_computed_decides_nothing():
    found = decide([reading(0.0, units=200)], VALID, replace(RUN, control_units=200))

    assert found == Decision("keep_running", None, (Code.NOT_CLEARED, Code.NOT_COMPUTABLE))


def test_what_waiting_costs():
    """1,000 a day, half of them see A, B brings 0.02 more of what is worth 14."""
    assert cost_of_waiting(0.02, 1_000, 0.5, value=14) == pytest.approx(140)
    assert cost_of_waiting(-0.02, 1_000, 0.25, value=14) == pytest.approx(70)
    with pytest.raises(ValueError, match="treatment_share"):
        cost_of_waiting(0.1, 10, 1.5)


def test_nonsense_is_refused_by_name():
    with pytest.raises(ValueError, match="readings must"):
        decide([], VALID, RUN)
    with pytest.raises(ValueError, match="minimum_effect must"):
        decide([reading(0.1)], replace(VALID, minimum_effect=0.0), RUN)


def test_watched_daily_an_even_test_is_rarely_shipped_or_stopped_for_harm():
    """120 tests without an effect, decided upon every day."""
    rng, rule, ends = np.random.default_rng(3), VALID, []
    days = rng.binomial(700, 0.10, size=(120, 14, 2)).cumsum(axis=1)
    for test in days:
        for day, (a, b) in enumerate(test, start=1):
            found, lift = (
                compare(ArmStatistics(700 * day, a), ArmStatistics(700 * day, b),
                        method="always_valid", effect=effect)
                for effect in ("absolute", "relative")
            )  # fmt: skip
            seen = Reading("b", 700 * day, found, found, lift)
            ended = decide([seen], rule, Progress(day, 700 * day))
            if ended.action != "keep_running":
                break
        ends.append(ended.action)

    assert ends.count("ship") / 120 <= 0.025
    assert ends.count("stop_harm") / 120 <= 0.05
    assert ends.count("keep_running") == 0
