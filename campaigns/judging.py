"""Policy's word on an ad change: every check of the safety policy, at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Min, Sum

from campaigns.engine import limits as engine
from campaigns.engine.limits import BudgetOwner, Change, Check, Limits
from campaigns.models import (
    AdAccount,
    ChangeType,
    DailyPerformance,
    EntityType,
    Platform,
    SafetyPolicy,
)
from campaigns.planning import mean_daily_spend, owner_level
from campaigns.platforms import base as platform
from campaigns.platforms.tiktok_wire import lock_ends_at
from campaigns.selectors.learning import recent_events, reported_learning
from campaigns.selectors.series import owner_series
from campaigns.selectors.situation import Activity, Claim, Situation
from campaigns.selectors.subjects import Subject, find_subjects
from workspaces.gate import CheckResult, GateError, Judgement, PlanView
from workspaces.models import ConnectionStatus, Risk
from workspaces.roles import Role

_CHANGE_TYPES: dict[str, engine.ChangeType] = {
    ChangeType.BUDGET: "budget",
    ChangeType.STATUS: "status",
    ChangeType.BID: "bid",
}


@dataclass(frozen=True)
class Facts:
    """What the checks of one change look at."""

    subject: Subject
    change: Change
    before: str
    after: str
    situation: Situation
    is_by_machine: bool
    proposal_id: int | None

    @property
    def account(self) -> AdAccount:
        """The ad account of the subject."""
        return self.subject.account

    @property
    def limits(self) -> Limits:
        """Numbers of the policy that judges."""
        return self.situation.limits

    @property
    def now(self) -> datetime:
        """The moment of the judgement."""
        return self.situation.now


class ChangeSitting:
    """Judges plans of one ad account one after the other, in one situation."""

    def __init__(
        self, plans: Sequence[PlanView], *, now: datetime, policy: SafetyPolicy | None = None
    ) -> None:
        self._subjects = {id(plan): found for plan, found in zip(plans, _found(plans), strict=True)}
        known = [found for found in self._subjects.values() if isinstance(found, Subject)]
        self._situation = (
            Situation(known, now=now, policy=policy, is_replay=policy is not None)
            if known
            else None
        )

    def judge(self, plan: PlanView) -> Judgement:
        """Run every check of the safety policy."""
        subject = self._subjects[id(plan)]
        if isinstance(subject, GateError) or self._situation is None:
            gone = CheckResult("subject", "blocked", str(subject))
            return Judgement((gone,), Risk.HIGH, Role.APPROVER, 1, "none")
        return _judgement(_facts(plan, subject, self._situation))

    def admit(self, plan: PlanView) -> None:
        """Count a plan as running for those that are judged after it."""
        subject = self._subjects[id(plan)]
        if isinstance(subject, Subject) and self._situation is not None:
            self._situation.admit(
                Claim(
                    plan.proposal_id,
                    subject.account.pk,
                    subject.campaign.pk,
                    subject.entity_type,
                    subject.entity.pk,
                    subject.change_type,
                    plan.body["before"],
                    plan.body["after"],
                    plan.body["currency"],
                )
            )


def judge_change(plan: PlanView, *, now: datetime, policy: SafetyPolicy | None = None) -> Judgement:
    """Judge a plan by the newest policy, or by ``policy`` in a simulation."""
    return ChangeSitting([plan], now=now, policy=policy).judge(plan)


def _judgement(facts: Facts) -> Judgement:
    checks = _checks(facts)
    auto = engine.auto_approve(facts.change, checks=checks, limits=facts.limits)
    risk = engine.risk(facts.change, limits=facts.limits)
    results = [_result(check) for check in checks]
    results.append(CheckResult("risk", "passed", f"{risk.level.capitalize()} risk: {risk.why}"))
    results.append(_auto_result(auto))
    return Judgement(
        checks=tuple(results),
        risk=Risk(risk.level),
        rank=Role.APPROVER,
        signatures=engine.signatures_required(facts.change, limits=facts.limits),
        policy_version=facts.situation.policy.label,
        policy_may_sign=auto.verdict == "passed",
        jitter_ms=(facts.limits.jitter_min_ms, facts.limits.jitter_max_ms),
        by_hand=facts.account.is_by_hand,
        can_be_read=facts.account.connection_id is not None,
    )


def _result(check: Check) -> CheckResult:
    return CheckResult(check.name, check.verdict, check.why, check.not_before)


def _auto_result(auto: Check) -> CheckResult:
    # That a person must sign is no obstacle: it is shown, and blocks nothing.
    verdict = "warning" if auto.verdict == "blocked" else auto.verdict
    return CheckResult("auto_approve", verdict, auto.why)


def subject_of_plan(plan: PlanView) -> Subject:
    """Find the subject that a plan body names."""
    (found,) = _found([plan])
    if isinstance(found, GateError):
        raise found
    return found


def _found(plans: Sequence[PlanView]) -> list[Subject | GateError]:
    """Subjects that plan bodies name, or why there is none."""
    named = [
        (plan.body["subject"]["type"], plan.body["subject"]["id"], change_type_of(plan.body))
        for plan in plans
    ]
    return find_subjects(workspace=plans[0].workspace, named=named)


def change_type_of(body: dict[str, Any]) -> ChangeType:
    """Budget, status or bid, from the operation of a plan."""
    field = str(body["operation"]).removeprefix("set_")
    return ChangeType.BUDGET if field.endswith("_budget") else ChangeType(field)


def _facts(plan: PlanView, subject: Subject, situation: Situation) -> Facts:
    before, after = plan.body["before"], plan.body["after"]
    is_status = subject.change_type == ChangeType.STATUS
    change = Change(
        change_type=_CHANGE_TYPES[subject.change_type],
        before=None if is_status else Decimal(before),
        after=None if is_status else Decimal(after),
        pauses=is_status and after != "active",
        puts_back=plan.puts_back,
        rate=situation.rate,
        daily_spend=_daily_spend(subject, situation.now) if is_status else None,
        confidence=float(plan.confidence) if plan.confidence is not None else None,
    )
    return Facts(subject, change, before, after, situation, plan.is_by_machine, plan.proposal_id)


def _daily_spend(subject: Subject, now: datetime) -> Decimal:
    level, owner_ids = owner_level(subject)
    today = now.astimezone(ZoneInfo(subject.account.time_zone)).date()
    series = owner_series(
        account=subject.account,
        level=level,
        owner_ids=owner_ids,
        since=today - timedelta(days=7),
        until=today - timedelta(days=1),
    )
    return Decimal(str(round(mean_daily_spend(series), 6)))


def _checks(facts: Facts) -> list[Check]:
    activity = facts.situation.activity(facts.subject, without=facts.proposal_id)
    return [
        _account(facts),
        _platform_clock(facts),
        _rate(facts, activity),
        _platform_rate(facts, activity),
        _velocity(facts),
        _bounds(facts),
        _learning(facts),
        _ignorance(facts),
        engine.freshness(
            performance_at=facts.situation.performance_until,
            # Stale figures stop the policy from signing; a person may know better and sign.
            automatic=False,
            now=facts.now,
            limits=facts.limits,
        ),
        engine.blackout(now=facts.now, zone=facts.account.workspace.zone, limits=facts.limits),
        _exchange(facts),
    ]


def _account(facts: Facts) -> Check:
    account, connection = facts.account, facts.account.connection
    if connection is None:
        why = "No connection: a person makes the change and ticks it off."
        return Check("account", "not_applicable", why)
    if account.is_by_hand:
        label = account.get_platform_display()
        why = f"{label} is read, not written: a person makes the change and ticks it off."
        return Check("account", "not_applicable", why)
    if connection.status != ConnectionStatus.ACTIVE:
        later = facts.now + timedelta(hours=1)
        why = f"The connection is {connection.get_status_display().lower()}."
        return Check("account", "deferred", why, later)
    if account.blocked_until and account.blocked_until > facts.now:
        why = "The account rests after errors or throttling."
        return Check("account", "deferred", why, account.blocked_until)
    return Check("account", "passed", "Connected and answering.")


def _platform_clock(facts: Facts) -> Check:
    """What a platform forbids by the clock waits; today that is TikTok before midnight."""
    is_budget = facts.subject.change_type == ChangeType.BUDGET
    if facts.account.platform != Platform.TIKTOK or not is_budget:
        return Check("platform_clock", "not_applicable", "The platform takes this at any time.")
    free_at = lock_ends_at(facts.now, ZoneInfo(facts.account.time_zone))
    if free_at is None:
        return Check("platform_clock", "passed", "Outside TikTok's lock before midnight.")
    why = "TikTok takes no budget changes from 23:55 to midnight, account time."
    return Check("platform_clock", "deferred", why, free_at)


def _rate(facts: Facts, activity: Activity) -> Check:
    return engine.rate(
        campaign_calls=activity.campaign_calls,
        campaign_running=activity.campaign_running,
        workspace_calls=activity.workspace_calls,
        workspace_running=activity.workspace_running,
        now=facts.now,
        zone=facts.account.workspace.zone,
        limits=facts.limits,
    )


def _platform_rate(facts: Facts, activity: Activity) -> Check:
    is_meta_ad_set = (
        facts.account.platform == Platform.META and facts.subject.entity_type == EntityType.ADSET
    )
    return engine.platform_rate(
        facts.change,
        calls=activity.entity_budget_calls,
        running=activity.entity_running,
        applies=is_meta_ad_set,
        now=facts.now,
        limits=facts.limits,
    )


def _velocity(facts: Facts) -> Check:
    before, after = facts.change.before, facts.change.after
    if before is None or after is None:
        return engine.velocity(
            facts.change, BudgetOwner(Decimal(0), Decimal(0)), now=facts.now, limits=facts.limits
        )
    past, siblings = facts.situation.owners(facts.subject, without=facts.proposal_id)
    return engine.velocity(
        facts.change,
        BudgetOwner(before, after, past),
        siblings=siblings,
        now=facts.now,
        limits=facts.limits,
    )


def _bounds(facts: Facts) -> Check:
    total = None
    is_limited = facts.limits.max_workspace_daily_total is not None
    if is_limited and facts.subject.change_type == ChangeType.BUDGET:
        total = _total_after(facts)
    return engine.bounds(facts.change, workspace_total_after=total, limits=facts.limits)


def _total_after(facts: Facts) -> Decimal | None:
    """All daily budgets once this change and every running claim are through."""
    change = facts.change
    total = facts.situation.total_with_rises(without=facts.proposal_id)
    after = change.in_workspace_currency(change.after)
    before = change.in_workspace_currency(change.before)
    if total is None or after is None or before is None:
        return None
    return total + after - before


def _learning(facts: Facts) -> Check:
    entity, change, limits = facts.subject.entity, facts.change, facts.limits
    reported = reported_learning(entity)
    could_disturb = change.pauses or change.exceeds_pct(limits.learning_edit_pct)
    events = recent_events(entity, now=facts.now) if reported is None and could_disturb else None
    return engine.learning(change, reported_learning=reported, events_7d=events, limits=limits)


def _ignorance(facts: Facts) -> Check:
    is_kill = facts.change.pauses and facts.is_by_machine
    if not is_kill:
        return engine.ignorance(
            is_kill=False, started_at=facts.now, spend=None, now=facts.now, limits=facts.limits
        )
    level, owner_ids = owner_level(facts.subject)
    known = DailyPerformance.objects.filter(
        account=facts.account,
        level=facts.account.summing_level,
        spend__gt=0,
        **{f"{level}__in": owner_ids},
    ).aggregate(spend=Sum("spend"), first=Min("day"))
    zone = ZoneInfo(facts.account.time_zone)
    started = (
        datetime.combine(known["first"], datetime.min.time(), zone) if known["first"] else facts.now
    )
    return engine.ignorance(
        is_kill=True,
        started_at=started,
        spend=facts.change.in_workspace_currency(known["spend"]),
        now=facts.now,
        limits=facts.limits,
    )


def _exchange(facts: Facts) -> Check:
    if facts.change.rate is None:
        currencies = f"{facts.account.currency} to {facts.account.workspace.currency}"
        why = f"No exchange rate from {currencies}: policy amounts cannot be compared."
        return Check("exchange_rate", "warning", why)
    return Check("exchange_rate", "passed", "Amounts compare in the workspace's currency.")


def ref_of(body: dict[str, Any]) -> platform.EntityRef:
    """The platform's own name for what a plan changes."""
    named = body["subject"]
    return platform.EntityRef(named["level"], named["external_id"], named["account"])
