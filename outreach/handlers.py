"""Sends as a kind of proposal: launch, change while it runs, resume, stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from outreach import launch_plans
from outreach.models import (
    CampaignLaunch,
    CampaignStatus,
    LaunchOperation,
    OutreachCampaign,
    PlanStatus,
    SendPlan,
)
from outreach.selectors.asked import ids_sha256, member_ids
from outreach.selectors.campaign_rules import settings_sha256
from outreach.selectors.launch_needs import Sending, needs_of
from outreach.selectors.launch_results import measured_launch
from outreach.selectors.launches import KIND, SMALL_SENDS
from outreach.selectors.plan_rows import stored_rows
from outreach.selectors.senders import changed_since
from outreach.services.life import activate, go_on, stop_sending
from outreach.services.planning.renewing import renew_plan
from workspaces.gate import CheckResult, Draft, Judgement, PlanView, Reading, StateError, body_of
from workspaces.models import Proposal, Risk, Workspace
from workspaces.own_kinds import OwnKind
from workspaces.roles import Role

_SENDS: Final = (LaunchOperation.LAUNCH, LaunchOperation.CHANGE)
_DONE: Final = {
    LaunchOperation.LAUNCH: "It is being sent.",
    LaunchOperation.CHANGE: "The new plan is being sent; nothing more of the old one.",
    LaunchOperation.RESUME: "It goes on.",
    LaunchOperation.STOP: "What was not sent yet stays unsent.",
}
#: Else whoever asked for it could sign it alone.
_OUTGROWN: Final = "It is no small send any more. Cancel this, and launch the campaign again."
#: After the last message: by then most who will click have clicked.
_MEASURED_AFTER: Final = timedelta(days=7)


class LaunchHandler(OwnKind):
    """What becomes of a campaign of messages."""

    kind = KIND
    label = "Send"
    template = "outreach/launch_detail.html"
    rules = "sends v1"
    row = CampaignLaunch

    def make_plan(self, *, workspace: Workspace, request: dict[str, Any], now: datetime) -> Draft:
        """Plan one operation on one campaign."""
        return launch_plans.plan(workspace=workspace, request=request, now=now)

    def attached(self, proposal: Proposal) -> None:
        """A draft waits for its signature from now on."""
        launch = CampaignLaunch.objects.get(proposal=proposal)
        if launch.operation == LaunchOperation.LAUNCH:
            OutreachCampaign.objects.filter(
                pk=launch.campaign_id, status=CampaignStatus.DRAFT
            ).update(status=CampaignStatus.AWAITING_APPROVAL)

    def judge(self, plan: PlanView, *, now: datetime, policy: object | None = None) -> Judgement:
        """Look at what speaks against it now."""
        send = _send_of(plan)
        if send is None:
            gone = CheckResult("state", "blocked", "The campaign is gone or was archived.")
            return self.judged(gone)
        operation = LaunchOperation(plan.body["operation"])
        if operation == LaunchOperation.STOP:
            fine = CheckResult("effect", "passed", "Nobody else gets anything of it.")
            return self._judgement((fine,), Risk.LOW, by_policy=True)
        if operation == LaunchOperation.RESUME:
            why = send.halted_reason or send.campaign.paused_reason
            known = CheckResult("reason", "warning", f"It was stopped: {why}")
            return self._judgement((known, *Sending(send, now).checks()), Risk.HIGH)
        needs = needs_of(send, now)
        asked = [CheckResult("signature", "warning", one) for one in needs]
        if needs and _is_small_send(plan):
            asked.append(CheckResult("rule", "blocked", _OUTGROWN))
        checks = (*asked, *Sending(send, now).checks())
        return self._judgement(checks, Risk.HIGH if needs else Risk.LOW, by_policy=not needs)

    def _judgement(
        self, checks: tuple[CheckResult, ...], risk: Risk, *, by_policy: bool = False
    ) -> Judgement:
        return Judgement(
            checks, risk, Role.APPROVER, signatures=1, policy_version=self.rules,
            policy_may_sign=by_policy,
        )  # fmt: skip

    def reading(self, plan: PlanView) -> Reading:
        """Where the campaign stands, and whether what was signed is still what there is."""
        send = _send_of(plan)
        if send is None:
            return Reading("other", words="The campaign is gone")
        state, words = _STATES[LaunchOperation(plan.body["operation"])](send, plan.body)
        return Reading(state, {"status": str(send.campaign.status)}, words=words)

    def done(self, plan: PlanView) -> str:
        """What holds then."""
        return _DONE[LaunchOperation(plan.body["operation"])]

    def carry_out(self, proposal: Proposal, body: dict[str, Any], *, now: datetime) -> None:
        """Let it go, on or no further."""
        send = SendPlan.objects.select_related("campaign", "workspace").get(
            workspace=proposal.workspace, public_id=body["plan"]
        )
        operation = LaunchOperation(body["operation"])
        if operation in _SENDS:
            activate(plan=send, proposal=proposal, now=now)
        elif operation == LaunchOperation.RESUME:
            go_on(plan=send, now=now)
        else:
            stop_sending(campaign=send.campaign, reason=proposal.reason, now=now)

    def absorb(self, proposal: Proposal, reading: Reading, *, now: datetime) -> None:
        """Plan the send anew, from who is in the audience now."""
        body = body_of(proposal)
        if body.get("operation") in _SENDS:
            renew_plan(workspace=proposal.workspace, public_id=body["plan"], now=now)

    def edit_is_within(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        """Whether it is the same plan still."""
        return old == new

    def inverse(self, proposal: Proposal) -> dict[str, Any]:
        """Ask to stop what is not sent yet."""
        body = body_of(proposal)
        if body.get("operation") == LaunchOperation.STOP:
            raise StateError("What was stopped for good stays so. Copy the campaign to send it.")
        return {"campaign": body["campaign"], "operation": str(LaunchOperation.STOP)}

    def has_inverse(self, proposals: Sequence[Proposal]) -> list[bool]:
        """While something may be sent still."""
        launches = CampaignLaunch.objects.filter(
            proposal__in=proposals, campaign__status__in=launch_plans.LIVE
        ).exclude(operation=LaunchOperation.STOP)
        live = set(launches.values_list("proposal_id", flat=True))
        return [row.pk in live for row in proposals]

    def measure_after(self, proposals: Sequence[Proposal]) -> list[datetime | None]:
        """A week after the last message of a launch or change."""
        launches = CampaignLaunch.objects.filter(proposal__in=proposals, operation__in=_SENDS)
        last = dict(launches.values_list("proposal_id", "plan__last_at"))
        return [
            at + _MEASURED_AFTER if (at := last.get(one.pk)) is not None else None
            for one in proposals
        ]

    def measure(self, proposal: Proposal, *, now: datetime) -> dict[str, Any] | None:
        """What was foretold against what came."""
        return measured_launch(proposal)


def _is_small_send(plan: PlanView) -> bool:
    """Whether the rule for small sends proposed it, so that no person counts as its proposer."""
    if plan.proposal_id is None or not plan.is_by_machine:
        return False
    proposal = Proposal.objects.get(pk=plan.proposal_id)
    return proposal.proposer_key.startswith(SMALL_SENDS)


def _send_of(plan: PlanView) -> SendPlan | None:
    rows = SendPlan.objects.select_related("campaign__audience", "campaign__workspace", "workspace")
    return rows.filter(
        workspace=plan.workspace, public_id=plan.body["plan"], campaign__archived_at=None
    ).first()


def _sent_state(send: SendPlan, body: dict[str, Any]) -> tuple[Any, str]:
    if send.activated_at is not None:
        return "after", "It is being sent"
    if send.status != PlanStatus.READY:
        return "other", "Another plan took its place"
    is_launch = body["operation"] == LaunchOperation.LAUNCH
    if send.campaign.status not in (launch_plans.NOT_LAUNCHED if is_launch else launch_plans.LIVE):
        return "other", f"The campaign is {send.campaign.get_status_display().lower()}"
    # As of the plan: time that passed is no change, what people did since is one.
    members = member_ids(send.workspace, send.campaign.audience, send.as_of)
    if ids_sha256(members) != body["audience_sha256"]:
        return "other", f"The audience changed: it has {len(members):,} people now"
    if changed := changed_since(send, terms=True):
        return "other", f"Changed since it was signed: {changed}"
    if settings_sha256(send.settings) != body["settings_sha256"]:
        return "other", "Its settings are not those that were signed"
    if stored_rows(send).sha256() != body["rows_sha256"]:
        return "other", "Its rows are not those that were signed"
    return "before", "It waits to be sent"


def _resume_state(send: SendPlan, body: dict[str, Any]) -> tuple[Any, str]:
    if send.status == PlanStatus.HALTED or send.campaign.status == CampaignStatus.PAUSED:
        return "before", "It is paused"
    is_on = send.status == PlanStatus.ACTIVE and send.campaign.status == CampaignStatus.ACTIVE
    return ("after", "It is being sent") if is_on else ("other", "It is over")


def _stop_state(send: SendPlan, body: dict[str, Any]) -> tuple[Any, str]:
    if send.campaign.status == CampaignStatus.COMPLETED:
        return "after", "It is over"
    return "before", f"It is {send.campaign.get_status_display().lower()}"


_STATES: Final = {
    LaunchOperation.LAUNCH: _sent_state,
    LaunchOperation.CHANGE: _sent_state,
    LaunchOperation.RESUME: _resume_state,
    LaunchOperation.STOP: _stop_state,
}
