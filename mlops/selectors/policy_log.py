"""The sampler's ledger as rounds: what each arm looked like, and where the money really went.

What is stored as ``propensity`` of a decision is the belief that the arm is best. It is what the
share was made from, not the probability of what was done: bounds move the share, and people sign,
change or refuse it. What was done is where each unit of money went, and its probability is the
arm's share of the money that was really spent until the next round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from django.db.models import Count, F, Q, Sum

from campaigns.models import DailyPerformance
from campaigns.selectors.pages import value_field
from mlops.engine.arms import AdState
from mlops.models import SamplerDecision, SamplerFeedback
from workspaces.models import Workspace

#: What a round brought is counted until the next one, at most so long.
LONGEST: Final = timedelta(days=7)
_FIELDS: Final = frozenset(field.name for field in fields(AdState))
_COLUMNS: Final = ("allocation_id", "at", "arm", "seed", "recommended_budget", "context")

Amounts = dict[str, dict[date, tuple[float, float]]]


@dataclass(frozen=True)
class Outcome:
    """Money that an arm spent and brought after a round."""

    spend: float
    value: float


@dataclass(frozen=True)
class Round:
    """One allocation: the arms as they were seen, and what came of them until the next."""

    at: datetime
    until: datetime
    seed: int
    states: tuple[AdState, ...]
    outcomes: Mapping[str, Outcome]

    @property
    def total(self) -> float:
        """Money a day that was shared out."""
        return sum(state.daily_budget for state in self.states)


def rounds_of(workspace: Workspace, *, since: datetime, now: datetime) -> list[Round]:
    """Rounds whose outcome is known, oldest first; of those of one day and the same arms, the last.

    Three queries, whatever the number of rounds.
    """
    found = list(_last_of_days(_allocations(workspace, since)))
    arms = {state.ad_id for _, _, states in found for state in states}
    days = _performance(workspace, arms, since.date())
    told = _feedback(workspace, arms, since)
    rounds = []
    for place, (at, seed, states) in enumerate(found):
        until = _until(found, place)
        if until > now:
            continue
        outcomes = {state.ad_id: _outcome(state.ad_id, at, until, days, told) for state in states}
        rounds.append(Round(at, until, seed, states, outcomes))
    return rounds


def allocations_since(workspace: Workspace, since: datetime) -> int:
    """How many allocations stand in the ledger, whether anything is known of them or not."""
    rows = SamplerDecision.objects.filter(workspace=workspace, at__gte=since)
    return rows.aggregate(found=Count("allocation_id", distinct=True))["found"] or 0


def _allocations(
    workspace: Workspace, since: datetime
) -> Iterable[tuple[datetime, int, tuple[AdState, ...]]]:
    rows = SamplerDecision.objects.filter(workspace=workspace, at__gte=since)
    ordered = rows.order_by("at", "allocation_id", "pk").values(*_COLUMNS)
    for _, group in groupby(ordered.iterator(), key=lambda row: row["allocation_id"]):
        arms = list(group)
        yield arms[0]["at"], arms[0]["seed"], tuple(_state(row["context"]) for row in arms)


def _state(context: Mapping[str, Any]) -> AdState:
    known = {name: value for name, value in context["state"].items() if name in _FIELDS}
    if known.get("last_updated"):
        known["last_updated"] = datetime.fromisoformat(known["last_updated"])
    return AdState(**known)


def _last_of_days(
    found: Iterable[tuple[datetime, int, tuple[AdState, ...]]],
) -> list[tuple[datetime, int, tuple[AdState, ...]]]:
    kept: dict[tuple[date, frozenset[str]], tuple[datetime, int, tuple[AdState, ...]]] = {}
    for at, seed, states in found:
        kept[at.date(), frozenset(state.ad_id for state in states)] = (at, seed, states)
    return sorted(kept.values(), key=lambda one: one[0])


def _until(found: list[tuple[datetime, int, tuple[AdState, ...]]], place: int) -> datetime:
    at, _, states = found[place]
    own = {state.ad_id for state in states}
    later = (one[0] for one in found[place + 1 :] if any(state.ad_id in own for state in one[2]))
    return min(next(later, at + LONGEST), at + LONGEST)


def _outcome(
    arm: str, at: datetime, until: datetime, days: Amounts, told: Mapping[str, list[Any]]
) -> Outcome:
    """Whole days after the round to that of the next; where there are none, what was told."""
    delivered = [
        amounts for day, amounts in days.get(arm, {}).items() if at.date() < day <= until.date()
    ]
    if not delivered:
        delivered = [
            (spend, value) for when, spend, value in told.get(arm, []) if at < when <= until
        ]
    return Outcome(
        spend=sum(spend for spend, _ in delivered),
        value=max(0.0, sum(value for _, value in delivered)),
    )


def _performance(workspace: Workspace, arms: set[str], since: date) -> Amounts:
    rows = (
        DailyPerformance.objects.filter(
            workspace=workspace, day__gte=since, level=F("account__summing_level")
        )
        .filter(Q(ad_set__isnull=False) | Q(campaign__isnull=False))
        .values_list(
            "account__platform", "account__external_id", "day", "ad_set__external_id",
            "campaign__external_id", "campaign__budget_external_id",
        )
        .annotate(spent=Sum("spend"), brought=Sum(value_field(workspace)))
        .order_by()
    )  # fmt: skip
    found: Amounts = {}
    for platform, account, day, ad_set, campaign, budget, spent, brought in rows:
        owners = (("adset", ad_set), ("campaign", campaign), ("budget", budget))
        for level, external_id in owners:
            arm = f"{platform}:{account}:{level}:{external_id}:budget"
            if external_id and arm in arms:
                spend, value = found.setdefault(arm, {}).get(day, (0.0, 0.0))
                found[arm][day] = (spend + float(spent or 0), value + float(brought or 0))
    return found


def _feedback(
    workspace: Workspace, arms: set[str], since: datetime
) -> dict[str, list[tuple[datetime, float, float]]]:
    rows = SamplerFeedback.objects.filter(workspace=workspace, arm__in=arms, at__gte=since)
    found: dict[str, list[tuple[datetime, float, float]]] = {}
    for arm, at, spend, value in rows.values_list("arm", "at", "spend", "pipeline_value"):
        found.setdefault(arm, []).append((at, float(spend), float(value)))
    return found
