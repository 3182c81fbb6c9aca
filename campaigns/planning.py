"""From a request to the plan of an ad change: priced, cut to the allowed step, predicted."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from campaigns.engine.effect import PredictedEffect, predict_budget_effect, predict_status_effect
from campaigns.engine.limits import (
    BudgetOwner,
    Limits,
    Step,
    draw_fuzz,
    step_allowed,
)
from campaigns.engine.limits.steps import round_towards
from campaigns.models import AdAccount, ChangeType, DeliveryStatus, EntityType
from campaigns.platforms.registry import money_step
from campaigns.selectors.series import OwnerSeries, newest_delivery, owner_series, value_metric
from campaigns.selectors.situation import Situation
from campaigns.selectors.subjects import Subject, find_subject
from workspaces.gate import Draft, RequestError
from workspaces.models import Workspace
from workspaces.platforms.errors import PlatformError

HANDLER_VERSION = 1
HISTORY_DAYS = 28
SPARK_DAYS = 14
STATUSES = (DeliveryStatus.ACTIVE, DeliveryStatus.PAUSED)


def plan_change(*, workspace: Workspace, request: dict[str, Any], now: datetime) -> Draft:
    """Plan what was asked: the value that may be sent, with what it is expected to do.

    Raises
    ------
    RequestError : a field is wrong, or nothing would change
    """
    subject = find_subject(workspace=workspace, request=request)
    situation = Situation([subject], now=now)
    limits = situation.limits
    if request.get("exact"):
        # An undo means the very value that stood before.
        limits = replace(limits, fuzz_pct=Decimal(0))
    before = _current(subject)
    requested = _requested(subject, request.get("value"))
    final, rest = _final(situation, subject, before, requested, limits)
    if final == before:
        raise RequestError("value", _nothing_changes(subject, requested, before, rest))
    series = _history(subject, now)
    effect = _predict(subject, series, before, final)
    return Draft(
        subject_key=subject.key,
        subject_label=subject.label,
        summary=_summary(subject, before, final, rest),
        body=_body(subject, before, final),
        money_at_stake=_at_stake(before, final, series, situation.rate),
        predicted=_predicted_json(effect, subject),
        confidence=Decimal(str(round(effect.confidence, 4))) if effect else None,
        evidence=_evidence(subject, series),
        detail={
            "subject": subject,
            "current_value": _text(before),
            "requested_value": _text(requested),
            "final_value": _text(final),
            "change_pct": _change_pct(before, final),
            "fuzz_pct": limits.fuzz_pct,
            "rest_value": _text(rest.wanted) if rest and rest.rest_at else None,
            "rest_after": rest.rest_at if rest else None,
        },
    )


def _current(subject: Subject) -> Decimal | str:
    if subject.current is None:
        raise RequestError("entity", f"“{subject.entity.name}” has no bid that could be changed.")
    return subject.current


def _requested(subject: Subject, value: Any) -> Decimal | str:
    if subject.change_type == ChangeType.STATUS:
        if value not in STATUSES:
            raise RequestError("value", "Use active or paused.")
        return str(value)
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise RequestError(
            "value", f"{value!r} is not an amount; write for example 138.00."
        ) from None
    if not amount.is_finite() or amount <= 0:
        raise RequestError("value", "The amount must be above zero; to stop spending, pause it.")
    if amount >= Decimal(10) ** 12:
        raise RequestError("value", "The amount is too large.")
    return amount


def _final(
    situation: Situation,
    subject: Subject,
    before: Decimal | str,
    requested: Decimal | str,
    limits: Limits,
) -> tuple[Decimal | str, Step | None]:
    """Value that will be sent, and the step it is part of (budgets only)."""
    if isinstance(before, str) or isinstance(requested, str):
        return requested, None
    step = _money_step(subject)
    if subject.change_type == ChangeType.BID:
        return round_towards(requested, before, step), None
    wanted = draw_fuzz(_rng(subject, requested), requested, limits.fuzz_pct, money_step=step)
    if before <= 0:
        return round_towards(wanted, before, step), None
    past, siblings = situation.owners(subject, without=None)
    allowed = step_allowed(
        BudgetOwner(before, wanted, past),
        siblings=siblings,
        money_step=step,
        rate=situation.rate,
        now=situation.now,
        zone=subject.account.workspace.zone,
        limits=limits,
    )
    return allowed.value, allowed


def _money_step(subject: Subject) -> Decimal:
    account = subject.account
    try:
        return money_step(account.platform, account.currency, account.money_offset)
    except PlatformError as error:
        raise RequestError("value", error.message) from error


def _rng(subject: Subject, requested: Decimal) -> np.random.Generator:
    # Drawn from the request itself: planning the same change again draws the same fuzz.
    seed = hashlib.sha256(f"{subject.key}:{requested}".encode()).digest()
    return np.random.default_rng(int.from_bytes(seed[:8], "big"))


def _nothing_changes(
    subject: Subject, requested: Decimal | str, before: Decimal | str, step: Step | None
) -> str:
    if requested == before:
        return f"It stands at {_text(before)} already."
    if step is not None:
        return f"{step.sentence} The safety policy allows no step from {_text(before)}."
    return f"Rounded to what {subject.account.get_platform_display()} accepts, nothing changes."


def history_bounds(account: AdAccount, now: datetime) -> tuple[date, date]:
    """Bounds of the 28 full reporting days that end with the account's newest delivery."""
    until = newest_delivery(account, now=now)
    return until - timedelta(days=HISTORY_DAYS - 1), until


