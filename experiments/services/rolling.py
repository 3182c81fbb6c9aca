"""Winners on their way to everybody: step by step, watched, paused and taken back.

On a website a roll-out is a test of its own, winner against hold-back, whose traffic grows while
its weights stand: so whoever comes in later only adds to what is compared, pages show it by the
script they have, and the hold-back tells what the winner is really worth.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.urls import reverse

from experiments.engine.words import percent
from experiments.models import (
    OPEN_ROLL_OUTS,
    WHOLE,
    ABTest,
    ABTestMetric,
    ABTestStatus,
    ABTestVariant,
    EndReason,
    Method,
    Mode,
    RollOut,
    RollOutState,
    Surface,
    WebsiteABTest,
)
from experiments.selectors.figures import MetricResult, Standing
from experiments.selectors.proposals import KIND, open_proposal_of, subject_of
from experiments.selectors.results import Results, results_of
from experiments.selectors.rules import parts_of, policy_of, rule_document, rule_of
from experiments.services.ad_winners import propose_ads
from experiments.services.drafting import TOPIC, lock_test
from experiments.services.running import LIVE, begin, close, end, log_shares
from experiments.surfaces import winner_user
from workspaces.gate import GateError, Proposer, RequestError, StateError
from workspaces.models import Proposal, Workspace
from workspaces.roles import Role
from workspaces.services.brake import record_stop
from workspaces.services.live import bump
from workspaces.services.notices import notify
from workspaces.services.permissions import require
from workspaces.services.proposing import propose

#: As whom the machine acts.
RULE: Final = Proposer.rule("decision rule of tests")
_MOVING: Final = ["state", "share", "next_step_at", "ended_at", "reason"]


def roll_out(
    *, proposal: Proposal, test: ABTest, variant_id: int, body: dict[str, Any], now: datetime
) -> None:
    """Declare a winner and begin to roll it out as signed. Called in the settling transaction."""
    if RollOut.objects.filter(proposal=proposal).exists():
        return
    locked = lock_test(test)
    variant = locked.variants.select_related("ad", "workspace").get(pk=variant_id)
    claimed, was_live = _claimed(locked, variant, now), locked.status in LIVE
    end(locked, why=EndReason.WINNER, now=now, winner_id=variant.pk)
    if was_live:
        log_shares(locked, by_label=proposal.proposer_label, reason="It has a winner.", now=now)
    started = RollOut(
        workspace=locked.workspace, test=locked, variant=variant, proposal=proposal,
        holdback=body["holdback"], started_at=now, **claimed,
    )  # fmt: skip
    if locked.surface == Surface.WEBSITE:
        _begin_steps(started, body, now)
    else:
        started.state, started.share, started.ended_at = RollOutState.FINISHED, WHOLE, now
        started.holdback = 0
        started.reason = _use_winner(variant, now)[:300]
    started.save()
    bump(locked.workspace_id, TOPIC)


def _claimed(test: ABTest, variant: ABTestVariant, now: datetime) -> dict[str, float | None]:
    """What the test says the winner is worth."""
    primary = results_of(test, now).primary
    found = primary.of(variant).shown if primary else None
    if found is None or found.not_computable:
        return {}
    return {"claimed": found.relative, "claimed_low": found.ci_low, "claimed_high": found.ci_high}


def _use_winner(variant: ABTestVariant, now: datetime) -> str:
    if variant.test.surface == Surface.AD:
        return propose_ads(variant, now=now)
    use = winner_user(variant.test.surface)
    return use(variant, now) if use else "Nothing here uses it yet."


def _begin_steps(started: RollOut, body: dict[str, Any], now: datetime) -> None:
    most = WHOLE - started.holdback
    started.share = min(int(body["first_step"]), most)
    is_whole = started.share == most
    started.state = RollOutState.HOLDING if is_whole else RollOutState.ROLLING
    started.next_step_at = None if is_whole else now + timedelta(days=int(body["step_days"]))
    started.follow_up = _follow_up(started, now)


def _follow_up(started: RollOut, now: datetime) -> ABTest:
    """Make and start the test of the winner against the hold-back."""
    test, most = started.test, WHOLE - started.holdback
    followed = ABTest.objects.create(
        workspace=test.workspace, key=_key(test), name=f"{test.name}: roll-out"[:120],
        hypothesis=test.hypothesis, type=test.type, surface=test.surface, channel=test.channel,
        targeting=test.targeting, traffic=_traffic(started.share, most), mode=Mode.SPLIT,
        method=Method.ALWAYS_VALID, alpha_bp=test.alpha_bp, power_bp=test.power_bp,
        minimum_effect_bp=test.minimum_effect_bp, min_days=1, max_days=365,
        holdback=started.holdback, created_by_label=RULE.label,
    )  # fmt: skip
    control = test.variants.get(is_control=True)
    weights = [(control, started.holdback), (started.variant, most)]
    ABTestVariant.objects.bulk_create(
        ABTestVariant(
            workspace=test.workspace, test=followed, key=arm.key, name=arm.name, position=place,
            weight=weight, is_control=place == 0, config=arm.config,
        )
        for place, (arm, weight) in enumerate(weights)
    )  # fmt: skip
    ABTestMetric.objects.bulk_create(
        ABTestMetric(
            workspace=test.workspace, test=followed, metric=one.metric, role=one.role,
            position=one.position, harm_bp=one.harm_bp,
        )
        for one in parts_of(test)
    )  # fmt: skip
    place = WebsiteABTest.objects.get(test=test)
    WebsiteABTest.objects.create(
        workspace=test.workspace, test=followed, site=place.site,
        page_pattern=place.page_pattern, selector=place.selector,
    )  # fmt: skip
    rule = rule_document(followed, policy_of(test.workspace), parts_of(followed))
    begin(followed, by_label=RULE.label, reason="The winner is rolled out.", now=now, rule=rule)
    return followed


def _traffic(share: int, most: int) -> int:
    """Traffic at which the winner, with its weight of the whole, gets a share of everybody."""
    return WHOLE if share >= most else round(share * WHOLE / most)


def _key(test: ABTest) -> str:
    number = test.roll_outs.count() + 1
    ending = "-live" if number == 1 else f"-live{number}"
    return f"{test.key[: 40 - len(ending)].rstrip('-_')}{ending}"


def step_on(*, roll_out_id: int, now: datetime) -> bool:
    """Show the winner to everybody but the hold-back, where the time has come and nothing suffers.

    That was signed with the roll-out; the kill switch holds it up.
    """
    with transaction.atomic():
        row = _locked(roll_out_id)
        followed = row.follow_up
        is_due = row.next_step_at is not None and row.next_step_at <= now
        if row.state != RollOutState.ROLLING or not is_due or row.workspace.kill_switch:
            return False
        if followed is None or _suffers(results_of(followed, now)):
            return False
        row.share, row.state, row.next_step_at = WHOLE - row.holdback, RollOutState.HOLDING, None
        row.reason = "Nothing suffered in the first step."
        row.save(update_fields=_MOVING)
        followed = lock_test(followed)
        followed.traffic = WHOLE
        followed.save(update_fields=["traffic"])
        log_shares(followed, by_label=RULE.label, reason=row.reason, now=now)
    return True


def watch(*, roll_out_id: int, now: datetime) -> str:
    """Look at the winner against the hold-back: pause where it does harm, else write its gain.

    Returns what was done: ``paused``, ``measured`` or nothing.
    """
    row = RollOut.objects.select_related("follow_up__workspace", "workspace").get(pk=roll_out_id)
    if row.follow_up is None or row.state not in (RollOutState.ROLLING, RollOutState.HOLDING):
        return ""
    results = results_of(row.follow_up, now)
    if words := _suffers(results):
        # In one transaction: what is paused is looked at no more.
        with transaction.atomic():
            pause_roll_out(roll_out=row, by=RULE, reason=words, now=now)
            _ask_back(row, words, now)
        return "paused"
    return "measured" if _measure(row, results, now) else ""


def _suffers(results: Results) -> str:
    """What the roll-out harms, in words; empty where nothing shows."""
    if results.is_gated:
        return "Units are not split as they should be, so nobody can say what it does."
    for one, figure in results.harmed():
        return f"{one.metric.name} suffers: {_interval(one, figure.bound)} against the hold-back."
    primary = results.primary
    if results.decision and results.decision.action == "stop_harm" and primary is not None:
        bound = primary.figures[1].bound
        return (
            f"{primary.metric.name} got worse: {_interval(primary, bound)} against the hold-back."
        )
    return ""


def _interval(one: MetricResult, found: Any) -> str:
    return f"{percent(found.effect)} [{percent(found.ci_low)}, {percent(found.ci_high)}]"


def _measure(row: RollOut, results: Results, now: datetime) -> bool:
    """Keep the realised lift beside the claimed one, once the hold-back says enough."""
    primary = results.primary
    figure = primary.figures[1] if primary and len(primary.figures) > 1 else None
    if figure is None or figure.standing == Standing.HIDDEN or figure.comparison is None:
        return False
    found = figure.comparison
    if found.not_computable or (row.realised, row.realised_low) == (found.relative, found.ci_low):
        return False
    return bool(
        RollOut.objects.filter(pk=row.pk).update(
            realised=found.relative,
            realised_low=found.ci_low,
            realised_high=found.ci_high,
            realised_at=now,
        )
    )


@transaction.atomic
def pause_roll_out(*, roll_out: RollOut, by: Proposer, reason: str, now: datetime) -> RollOut:
    """Show everybody the control, at once.

    Raises
    ------
    StateError : it is not rolling
    RequestError : no reason was given
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=roll_out.workspace, now=now, what="Pausing a roll-out")
    if not reason.strip():
        raise RequestError("reason", "Say why: whoever resumes it reads that.")
    row = _locked(roll_out.pk)
    if row.state not in (RollOutState.ROLLING, RollOutState.HOLDING):
        raise StateError(f"It is {row.get_state_display().lower()}.")
    row.state, row.reason = RollOutState.PAUSED, reason[:300]
    row.save(update_fields=_MOVING)
    _set_running(row, is_on=False, by=by, reason=reason, now=now)
    record_stop(
        workspace=row.workspace,
        by=by,
        rank=Role.OPERATOR,
        subject_key=f"{subject_of(row.test)}:roll-out",
        subject_label=row.test.name,
        summary=f"Pause the roll-out of “{row.variant.name}” of “{row.test.name}”",
        body={"operation": "pause_roll_out", "subject": subject_of(row.test),
              "before": f"{row.share / 100:g} %", "after": "the control for all"},
        reason=reason,
        now=now,
    )  # fmt: skip
    return row


