"""The sampler at work: allocations logged with their propensities, changes proposed from them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from campaigns.engine.limits import Limits
from campaigns.models import AdAccount, SafetyPolicy
from campaigns.platforms.registry import money_step
from campaigns.selectors import current_policy, exchange_rate, limits_of
from mlops.engine.arms import AdState, Allocation, AllocationItem, Mode
from mlops.engine.posterior import SPREADING_COUNT
from mlops.engine.sampler import BattleHardenedSampler
from mlops.models import SamplerDecision, SamplerFeedback
from mlops.selectors.sampling import Arm, arms_of, feedback_since
from mlops.services.winners.boosting import Boost, boosts_of
from workspaces.gate import GateError, Proposer
from workspaces.ids import uuid7
from workspaces.models import Proposal, Workspace
from workspaces.services.proposing import propose

logger = logging.getLogger(__name__)

VERSION = "v1"
MIN_CHANGE_PCT = 3.0  # smaller moves are noise, and each costs a person a look


def sampler_for(
    *, workspace: Workspace, policy: SafetyPolicy, mode: Mode | None = None, **options: Any
) -> BattleHardenedSampler:
    """Sampler with the numbers of a policy; ``options`` override some of them."""
    limits = limits_of(policy)
    chosen: Mode = mode or ("pipeline" if workspace.mode == "pipeline" else "direct")
    numbers: dict[str, Any] = {
        "ignorance_zone_days": limits.ignorance_zone_days,
        "ignorance_zone_spend": float(limits.ignorance_zone_spend),
        "ignorance_rule": limits.ignorance_rule,
        "min_spend_for_kill": float(limits.min_spend_for_kill),
        "kill_pipeline_roas": limits.kill_pipeline_roas,
        "scale_pipeline_roas": limits.scale_pipeline_roas,
        "roas_threshold": limits.roas_threshold,
        "max_budget_change": limits.max_budget_change,
        "min_budget": float(limits.min_daily_budget),
        "confidence_threshold": limits.confidence_threshold,
        "decay_form": limits.decay_form,
        "policy_version": policy.label,
    }
    return BattleHardenedSampler(chosen, **{**numbers, **options})


def allocate(
    *,
    workspace: Workspace,
    states: Sequence[AdState],
    total_budget: float,
    now: datetime,
    similarity: Mapping[str, float] | None = None,
    mode: Mode | None = None,
    seed: int | None = None,
) -> tuple[Allocation, UUID]:
    """Draw an allocation for given states, learn from the ledger first, and log every arm.

    Raises
    ------
    ValueError : a figure is out of range; the message names it
    """
    policy = current_policy(workspace=workspace)
    sampler = sampler_for(workspace=workspace, policy=policy, mode=mode)
    learnt = _with_feedback(workspace, states)
    allocation = sampler.select(learnt, total_budget, similarity, seed, now=now)
    return allocation, log_allocation(
        workspace=workspace, allocation=allocation, states=learnt, now=now
    )


def _with_feedback(workspace: Workspace, states: Sequence[AdState]) -> list[AdState]:
    """Add what the ledger knows beyond each state's own figures."""
    extra = feedback_since(
        workspace=workspace, arms={state.ad_id: state.last_updated for state in states}
    )
    return [_plus(state, *extra.get(state.ad_id, (0.0, 0.0))) for state in states]


def _plus(state: AdState, spend: float, value: float) -> AdState:
    if not spend and not value:
        return state
    return replace(
        state,
        spend=state.spend + spend,
        # A loss may be told of an arm whose gain nobody told.
        pipeline_value=max(0.0, (state.pipeline_value or 0.0) + value),
    )


def log_allocation(
    *,
    workspace: Workspace,
    allocation: Allocation,
    states: Sequence[AdState],
    now: datetime,
    labels: Mapping[str, str] | None = None,
    proposals: Mapping[str, Proposal] | None = None,
) -> UUID:
    """Append one row per arm, so that any other policy can be evaluated on it later."""
    allocation_id = uuid7()
    by_id = {state.ad_id: state for state in states}
    SamplerDecision.objects.bulk_create(
        SamplerDecision(
            workspace=workspace,
            allocation_id=allocation_id,
            arm=item.ad_id,
            arm_label=(labels or {}).get(item.ad_id, ""),
            seed=allocation.seed,
            mode=allocation.mode,
            policy_version=allocation.policy_version,
            decision=item.decision,
            current_budget=Decimal(str(item.current_budget)),
            recommended_budget=Decimal(str(round(item.recommended_budget, 6))),
            propensity=item.propensity,
            alpha=item.alpha,
            beta=item.beta,
            confidence=item.confidence,
            context=_context(by_id[item.ad_id], item),
            reason=item.reason,
            proposal=(proposals or {}).get(item.ad_id),
            at=now,
        )
        for item in allocation.items
    )
    return allocation_id


def _context(state: AdState, item: AllocationItem) -> dict[str, Any]:
    known = asdict(state)
    updated = state.last_updated
    known["last_updated"] = updated.isoformat() if updated else None
    return {"state": known, "metrics": dict(item.metrics), "binding": item.binding}


def record_feedback(
    *,
    workspace: Workspace,
    arm: str,
    event_id: str,
    spend: Decimal,
    pipeline_value: Decimal,
    source: str,
    now: datetime,
) -> bool:
    """Append what an arm really brought; ``False`` when that event is in the ledger already."""
    _, is_new = SamplerFeedback.objects.get_or_create(
        workspace=workspace,
        event_id=event_id,
        defaults={
            "arm": arm,
            "spend": spend,
            "pipeline_value": pipeline_value,
            "source": source,
            "at": now,
        },
    )
    return is_new


