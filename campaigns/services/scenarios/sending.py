"""A scenario goes to approval: its budgets become pending changes with what they should bring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from campaigns.engine.advice.moves import LEAST_CHANGE
from campaigns.models import Scenario, ScenarioSending
from campaigns.selectors.channels import Channels, channels_of
from campaigns.services.budget_bundles import Cause, Sent, send_bundle
from workspaces.gate import Proposer

_NOTHING: Final = (
    "It moves no live daily budget: budgets stay as they are, or no budget of these channels is"
    " known here. Other levers than budgets are not sent."
)


def send_scenario(*, scenario: Scenario, proposer: Proposer, now: datetime) -> Sent:
    """Propose the budgets of a scenario as one bundle, once.

    A channel's live budgets go where the scenario meant them to go, from wherever they stand now.

    Raises
    ------
    NotAllowedError : the person may not propose
    SendingRefusedError : it is too old, or nothing of it can be proposed
    """
    cause = Cause(
        row=scenario,
        name="scenario",
        sendings=ScenarioSending,
        factors=partial(_factors, scenario),
        reason=partial(_reason, scenario, channels_of(scenario.workspace)),
        evidence=partial(_evidence, scenario),
        nothing=_NOTHING,
    )
    return send_bundle(cause=cause, proposer=proposer, now=now)


def _factors(scenario: Scenario, budgets: Mapping[str, float]) -> dict[str, float]:
    """Target over what is live now, by channel; small moves and unknown budgets stay."""
    moved = {}
    for line in scenario.results["lines"]:
        channel, planned, present = line["channel"], line["spend"], line["present_spend"]
        if abs(planned - present) < LEAST_CHANGE * present or planned == present:
            continue
        then, live = scenario.results["live_budgets"].get(channel, 0.0), budgets.get(channel, 0.0)
        target = then * planned / present if present else planned / scenario.results["horizon_days"]
        factor = target / live if live else 1.0
        if not live or abs(factor - 1) >= LEAST_CHANGE:
            moved[channel] = factor
    return moved


def _line(scenario: Scenario, channel: str) -> dict[str, Any]:
    return next(line for line in scenario.results["lines"] if line["channel"] == channel)


def _reason(scenario: Scenario, channels: Channels, channel: str) -> str:
    line = _line(scenario, channel)
    days = scenario.results["horizon_days"]
    before, after = line["present_spend"] / days, line["spend"] / days
    return (
        f"Scenario “{scenario.name}”: {channels.label(channel)} goes from {before:,.0f} to"
        f" {after:,.0f}"
        f" {scenario.results['currency']} a day. Over {days} days:"
        f" {channels.said(' '.join(scenario.results['narrative']))}"
    )


def _evidence(scenario: Scenario, channel: str) -> dict[str, Any]:
    line, total = _line(scenario, channel), scenario.results["total"]
    names = {
        scenario.results["unit"]: "installs",
        scenario.results.get("value_name", "revenue").replace(" ", "_"): "revenue",
    }
    return {
        "id": str(scenario.public_id),
        "name": scenario.name,
        "channel": channel,
        "days": scenario.results["horizon_days"],
        "curves_of": scenario.results["fitted_on"]["until"],
        "curve_is": "a stated prior" if line["source"] == "prior" else "fitted on own days",
        **{f"change_in_{name}": _change(line, key) for name, key in names.items()},
        **{f"change_in_{name}_of_all_channels": _change(total, key) for name, key in names.items()},
    }


def _change(line: dict[str, Any], key: str) -> dict[str, float] | None:
    found = line[key]
    if found is None or found["change"]["p50"] is None:
        return None
    return {name: round(value, 1) for name, value in found["change"].items()}
