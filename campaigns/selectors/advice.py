"""Recommendations for pages and REST: their evidence, their lists and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db.models import QuerySet

from campaigns.engine.advice.evidence import WINDOW_DAYS, CampaignDays, Evidence, gather, rounded
from campaigns.models import (
    AdSet,
    Campaign,
    DeliveryStatus,
    EntityType,
    LifeState,
    Recommendation,
    Scenario,
)
from campaigns.selectors.advice_notes import notes_for
from campaigns.selectors.calibration import scores_of
from campaigns.selectors.channel_days import Series, channel_days, channel_key
from campaigns.selectors.pages import value_field
from workspaces.formats import number_of
from workspaces.models import Proposal, Status, Workspace
from workspaces.periods import Period, yesterday_of
from workspaces.selectors import rates_of

_MEASURES: Final = ("impressions", "clicks", "spend", "installs", "conversions")
_ACCEPTED: Final = frozenset(
    {Status.APPROVED, Status.EXECUTING, Status.EXECUTED, Status.FAILED, Status.REVERTED}
)


@dataclass(frozen=True)
class LiveBudget:
    """One live daily budget; ``in_workspace_currency`` is unknown without a rate."""

    entity: Campaign | AdSet
    entity_type: EntityType
    channel: str
    in_workspace_currency: Decimal | None

    @property
    def amount(self) -> Decimal:
        """Amount in the account's currency."""
        return self.entity.daily_budget or Decimal(0)


def live_budgets(*, workspace: Workspace, now: datetime) -> list[LiveBudget]:
    """Daily budgets that are being spent, the largest first; one that campaigns share counts once.

    Three queries at most.
    """
    active = {"workspace": workspace, "status": DeliveryStatus.ACTIVE, "daily_budget__gt": 0,
              "account__archived_at": None, "archived_at": None}  # fmt: skip
    campaigns = Campaign.objects.filter(**active).annotate(channel_key=channel_key(""))
    ad_sets = AdSet.objects.filter(
        **active, campaign__status=DeliveryStatus.ACTIVE, campaign__daily_budget=None
    ).annotate(channel_key=channel_key())
    owners: list[Campaign | AdSet] = [
        *_owning_once(campaigns.select_related("account").order_by("pk")),
        *ad_sets.select_related("account").order_by("pk"),
    ]
    currencies = {owner.account.currency for owner in owners}
    rates = rates_of(workspace=workspace, currencies=currencies, on=now.date())
    found = [_live(owner, rates) for owner in owners]
    return sorted(found, key=lambda one: (-(one.in_workspace_currency or 0), one.entity.pk))


def _owning_once(campaigns: Iterable[Campaign]) -> Iterable[Campaign]:
    seen = set()
    for campaign in campaigns:
        key = (campaign.account_id, campaign.budget_external_id)
        if not campaign.budget_external_id or key not in seen:
            seen.add(key)
            yield campaign


def _live(owner: Campaign | AdSet, rates: Mapping[str, Decimal]) -> LiveBudget:
    rate = rates.get(owner.account.currency)
    return LiveBudget(
        entity=owner,
        entity_type=EntityType.CAMPAIGN if isinstance(owner, Campaign) else EntityType.ADSET,
        channel=str(owner.channel_key),  # type: ignore[union-attr]  # annotated
        in_workspace_currency=None if rate is None else (owner.daily_budget or 0) * rate,
    )


def advice_evidence(*, workspace: Workspace, now: datetime) -> Evidence | None:
    """The figures that a recommendation made now would rest on; ``None`` without any spend.

    The last 30 full days to yesterday in the workspace's zone, and the 30 before them.
    """
    until = yesterday_of(workspace, now)
    period = Period(until - timedelta(days=2 * WINDOW_DAYS - 1), until)
    series = channel_days(workspace, period, by="campaign")
    known = [one for one in series if one.currency == workspace.currency]
    foreign = sorted({one.currency for one in series} - {workspace.currency})
    earned = value_field(workspace)
    scores = scores_of(workspace=workspace)
    found = gather(
        _campaign_days(workspace, known, earned),
        budgets=budgets_by_channel(live_budgets(workspace=workspace, now=now)),
        since=until - timedelta(days=WINDOW_DAYS - 1),
        until=until,
        currency=workspace.currency,
        value_name=earned.replace("_", " "),
        forecasts=(sum(s.measured for s in scores), sum(s.inside for s in scores)),
        notes=[
            *(
                f"Accounts in {currency} are left out: no exchange rate is known."
                for currency in foreign
            ),
            *notes_for(workspace, now),
        ],
    )
    return rounded(found) if found else None


def budgets_by_channel(budgets: Iterable[LiveBudget]) -> dict[str, float]:
    """Sums of live daily budgets, in the workspace's currency."""
    sums: dict[str, float] = {}
    for budget in budgets:
        amount = float(budget.in_workspace_currency or 0)
        sums[budget.channel] = sums.get(budget.channel, 0.0) + amount
    return sums


