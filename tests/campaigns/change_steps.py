"""Steps that tests of ad changes take: rows in bulk, proposals, verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from campaigns.judging import judge_change
from campaigns.models import AdAccount, AdChangeHistory, AdSet, DailyPerformance, SafetyPolicy
from tests.campaigns.factories import AdAccountFactory, AdSetFactory, SafetyPolicyFactory
from tests.workspaces.factories import ConnectionFactory
from tests.workspaces.gate_steps import raw_plan, raw_proposal
from workspaces.gate import Judgement, PlanView, Proposer
from workspaces.ids import uuid7
from workspaces.models import ExecutionAttempt, Proposal, User, Workspace
from workspaces.services import proposing, signing

SAMPLER = Proposer.model("sampler", "v1")
YESTERDAY = date(2026, 11, 20)


def policy_of(workspace: Workspace, **values: object) -> SafetyPolicy:
    """Policy in force, without jitter."""
    version = SafetyPolicy.objects.filter(workspace=workspace).count() + 1
    values = {"jitter_min_ms": 0, "jitter_max_ms": 0, "version": version, **values}
    return SafetyPolicyFactory(workspace=workspace, **values)


def connected(workspace: Workspace, **values: object) -> AdAccount:
    """A Meta account on a connection."""
    kind = str(values.get("platform", "meta"))
    connection = ConnectionFactory(workspace=workspace, kind=kind)
    return AdAccountFactory(workspace=workspace, connection=connection, **values)


def ad_set_in(account: AdAccount, **values: object) -> AdSet:
    """An ad set with 100 a day, in a campaign of its own where none is given."""
    if "campaign" not in values:
        values["campaign__account"] = account
    return AdSetFactory(**values)


def propose(entity: object, value: object, now: datetime, **options: object) -> Proposal:
    """Propose a change of a budget, by the sampler where nothing else is said."""
    request = {
        "entity_type": options.pop("entity_type", "adset"),
        "entity": str(entity.public_id),
        "change_type": options.pop("change_type", "budget"),
        "value": str(value),
    }
    options = {"proposer": SAMPLER, "reason": "It pays.", **options}
    return proposing.propose(
        workspace=entity.workspace, kind="ad_change", request=request, now=now, **options
    )


def sign(proposal: Proposal, now: datetime, *people: User) -> Proposal:
    """Sign the current plan, one after the other."""
    for person in people:
        proposal = signing.sign(
            proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=person, now=now
        )
    return proposal


def verdict(proposal: Proposal, name: str) -> str:
    """What a check said of the current plan."""
    (check,) = [line for line in proposal.current_plan.verdict if line["name"] == name]
    return str(check["verdict"])


def moment(proposal: Proposal, name: str) -> datetime | None:
    """Until when a check defers the current plan."""
    (check,) = [line for line in proposal.current_plan.verdict if line["name"] == name]
    return datetime.fromisoformat(check["not_before"]) if check["not_before"] else None


def judged(
    proposal: Proposal, now: datetime, confidence: str | None = None, **options: object
) -> Judgement:
    """Judge the current plan again, by what is so now."""
    plan = proposal.current_plan
    sure = Decimal(confidence) if confidence else plan.confidence
    view = PlanView(
        proposal.workspace, plan.content, sure, options.get("by_machine", True), proposal.pk
    )
    return judge_change(view, now=now)


def days(
    account: AdAccount,
    ad_sets: Iterable[AdSet],
    *,
    count: int = 28,
    until: date = YESTERDAY,
    spend: float = 100,
    rate: float = 3,
    scale_after: tuple[date, float] | None = None,
) -> None:
    """Days of performance of ad sets: spend that swings by the day, revenue ``rate`` times it."""
    AdAccount.objects.filter(pk=account.pk).update(summing_level="ad_set")
    account.summing_level = "ad_set"
    fetched = datetime(2026, 11, 21, 6, tzinfo=UTC)
    rows = []
    for ad_set in ad_sets:
        for back in range(count):
            day = until - timedelta(days=back)
            factor = scale_after[1] if scale_after and day > scale_after[0] else 1
            amount = Decimal(str(spend * (1 + 0.1 * (back % 5))))
            rows.append(
                DailyPerformance(
                    workspace=account.workspace, account=account, campaign=ad_set.campaign,
                    ad_set=ad_set, level="ad_set", day=day, impressions=1000, clicks=20,
                    spend=amount, revenue=amount * Decimal(str(rate * factor)),
                    fetched_at=fetched,
                )
            )  # fmt: skip
    DailyPerformance.objects.bulk_create(rows)


def past(
    entity: object,
    moments: Iterable[datetime],
    *,
    old: str = "100",
    new: str = "100",
    status: str = "applied",
    change_type: str = "budget",
    entity_type: str = "adset",
) -> None:
    """Calls that were sent, with their history."""
    moments = list(moments)
    start = min(moments)
    anchor = raw_proposal(entity.workspace, start, kind="ad_change", subject_key=str(uuid7()))
    plan = raw_plan(anchor, version=1)
    Proposal.objects.filter(pk=anchor.pk).update(status="cancelled")
    attempts = ExecutionAttempt.objects.bulk_create(
        ExecutionAttempt(
            plan=plan, number=number, worker="w", started_at=at, call_sent_at=at, settled_at=at,
            outcome=status,
        )
        for number, at in enumerate(moments, start=1)
    )  # fmt: skip
    campaign = entity if entity_type == "campaign" else entity.campaign
    AdChangeHistory.objects.bulk_create(
        AdChangeHistory(
            workspace=entity.workspace, proposal=anchor, attempt=attempt, account=entity.account,
            entity_type=entity_type, entity_id=entity.pk, entity_external_id=entity.external_id,
            campaign_id=campaign.pk, change_type=change_type, old_value=old, new_value=new,
            currency="USD", triggered_by="model", proposer="x", reason="x",
            queued_at=at, started_at=at, call_sent_at=at, completed_at=at, duration_ms=1,
            status=status,
        )
        for attempt, at in zip(attempts, moments, strict=True)
    )  # fmt: skip
