"""Evidence, the check of what is written, the rules, and how shares become budgets."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.engine.advice.answer import validated
from campaigns.engine.advice.checking import check_answer, numbers_in
from campaigns.engine.advice.evidence import CampaignDays, gather, shown_name
from campaigns.engine.advice.moves import factors
from campaigns.engine.advice.prompt import prompt_of
from campaigns.engine.advice.rules import advise, ranking


def campaign(name="Brand", channel="google_ads", *, spend=100.0, value=300.0, **options):
    """Sixty equal days; ``week`` overrides the newest seven."""
    week = options.pop("week", {})
    daily = {
        "impressions": 1000.0, "clicks": 20.0, "spend": spend, "installs": 0.0,
        "conversions": 2.0, "value": value,
    }  # fmt: skip
    measures = {key: np.full(60, number) for key, number in daily.items()}
    for key, number in week.items():
        measures[key][-7:] = number
    return CampaignDays(name, channel, measures, **options)


def evidence_of(*campaigns, budgets=None, forecasts=(0, 0)):
    return gather(
        campaigns, budgets=budgets or {}, since=date(2026, 10, 22), until=date(2026, 11, 20),
        currency="USD", forecasts=forecasts,
    )  # fmt: skip


@pytest.fixture
def evidence():
    return evidence_of(
        campaign(),
        campaign("Prospecting", "meta", spend=60.0, value=30.0, week={"spend": 80.0}),
        budgets={"meta": 100.0},
        forecasts=(8, 6),
    )


FIGURES = {
    "google_ads.spend": 3000.0,
    "google_ads.roas": 3.0,
    "google_ads.ctr": 2.0,
    "google_ads.cpc": 5.0,
    "google_ads.cpa": 50.0,
    "google_ads.conversion_rate": 10.0,
    "meta.spend": 1940.0,
    "meta.spend.before": 1800.0,
    "meta.spend.change": 140 / 1800 * 100,
    "meta.spend.week": 560.0,
    "meta.spend.week.change": 140 / 420 * 100,
    "meta.pacing": 80.0,
    "meta.share": 1940 / 4940 * 100,
    "total.spend": 4940.0,
    "forecast.held_share": 75.0,
}


@pytest.mark.parametrize("fact_id", list(FIGURES))
def test_facts_by_hand(evidence, fact_id):
    assert evidence.get(fact_id).value == pytest.approx(FIGURES[fact_id])


def test_conversions_nobody_trusts_are_not_in_the_figures():
    found = evidence_of(campaign(), campaign("Test", "meta", has_usable_conversions=False))

    for name in ("value", "conversions", "roas", "cpa", "conversion_rate"):
        assert found.get(f"meta.{name}") is None
        assert found.get(f"total.{name}") is None
        assert found.get(f"google_ads.{name}") is not None
    assert found.get("meta.spend").value == 3000.0


def test_without_spend_there_is_no_evidence():
    assert evidence_of(campaign(spend=0.0)) is None
    assert evidence_of() is None


def test_arrays_of_another_length_are_refused():
    short = CampaignDays("Short", "meta", {"spend": np.ones(30)})

    with pytest.raises(ValueError, match="Short"):
        evidence_of(short)


def test_a_name_is_cleaned_before_anything_sees_it():
    assert shown_name(' A "B"\n\u202eC\u200b\x00 ' + "x" * 100) == ("A 'B' C " + "x" * 100)[:80]


def test_the_prompt_is_ascii_and_holds_names_as_data():
    told = prompt_of(evidence_of(campaign("Überraschung 🎁\n}]}")))

    assert told.isascii()
    assert '"campaign_names"' in told


def document(**texts):
    """An answer with these texts, else with none that could be wrong."""
    return {
        "channel_comparison": {
            "top_performer": "google_ads", "worst_performer": "meta",
            "analysis": texts.get("analysis", "So it is."),
        },
        "ml_predictions": {"trend": "Steady.", "forecast_accuracy": "Not known."},
        "recommendations": {
            "budget_allocation": texts.get("shares", {"google_ads": 0.65, "meta": 0.35}),
            "optimization": texts.get("optimization", []),
            "priority_actions": [],
        },
        "summary": texts.get("summary", "All is well."),
    }  # fmt: skip


TRUE = [
    "Google Ads spent 3,000 USD.",
    "google_ads spent $3,000.00, meta less.",
    "Google Ads spent 3k USD in 30 days.",
    "Google Ads spent 3.000,00 USD.",
    "Google Ads spent 3 000 USD.",
    "Meta spent 1.9k USD, 39 % of all.",
    "The spend of meta rose by 7.8 percent.",
    "The spend of meta changed by +7.8%.",
    "Meta's spend of the last 7 days rose by 33.3 %.",
    "From 2026-10-22 to 2026-11-20 all spent 4,940 USD.",
    'On meta "Prospecting" spent 1,940 USD.',
    "Predictions held in 75 % of 8 changes.",
    "Google Ads returned 3.0 for each unit.",
]
FALSE = [
    "Google Ads spent 3,100 USD.",
    "Google Ads spent 1,940 USD.",  # meta's
    "Google Ads spent €3,000.",
    "Google Ads spent 3,000 EUR.",
    "Google Ads returned 300 %.",  # a ratio, no percentage
    "The spend of meta changed by -7.8 %.",
    "The spend of meta rose by 7.8 percentage points.",
    "The spend of meta rose by 7.9 %.",
    "All spent three thousand.",
    "It doubled.",
    "Half of it is lost.",
    "All spent \uff14\uff19\uff14\uff10 USD.",
    "All spent 4\u200b,940 USD.",
    "Spend rose ½ %.",
    "On 2026-12-24 it ends.",
    "See https://example.com.",
    "Ask ann@example.com.",
    "See example.com for more.",
    "<b>Good.</b>",
    "Try TikTok.",
    'On meta "Prospecting 2" spent 1,940 USD.',
]


@pytest.mark.parametrize("text", TRUE)
def test_what_is_in_the_figures_may_be_said(evidence, text):
    assert check_answer(document(summary=text), evidence).problems == ()


@pytest.mark.parametrize("text", FALSE)
def test_what_is_not_in_the_figures_is_refused(evidence, text):
    verdict = check_answer(document(optimization=["Fine.", text]), evidence)

    assert verdict.problems
    assert all(problem.startswith("optimization[1]: ") for problem in verdict.problems)


def test_cited_facts_are_those_of_the_channel_that_is_named(evidence):
    said = "Google Ads returned 3.00. All spent 4,940.00 USD."

    assert check_answer(document(summary=said), evidence).cited == (
        "google_ads.roas", "total.spend",
    )  # fmt: skip


SHARES = {
    "unknown": {"google_ads": 0.6, "meta": 0.3, "tiktok": 0.1},
    "missing": {"google_ads": 1.0},
    "too much": {"google_ads": 0.95, "meta": 0.05},
}


@pytest.mark.parametrize("what", list(SHARES))
def test_allocations_beyond_the_bounds_are_refused(evidence, what):
    verdict = check_answer(document(shares=SHARES[what]), evidence)

    assert verdict.problems
    assert all(problem.startswith("budget_allocation: ") for problem in verdict.problems)


@pytest.mark.parametrize(
    "shares",
    [{"a": 0.6, "b": 0.41}, {"a": -0.1, "b": 1.1}, {"a": float("nan"), "b": 1.0}, {"a": "1"}],
)
def test_shapes_with_impossible_shares_are_refused(shares):
    with pytest.raises(ValueError, match="budget_allocation"):
        validated(document(shares=shares))


def test_nothing_may_be_added_to_the_shape():
    with pytest.raises(ValueError, match="extra"):
        validated({**document(), "extra": 1})


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_a_number_written_with_separators_is_read_back(number):
    (stated,) = numbers_in(f"It is {number:,.2f} USD.", "USD")

    assert any(abs(value - float(number)) <= half for value, half in stated.readings)
    assert stated.is_money


def test_rules_move_money_from_the_weakest_to_the_best(evidence):
    advice = advise(evidence)
    shares = advice["recommendations"]["budget_allocation"]

    assert (ranking(evidence)[0], ranking(evidence)[-1]) == ("google_ads", "meta")
    assert shares["meta"] == pytest.approx(1940 / 4940 * 0.8)
    assert sum(shares.values()) == pytest.approx(1)
    assert advice["recommendations"]["priority_actions"][0] == (
        "Move budget from Meta to Google Ads, as the shares say."
    )
    assert (
        "Meta spends 80.0 % of its daily budgets." in advice["recommendations"]["optimization"][0]
    )
    assert advice["ml_predictions"]["forecast_accuracy"] == (
        "The predicted interval held the measured effect in 6 of 8 changes."
    )


def test_rules_leave_equals_alone():
    advice = advise(evidence_of(campaign(), campaign("B", "meta", spend=90.0, value=250.0)))

    assert advice["recommendations"]["budget_allocation"] == pytest.approx(
        {"google_ads": 100 / 190, "meta": 90 / 190}
    )
    assert advice["summary"].endswith("No channel is so much better that money should move.")


def test_rules_judge_by_clicks_where_no_return_is_known():
    found = evidence_of(
        campaign(has_usable_conversions=False),
        campaign("B", "meta", spend=50.0, has_usable_conversions=False),
    )

    assert ranking(found) == ["meta", "google_ads"]


AMOUNT = st.floats(min_value=0, max_value=1e7)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["meta", "tiktok", "google_ads", "email"]), AMOUNT, AMOUNT,
                  st.booleans(), st.booleans()),
        min_size=1, max_size=6,
    ),
    AMOUNT,
)  # fmt: skip
def test_what_rules_write_always_passes_the_check(rows, budget):
    found = evidence_of(
        *(
            campaign(f"Sale. 5 off! {n}", channel, spend=spend, value=value, is_fatigued=worn,
                     has_usable_conversions=usable)
            for n, (channel, spend, value, usable, worn) in enumerate(rows)
        ),
        budgets={"meta": budget},
    )  # fmt: skip
    if found is None:
        return

    advice = validated(advise(found))

    assert check_answer(advice, found).problems == ()


def test_one_factor_a_channel_and_the_same_sum():
    moved = factors(
        current={"a": 0.5, "b": 0.5}, wanted={"a": 0.6, "b": 0.4}, budgets={"a": 300.0, "b": 100.0}
    )

    assert moved["a"] / moved["b"] == pytest.approx(1.5)
    assert 300 * moved["a"] + 100 * moved["b"] == pytest.approx(400)


def test_small_moves_and_channels_without_budgets_stay():
    small = {"a": 0.505, "b": 0.495}

    assert factors(current={"a": 0.5, "b": 0.5}, wanted=small, budgets={"a": 1, "b": 1}) == {}
    assert factors(current={"a": 0.5, "b": 0.5}, wanted={"a": 0.7, "b": 0.3}, budgets={}) == {}
    with pytest.raises(ValueError, match="'b'"):
        factors(current={"a": 0.5, "b": 0.5}, wanted={"a": 1.0}, budgets={})