@transaction.atomic
def resume_roll_out(*, roll_out: RollOut, by: Proposer, reason: str, now: datetime) -> RollOut:
    """Go on where it was paused.

    Raises
    ------
    StateError : it is not paused, or a proposal to take it back is open
    NotAllowedError : the person is no approver
    """
    require(Role.APPROVER, by=by, workspace=roll_out.workspace, now=now, what="Resuming a roll-out")
    row = _locked(roll_out.pk)
    if row.state != RollOutState.PAUSED:
        raise StateError(f"It is {row.get_state_display().lower()}, not paused.")
    if proposal := open_proposal_of(row.test):
        raise StateError(f"“{proposal.summary}” is open. Sign or reject that first.")
    is_whole = row.share == WHOLE - row.holdback
    row.state = RollOutState.HOLDING if is_whole else RollOutState.ROLLING
    row.reason = (reason.strip() or "Resumed.")[:300]
    row.save(update_fields=_MOVING)
    _set_running(row, is_on=True, by=by, reason=row.reason, now=now)
    return row


@transaction.atomic
def finish_roll_out(*, roll_out: RollOut, by: Proposer, now: datetime) -> RollOut:
    """End it because the winner is built in: the script shows nothing more, nobody is held back.

    Raises
    ------
    StateError : it is over, or not with everybody yet
    NotAllowedError : the person is no approver
    """
    require(
        Role.APPROVER, by=by, workspace=roll_out.workspace, now=now, what="Finishing a roll-out"
    )
    row = _locked(roll_out.pk)
    if row.state != RollOutState.HOLDING:
        raise StateError(f"It is {row.get_state_display().lower()}; only one with all can finish.")
    _close(row, RollOutState.FINISHED, EndReason.WINNER, f"{by.label}: it is built in.", now)
    return row


