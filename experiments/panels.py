"""How a change of a test looks in the queue."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from experiments.models import ABTestChange, Method, MetricRole
from experiments.selectors.proposals import KIND
from workspaces.models import Proposal
from workspaces.panels import KindPanel


def _context(proposal: Proposal, _now: datetime) -> dict[str, Any]:
    """The test, and by what it will be judged; figures stand in the evidence."""
    change = (
        ABTestChange.objects.select_related("test", "variant").filter(proposal=proposal).first()
    )
    plan = proposal.current_plan
    if change is None or plan is None:
        return {}
    body = plan.content
    rule = body.get("rule")
    if not rule:
        return {"test": change.test}
    return {
        "test": change.test,
        "rule": _rule_words(rule),
        "parts": [_part_words(one) for one in rule["metrics"]],
        "arms": [_arm_words(one) for one in body["variants"]],
    }


def _part_words(one: dict[str, Any]) -> tuple[str, str]:
    """A metric and what it decides."""
    words = MetricRole(one["role"]).label
    is_guardrail = one["role"] == MetricRole.GUARDRAIL
    margin = f", at most {one['harm_bp'] / 100:g} % worse" if is_guardrail else ""
    return one["metric"], words + margin


def _arm_words(one: dict[str, Any]) -> tuple[str, str]:
    """A variant and its share."""
    return one["name"], f"{one['weight'] / 100:g} %{', the control' if one['is_control'] else ''}"


def _rule_words(rule: dict[str, Any]) -> str:
    """A rule in a sentence."""
    units = (
        f"{rule['planned_units']:,} units of each variant" if rule["planned_units"] else "no size"
    )
    shares = {
        name: f"{rule[name] / 100:g} %"
        for name in (
            "alpha_bp",
            "power_bp",
            "minimum_effect_bp",
            "first_step",
            "holdback",
        )
    }
    return (
        f"{Method(rule['method']).label}: level {shares['alpha_bp']}, power {shares['power_bp']}"
        f" for an effect of {shares['minimum_effect_bp']}; {units} planned,"
        f" {rule['min_days']} to {rule['max_days']} days. A winner goes to {shares['first_step']}"
        f" first, {rule['step_days']} days later to all but a hold-back of {shares['holdback']}."
    )


TEST_PANEL = KindPanel(kind=KIND, context=_context)
