"""Stage values: a kind of proposal whose effect is a new version of them in our database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from attribution.engine.stage_documents import as_document, from_document
from attribution.engine.synthetic_revenue import StageValues
from attribution.models import StageValueChange, SyntheticRevenueConfig
from attribution.selectors.revenue import current_config, values_of
from attribution.selectors.what_if import WhatIf, what_if
from attribution.services.stage_values import read_values, template_values, write_version
from workspaces.gate import (
    CheckResult,
    Draft,
    Judgement,
    PlanView,
    Reading,
    RequestError,
    StateError,
    body_of,
)
from workspaces.models import Proposal, Risk, Workspace
from workspaces.own_kinds import OwnKind

KIND = "stage_values"
_SHOWN = 3


class StageValuesHandler(OwnKind):
    """What deals are worth by stage."""

    kind = KIND
    label = "Stage values"
    template = "attribution/stage_values_detail.html"
    rules = "stage values v1"
    row = StageValueChange

    def make_plan(self, *, workspace: Workspace, request: dict[str, Any], now: datetime) -> Draft:
        """Set the asked values against those in force, and look at what they would move."""
        template, after = _asked(request)
        standing = current_config(workspace=workspace, now=now)
        before = values_of(standing) if standing else None
        new = as_document(after)
        old = as_document(before) if before else None
        if old == new:
            raise RequestError("values", "These are the values in force; nothing would change.")
        effect = what_if(workspace=workspace, before=before, after=after, now=now)
        return Draft(
            subject_key=KIND,
            subject_label="Stage values",
            summary=_summary(before, after, template),
            body={
                "subject": KIND,
                "operation": "set_stage_values",
                "template": template,
                "before": {"version": standing.version if standing else 0, "values": old},
                "after": {"values": new},
                "currency": workspace.currency,
            },
            evidence={"what_if": _evidence(effect)},
            detail={
                "from_version": standing.version if standing else 0,
                "what_if": effect.as_json(),
                "crossing_ads": len(effect.crossings),
                "flipping_changes": len(effect.flips),
            },
        )

    def judge(self, plan: PlanView, *, now: datetime, policy: object | None = None) -> Judgement:
        """Say what the values would move; more than nothing is high risk."""
        effect = _effect(plan, now)
        moves = bool(effect.crossings or effect.flips)
        return self.judged(
            _ads_check(effect), _changes_check(effect), risk=Risk.HIGH if moves else Risk.MEDIUM
        )

    def lock_keys(self, plan: PlanView) -> list[str]:
        """The workspace's values."""
        return [f"stage_values:{plan.workspace.pk}"]

    def reading(self, plan: PlanView) -> Reading:
        """Look at the newest version."""
        versions = SyntheticRevenueConfig.objects.filter(workspace=plan.workspace)
        newest = versions.order_by("-version").first()
        version = newest.version if newest else 0
        live = {"version": version}
        if newest and newest.proposal_id is not None and newest.proposal_id == plan.proposal_id:
            return Reading("after", live)
        return Reading("before" if version == plan.body["before"]["version"] else "other", live)

    def done(self, plan: PlanView) -> str:
        """Say that they hold."""
        return "The new stage values hold."

    def carry_out(self, proposal: Proposal, body: dict[str, Any], *, now: datetime) -> None:
        """Write the version that was signed."""
        write_version(proposal=proposal, body=body, now=now)

    def edit_is_within(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        """Whether every value lies between the one in force and the one proposed first."""
        if old["before"] != new["before"] or not old["before"]["values"]:
            return bool(old["after"] == new["after"])
        rows = [
            {stage["key"]: stage for stage in values["stages"]}
            for values in (old["before"]["values"], old["after"]["values"], new["after"]["values"])
        ]
        if not rows[0].keys() == rows[1].keys() == rows[2].keys():
            return False
        return all(
            _is_between(*(Decimal(stages[key][name]) for stages in rows))
            for key in rows[0]
            for name in ("value", "confidence")
        )

    def inverse(self, proposal: Proposal) -> dict[str, Any]:
        """Ask for the values that stood before."""
        plan = proposal.current_plan
        values = plan.content["before"]["values"] if plan else None
        if values is None:
            raise StateError("There were no stage values before these; propose others instead.")
        return {"values": values}

    def has_inverse(self, proposals: Sequence[Proposal]) -> list[bool]:
        """Where values stood before."""
        return [body_of(row)["before"]["values"] is not None for row in proposals]


def _asked(request: dict[str, Any]) -> tuple[str, StageValues]:
    """Name of the template, if any, and the values asked for."""
    if name := request.get("template"):
        return str(name), template_values(str(name))
    return "", read_values(request.get("values"))


def _summary(before: StageValues | None, after: StageValues, template: str) -> str:
    if before is None:
        source = f"the template {template}" if template else f"{len(after.stages)} stages"
        return f"Set stage values from {source}"
    old = {stage.key: stage for stage in before.stages}
    moved = [
        f"{stage.label} {old[stage.key].value.normalize():,f} → {stage.value.normalize():,f}"
        for stage in after.stages
        if stage.key in old and old[stage.key].value != stage.value
    ]
    if not moved:
        return "Change stages or their confidence, not their values"
    rest = f" and {len(moved) - _SHOWN} more" if len(moved) > _SHOWN else ""
    return f"Value stages anew: {', '.join(moved[:_SHOWN])}{rest}"


def _evidence(effect: WhatIf) -> dict[str, Any]:
    return {
        "ads_that_cross_a_line": len(effect.crossings),
        "queued_changes_that_flip": len(effect.flips),
        "credited_value_now": str(effect.value_before.quantize(Decimal("0.01"))),
        "credited_value_then": str(effect.value_after.quantize(Decimal("0.01"))),
    }


def _effect(plan: PlanView, now: datetime) -> WhatIf:
    old = plan.body["before"]["values"]
    return what_if(
        workspace=plan.workspace,
        before=from_document(old) if old else None,
        after=from_document(plan.body["after"]["values"]),
        now=now,
    )


def _ads_check(effect: WhatIf) -> CheckResult:
    if not effect.crossings:
        return CheckResult("ads_over_a_line", "passed", "No ad crosses a kill or scale line.")
    names = ", ".join(row.name for row in effect.crossings[:_SHOWN])
    count = len(effect.crossings)
    why = f"{count} {'ad crosses' if count == 1 else 'ads cross'} a kill or scale line: {names}."
    return CheckResult("ads_over_a_line", "warning", why)


def _changes_check(effect: WhatIf) -> CheckResult:
    if not effect.flips:
        return CheckResult("queued_changes", "passed", "No queued change would be judged anew.")
    count = len(effect.flips)
    words = "queued change would" if count == 1 else "queued changes would"
    return CheckResult("queued_changes", "warning", f"{count} {words} be judged otherwise.")


def _is_between(first: Decimal, second: Decimal, value: Decimal) -> bool:
    return min(first, second) <= value <= max(first, second)
