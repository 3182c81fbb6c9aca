"""Workspaces with ad sets whose budgets can change, and a platform that answers at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

from campaigns import executing
from campaigns.models import AdAccount, AdSet, Campaign, DailyPerformance, SafetyPolicy
from campaigns.platforms.base import (
    AccountState,
    Change,
    EntityLevel,
    EntityRef,
    EntityState,
    InsightLevel,
    InsightRow,
    LearningState,
    Receipt,
)
from workspaces.crypto import encrypt
from workspaces.gate import Proposer
from workspaces.models import Connection, Membership, Proposal, User, Workspace
from workspaces.platforms.errors import PlatformError, Usage
from workspaces.services.proposing import propose
from workspaces.services.signing import sign

AD_SETS_PER_CAMPAIGN = 5
CAMPAIGNS = 20
# The default policy allows 100 calls a workspace and day: so many ad sets has each.
AD_SETS = AD_SETS_PER_CAMPAIGN * CAMPAIGNS
_DAYS = 28
_NUMBERS = itertools.count(1)


@dataclass
class InstantPlatform:
    """Budgets in a dictionary. Fits the adapters' protocol; no bytes travel."""

    budgets: dict[str, Decimal]
    name: str = "meta"
    max_batch: int = 50
    usage: Usage = field(default_factory=Usage)

    def read_account(self, account_id: str) -> AccountState:
        """An account in USD."""
        return AccountState(account_id, "Bench", "USD", "UTC", "active")

    def read_entity(self, ref: EntityRef) -> EntityState:
        """The live budget."""
        return EntityState(
            ref=ref,
            name=ref.external_id,
            status="active",
            effective_status="ACTIVE",
            currency="USD",
            daily_budget=self.budgets[ref.external_id],
            learning=LearningState("stable", 60, datetime(2026, 1, 1, tzinfo=UTC)),
        )

    def read_entities(self, refs: Sequence[EntityRef]) -> list[EntityState | PlatformError]:
        """The live budgets."""
        return [self.read_entity(ref) for ref in refs]

    def list_entities(self, account_id: str, level: EntityLevel) -> Iterator[EntityState]:
        """Nothing is synced here."""
        return iter(())

    def apply(self, change: Change) -> Receipt:
        """Take the value."""
        self.budgets[change.ref.external_id] = Decimal(change.value)
        return Receipt("bench", {"success": True})

    def apply_batch(self, changes: Sequence[Change]) -> list[Receipt | PlatformError]:
        """Take all values."""
        return [self.apply(change) for change in changes]

    def validate(self, change: Change) -> None:
        """Anything is fine."""

    def insights(
        self, account_id: str, since: date, until: date, level: InsightLevel
    ) -> Iterator[InsightRow]:
        """Nothing is synced here."""
        return iter(())

    def close(self) -> None:
        """Hold nothing."""

    def money_step(self, currency: str) -> Decimal:
        """Cents."""
        return Decimal("0.01")

    def earliest(self, change: Change, now: datetime, account_tz: tzinfo) -> datetime | None:
        """At any time."""
        return None


@contextmanager
def instant_platform() -> Iterator[InstantPlatform]:
    """Let every account be answered in this process, with what the mirror shows."""
    budgets = dict(AdSet.objects.values_list("external_id", "daily_budget"))
    platform = InstantPlatform({key: value for key, value in budgets.items() if value is not None})
    real = executing.build
    executing.build = lambda *_, **__: platform
    try:
        yield platform
    finally:
        executing.build = real


def make_workspace(now: datetime, *, base_url: str = "") -> tuple[Workspace, User]:
    """A workspace under the default policy without jitter, and its approver."""
    number = next(_NUMBERS)
    workspace = Workspace.objects.create(slug=f"bench-{number}", name=f"Bench {number}")
    approver = User.objects.create(email=f"approver@bench-{number}.example")
    Membership.objects.create(workspace=workspace, user=approver, role="approver")
    SafetyPolicy.objects.create(
        workspace=workspace,
        version=1,
        jitter_min_ms=0,
        jitter_max_ms=0,
        created_at=now,
        effective_at=now,
    )
    connection = Connection.objects.create(
        workspace=workspace,
        kind="meta",
        name="Meta",
        base_url=base_url,
        secret=encrypt({"access_token": f"bench-{number}"}),
    )
    account = AdAccount.objects.create(
        workspace=workspace,
        connection=connection,
        platform="meta",
        external_id=f"{100_000 + number}",
        name="Bench",
        currency="USD",
        summing_level="ad_set",
    )
    _entities(account, number, now)
    return workspace, approver


def _entities(account: AdAccount, number: int, now: datetime) -> None:
    shared = {"workspace_id": account.workspace_id, "account": account}
    campaigns = Campaign.objects.bulk_create(
        Campaign(**shared, external_id=f"{number}{i:05}", name=f"Campaign {i}")
        for i in range(CAMPAIGNS)
    )
    ad_sets = AdSet.objects.bulk_create(
        AdSet(
            **shared,
            campaign=campaigns[i // AD_SETS_PER_CAMPAIGN],
            external_id=f"{number}{10_000 + i}",
            name=f"Ad set {i}",
            daily_budget=Decimal(100 + i),
            learning_status="stable",
        )
        for i in range(AD_SETS)
    )
    DailyPerformance.objects.bulk_create(
        DailyPerformance(
            **shared,
            campaign_id=ad_set.campaign_id,
            ad_set=ad_set,
            level="ad_set",
            day=(now - timedelta(days=day)).date(),
            impressions=1000,
            clicks=20 + (ad_set.pk + day) % 7,
            spend=Decimal(50),
            conversions=2,
            revenue=Decimal(90 + (ad_set.pk * day) % 40),
            fetched_at=now,
        )
        for ad_set in ad_sets
        for day in range(1, _DAYS + 1)
    )


def first_ad_sets(workspace: Workspace, count: int) -> list[AdSet]:
    """So many ad sets of a workspace."""
    rows = AdSet.objects.filter(workspace=workspace).select_related("workspace", "account")
    return list(rows.order_by("pk")[:count])


def signed_change(ad_set: AdSet, approver: User, now: datetime) -> Proposal:
    """A budget change of 5 %, proposed by a machine and signed by a person."""
    proposal = propose_change(ad_set, now)
    plan = proposal.current_plan
    assert plan is not None
    return sign(proposal_id=proposal.pk, plan_sha256=plan.sha256, by=approver, now=now)


def propose_change(ad_set: AdSet, now: datetime) -> Proposal:
    """Propose 5 % more."""
    budget = ad_set.daily_budget
    assert budget is not None
    request: Mapping[str, str] = {
        "entity_type": "adset",
        "entity": str(ad_set.public_id),
        "change_type": "budget",
        "value": f"{budget * Decimal('1.05'):.2f}",
    }
    return propose(
        workspace=ad_set.workspace,
        kind="ad_change",
        request=dict(request),
        proposer=Proposer.model("bench", "v1"),
        reason="Measured.",
        now=now,
    )
