"""From a request about a test to a plan: everything that decides its effect, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError

from experiments.engine.statistics import Comparison
from experiments.engine.words import percent
from experiments.models import (
    OPEN_ROLL_OUTS,
    ABTest,
    ABTestStatus,
    ABTestVariant,
    EndReason,
    Operation,
    RollOut,
    WebsiteABTest,
)
from experiments.selectors.checklist import checklist
from experiments.selectors.figures import Figure, MetricResult
from experiments.selectors.proposals import subject_of
from experiments.selectors.results import Results, results_of, variants_of
from experiments.selectors.rules import parts_of, policy_of, rule_document
from experiments.selectors.wording import decision_words
from experiments.services.rolling import rule_steps
from workspaces.gate import LESS, Draft, Json, RequestError, StateError
from workspaces.models import Workspace

VERSION: Final = 1
#: So many standard errors below the mean lies the lowest tenth.
_TENTH: Final = 1.2816
NOT_STARTED: Final = (ABTestStatus.DRAFT, ABTestStatus.PENDING_START)
LIVE: Final = (ABTestStatus.RUNNING, ABTestStatus.PAUSED)
#: Why a machine asks to stop one.
STOPS: Final = (EndReason.FUTILITY, EndReason.HARM, EndReason.TIME_UP, EndReason.PERSON)


def plan(*, workspace: Workspace, request: Mapping[str, Any], now: datetime) -> Draft:
    """Turn a request into a plan.

    Raises
    ------
    RequestError : names the field that is wrong
    StateError : the test does not stand where that can be done
    """
    test = _asked(workspace, request)
    operation = request.get("operation")
    if operation not in Operation.values:
        raise RequestError("operation", f"Choose one of {', '.join(Operation.values)}.")
    return _PLANS[Operation(operation)](test, request, now)


def _asked(workspace: Workspace, request: Mapping[str, Any]) -> ABTest:
    named = str(request.get("test", ""))
    tests = ABTest.objects.filter(workspace=workspace, is_imported=False, archived_at=None)
    try:
        found = tests.select_related("workspace", "layer", "winner").filter(public_id=named).first()
    except ValidationError:
        found = None
    if found is None:
        raise RequestError("test", "There is no such test.")
    if RollOut.objects.filter(follow_up=found).exists():
        raise RequestError("test", "This is a roll-out; name the test that it came from.")
    return found


def _body(test: ABTest, operation: Operation, **values: Any) -> Json:
    return {
        "version": VERSION,
        "subject": subject_of(test),
        "operation": str(operation),
        "test": str(test.public_id),
        "test_key": test.key,
        **values,
    }


def start_document(test: ABTest) -> Json:
    """Everything that decides what a start does."""
    place = WebsiteABTest.objects.select_related("site").filter(test=test).first()
    return {
        "rule": rule_document(test, policy_of(test.workspace), parts_of(test)),
        "variants": [
            {"key": one.key, "name": one.name, "weight": one.weight,
             "is_control": one.is_control, "config": texts(one.config),
             "ad": str(one.ad.public_id) if one.ad else None}
            for one in test.variants.select_related("ad").order_by("position")
        ],
        "surface": test.surface,
        "traffic": test.traffic,
        "targeting": texts(test.targeting),
        "slot": [test.layer.name, test.layer_from, test.layer_to] if test.layer else None,
        "place": [str(place.site.public_id), place.page_pattern, place.selector] if place else None,
    }  # fmt: skip


def texts(value: Any) -> Any:
    """A configuration as a plan holds it: what is a fraction becomes text."""
    if isinstance(value, dict):
        return {str(name): texts(part) for name, part in value.items()}
    if isinstance(value, list):
        return [texts(part) for part in value]
    return repr(value) if isinstance(value, float) else value


def _start(test: ABTest, request: Mapping[str, Any], now: datetime) -> Draft:
    if test.status not in NOT_STARTED:
        raise StateError(f"It is {test.get_status_display().lower()}; only a draft is started.")
    found = checklist(test, now)
    if blocked := [one for one in found if one.verdict == "blocked"]:
        raise StateError(" ".join(one.text for one in blocked))
    shares = ", ".join(f"{one.name} {one.weight / 100:g} %" for one in variants_of(test))
    return Draft(
        subject_key=subject_of(test),
        subject_label=test.name,
        summary=f"Start the test “{test.name}”: {shares}",
        body=_body(test, Operation.START, before="draft", after="running", **start_document(test)),
        evidence={"hypothesis": test.hypothesis} if test.hypothesis else {},
        detail={"test": test, "operation": Operation.START},
    )


def _roll_out(test: ABTest, request: Mapping[str, Any], now: datetime) -> Draft:
    variant = _variant(test, request)
    require_can_roll_out(test)
    results = results_of(test, now)
    primary, steps = results.primary, rule_steps(test)
    figure = primary.of(variant) if primary else None
    first, whole = steps["first_step"] / 100, steps["share"] / 100
    return Draft(
        subject_key=subject_of(test),
        subject_label=test.name,
        summary=f"Roll “{variant.name}” of “{test.name}” out",
        body=_body(
            test, Operation.ROLL_OUT, variant=variant.key, surface=test.surface, **steps,
            before=f"{test.get_status_display()}: {variant.weight / 100:g} %",
            after=_after(test, variant, first, whole, steps["step_days"]),
        ),
        predicted=_predicted(primary, figure, results.rule.max_days),
        confidence=_confidence(primary, figure),
        evidence=evidence_of(results, variant),
        detail={"test": test, "operation": Operation.ROLL_OUT, "variant": variant},
    )  # fmt: skip


def _after(test: ABTest, variant: ABTestVariant, first: float, whole: float, days: int) -> str:
    if test.surface != "website":
        return f"“{variant.name}” is used"
    return f"{first:g} %, after {days} days {whole:g} %"


def require_can_roll_out(test: ABTest) -> None:
    """Refuse a test that has no figures, or whose winner is under way.

    Raises
    ------
    StateError : says what is in the way
    """
    if not test.has_started:
        raise StateError("It has not started: there is no winner yet.")
    if RollOut.objects.filter(test=test, state__in=OPEN_ROLL_OUTS).exists():
        raise StateError("A variant of this test is being rolled out already.")


def _variant(test: ABTest, request: Mapping[str, Any]) -> ABTestVariant:
    found = test.variants.filter(key=str(request.get("variant", ""))).first()
    if found is None:
        names = ", ".join(test.variants.order_by("position").values_list("key", flat=True))
        raise RequestError("variant", f"Name the variant: {names}.")
    if found.is_control:
        raise RequestError("variant", "The control is what people see anyway. Stop the test.")
    return found


def _predicted(
    primary: MetricResult | None, figure: Figure | None, horizon_days: int
) -> Json | None:
    """What the roll-out brings, as the gate tells predicted effects."""
    found = figure.shown if figure else None
    if primary is None or found is None or found.not_computable:
        return None
    # The gate tells effects by their 80 % interval.
    reach = _TENTH * found.standard_error
    ends = (found.effect, found.effect - reach, found.effect + reach)
    return {
        "metric": f"{primary.metric.name}, % of the control's",
        **{
            name: str(Decimal(str(value * 100)).quantize(Decimal("0.1")))
            for name, value in zip(("delta", "low", "high"), ends, strict=True)
        },
        "per": "",
        "horizon_days": horizon_days,
        "confidence": str(_confidence(primary, figure)),
        **({} if primary.more_is_better else {"better": LESS}),
    }


def _confidence(primary: MetricResult | None, figure: Figure | None) -> Decimal | None:
    found = figure.decisive if figure else None
    if primary is None or found is None or found.not_computable:
        return None
    chance = found.chance_to_win if primary.more_is_better else 1 - found.chance_to_win
    return Decimal(str(round(chance, 4)))


def evidence_of(results: Results, variant: ABTestVariant | None = None) -> Json:
    """Figures that a person who signs looks at, as texts."""
    split = results.split.p_value
    return {
        "decision": decision_words(results),
        "full_days": results.days,
        "counted_up_to": str(results.newest_day) if results.newest_day else "–",
        "split_p_value": "–" if split is None else f"{split:.2g}",
        "units": {one.variant.name: one.units for one in results.split.arms},
        "effects": {
            f"{one.metric.name}, {figure.variant.name}": _effect(figure.shown, figure.standing)
            for one in results.metrics
            for figure in one.figures[1:]
            if figure.shown is not None and (variant is None or figure.variant.pk == variant.pk)
        },
    }


def _effect(found: Comparison, standing: str) -> str:
    if found.not_computable:
        return found.not_computable
    ends = f"[{percent(found.ci_low)}, {percent(found.ci_high)}]"
    return f"{percent(found.effect)} {ends}, {standing}"


def _stop(test: ABTest, request: Mapping[str, Any], now: datetime) -> Draft:
    if test.status not in LIVE:
        raise StateError(f"It is {test.get_status_display().lower()}; there is nothing to stop.")
    why = request.get("why") or EndReason.PERSON
    if why not in STOPS:
        raise RequestError("why", f"Choose one of {', '.join(STOPS)}.")
    return Draft(
        subject_key=subject_of(test),
        subject_label=test.name,
        summary=f"Stop the test “{test.name}”: the control stays",
        body=_body(
            test, Operation.STOP, why=str(why), before=test.get_status_display(), after="Completed"
        ),
        evidence=evidence_of(results_of(test, now)),
        detail={"test": test, "operation": Operation.STOP},
    )


def _revert(test: ABTest, request: Mapping[str, Any], now: datetime) -> Draft:
    row = (
        RollOut.objects.select_related("variant", "follow_up__workspace")
        .filter(test=test, state__in=OPEN_ROLL_OUTS)
        .first()
    )
    if row is None:
        raise StateError("Nothing of this test is being rolled out.")
    found = evidence_of(results_of(row.follow_up, now)) if row.follow_up else {}
    return Draft(
        subject_key=subject_of(test),
        subject_label=test.name,
        summary=f"Take the roll-out of “{row.variant.name}” of “{test.name}” back",
        body=_body(
            test, Operation.REVERT, variant=row.variant.key, roll_out=str(row.proposal.public_id),
            before=f"{row.share / 100:g} % see “{row.variant.name}”",
            after="Everybody sees the control",
        ),
        evidence=found,
        detail={"test": test, "operation": Operation.REVERT, "variant": row.variant},
    )  # fmt: skip


_PLANS: Final[Mapping[Operation, Callable[[ABTest, Mapping[str, Any], datetime], Draft]]] = {
    Operation.START: _start,
    Operation.ROLL_OUT: _roll_out,
    Operation.STOP: _stop,
    Operation.REVERT: _revert,
}
