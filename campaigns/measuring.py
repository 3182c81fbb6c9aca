"""What came of an executed change, by the same definition as its prediction."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Q

from campaigns.engine.effect import BEFORE_DAYS, HORIZON_DAYS, realised_effect
from campaigns.judging import subject_of_plan
from campaigns.models import AdChangeHistory, AdSet, EntityType
from campaigns.planning import owner_level
from campaigns.selectors.series import owner_series, performance_known_until
from campaigns.selectors.subjects import Subject
from workspaces.gate import GateError, PlanView
from workspaces.models import Proposal

_REPORTING_LAG = timedelta(hours=6)


def window_end(proposal: Proposal, zone_name: str) -> datetime:
    """End of the seventh full account day after execution."""
    zone = ZoneInfo(zone_name)
    return datetime.combine(_executed_on(proposal, zone) + timedelta(days=8), time.min, zone)


def _executed_on(proposal: Proposal, zone: ZoneInfo) -> date:
    moment = proposal.executed_at or proposal.created_at
    return moment.astimezone(zone).date()


def measurable_at(proposal: Proposal, time_zone: str) -> datetime | None:
    """When the effect can be measured; ``None`` where nothing was predicted."""
    if proposal.current_plan is None or proposal.current_plan.predicted is None:
        return None
    return window_end(proposal, time_zone) + _REPORTING_LAG


def measure_change(proposal: Proposal, *, now: datetime) -> dict[str, Any] | None:
    """Realised effect against the predicted one, or ``None`` while days are missing."""
    plan = proposal.current_plan
    if plan is None or plan.predicted is None:
        return {"separable": False, "why": "There was no prediction to hold it against."}
    try:
        subject = subject_of_plan(PlanView.of(plan, proposal))
    except GateError as error:
        return {"separable": False, "why": str(error)}
    end = window_end(proposal, subject.account.time_zone)
    known = performance_known_until(subject.account)
    if known is None or known < end:
        return None
    if overlap := _overlapping(proposal, subject, end):
        return {"separable": False, "why": f"{overlap} other changes fell into the same days."}
    return _measured(proposal, subject, plan.predicted)


def _overlapping(proposal: Proposal, subject: Subject, end: datetime) -> int:
    """Other applied changes of the same campaign from 14 days before to the end of the horizon."""
    executed = proposal.executed_at or proposal.created_at
    return (
        AdChangeHistory.objects.filter(
            account=subject.account,
            campaign_id__in=[campaign.pk for campaign in subject.campaigns],
            status="applied",
            completed_at__gt=executed - timedelta(days=BEFORE_DAYS),
            completed_at__lt=end,
        )
        .exclude(proposal=proposal)
        .count()
    )


def _measured(
    proposal: Proposal, subject: Subject, predicted: dict[str, Any]
) -> dict[str, Any] | None:
    metric = predicted["metric"]
    day = _executed_on(proposal, ZoneInfo(subject.account.time_zone))
    level, owner_ids = owner_level(subject)
    since, until = day - timedelta(days=BEFORE_DAYS), day + timedelta(days=HORIZON_DAYS)
    series = owner_series(
        account=subject.account, level=level, owner_ids=owner_ids, since=since, until=until
    )
    if len(series.days) != (until - since).days + 1:
        return {"separable": False, "why": "Days of performance are missing around it."}
    changed = _changed(subject, level, since, until)
    calm = np.array([pk not in changed for pk in series.other_ids], dtype=bool)
    others = series.others[metric][calm] if calm.size else series.others[metric]
    effect = realised_effect(
        metric=metric,
        before=series.own[metric][:BEFORE_DAYS],
        after=series.own[metric][BEFORE_DAYS + 1 :],
        siblings_before=others[:, :BEFORE_DAYS],
        siblings_after=others[:, BEFORE_DAYS + 1 :],
    )
    if effect is None:
        return None
    low, high = float(predicted["low"]), float(predicted["high"])
    return {
        "separable": True,
        "metric": metric,
        "delta": f"{effect.delta:.2f}",
        "expected": f"{effect.expected:.2f}",
        "method": effect.method,
        "siblings": effect.siblings,
        "inside_interval": low <= effect.delta <= high,
    }


def _changed(subject: Subject, level: str, since: date, until: date) -> set[int]:
    """Owners of the level that something was applied to in the window, in or above them."""
    zone = ZoneInfo(subject.account.time_zone)
    rows = AdChangeHistory.objects.filter(
        account=subject.account,
        status="applied",
        completed_at__gte=datetime.combine(since, time.min, zone),
        completed_at__lt=datetime.combine(until + timedelta(days=1), time.min, zone),
    )
    if level == "campaign":
        return set(rows.values_list("campaign_id", flat=True))
    touched: dict[str, list[int]] = {}
    for entity_type, entity_id in rows.values_list("entity_type", "entity_id"):
        touched.setdefault(entity_type, []).append(entity_id)
    ad_sets = AdSet.objects.filter(
        Q(pk__in=touched.get(EntityType.ADSET, ()))
        | Q(campaign__in=touched.get(EntityType.CAMPAIGN, ()))
        | Q(ads__in=touched.get(EntityType.AD, ()))
    )
    return set(ad_sets.values_list("pk", flat=True))
