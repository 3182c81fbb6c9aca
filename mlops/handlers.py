"""Promotion of a model: a kind of proposal whose effect is another champion in our database.

A share below one lets the version answer that share of the subjects first, as a canary.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.measures import measure_of
from mlops.models import Canary, ModelStage, ModelVersion, Promotion, ShadowReport
from mlops.selectors.canary import running_canary
from mlops.selectors.registry import PROMOTION_KIND, champion_of, label_of, why_not_eligible
from mlops.selectors.watch import shadow_report_of
from mlops.services.registry.promoting import promote
from mlops.services.registry.replacing import load_soon
from mlops.services.registry.starting import Start, start_of
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
from workspaces.models import Proposal, Workspace
from workspaces.own_kinds import OwnKind

KIND = PROMOTION_KIND


class PromotionHandler(OwnKind):
    """Which version of a model serves."""

    kind = KIND
    label = "Model promotion"
    template = "mlops/promotion_detail.html"
    rules = "promotion v3"
    row = Promotion

    def make_plan(self, *, workspace: Workspace, request: dict[str, Any], now: datetime) -> Draft:
        """Set the asked version against the one that serves."""
        version = _asked(workspace, request)
        champion = champion_of(workspace=workspace, name=version.name)
        label = label_of(version.name)
        if version.stage == ModelStage.CHAMPION:
            raise StateError(f"Version {version.version} of {label} serves already.")
        if why := why_not_eligible(version):
            raise StateError(why)
        instead = f" instead of version {champion.version}" if champion else ""
        report = shadow_report_of(version, champion)
        effect = report.effect if report else None
        start = start_of(workspace, version, champion, request)
        return Draft(
            subject_key=f"model:{version.name}",
            subject_label=label,
            summary=f"Let version {version.version} of {label} serve{instead}{start.in_summary}",
            body={
                "subject": f"model:{version.name}",
                "operation": "promote_model",
                "model": version.name,
                "version": version.version,
                "sha256": version.sha256,
                "replaces": champion.version if champion else 0,
                "before": f"version {champion.version}" if champion else "no model",
                "after": f"version {version.version}",
                **start.as_body(),
            },
            evidence={
                "metrics": _in_words(version.metrics),
                "baselines": {name: _in_words(one) for name, one in version.baselines.items()},
                "verdict": version.verdict,
                "held_out_rows": version.held_out,
                "shadow": _told(report),
            },
            predicted=effect,
            confidence=Decimal(effect["confidence"]) if effect else None,
            detail={"version": version},
        )

    def attached(self, proposal: Proposal) -> None:
        """Have the version loaded while it waits."""
        load_soon()

    def judge(self, plan: PlanView, *, now: datetime, policy: object | None = None) -> Judgement:
        """Only what beats the plain models, with the artefact that was signed, may serve."""
        return self.judged(_check(plan), _shadow_check(plan), _canary_check(plan))

    def reading(self, plan: PlanView) -> Reading:
        """Look which version serves, and whether its canary began."""
        own = Canary.objects.filter(proposal=plan.proposal_id) if plan.proposal_id else None
        if own is not None and (canary := own.first()):
            began = f"Its canary began on {canary.started_at:%d %b %Y}"
            return Reading("after", {"version": plan.body["version"]}, words=began)
        champion = champion_of(workspace=plan.workspace, name=plan.body["model"])
        number = champion.version if champion else 0
        live = {"version": number}
        words = f"Version {number} serves" if champion else "No version serves"
        if number == plan.body["version"]:
            return Reading("after", live, words=words)
        return Reading("before" if number == plan.body["replaces"] else "other", live, words=words)

    def done(self, plan: PlanView) -> str:
        """Name the champion that it makes, or the share that it begins with."""
        start, after = Start.of(plan.body), str(plan.body["after"])
        if start.share >= 1:
            return f"{after.capitalize()} serves."
        return f"{after.capitalize()} answers {start.pct} of the subjects."

    def carry_out(self, proposal: Proposal, body: dict[str, Any], *, now: datetime) -> None:
        """Let the version that was signed serve."""
        version, start = _version(proposal.workspace, body), Start.of(body)
        promote(
            proposal=proposal, version_id=version.pk, share=start.share, days=start.days, now=now
        )

    def edit_is_within(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        """Whether it is the same version still, for no larger a share of subjects at first."""
        before, after = Start.of(old), Start.of(new)
        return old["sha256"] == new["sha256"] and after.share <= before.share

    def inverse(self, proposal: Proposal) -> dict[str, Any]:
        """Ask for the version that served before, for everyone at once."""
        if Canary.objects.filter(proposal=proposal, ended_at=None).exists():
            raise StateError("Its canary runs. Stop it on the page of the version instead.")
        plan = proposal.current_plan
        before = plan.content["replaces"] if plan else 0
        if not plan or not before:
            raise StateError("No version served before this one; propose another one instead.")
        return {"model": plan.content["model"], "version": before, "canary_share": "1"}

    def has_inverse(self, proposals: Sequence[Proposal]) -> list[bool]:
        """Where a version served before, and no canary runs."""
        running = Canary.objects.filter(proposal__in=proposals, ended_at=None)
        held = set(running.values_list("proposal_id", flat=True))
        return [bool(body_of(row)["replaces"]) and row.pk not in held for row in proposals]


def _in_words(figures: dict[str, float]) -> dict[str, str]:
    """Figures by the names that the models page gives them."""
    return {measure_of(name).label: measure_of(name).text(value) for name, value in figures.items()}


def _asked(workspace: Workspace, request: dict[str, Any]) -> ModelVersion:
    name, number = request.get("model"), str(request.get("version"))
    if not isinstance(name, str) or not name:
        raise RequestError("model", "Name the model.")
    if not number.isdecimal():
        raise RequestError("version", "Give the number of the version.")
    version = ModelVersion.objects.filter(workspace=workspace, name=name, version=number).first()
    if version is None:
        raise RequestError("version", f"There is no version {number} of {label_of(name)}.")
    return version


def _version(workspace: Workspace, body: dict[str, Any]) -> ModelVersion:
    return ModelVersion.objects.get(
        workspace=workspace, name=body["model"], version=body["version"], sha256=body["sha256"]
    )


def _check(plan: PlanView) -> CheckResult:
    version = _version(plan.workspace, plan.body)
    why = why_not_eligible(version)
    if why:
        return CheckResult("eligible", "blocked", why)
    return CheckResult("eligible", "passed", version.verdict)


def _shadow_check(plan: PlanView) -> CheckResult:
    """Whether it was compared with what serves; a machine may not propose what was not."""
    champion = champion_of(workspace=plan.workspace, name=plan.body["model"])
    version = _version(plan.workspace, plan.body)
    if champion is None or champion.pk == version.pk:
        return CheckResult("shadow", "not_applicable", "No other version serves yet.")
    if version.promoted_at is not None:
        return CheckResult("shadow", "passed", "It served before.")
    report = shadow_report_of(version, champion)
    if report is not None and report.is_eligible:
        return CheckResult("shadow", "passed", report.verdict)
    why = report.verdict if report else "It was never scored beside the version that serves."
    if plan.is_by_machine:
        return CheckResult("shadow", "blocked", f"Not shown to be better: {why}")
    return CheckResult("shadow", "warning", f"A person asks for it without that proof: {why}")


def _canary_check(plan: PlanView) -> CheckResult:
    """How it begins to serve; while another canary runs it waits for its end."""
    name, start = plan.body["model"], Start.of(plan.body)
    running = running_canary(workspace=plan.workspace, name=name)
    if running is not None and running.proposal_id != plan.proposal_id:
        return CheckResult(
            "canary",
            "blocked",
            f"The canary of version {running.version.version} runs. Let it end, or stop it.",
        )
    if start.share < 1:
        return CheckResult("canary", "passed", start.words)
    if name in KINDS and not KINDS[name].is_by_subject:
        why = f"{KINDS[name].why_at_once}, so no share of it can go first."
        return CheckResult("canary", "not_applicable", why)
    if not plan.body["replaces"]:
        return CheckResult("canary", "not_applicable", "No other version could answer the rest.")
    return CheckResult("canary", "warning", start.words)


def _told(report: ShadowReport | None) -> dict[str, Any] | None:
    """What the comparison found, for the person who signs."""
    if report is None:
        return None
    return {
        "rows": report.rows,
        "metric": report.metric,
        **{
            name: None if value is None else round(value, 4)
            for name, value in (
                ("champion", report.champion_figure),
                ("challenger", report.challenger_figure),
                ("gain", report.gain),
                ("gain_low", report.gain_low),
                ("gain_high", report.gain_high),
                ("same_decisions", report.same_decisions),
            )
        },
        "moved": report.moved,
    }
