"""The ad change: the gate's first and most demanding kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from campaigns.executing import account_of, look, send
from campaigns.judging import ChangeSitting, judge_change, subject_of_plan
from campaigns.measuring import measurable_at, measure_change
from campaigns.models import PendingAdChange, SafetyPolicy
from campaigns.planning import plan_change
from campaigns.platforms.registry import takes_batches
from campaigns.selectors.policies import current_policy
from campaigns.selectors.subjects import Subject
from campaigns.services.continuing import propose_rest
from campaigns.services.recording import mirror_values, record
from workspaces.gate import Draft, Judgement, Outcome, PlanView, Reading
from workspaces.models import ExecutionAttempt, Proposal, Workspace

KIND = "ad_change"


class AdChangeHandler:
    """Budget, status and bid changes on an ad platform."""

    kind = KIND
    label = "Ad change"
    queue: Literal["approvals", "inbox"] = "approvals"
    template = "campaigns/change_detail.html"

    def make_plan(self, *, workspace: Workspace, request: dict[str, Any], now: datetime) -> Draft:
        """Price the request and cut it to the allowed step."""
        return plan_change(workspace=workspace, request=request, now=now)

    def attach(self, proposal: Proposal, draft: Draft) -> None:
        """Write the row that the queue page shows and filters."""
        detail = dict(draft.detail)
        subject: Subject = detail.pop("subject")
        PendingAdChange.objects.update_or_create(
            proposal=proposal,
            defaults={
                **detail,
                "workspace": proposal.workspace,
                "account": subject.account,
                "entity_type": subject.entity_type,
                "entity_id": subject.entity.pk,
                "entity_external_id": subject.entity.external_id,
                "entity_name": subject.entity.name,
                "campaign_id": subject.campaign.pk,
                "change_type": subject.change_type,
                "currency": subject.account.currency,
            },
        )

    def judge(self, plan: PlanView, *, now: datetime, policy: object | None = None) -> Judgement:
        """Run every check of the safety policy."""
        chosen = policy if isinstance(policy, SafetyPolicy) else None
        return judge_change(plan, now=now, policy=chosen)

    def judge_all(self, plans: Sequence[PlanView], *, now: datetime) -> list[Judgement]:
        """Judge one after the other: they may be of several accounts."""
        return [self.judge(plan, now=now) for plan in plans]

    def lifetime(self, plan: PlanView) -> timedelta:
        """Hours without decision after which it expires, by policy."""
        policy = current_policy(workspace=plan.workspace, account=account_of(plan))
        return timedelta(hours=policy.expiry_h)

    def lock_keys(self, plan: PlanView) -> list[str]:
        """The account's and the workspace's totals."""
        named = plan.body["subject"]
        return [
            f"account:{plan.workspace.pk}:{named['platform']}:{named['account']}",
            f"totals:{plan.workspace.pk}",
        ]

    def lane(self, plan: PlanView) -> str:
        """One entity at a time."""
        return subject_of_plan(plan).lane

    def batch_key(self, plan: PlanView) -> str:
        """The ad account, where its platform takes several changes in one call."""
        named = plan.body["subject"]
        return f"{named['platform']}:{named['account']}" if takes_batches(named["platform"]) else ""

    def sit(self, plans: Sequence[PlanView], *, now: datetime) -> ChangeSitting:
        """Judge in one situation of the account."""
        return ChangeSitting(plans, now=now)

    def read_back(self, plans: Sequence[PlanView]) -> list[Reading]:
        """Read the live values."""
        return look(plans)

    def execute(self, plans: Sequence[PlanView]) -> list[Outcome]:
        """Send the signed values."""
        return send(plans)

    def settle(self, ends: Sequence[tuple[ExecutionAttempt, Outcome]], *, now: datetime) -> None:
        """Write history and mirrors, and propose the rest of stepped changes."""
        for change, attempt, outcome in record(ends, now=now):
            if outcome.status == "applied" and change.rest_value is not None:
                propose_rest(attempt.plan.proposal, change.rest_value, now=now)

    def absorb(self, proposal: Proposal, reading: Reading, *, now: datetime) -> None:
        """Take the live value over as the new 'before'."""
        value = reading.live.get("value")
        change = PendingAdChange.objects.select_related("account").get(proposal=proposal)
        if value is not None and proposal.current_plan is not None:
            mirror_values([(change, proposal.current_plan.content, value)], now=now)

    def edit_is_within(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        """Whether the new value lies between 'before' and the value proposed first."""
        if old["operation"] != new["operation"] or old["operation"] == "set_status":
            return bool(old["after"] == new["after"])
        ends = sorted((Decimal(old["before"]), Decimal(old["after"])))
        return ends[0] <= Decimal(new["after"]) <= ends[1]

    def inverse(self, proposal: Proposal) -> dict[str, Any]:
        """Ask for the value that stood before, without fuzz."""
        plan = proposal.current_plan
        before = plan.content["before"] if plan else ""
        return {**proposal.request, "value": before, "exact": True}

    def has_inverse(self, proposals: Sequence[Proposal]) -> list[bool]:
        """Yes: what stood before can stand again."""
        return [True for _ in proposals]

    def measure_after(self, proposals: Sequence[Proposal]) -> list[datetime | None]:
        """After seven full account days."""
        zones = _time_zones(proposals)
        return [measurable_at(proposal, zones[proposal.pk]) for proposal in proposals]

    def measure(self, proposal: Proposal, *, now: datetime) -> dict[str, Any] | None:
        """Set the realised effect against the predicted one."""
        return measure_change(proposal, now=now)


def _time_zones(proposals: Sequence[Proposal]) -> dict[int, str]:
    """Reporting zones of the changed accounts, by proposal."""
    changes = PendingAdChange.objects.filter(proposal__in=proposals)
    return dict(changes.values_list("proposal", "account__time_zone"))