def take_back(*, test: ABTest, reason: str, now: datetime) -> None:
    """End an open roll-out: the control for all. Called in the settling transaction."""
    row = RollOut.objects.filter(test=test, state__in=OPEN_ROLL_OUTS).first()
    if row is not None:
        _close(_locked(row.pk), RollOutState.REVERTED, EndReason.HARM, reason, now)


def _close(row: RollOut, state: RollOutState, why: EndReason, reason: str, now: datetime) -> None:
    row.state, row.ended_at, row.next_step_at, row.reason = state, now, None, reason[:300]
    row.save(update_fields=_MOVING)
    if row.follow_up is not None:
        followed = lock_test(row.follow_up)
        close(followed, why=why, now=now)
        log_shares(followed, by_label=RULE.label, reason=reason, now=now)
    bump(row.workspace_id, TOPIC)


def _set_running(row: RollOut, *, is_on: bool, by: Proposer, reason: str, now: datetime) -> None:
    if row.follow_up is None:
        return
    followed = lock_test(row.follow_up)
    followed.status = ABTestStatus.RUNNING if is_on else ABTestStatus.PAUSED
    followed.paused_at = None if is_on else now
    followed.save(update_fields=["status", "paused_at"])
    log_shares(followed, by_label=by.label, reason=reason, now=now)


