"""The life of a campaign once it is signed: let go, paused, resumed, stopped, over.

Pausing and stopping act at once and are recorded as signed stops; going on needs a signature.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from outreach.models import (
    CampaignStatus,
    Enrolment,
    EnrolmentState,
    LaunchOperation,
    OutreachCampaign,
    OutreachMessage,
    PlanStatus,
    SendPlan,
)
from outreach.models.messages import MessageStatus
from outreach.selectors.launch_needs import needs_of
from outreach.selectors.launches import (
    KIND,
    SMALL_SENDS,
    active_plan,
    newest_ready,
    subject_of,
)
from workspaces.gate import Proposer, RequestError, StateError
from workspaces.models import Proposal, ProposerType
from workspaces.roles import Role
from workspaces.services.brake import record_stop
from workspaces.services.live import bump
from workspaces.services.permissions import require
from workspaces.services.proposing import propose

TOPIC: Final = "outreach"
_LIVE: Final = (CampaignStatus.ACTIVE, CampaignStatus.PAUSED)
_UNSENT: Final = (MessageStatus.PENDING, MessageStatus.SCHEDULED)
# Whoever gets the first step goes on to the second, so long after it.
_ENROL: Final = """
INSERT INTO outreach_enrolment
       (workspace_id, campaign_id, contact_id, state, next_position, due_at, exit_reason,
        entered_at)
SELECT p.workspace_id, %(campaign)s, p.contact_id, 'active', %(position)s,
       p.send_at + %(delay)s, '', %(now)s
  FROM outreach_plannedsend p
 WHERE p.plan_id = %(plan)s AND p.outcome IN ('scheduled', 'queued')
 ORDER BY p.contact_id
    ON CONFLICT (campaign_id, contact_id) DO NOTHING
"""


def launch_campaign(
    *,
    campaign: OutreachCampaign,
    by: Proposer,
    now: datetime,
    reason: str = "",
    plan: SendPlan | None = None,
    idempotency_key: str = "",
) -> Proposal:
    """Propose to send a plan, the newest one unless told; what is small is signed by policy.

    Of a campaign that runs it is a change.

    Raises
    ------
    StateError : there is no plan that can be sent
    NotAllowedError : the person is no operator
    """
    require(
        Role.OPERATOR, by=by, workspace=campaign.workspace, now=now, what="Launching a campaign"
    )
    send = plan or newest_ready(campaign)
    is_running = campaign.status in _LIVE
    operation = LaunchOperation.CHANGE if is_running else LaunchOperation.LAUNCH
    request = {"campaign": str(campaign.public_id), "operation": str(operation)}
    if send is not None:
        request["plan"] = str(send.public_id)
    return propose(
        workspace=campaign.workspace,
        kind=KIND,
        request=request,
        proposer=_small_send(by) if send is not None and _is_small(send, now) else by,
        reason=reason.strip() or f"Send “{campaign.name}”.",
        now=now,
        idempotency_key=idempotency_key,
    )


def _is_small(send: SendPlan, now: datetime) -> bool:
    """Whether policy may sign it; of a plan that was replaced a person signs what replaced it."""
    return send.status == PlanStatus.READY and not needs_of(send, now)


def _small_send(by: Proposer) -> Proposer:
    """Policy signs what rules propose: here the rule for sends below every line."""
    label = f"small send asked for by {by.label}"[:200]
    return Proposer(ProposerType.RULE, f"{SMALL_SENDS}{by.key}", label)


def resume_campaign(
    *, campaign: OutreachCampaign, by: Proposer, reason: str, now: datetime
) -> Proposal:
    """Propose to go on with what was paused, or stopped itself.

    Raises
    ------
    StateError : it is not paused
    RequestError : no reason was given
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=campaign.workspace, now=now, what="Resuming a campaign")
    request = {
        "campaign": str(campaign.public_id), "operation": str(LaunchOperation.RESUME)
    }  # fmt: skip
    return propose(
        workspace=campaign.workspace, kind=KIND, request=request, proposer=by, reason=reason,
        now=now,
    )  # fmt: skip


@transaction.atomic
def pause_campaign(
    *, campaign: OutreachCampaign, by: Proposer, reason: str, now: datetime
) -> OutreachCampaign:
    """Send nothing more until somebody signs that it goes on; what is under way arrives.

    Raises
    ------
    StateError : it is not active
    RequestError : no reason was given
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=campaign.workspace, now=now, what="Pausing a campaign")
    _require_reason(reason)
    locked = lock_campaign(campaign)
    if locked.status != CampaignStatus.ACTIVE:
        raise StateError(f"It is {locked.get_status_display().lower()}; only what is sent pauses.")
    locked.status, locked.paused_reason = CampaignStatus.PAUSED, reason[:300]
    locked.save(update_fields=["status", "paused_reason", "updated_at"])
    _record(locked, by, "pause", before="active", after="paused", reason=reason, now=now)
    return locked


@transaction.atomic
def stop_campaign(
    *, campaign: OutreachCampaign, by: Proposer, reason: str, now: datetime
) -> OutreachCampaign:
    """End it: what was not sent yet stays unsent, for good.

    Raises
    ------
    StateError : it does not run
    RequestError : no reason was given
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=campaign.workspace, now=now, what="Stopping a campaign")
    _require_reason(reason)
    before = str(lock_campaign(campaign).status)
    if before not in _LIVE:
        raise StateError("It does not run; there is nothing to stop.")
    stopped = stop_sending(campaign=campaign, reason=reason, now=now)
    _record(stopped, by, "stop", before=before, after="completed", reason=reason, now=now)
    return stopped


