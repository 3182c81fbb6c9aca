"""What the checks of an account's changes look at, beside the changes themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property

from django.db.models import Q

from campaigns.engine.limits import BudgetOwner, Limits, PastChange
from campaigns.models import (
    AdChangeHistory,
    AdSet,
    ChangeType,
    EntityType,
    PendingAdChange,
    SafetyPolicy,
)
from campaigns.selectors.money import budgets_total, exchange_rate, rise_of
from campaigns.selectors.policies import current_policy, limits_of
from campaigns.selectors.series import performance_known_until
from campaigns.selectors.subjects import Subject
from workspaces.models import Status

_HOUR = timedelta(hours=1)

Owner = tuple[str, int]


@dataclass(frozen=True)
class Claim:
    """A change that runs now, and counts against every limit as if it had happened."""

    proposal_id: int | None
    account_id: int
    campaign_id: int
    entity_type: str
    entity_id: int
    change_type: str
    current: str
    final: str
    currency: str


_CLAIM_COLUMNS = (
    "proposal_id",
    "account_id",
    "campaign_id",
    "entity_type",
    "entity_id",
    "change_type",
    "current_value",
    "final_value",
    "currency",
)


@dataclass
class Running:
    """Running claims, found by what the limits ask for; ``without`` leaves one proposal out."""

    _claims: list[Claim] = field(default_factory=list)
    _campaigns: dict[int, list[Claim]] = field(default_factory=dict)
    _budgets: dict[Owner, Claim] = field(default_factory=dict)

    def add(self, claim: Claim) -> None:
        """Take one more; an entity has one running claim of a kind, by its lane."""
        self._claims.append(claim)
        self._campaigns.setdefault(claim.campaign_id, []).append(claim)
        if claim.change_type == ChangeType.BUDGET:
            self._budgets[claim.entity_type, claim.entity_id] = claim

    def count(self, without: int | None) -> int:
        """How many there are."""
        return len(_others(self._claims, without))

    def of_campaigns(self, campaigns: Iterable[int], without: int | None) -> int:
        """How many there are in some campaigns."""
        return sum(len(_others(self._campaigns.get(pk, ()), without)) for pk in campaigns)

    def budget_of(self, owner: Owner, without: int | None) -> Decimal | None:
        """The budget that one is about to set for an owner."""
        claim = self._budgets.get(owner)
        is_other = claim is not None and bool(_others([claim], without))
        return Decimal(claim.final) if claim and is_other else None

    def budgets(self, without: int | None) -> list[Claim]:
        """All that are about budgets."""
        return _others(self._budgets.values(), without)


def _others(claims: Iterable[Claim], without: int | None) -> list[Claim]:
    if without is None:
        return list(claims)
    return [claim for claim in claims if claim.proposal_id != without]


@dataclass(frozen=True)
class Activity:
    """Calls sent and claims running, as the rate limits count them."""

    campaign_calls: tuple[datetime, ...]
    campaign_running: int
    workspace_calls: tuple[datetime, ...]
    workspace_running: int
    entity_budget_calls: tuple[datetime, ...]
    entity_running: int


class Situation:
    """Facts around changes of one account at a moment, each read once however many ask.

    ``policy`` replaces the one in force. A replay looks at a past ``now``: what came later and
    what runs today does not count there. Elsewhere a moment after ``now`` is another host's
    faster clock, and counts.
    """

    def __init__(
        self,
        subjects: Sequence[Subject],
        *,
        now: datetime,
        policy: SafetyPolicy | None = None,
        is_replay: bool = False,
    ) -> None:
        self.account = subjects[0].account
        self.workspace = self.account.workspace
        self.now = now
        self._subjects = subjects
        self._is_replay = is_replay
        self.policy = policy or current_policy(workspace=self.workspace, account=self.account)

    @cached_property
    def limits(self) -> Limits:
        """The policy's numbers."""
        return limits_of(self.policy)

    @cached_property
    def rate(self) -> Decimal | None:
        """Units of workspace currency per unit of the account's."""
        return exchange_rate(
            workspace=self.workspace, currency=self.account.currency, on=self.now.date()
        )

    @cached_property
    def performance_until(self) -> datetime | None:
        """Moment up to which the account's performance is known."""
        return performance_known_until(self.account)

    @cached_property
    def _running(self) -> Running:
        running = Running()
        if not self._is_replay:
            rows = PendingAdChange.objects.filter(
                workspace=self.workspace, proposal__status=Status.EXECUTING
            )
            for row in rows.values_list(*_CLAIM_COLUMNS):
                running.add(Claim(*row))
        return running

    def admit(self, claim: Claim) -> None:
        """Count one more change as running."""
        self._running.add(claim)

    @cached_property
    def _calls(self) -> list[tuple[datetime, int, str, int, str]]:
        zone = self.workspace.zone
        midnight = datetime.combine(self.now.astimezone(zone).date(), time.min, zone)
        sent = AdChangeHistory.objects.filter(
            workspace=self.workspace,
            call_sent_at__gt=min(midnight.astimezone(UTC), self.now - _HOUR),
        )
        if self._is_replay:
            sent = sent.filter(call_sent_at__lte=self.now)
        rows = sent.order_by("call_sent_at").values_list(
            "call_sent_at", "campaign_id", "entity_type", "entity_id", "change_type"
        )
        return [
            (at, campaign, level, entity, change)
            for at, campaign, level, entity, change in rows
            if at
        ]

    @cached_property
    def _calls_by(
        self,
    ) -> tuple[
        dict[int, list[datetime]], dict[tuple[str, int, str], list[datetime]], tuple[datetime, ...]
    ]:
        """Moments of calls by campaign, by entity and change type, and all."""
        by_campaign: dict[int, list[datetime]] = {}
        by_entity: dict[tuple[str, int, str], list[datetime]] = {}
        for at, campaign, level, entity, change in self._calls:
            by_campaign.setdefault(campaign, []).append(at)
            by_entity.setdefault((level, entity, change), []).append(at)
        return by_campaign, by_entity, tuple(call[0] for call in self._calls)

    def activity(self, subject: Subject, *, without: int | None) -> Activity:
        """Count for a subject; ``without`` is the proposal under judgement itself."""
        campaigns = {campaign.pk for campaign in subject.campaigns}
        mine = (str(subject.entity_type), subject.entity.pk, str(ChangeType.BUDGET))
        running = self._running
        return Activity(
            campaign_calls=tuple(
                sorted(at for pk in campaigns for at in self._calls_by[0].get(pk, ()))
            ),
            campaign_running=running.of_campaigns(campaigns, without),
            workspace_calls=self._calls_by[2],
            workspace_running=running.count(without),
            entity_budget_calls=tuple(self._calls_by[1].get(mine, ())),
            entity_running=int(running.budget_of(mine[:2], without) is not None),
        )

    def owners(
        self, subject: Subject, *, without: int | None
    ) -> tuple[tuple[PastChange, ...], tuple[BudgetOwner, ...]]:
        """Past changes of the subject's own budget, and the other ad sets limited with it."""
        level = str(subject.entity_type)
        own = _own_ids(subject)
        siblings = (
            BudgetOwner(
                budget,
                self._running.budget_of((level, pk), without) or budget,
                tuple(self._past.get((level, pk), ())),
            )
            for pk, budget in self._ad_set_budgets.get(_campaign_of(subject), {}).items()
            if pk not in own
        )
        past = (change for pk in own for change in self._past.get((level, pk), ()))
        return tuple(past), tuple(siblings)

    @cached_property
    def _ad_set_budgets(self) -> dict[int | None, dict[int, Decimal]]:
        """Live daily budgets by campaign and ad set, whose sum is limited with each one's."""
        campaigns = {_campaign_of(subject) for subject in self._subjects} - {None}
        budgets: dict[int | None, dict[int, Decimal]] = {}
        if campaigns:
            rows = AdSet.objects.filter(campaign__in=campaigns, daily_budget__gt=0).order_by("pk")
            for campaign, pk, budget in rows.values_list("campaign_id", "pk", "daily_budget"):
                budgets.setdefault(campaign, {})[pk] = budget or Decimal(0)
        return budgets

    @cached_property
    def _past(self) -> dict[Owner, list[PastChange]]:
        """Completed budget changes inside the velocity window, by owner."""
        owners: dict[str, set[int]] = {}
        for subject in self._subjects:
            owners.setdefault(str(subject.entity_type), set()).update(_own_ids(subject))
        for budgets in self._ad_set_budgets.values():
            owners.setdefault(str(EntityType.ADSET), set()).update(budgets)
        rows = AdChangeHistory.objects.filter(
            _any(Q(entity_type=level, entity_id__in=pks) for level, pks in owners.items()),
            status="applied",
            account=self.account,
            change_type=ChangeType.BUDGET,
            completed_at__gt=self.now - timedelta(hours=float(self.limits.velocity_window_h)),
        ).values_list("entity_type", "entity_id", "completed_at", "old_value", "new_value")
        past: dict[Owner, list[PastChange]] = {}
        for level, pk, at, old, new in rows:
            past.setdefault((level, pk), []).append(PastChange(at, Decimal(old), Decimal(new)))
        return past

    @cached_property
    def _total(self) -> Decimal | None:
        return budgets_total(workspace=self.workspace, now=self.now)

    def total_with_rises(self, *, without: int | None) -> Decimal | None:
        """All daily budgets once running claims are through; ``None`` when a rate is missing.

        What a claim lowers is not set off: it may still fail.
        """
        rises = [
            rise_of(claim.current, claim.final, claim.currency, self.workspace, self.now)
            for claim in self._running.budgets(without)
        ]
        if self._total is None or None in rises:
            return None
        return self._total + sum(rise for rise in rises if rise)


def _own_ids(subject: Subject) -> list[int]:
    # A budget that campaigns share was moved by a change through any of them.
    is_shared = subject.ref.level == "budget"
    return [row.pk for row in subject.campaigns] if is_shared else [subject.entity.pk]


def _campaign_of(subject: Subject) -> int | None:
    """The campaign whose ad sets are limited together; ``None`` above them."""
    return subject.campaign.pk if subject.entity_type == EntityType.ADSET else None


def _any(conditions: Iterable[Q]) -> Q:
    joined = Q()
    for condition in conditions:
        joined |= condition
    return joined
