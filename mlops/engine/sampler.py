"""Budget allocation by Thompson sampling, explained to the person who signs."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import numpy.typing as npt
from scipy import special

from mlops.engine.allocation import project, round_to_step
from mlops.engine.arms import (
    AdState,
    Allocation,
    AllocationItem,
    Binding,
    Decision,
    Mode,
    PolicyOptions,
    SamplerPolicy,
)
from mlops.engine.bounds import Bounds, binding_of, budget_bounds, with_decisions
from mlops.engine.decisions import decide, in_ignorance_zone, warnings_for
from mlops.engine.maturity import DelayCurve, MatureRoas, fit_delay_curve, mature_roas
from mlops.engine.posterior import beta_posterior, discounted_count, probability_best
from mlops.engine.scoring import (
    SIMILARITY_LIFT,
    blended_score,
    confidence,
    ctr_weight,
    fatigue,
    final_score,
)
from workspaces.formats import share

__all__ = [
    "AdState",
    "Allocation",
    "AllocationItem",
    "BattleHardenedSampler",
    "DelayCurve",
    "SamplerPolicy",
    "fit_delay_curve",
    "in_ignorance_zone",
    "probability_best",
]

FloatArray = npt.NDArray[np.float64]

_CENT = 0.005
_NOTHING = 1e-9  # less spend or impressions than this is none; a ratio to it would overflow
_BINDING_WORDS: dict[Binding, str] = {
    "none": "no limit was in the way",
    "min_budget": "the smallest budget held it up",
    "max_decrease": "the largest decrease per decision held it up",
    "max_increase": "the largest increase per decision held it down",
    "headroom_low": "the velocity limit held it up",
    "headroom_high": "the velocity limit held it down",
    "decision": "its decision set the limit",
    "money_step": "no whole money step lies within its limits",
}


@dataclass(frozen=True)
class _Scores:
    """Figures of all arms, (n,) each, in the order of their ids."""

    ctr: FloatArray
    observed_roas: FloatArray
    roas: MatureRoas
    known: npt.NDArray[np.bool_]
    weight: FloatArray
    blended: FloatArray
    decay: FloatArray
    similarity: FloatArray
    score: FloatArray
    confidence: FloatArray
    count: FloatArray


class BattleHardenedSampler:
    """Thompson-sampling allocation of a total over budget owners.

    Parameters
    ----------
    mode : 'pipeline' counts pipeline value and protects young arms, 'direct' counts cash
    **policy : fields of `SamplerPolicy`

    Raises
    ------
    ValueError : unknown mode or a policy value out of range

    References
    ----------
    Russo et al. (2018), A Tutorial on Thompson Sampling; Chapelle and Li (2011), An
    Empirical Evaluation of Thompson Sampling.
    """

    def __init__(self, mode: Mode = "pipeline", **policy: Unpack[PolicyOptions]) -> None:
        if mode not in {"pipeline", "direct"}:
            raise ValueError(f"mode must be pipeline or direct, got {mode!r}")
        self.mode: Mode = mode
        self.policy = SamplerPolicy(**policy)

    def select(
        self,
        ad_states: Sequence[AdState],
        total_budget: float,
        similarity: Mapping[str, float] | None = None,
        seed: int | None = None,
        *,
        now: dt.datetime | None = None,
    ) -> Allocation:
        """Recommend a budget and a decision for every arm.

        Parameters
        ----------
        ad_states : arms; the order changes nothing but the order of the answer
        total_budget : amount per day to share out
        similarity : likeness to past winners in [0, 1] by ad_id; missing means 0
        seed : of the draws; None takes a fresh one, which the answer names
        now : aware moment to which evidence is discounted; None: the newest `last_updated`

        Returns
        -------
        Allocation : recommended budgets and `unallocated` sum to the total

        Raises
        ------
        ValueError : an argument is out of range; the message names it
        """
        _validate(ad_states, total_budget, similarity or {}, now)
        seed = int(np.random.default_rng().integers(2**32)) if seed is None else seed
        # Sums of floats depend on their order; sorting makes the answer independent of it.
        states = sorted(ad_states, key=lambda state: state.ad_id)
        items, warnings = self._items(states, total_budget, similarity or {}, seed, now)
        by_id = {item.ad_id: item for item in items}
        ordered = tuple(by_id[state.ad_id] for state in ad_states)
        spent = math.fsum(item.recommended_budget for item in ordered)
        drawn = max(items, key=lambda item: item.draw).ad_id if items else None
        return Allocation(
            items=ordered,
            total_budget=total_budget,
            unallocated=total_budget - spent,
            seed=seed,
            mode=self.mode,
            policy_version=self.policy.policy_version,
            drawn=drawn,
            warnings=warnings,
        )

    def _items(
        self,
        states: list[AdState],
        total: float,
        similarity: Mapping[str, float],
        seed: int,
        now: dt.datetime | None,
    ) -> tuple[list[AllocationItem], tuple[str, ...]]:
        if not states:
            return [], ()
        scores = self._scores(states, similarity, now)
        alpha, beta = beta_posterior(scores.count, scores.score)
        best = probability_best(alpha, beta)
        draws = np.random.default_rng(seed).beta(alpha, beta)
        decisions = [
            decide(state, float(roas), self.mode, self.policy)
            for state, roas in zip(states, scores.roas.expected, strict=True)
        ]
        plain = budget_bounds(states, self.policy)
        bounds = with_decisions(plain, states, [decision for decision, _ in decisions], total)
        budgets = project(best * total, bounds.low, bounds.high, total)
        current = _column(states, "daily_budget")
        if self.policy.money_step is not None:
            limits = (bounds.low, bounds.high)
            budgets = round_to_step(budgets, current, limits, self.policy.money_step)
        items = [
            self._item(state, index, scores, (alpha, beta, best, draws), budgets, bounds, total,
                       decisions[index])
            for index, state in enumerate(states)
        ]  # fmt: skip
        return items, _total_warnings(bounds, total)

    def _scores(
        self, states: list[AdState], similarity: Mapping[str, float], now: dt.datetime | None
    ) -> _Scores:
        impressions, clicks = _column(states, "impressions"), _column(states, "clicks")
        age = _column(states, "age_hours")
        ctr = _ratio(clicks, impressions)
        known = np.array([state.revenue(self.mode) is not None for state in states])
        observed, roas = self._returns(states, known)
        blended = blended_score(ctr, roas.expected, age, known)
        frequency = np.array([state.frequency or 0.0 for state in states])
        decay = fatigue(frequency, impressions, self.policy.decay_form)
        like = np.array([similarity.get(state.ad_id, 0.0) for state in states])
        score = final_score(blended, decay, like)
        return _Scores(
            ctr=ctr,
            observed_roas=observed,
            roas=roas,
            known=known,
            weight=np.where(known, ctr_weight(age), 1.0),
            blended=blended,
            decay=decay,
            similarity=like,
            score=score,
            confidence=confidence(impressions, age, score),
            count=discounted_count(impressions, _days_old(states, now), self.policy.most_evidence),
        )

    def _returns(
        self, states: list[AdState], known: npt.NDArray[np.bool_]
    ) -> tuple[FloatArray, MatureRoas]:
        """Observed ROAS, and the expected final one where revenue arrives late."""
        spend = _column(states, "spend")
        value = np.array([state.revenue(self.mode) or 0.0 for state in states], dtype=np.float64)
        observed = _ratio(value, spend)
        curve = self.policy.delay_curve
        if self.mode == "direct" or curve is None:
            return observed, MatureRoas(observed, observed, observed, np.ones_like(observed))
        counts = [state.conversions for state in states if state.revenue(self.mode) is not None]
        conversions = sum(count or 0.0 for count in counts)
        is_counted = conversions > 0 and None not in counts
        matured = mature_roas(
            np.where(known, spend, 0.0),
            value,
            curve.completeness(_column(states, "covered_hours")),
            prior_spend=self.policy.min_spend_for_kill,
            unit_value=float(value.sum()) / conversions if is_counted else None,
        )
        return observed, matured

    def _item(
        self,
        state: AdState,
        index: int,
        scores: _Scores,
        beliefs: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
        budgets: FloatArray,
        bounds: Bounds,
        total: float,
        decided: tuple[Decision, str],
    ) -> AllocationItem:
        alpha, beta, best, draw = (float(values[index]) for values in beliefs)
        budget, current = float(budgets[index]), state.daily_budget
        binding = binding_of(budget, index, bounds, self.policy.money_step)
        weight = budget / total if total > 0 else 0.0
        certainty = float(scores.confidence[index])
        figures = (float(scores.roas.expected[index]), float(scores.score[index]), certainty)
        mean_score = float(scores.score.mean())
        return AllocationItem(
            ad_id=state.ad_id,
            current_budget=current,
            recommended_budget=budget,
            change_percentage=(budget - current) / current * 100 if current > 0 else None,
            decision=decided[0],
            confidence=certainty,
            reason=decided[1],
            propensity=best,
            alpha=alpha,
            beta=beta,
            draw=draw,
            weight=weight,
            binding=binding,
            metrics=_metrics(scores, index),
            warnings=warnings_for(state, figures, mean_score, self.mode, self.policy),
            explanation=_explain((alpha, beta), draw, best, (best * total, budget), binding)
            + _lift(float(scores.similarity[index])),
        )


def _validate(
    ad_states: Sequence[AdState],
    total_budget: float,
    similarity: Mapping[str, float],
    now: dt.datetime | None,
) -> None:
    if not (math.isfinite(total_budget) and total_budget >= 0):
        raise ValueError(f"total_budget must be finite and at least 0, got {total_budget}")
    ids = [state.ad_id for state in ad_states]
    if len(set(ids)) != len(ids):
        twice = sorted({ad_id for ad_id in ids if ids.count(ad_id) > 1})
        raise ValueError(f"ad_states has ids more than once: {', '.join(twice)}")
    for ad_id, value in similarity.items():
        if not 0 <= value <= 1:
            raise ValueError(f"similarity of ad {ad_id!r} must be in [0, 1], got {value}")
    if now is not None and now.tzinfo is None:
        raise ValueError("now must carry a time zone")


def _column(states: Sequence[AdState], name: str) -> FloatArray:
    return np.array([getattr(state, name) for state in states], dtype=np.float64)


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    ratio = np.zeros(above.shape)
    np.divide(above, below, out=ratio, where=below > _NOTHING)
    return ratio


def _days_old(states: Sequence[AdState], now: dt.datetime | None) -> FloatArray:
    """Days since each arm's figures ended; 0 where no moment is given."""
    moments = [state.last_updated for state in states if state.last_updated is not None]
    today = now or max(moments, default=None)
    return np.array(
        [
            0.0
            if state.last_updated is None or today is None
            else max(0.0, (today - state.last_updated).total_seconds() / 86_400)
            for state in states
        ]
    )