def stop_sending(*, campaign: OutreachCampaign, reason: str, now: datetime) -> OutreachCampaign:
    """End a campaign with what waits of it, in the caller's transaction."""
    locked = lock_campaign(campaign)
    plans = SendPlan.objects.filter(campaign=locked, status=PlanStatus.ACTIVE)
    plans.update(status=PlanStatus.HALTED, halted_reason=reason[:300], ended_at=now)
    cancel_waiting(locked, reason=reason)
    Enrolment.objects.filter(campaign=locked, state=EnrolmentState.ACTIVE).update(
        state=EnrolmentState.EXITED, exit_reason="stopped", due_at=None
    )
    locked.paused_reason = reason[:300]
    locked.save(update_fields=["paused_reason"])
    complete(locked, now=now)
    return locked


def complete(campaign: OutreachCampaign, *, now: datetime) -> None:
    """Say of a locked campaign that it is over."""
    campaign.status, campaign.ended_at = CampaignStatus.COMPLETED, now
    campaign.save(update_fields=["status", "ended_at", "updated_at"])
    bump(campaign.workspace_id, TOPIC)


def activate(*, plan: SendPlan, proposal: Proposal, now: datetime) -> None:
    """Let a signed plan go, in the transaction that settles its proposal.

    A plan that it takes the place of sends nothing more.
    """
    locked = lock_campaign(plan.campaign)
    running = SendPlan.objects.filter(
        campaign=locked, status__in=[PlanStatus.ACTIVE, PlanStatus.HALTED]
    ).exclude(pk=plan.pk)
    if running.update(status=PlanStatus.SUPERSEDED, ended_at=now):
        cancel_waiting(locked, reason=f"Plan {plan.number} took its place.", but=plan)
    begin_sending(plan, proposal=proposal, now=now)
    locked.status, locked.paused_reason = CampaignStatus.ACTIVE, ""
    locked.launched_at = locked.launched_at or now
    locked.save(update_fields=["status", "paused_reason", "launched_at", "updated_at"])
    _enrol(plan, now)
    bump(plan.workspace_id, TOPIC)


def begin_sending(plan: SendPlan, *, proposal: Proposal | None, now: datetime) -> None:
    """Mark a made plan as being sent, its first wave from now on."""
    plan.status, plan.activated_at, plan.signed_by = PlanStatus.ACTIVE, now, proposal
    plan.wave, plan.wave_at = 0, now
    plan.save(update_fields=["status", "activated_at", "signed_by", "wave", "wave_at"])


def _enrol(plan: SendPlan, now: datetime) -> None:
    """Bring those who get the first step on their way through the later ones."""
    steps = plan.settings["steps"]
    if len(steps) < 2:
        return
    given: dict[str, Any] = {
        "campaign": plan.campaign_id, "plan": plan.pk, "now": now,
        "position": steps[1]["position"], "delay": timedelta(hours=steps[1]["delay_hours"]),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ENROL, given)


def go_on(*, plan: SendPlan, now: datetime) -> None:
    """Resume what was paused or stopped itself, in the settling transaction.

    Harm is judged anew from here on: people have seen what there was.
    """
    locked = lock_campaign(plan.campaign)
    if plan.status == PlanStatus.HALTED:
        plan.status, plan.halted_reason = PlanStatus.ACTIVE, ""
        plan.activated_at = plan.wave_at = now
        plan.save(update_fields=["status", "halted_reason", "activated_at", "wave_at"])
    locked.status, locked.paused_reason = CampaignStatus.ACTIVE, ""
    locked.save(update_fields=["status", "paused_reason", "updated_at"])
    bump(plan.workspace_id, TOPIC)


def cancel_waiting(campaign: OutreachCampaign, *, reason: str, but: SendPlan | None = None) -> int:
    """Cancel messages of a campaign that have not gone out; those being sent do."""
    waiting = OutreachMessage.objects.filter(campaign=campaign, status__in=_UNSENT)
    if but is not None:
        waiting = waiting.exclude(plan=but)
    return waiting.update(status=MessageStatus.CANCELLED, refusal_reason=reason[:300])


def lock_campaign(campaign: OutreachCampaign) -> OutreachCampaign:
    """Lock a campaign and read it anew, in the caller's transaction."""
    return (
        OutreachCampaign.objects.select_for_update(of=("self",), no_key=True)
        .select_related("workspace", "audience", "test")
        .get(pk=campaign.pk)
    )


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise RequestError("reason", "Say why: whoever goes on with it reads that.")


def _record(
    campaign: OutreachCampaign,
    by: Proposer,
    what: str,
    *,
    before: str,
    after: str,
    reason: str,
    now: datetime,
) -> None:
    launched = active_plan(campaign)
    record_stop(
        workspace=campaign.workspace,
        by=by,
        rank=Role.OPERATOR,
        subject_key=subject_of(campaign),
        subject_label=campaign.name,
        summary=f"{what.capitalize()} “{campaign.name}”",
        body={
            "operation": f"{what}_campaign",
            "subject": subject_of(campaign),
            "plan": str(launched.public_id) if launched else None,
            "before": before,
            "after": after,
        },
        reason=reason,
        now=now,
    )
    bump(campaign.workspace_id, TOPIC)