def owner_level(subject: Subject) -> tuple[str, tuple[int, ...]]:
    """Level and ids under which the subject's performance is summed."""
    if subject.entity_type == EntityType.CAMPAIGN:
        return "campaign", tuple(campaign.pk for campaign in subject.campaigns)
    entity = subject.entity
    owner_id = entity.pk if subject.entity_type == EntityType.ADSET else entity.ad_set_id  # type: ignore[union-attr]  # an Ad
    return "ad_set", (owner_id,) if owner_id else ()


def _history(subject: Subject, now: datetime) -> OwnerSeries:
    level, owner_ids = owner_level(subject)
    since, until = history_bounds(subject.account, now)
    return owner_series(
        account=subject.account, level=level, owner_ids=owner_ids, since=since, until=until
    )


def _predict(
    subject: Subject, series: OwnerSeries, before: Decimal | str, final: Decimal | str
) -> PredictedEffect | None:
    """Effect on the account's value metric; single ads have no series of their own yet."""
    if subject.entity_type == EntityType.AD or subject.change_type == ChangeType.BID:
        return None
    metric = value_metric(subject.account)
    seed = int.from_bytes(hashlib.sha256(subject.key.encode()).digest()[:4], "big")
    if isinstance(before, str) or isinstance(final, str):
        return predict_status_effect(
            metric=metric,
            spend=series.own["spend"],
            value=series.own[metric],
            siblings_value=series.others[metric],
            pauses=final != DeliveryStatus.ACTIVE,
            seed=seed,
        )
    return predict_budget_effect(
        metric=metric,
        spend=series.own["spend"],
        value=series.own[metric],
        siblings_spend=series.others["spend"],
        siblings_value=series.others[metric],
        delta_spend=float(final - before),
        seed=seed,
    )


def _predicted_json(effect: PredictedEffect | None, subject: Subject) -> dict[str, Any] | None:
    if effect is None:
        return None
    is_money = effect.metric != "clicks"
    return {
        "metric": effect.metric,
        "delta": f"{effect.delta:.2f}",
        "low": f"{effect.low:.2f}",
        "high": f"{effect.high:.2f}",
        "interval_pct": 80,
        "horizon_days": effect.horizon_days,
        "currency": subject.account.currency if is_money else None,
        "basis": effect.basis,
        "rate": f"{effect.rate:.6g}",
        "history_days": effect.days,
        "seed": effect.seed,
    }


def _at_stake(
    before: Decimal | str,
    final: Decimal | str,
    series: OwnerSeries,
    rate: Decimal | None,
) -> Decimal | None:
    """Money moved a day, in the workspace's currency; unknown without a rate."""
    if rate is None:
        return None
    if isinstance(before, str) or isinstance(final, str):
        return Decimal(str(round(mean_daily_spend(series), 6))) * rate
    return abs(final - before) * rate


def mean_daily_spend(series: OwnerSeries) -> float:
    """Mean spend a day over the newest 7 days with rows; account currency."""
    recent = series.own["spend"][-7:]
    return float(recent.mean()) if recent.size else 0.0


def _evidence(subject: Subject, series: OwnerSeries) -> dict[str, Any]:
    last = series.last(SPARK_DAYS)
    metric = value_metric(subject.account)
    return {
        "days": [day.isoformat() for day in last.days],
        "currency": subject.account.currency,
        "value_metric": metric,
        "series": {
            name: [f"{value:.2f}" for value in last.own[name]]
            for name in dict.fromkeys(("spend", "clicks", metric))
        },
        "shared_by": [campaign.name for campaign in subject.campaigns[1:]],
    }


def _body(subject: Subject, before: Decimal | str, final: Decimal | str) -> dict[str, Any]:
    """Everything that decides the effect, and nothing else."""
    field = subject.budget_field if subject.change_type == ChangeType.BUDGET else None
    return {
        "handler_version": HANDLER_VERSION,
        "subject": {
            "id": str(subject.entity.public_id),
            "type": str(subject.entity_type),
            "platform": subject.account.platform,
            "account": subject.account.external_id,
            "level": subject.ref.level,
            "external_id": subject.ref.external_id,
        },
        "operation": f"set_{field or subject.change_type}",
        "before": _text(before),
        "after": _text(final),
        "currency": subject.account.currency,
        "not_before": None,
    }


def _text(value: Decimal | str) -> str:
    return value if isinstance(value, str) else f"{value.normalize():f}"


def _change_pct(before: Decimal | str, final: Decimal | str) -> Decimal | None:
    if isinstance(before, str) or isinstance(final, str) or before <= 0:
        return None
    return ((final - before) * 100 / before).quantize(Decimal("0.01"))


def _summary(
    subject: Subject, before: Decimal | str, final: Decimal | str, step: Step | None
) -> str:
    name, currency = subject.label, subject.account.currency
    if subject.change_type == ChangeType.STATUS:
        return f"{'Start' if final == DeliveryStatus.ACTIVE else 'Pause'} {name}"
    what = "budget" if subject.change_type == ChangeType.BUDGET else "bid"
    pct = _change_pct(before, final)
    change = f" ({pct:+.1f} %)" if pct is not None else ""
    tail = f" {step.sentence}" if step and step.rest_at else ""
    return f"{name}: {what} {_text(before)} → {_text(final)} {currency}{change}.{tail}"
