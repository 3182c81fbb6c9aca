"""What a decision means, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from experiments.engine.decision import Code
from experiments.engine.words import percent
from experiments.selectors.results import Results

_WORDS: Final[Mapping[Code, str]] = {
    Code.SAMPLE_RATIO: "Units are not split as they should be. Find out why before believing "
    "anything here.",
    Code.PRIMARY_HARMED: "The primary metric got worse.",
    Code.GUARDRAIL_HARMED: "A guardrail suffers more than is tolerated.",
    Code.TOO_FEW_UNITS: "Too few units came to say anything.",
    Code.TOO_FEW_DAYS: "It has not run for its least number of days.",
    Code.BOUND_CLEARED: "It is better, and that holds however often one looks.",
    Code.SHOWN_AT_PLANNED_SIZE: "It is better, at the size that was planned.",
    Code.BELOW_MINIMUM: "The effect worth having is out of reach.",
    Code.NOTHING_SHOWN: "The planned size is reached, and it was not shown to be better.",
    Code.TIME_UP: "Its time is up, and nothing was shown.",
    Code.NOT_CLEARED: "Nothing is shown yet.",
    Code.BEFORE_PLANNED_SIZE: "It has not reached its planned size.",
    Code.NOT_COMPUTABLE: "A figure cannot be computed yet.",
}


def decision_words(results: Results) -> str:
    """Why the rule says what it says, with the figure it says it by."""
    decision = results.decision
    if decision is None:
        return "It has not started." if not results.test.has_started else "It was run elsewhere."
    words = " ".join(_WORDS[code] for code in decision.codes)
    names = {one.metric.key: one.metric.name for one in results.metrics}
    if decision.guardrails:
        words += f" It is {', '.join(names[key] for key in decision.guardrails)}."
    if figure := _figure(results):
        words = f"{figure} {words}"
    return words


def _figure(results: Results) -> str:
    """Effect and interval of the variant that the decision is about."""
    decision, primary = results.decision, results.primary
    if decision is None or primary is None or decision.action == "gated":
        return ""
    chosen = [
        one
        for one in primary.figures[1:]
        if one.shown is not None
        and not one.shown.not_computable
        and decision.variant in (None, one.variant.key)
    ]
    if len(chosen) != 1 or chosen[0].shown is None:
        return ""
    found, variant = chosen[0].shown, chosen[0].variant
    ends = f"[{percent(found.ci_low)}, {percent(found.ci_high)}]"
    return f"{variant.name}: {primary.metric.name} {percent(found.effect)} {ends}."