def _total_warnings(bounds: Bounds, total: float) -> tuple[str, ...]:
    least, most = float(bounds.low.sum()), float(bounds.high.sum())
    if least > total + _CENT:
        return (f"The lower limits add up to {least:.2f}, more than the total of {total:.2f}.",)
    if most < total - _CENT:
        return (f"The upper limits add up to {most:.2f}; {total - most:.2f} stays unallocated.",)
    return ()


def _metrics(scores: _Scores, index: int) -> dict[str, float | None]:
    known = bool(scores.known[index])

    def revenue_figure(values: FloatArray) -> float | None:
        return float(values[index]) if known else None

    return {
        "ctr": float(scores.ctr[index]),
        "roas": revenue_figure(scores.observed_roas),
        "expected_roas": revenue_figure(scores.roas.expected),
        "expected_roas_low": revenue_figure(scores.roas.low),
        "expected_roas_high": revenue_figure(scores.roas.high),
        "completeness": revenue_figure(scores.roas.completeness),
        "ctr_weight": float(scores.weight[index]),
        "blended_score": float(scores.blended[index]),
        "decay": float(scores.decay[index]),
        "similarity": float(scores.similarity[index]),
        "score": float(scores.score[index]),
        "count": float(scores.count[index]),
    }


def _lift(similarity: float) -> str:
    if not similarity:
        return ""
    return (
        f" Likeness {similarity:.2f} to past winners lifted the score by"
        f" {share(SIMILARITY_LIFT * similarity)}, to 1 at most."
    )


def _explain(
    posterior: tuple[float, float],
    draw: float,
    best: float,
    amounts: tuple[float, float],
    binding: Binding,
) -> str:
    alpha, beta = posterior
    low, high = special.betaincinv(alpha, beta, [0.05, 0.95])
    due, got = amounts
    return (
        f"Belief Beta({alpha:.1f}, {beta:.1f}): score {alpha / (alpha + beta):.3f}, 90 % between "
        f"{low:.3f} and {high:.3f}; drawn {draw:.3f}. Best arm with probability"
        f" {share(best, 1)}, so "
        f"{due:.2f} was due and {got:.2f} is recommended: {_BINDING_WORDS[binding]}."
    )
