"""What speaks against a plan about a test now: read afresh each time it is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from experiments.engine.words import percent
from experiments.models import ABTest, ABTestVariant, Operation
from experiments.planning import LIVE, NOT_STARTED, require_can_roll_out
from experiments.selectors.checklist import checklist
from experiments.selectors.figures import Standing
from experiments.selectors.results import Results, results_of
from experiments.selectors.wording import decision_words
from workspaces.gate import CheckResult, PlanView, StateError
from workspaces.models import Risk

Verdict = tuple[tuple[CheckResult, ...], Risk]


def judge(plan: PlanView, *, now: datetime) -> Verdict:
    """Checks of a plan, and how risky it is."""
    test = subject_test(plan)
    if test is None:
        gone = CheckResult("state", "blocked", "The test is gone or was archived.")
        return (gone,), Risk.MEDIUM
    return _JUDGES[Operation(plan.body["operation"])](test, plan, now)


def subject_test(plan: PlanView) -> ABTest | None:
    """The test that a plan is about."""
    tests = ABTest.objects.select_related("workspace", "layer", "winner")
    return tests.filter(
        workspace=plan.workspace, public_id=plan.body["test"], archived_at=None
    ).first()


def _start(test: ABTest, plan: PlanView, now: datetime) -> Verdict:
    if test.status not in NOT_STARTED:
        return (_state(test, "start it", is_fine=test.has_started),), Risk.LOW
    found = checklist(test, now)
    warned = any(one.verdict == "warning" for one in found)
    return tuple(one.as_result() for one in found), Risk.MEDIUM if warned else Risk.LOW


def _roll_out(test: ABTest, plan: PlanView, now: datetime) -> Verdict:
    try:
        require_can_roll_out(test)
    except StateError as error:
        return (CheckResult("state", "blocked", str(error)),), Risk.HIGH
    results = results_of(test, now)
    variant = test.variants.get(key=plan.body["variant"])
    is_proved = results.decision is not None and (
        results.decision.action == "ship" and results.decision.variant == variant.key
    )
    checks = (
        _split(results),
        _guardrails(results, variant),
        _days(results, is_by_machine=plan.is_by_machine),
        _holds(results, variant, is_proved=is_proved, is_by_machine=plan.is_by_machine),
    )
    return checks, Risk.MEDIUM if is_proved else Risk.HIGH


def _split(results: Results) -> CheckResult:
    p_value = results.split.p_value
    if p_value is None:
        return CheckResult(
            "split", "not_applicable", "The split of this test is not ours to check."
        )
    if results.split.is_mismatch:
        why = (
            f"Units are not split as they should be (p = {p_value:.2g}): no figure means anything."
        )
        return CheckResult("split", "blocked", why)
    return CheckResult("split", "passed", f"Units are split as they should be (p = {p_value:.2g}).")


def _guardrails(results: Results, variant: ABTestVariant) -> CheckResult:
    if not results.guardrails:
        return CheckResult("guardrails", "not_applicable", "The test has no guardrails.")
    standings = {one.metric.name: one.of(variant).standing for one in results.guardrails}
    if harmed := [name for name, one in standings.items() if one == Standing.HARMED]:
        return CheckResult("guardrails", "blocked", f"It harms {', '.join(harmed)}.")
    if doubtful := [name for name, one in standings.items() if one != Standing.SAFE]:
        why = f"Harm beyond what is tolerated is not ruled out of {', '.join(doubtful)}."
        return CheckResult("guardrails", "warning", why)
    return CheckResult("guardrails", "passed", f"{', '.join(standings)}: no harm.")


def _days(results: Results, *, is_by_machine: bool) -> CheckResult:
    least = results.rule.min_days
    if results.days >= least:
        return CheckResult("days", "passed", f"It ran for {results.days} full days of {least}.")
    verdict: Any = "blocked" if is_by_machine else "warning"
    why = f"It ran for {results.days} of at least {least} full days: weekdays differ."
    return CheckResult("days", verdict, why)


def _holds(
    results: Results, variant: ABTestVariant, *, is_proved: bool, is_by_machine: bool
) -> CheckResult:
    """Whether what newer figures say is what was proposed."""
    words = decision_words(results)
    if is_proved:
        return CheckResult("figures", "passed", words)
    primary = results.primary
    figure = primary.of(variant) if primary else None
    if figure is not None and figure.standing == Standing.WORSE and figure.shown is not None:
        why = f"{variant.name} is worse: {percent(figure.shown.effect)}."
        return CheckResult("figures", "blocked", why)
    if is_by_machine:
        return CheckResult("figures", "blocked", f"Newer figures do not show it any more: {words}")
    return CheckResult("figures", "warning", f"A person asks for it without proof: {words}")


def _stop(test: ABTest, plan: PlanView, now: datetime) -> Verdict:
    if test.status not in LIVE:
        return (_state(test, "stop it", is_fine=test.is_over),), Risk.LOW
    words = decision_words(results_of(test, now))
    return (CheckResult("figures", "passed", words),), Risk.LOW


def _revert(test: ABTest, plan: PlanView, now: datetime) -> Verdict:
    words = "Everybody sees the control again, as before the test."
    return (CheckResult("effect", "passed", words),), Risk.LOW


def _state(test: ABTest, what: str, *, is_fine: bool) -> CheckResult:
    """A plan whose end holds already settles as done; any other that came too late is held."""
    why = f"The test is {test.get_status_display().lower()}; there is no need to {what}."
    return CheckResult("state", "passed" if is_fine else "blocked", why)


_JUDGES: Final[Mapping[Operation, Callable[[ABTest, PlanView, datetime], Verdict]]] = {
    Operation.START: _start,
    Operation.ROLL_OUT: _roll_out,
    Operation.STOP: _stop,
    Operation.REVERT: _revert,
}