def _campaign_days(
    workspace: Workspace, series: Iterable[Series], earned: str
) -> list[CampaignDays]:
    states = dict(
        Campaign.objects.filter(workspace=workspace).values_list("pk", "life_state").order_by()
    )
    return [
        CampaignDays(
            name=one.label,
            channel=one.channel,
            measures={
                **{name: np.asarray(getattr(one, name)) for name in _MEASURES},
                "value": np.asarray(getattr(one, earned)),
            },
            has_usable_conversions=one.has_usable_conversions,
            is_fatigued=states.get(one.campaign_id or 0) == LifeState.FATIGUED,
            is_learning=states.get(one.campaign_id or 0) == LifeState.LEARNING,
        )
        for one in series
    ]


def recommendations_of(workspace: Workspace) -> QuerySet[Recommendation]:
    """All of a workspace, newest first, with their sendings."""
    rows = Recommendation.objects.filter(workspace=workspace)
    return rows.select_related("sending__sent_by").order_by("-pk")


@dataclass(frozen=True)
class Share:
    """A channel's share of the spend, as it was and as it is recommended, 0 to 1."""

    channel: str
    now: float
    wanted: float

    @property
    def points(self) -> float:
        """Change in percentage points."""
        return 100 * (self.wanted - self.now)


@dataclass(frozen=True)
class Advice:
    """A recommendation as a page shows it."""

    row: Recommendation
    outcome: Outcome

    @property
    def shares(self) -> list[Share]:
        """Shares of all channels, largest now first."""
        wanted = self.row.recommendations["recommendations"]["budget_allocation"]
        now = self.row.evidence["shares"]
        found = [Share(name, now.get(name, 0.0), share) for name, share in wanted.items()]
        return sorted(found, key=lambda share: -share.now)

    @property
    def actions(self) -> list[str]:
        """What to do, most urgent first."""
        told = self.row.recommendations["recommendations"]
        return [*told["priority_actions"], *told["optimization"]]

    @property
    def ideas(self) -> list[str]:
        """Names of the actions, as tests of them are made (`workspaces.ideas`)."""
        return [f"advice:{self.row.public_id}:{place}" for place in range(len(self.actions))]


def newest_advice(workspace: Workspace) -> Advice | None:
    """The newest recommendation with what became of it; two queries."""
    row = recommendations_of(workspace).first()
    return Advice(row, outcomes_of([row])[row.pk]) if row else None


@dataclass
class Effect:
    """What the measured changes of a recommendation brought, of one metric and currency."""

    metric: str
    currency: str | None
    predicted: Decimal = Decimal(0)
    realised: Decimal = Decimal(0)
    measured: int = 0


@dataclass
class Outcome:
    """What became of a recommendation, or of a scenario.

    ``state`` is ``not_sent``, ``waiting``, ``accepted``, ``partly_accepted`` or ``rejected``.
    """

    state: str = "not_sent"
    proposals: list[Proposal] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)


def outcomes_of(rows: Iterable[Recommendation | Scenario]) -> dict[int, Outcome]:
    """What became of some rows of one kind and workspace, by our id; one query."""
    wanted = list(rows)
    bundles: dict[Any, list[Proposal]] = {row.public_id: [] for row in wanted}
    proposals = Proposal.objects.filter(
        workspace__in={row.workspace_id for row in wanted}, bundle_id__in=bundles
    )
    for proposal in proposals.select_related("current_plan").order_by("pk"):
        bundles[proposal.bundle_id].append(proposal)
    return {row.pk: _outcome(bundles[row.public_id]) for row in wanted}


def _outcome(proposals: list[Proposal]) -> Outcome:
    if not proposals:
        return Outcome()
    accepted = sum(proposal.status in _ACCEPTED for proposal in proposals)
    if any(proposal.status == Status.PENDING for proposal in proposals):
        state = "waiting"
    elif accepted == len(proposals):
        state = "accepted"
    else:
        state = "partly_accepted" if accepted else "rejected"
    counts = dict(Counter(proposal.status for proposal in proposals))
    return Outcome(state, proposals, counts, _effects(proposals))


def _effects(proposals: Iterable[Proposal]) -> list[Effect]:
    """Sums of what could be told apart from other changes."""
    sums: dict[tuple[str, str | None], Effect] = {}
    for proposal in proposals:
        realised = proposal.realised or {}
        predicted = (proposal.current_plan.predicted if proposal.current_plan else None) or {}
        delta = number_of(realised.get("delta"))
        if delta is None or realised.get("separable") is False:
            continue
        key = (str(realised.get("metric", "")), predicted.get("currency"))
        effect = sums.setdefault(key, Effect(*key))
        effect.predicted += number_of(predicted.get("delta")) or Decimal(0)
        effect.realised += delta
        effect.measured += 1
    return list(sums.values())