@dataclass(frozen=True)
class _Draw:
    """An account's budgets shared out anew, and what that rests on."""

    arms: Mapping[str, Arm]
    allocation: Allocation
    boosts: Mapping[str, Boost]


def propose_budgets(
    *, account: AdAccount, now: datetime, seed: int | None = None
) -> list[Proposal]:
    """Share an account's budgets out anew and propose what should change.

    The total stays as it is: the sampler moves money, people decide on more of it. What cannot
    be proposed (a person's change is open, no step is allowed) is left out and logged.
    """
    drawn = _draw(account, now, seed)
    if drawn is None:
        return []
    with transaction.atomic():
        made = {
            item.ad_id: proposal
            for item in drawn.allocation.items
            if (proposal := _propose(drawn.arms[item.ad_id], item, drawn, now=now))
        }
        _log(account, drawn, made, now)
    return list(made.values())


def draw_budgets(*, account: AdAccount, now: datetime, seed: int | None = None) -> bool:
    """Share an account's budgets out anew, and only write it down; ``False``: nothing to share."""
    drawn = _draw(account, now, seed)
    if drawn is None:
        return False
    _log(account, drawn, {}, now)
    return True


def _draw(account: AdAccount, now: datetime, seed: int | None) -> _Draw | None:
    policy = current_policy(workspace=account.workspace, account=account)
    limits = limits_of(policy)
    rate = exchange_rate(workspace=account.workspace, currency=account.currency, on=now.date())
    if rate is None:
        return None
    found = arms_of(account=account, limits=limits, rate=rate, now=now)
    arms = {arm.state.ad_id: arm for arm in found}
    if len(arms) < 2:
        return None
    sampler = sampler_for(
        workspace=account.workspace, policy=policy, **_for_account(limits, rate, account)
    )
    states = [arm.state for arm in arms.values()]
    total = sum(state.daily_budget for state in states)
    boosts = boosts_of(account=account, subjects=[arm.subject for arm in found], now=now)
    likeness = {key: boost.similarity for key, boost in boosts.items()}
    return _Draw(arms, sampler.select(states, total, likeness, seed, now=now), boosts)


def _log(account: AdAccount, drawn: _Draw, made: Mapping[str, Proposal], now: datetime) -> None:
    log_allocation(
        workspace=account.workspace,
        allocation=drawn.allocation,
        states=[arm.state for arm in drawn.arms.values()],
        labels={key: arm.subject.label[:300] for key, arm in drawn.arms.items()},
        proposals=made,
        now=now,
    )


def _for_account(limits: Limits, rate: Decimal, account: AdAccount) -> dict[str, Any]:
    """Policy amounts in the currency of the arms, the platform's step, and how shares spread."""
    step = money_step(account.platform, account.currency, account.money_offset)
    return {
        "ignorance_zone_spend": float(limits.ignorance_zone_spend / rate),
        "min_spend_for_kill": float(limits.min_spend_for_kill / rate),
        "min_budget": float(limits.min_daily_budget / rate),
        "money_step": float(step),
        # What moves money spreads it: an audience bears only so much of the best arm.
        "most_evidence": SPREADING_COUNT,
    }


def _propose(arm: Arm, item: AllocationItem, drawn: _Draw, *, now: datetime) -> Proposal | None:
    request = _request(arm, item, Decimal(str(item.recommended_budget)))
    if request is None:
        return None
    boost = drawn.boosts.get(item.ad_id)
    evidence = _evidence(arm, item, drawn.allocation) | (boost.evidence() if boost else {})
    try:
        return propose(
            workspace=arm.subject.account.workspace,
            kind="ad_change",
            request=request,
            proposer=Proposer.model("sampler", VERSION),
            reason=" ".join([item.reason, item.explanation, *([boost.said] if boost else [])]),
            evidence={"sampler": evidence},
            now=now,
        )
    except GateError as error:
        logger.info("not proposed", extra={"arm": item.ad_id, "why": str(error)})
        return None


def _request(arm: Arm, item: AllocationItem, recommended: Decimal) -> dict[str, Any] | None:
    subject = arm.subject
    base = {
        "account": str(subject.account.public_id),
        "entity_type": str(subject.entity_type),
        "entity": str(subject.entity.public_id),
    }
    if item.decision == "kill":
        return {**base, "change_type": "status", "value": "paused"}
    if item.change_percentage is None or abs(item.change_percentage) < MIN_CHANGE_PCT:
        return None
    return {**base, "change_type": "budget", "value": f"{recommended.normalize():f}"}


def _evidence(arm: Arm, item: AllocationItem, allocation: Allocation) -> dict[str, Any]:
    """What the person who signs should see of the draw."""
    state = arm.state
    return {
        "decision": item.decision,
        "window_days": (state.window_hours or 0) / 24,
        "impressions": state.impressions,
        "clicks": state.clicks,
        "spend": round(state.spend, 2),
        "pipeline_value": state.pipeline_value if state.conversions_usable else None,
        "conversions_usable": state.conversions_usable,
        "alpha": round(item.alpha, 3),
        "beta": round(item.beta, 3),
        "probability_best": round(item.propensity, 4),
        "draw": round(item.draw, 4),
        "binding": item.binding,
        "sampler_confidence": round(item.confidence, 4),
        "recommended": round(item.recommended_budget, 2),
        "seed": allocation.seed,
        "mode": allocation.mode,
        **{name: round(value, 4) for name, value in item.metrics.items() if value is not None},
        "warnings": list(item.warnings),
    }
