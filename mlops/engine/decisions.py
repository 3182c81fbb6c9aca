"""Kill, scale or maintain, and why."""

from __future__ import annotations

from mlops.engine.arms import AdState, Decision, Mode, SamplerPolicy
from workspaces.formats import times

DIRECT_HOLD_H = 6


def in_ignorance_zone(state: AdState, policy: SamplerPolicy) -> bool:
    """Whether an arm is too young or has spent too little to be killed.

    Parameters
    ----------
    state : the arm
    policy : zone and rule

    Returns
    -------
    true inside the zone; both edges (the day, the amount) are outside
    """
    young = state.age_hours / 24 < policy.ignorance_zone_days
    thin = state.spend < policy.ignorance_zone_spend
    return (young or thin) if policy.ignorance_rule == "or" else (young and thin)


def _hold(state: AdState, mode: Mode, policy: SamplerPolicy) -> str | None:
    """Reason to decide nothing, whatever the return is."""
    if state.revenue(mode) is None:
        return "Revenue is not known, so neither killed nor scaled."
    if state.impressions < policy.min_impressions_for_decision:
        return f"Only {state.impressions:g} impressions: too few to decide on."
    if mode == "direct" and state.age_hours < DIRECT_HOLD_H:
        return f"Only {state.age_hours:.1f} hours old: no decision in the first {DIRECT_HOLD_H}."
    return None


def _hold_of_kill(state: AdState, mode: Mode, policy: SamplerPolicy) -> str | None:
    """Reason not to kill although the return is poor."""
    if mode == "pipeline" and in_ignorance_zone(state, policy):
        return (
            f"In the ignorance zone ({state.age_hours / 24:.1f} days old, {state.spend:.2f} "
            "spent): poor so far, but never killed here."
        )
    if state.spend < policy.min_spend_for_kill:
        return f"Poor so far, but {state.spend:.2f} spent is below {policy.min_spend_for_kill:g}."
    if state.is_learning:
        return "Poor so far, but still in the platform's learning phase."
    return None


def decide(state: AdState, roas: float, mode: Mode, policy: SamplerPolicy) -> tuple[Decision, str]:
    """Decide on one arm.

    Parameters
    ----------
    state : the arm
    roas : the return to judge by: expected final pipeline ROAS, or cash ROAS
    mode : pipeline | direct
    policy : thresholds

    Returns
    -------
    decision and its reason, one sentence
    """
    hold = _hold(state, mode, policy)
    if hold is not None:
        return "maintain", hold
    name = "Pipeline ROAS" if mode == "pipeline" else "Cash ROAS"
    if roas < policy.kill_pipeline_roas:
        hold = _hold_of_kill(state, mode, policy)
        if hold is not None:
            return "maintain", hold
        line = policy.kill_pipeline_roas
        return (
            "kill",
            f"{name} {times(roas)} is below {times(line)} after {state.spend:.2f} of spend.",
        )
    if roas > policy.scale_pipeline_roas:
        if state.spend < policy.min_spend_for_kill:
            return "maintain", f"Good so far, but only {state.spend:.2f} spent."
        line = policy.scale_pipeline_roas
        return (
            "scale",
            f"{name} {times(roas)} is above {times(line)} after {state.spend:.2f} of spend.",
        )
    return "maintain", f"{name} {times(roas)} gives no reason to stop or to scale it."


def warnings_for(
    state: AdState,
    figures: tuple[float, float, float],
    mean_score: float,
    mode: Mode,
    policy: SamplerPolicy,
) -> tuple[str, ...]:
    """Sentences that the person who signs should read.

    Parameters
    ----------
    state : the arm
    figures : its ROAS, score and confidence
    mean_score : mean score of all arms of the account
    mode : pipeline | direct
    policy : thresholds

    Returns
    -------
    sentences, none when all is well
    """
    roas, score, confidence = figures
    known = state.revenue(mode) is not None
    spent = state.spend >= policy.min_spend_for_kill
    rules = [
        (not known, "Revenue is not known; only the click rate was counted."),
        (
            confidence < policy.confidence_threshold,
            f"Confidence {confidence:.2f} is below {policy.confidence_threshold:g}.",
        ),
        (
            mode == "direct" and score < mean_score / 2,
            f"Score {score:.2f} is below half the account's average of {mean_score:.2f}.",
        ),
        (
            mode == "direct" and known and spent and roas < policy.roas_threshold,
            f"Cash ROAS {times(roas)} is below the healthy line of {times(policy.roas_threshold)}.",
        ),
    ]
    return tuple(sentence for applies, sentence in rules if applies)