def _locked(roll_out_id: int) -> RollOut:
    return (
        RollOut.objects.select_for_update(of=("self",))
        .select_related("workspace", "test", "variant", "follow_up__workspace", "proposal")
        .get(pk=roll_out_id)
    )


def _ask_back(row: RollOut, words: str, now: datetime) -> None:
    """Propose to take a paused roll-out back, and tell."""
    try:
        propose(
            workspace=row.workspace,
            kind=KIND,
            request={"test": str(row.test.public_id), "operation": "revert"},
            proposer=RULE,
            reason=words,
            now=now,
            reverts=row.proposal,
        )
    except GateError as error:
        words = f"{words} It was not proposed to take it back: {error}"
    tell(row.workspace, row.test, f"Paused: roll-out of “{row.variant.name}”", words, now)


def tell(workspace: Workspace, test: ABTest, title: str, words: str, now: datetime) -> None:
    """Tell operators what became of a test; once a day for one title."""
    notify(
        workspace=workspace,
        rank=Role.OPERATOR.rank,
        topic="test.decided",
        title=f"{title}, {test.name}"[:200],
        body=words,
        url=reverse("approvals"),
        dedup_key=f"test:{test.public_id}:{title}:{now.date()}",
        now=now,
    )


def rule_steps(test: ABTest) -> dict[str, int]:
    """How a winner of a test is rolled out, by the rule signed at its start."""
    rule = rule_of(test)
    return {
        "first_step": min(rule.first_step, WHOLE - rule.holdback),
        "step_days": rule.step_days,
        "holdback": rule.holdback,
        "share": WHOLE - rule.holdback,
    }
