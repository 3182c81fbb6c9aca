"""From a request about a campaign to a plan of the gate: everything that decides what goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError

from outreach.engine.pacing import FASTER, SLOWER, daily_limit
from outreach.models import CampaignStatus, LaunchOperation, OutreachCampaign, PlanStatus, SendPlan
from outreach.selectors.campaign_rules import settings_sha256
from outreach.selectors.launches import active_plan, newest_ready, subject_of
from outreach.selectors.senders import changed_since
from outreach.selectors.text_faults import errors_in
from workspaces.gate import Draft, Json, RequestError, StateError
from workspaces.models import Workspace

VERSION: Final = 1
_TOLD: Final = 5
NOT_LAUNCHED: Final = (CampaignStatus.DRAFT, CampaignStatus.AWAITING_APPROVAL)
LIVE: Final = (CampaignStatus.ACTIVE, CampaignStatus.PAUSED)


def plan(*, workspace: Workspace, request: Mapping[str, Any], now: datetime) -> Draft:
    """Turn a request into a plan of the gate.

    Raises
    ------
    RequestError : names the field that is wrong
    StateError : the campaign does not stand where that can be done
    """
    campaign = _asked(workspace, request)
    operation = request.get("operation")
    if operation not in LaunchOperation.values:
        raise RequestError("operation", f"Choose one of {', '.join(LaunchOperation.values)}.")
    return _PLANS[LaunchOperation(operation)](campaign, request)


def _asked(workspace: Workspace, request: Mapping[str, Any]) -> OutreachCampaign:
    rows = OutreachCampaign.objects.filter(workspace=workspace, archived_at=None)
    found: OutreachCampaign | None = _by_id(rows, request.get("campaign"))
    if found is None:
        raise RequestError("campaign", "There is no such campaign.")
    return found


def _by_id(rows: Any, named: object) -> Any:
    try:
        return rows.select_related("workspace").filter(public_id=str(named or "")).first()
    except ValidationError:
        return None


def _launch(campaign: OutreachCampaign, request: Mapping[str, Any]) -> Draft:
    if campaign.status not in NOT_LAUNCHED:
        raise StateError(
            f"It is {campaign.get_status_display().lower()}; only a draft is launched."
        )
    send = _ready(campaign, request)
    return _draft(
        campaign, send, LaunchOperation.LAUNCH,
        summary=f"Send “{campaign.name}” to {_people(send.recipients)}",
        before=campaign.get_status_display(), after=f"Sent to {_people(send.recipients)}",
    )  # fmt: skip


def _change(campaign: OutreachCampaign, request: Mapping[str, Any]) -> Draft:
    if campaign.status not in LIVE:
        raise StateError(
            f"It is {campaign.get_status_display().lower()}; only what runs is changed so."
        )
    send, current = _ready(campaign, request), active_plan(campaign)
    return _draft(
        campaign, send, LaunchOperation.CHANGE,
        summary=f"Change “{campaign.name}” while it runs: {_people(send.recipients)} from now on",
        before=f"Plan {current.number}" if current else "–", after=f"Plan {send.number}",
        replaces=str(current.public_id) if current else None,
    )  # fmt: skip


def _ready(campaign: OutreachCampaign, request: Mapping[str, Any]) -> SendPlan:
    """The plan that is asked for, or the newest one where that was made anew."""
    asked = None
    if request.get("plan"):
        asked = _by_id(SendPlan.objects.filter(campaign=campaign), request["plan"])
        if asked is None:
            raise RequestError("plan", "This campaign has no such plan.")
    if asked is None or asked.status == PlanStatus.SUPERSEDED:
        asked = newest_ready(campaign)
    if asked is None or asked.status != PlanStatus.READY:
        raise StateError("There is no plan that can be sent. Plan the send first.")
    if changed := changed_since(asked, terms=True):
        raise StateError(f"Changed since it was planned: {changed}. Plan the send anew.")
    if not asked.recipients:
        raise StateError("Nobody would get anything by this plan.")
    _refuse_faulty(asked)
    return asked


def _refuse_faulty(send: SendPlan) -> None:
    """Refuse texts that nobody should get; what is only a warning is shown to who signs."""
    wrong = errors_in(send)
    if wrong:
        told = " ".join(f"“{one.text}”, {one.place}: {one.advice}" for one in wrong[:_TOLD])
        more = f" And {len(wrong) - _TOLD} more." if len(wrong) > _TOLD else ""
        raise RequestError("texts", f"Mend the texts and plan the send anew. {told}{more}")


def _resume(campaign: OutreachCampaign, request: Mapping[str, Any]) -> Draft:
    send = active_plan(campaign)
    is_halted = send is not None and send.status == PlanStatus.HALTED
    if send is None or not (campaign.status == CampaignStatus.PAUSED or is_halted):
        raise StateError(f"It is {campaign.get_status_display().lower()}, not paused.")
    why = send.halted_reason or campaign.paused_reason
    return _draft(
        campaign, send, LaunchOperation.RESUME, summary=f"Go on sending “{campaign.name}”",
        before=f"Stopped: {why}"[:300], after="Active", halted_at_wave=send.wave,
    )  # fmt: skip


def _stop(campaign: OutreachCampaign, request: Mapping[str, Any]) -> Draft:
    send = active_plan(campaign)
    if send is None or campaign.status not in LIVE:
        raise StateError(
            f"It is {campaign.get_status_display().lower()}; there is nothing to stop."
        )
    return _draft(
        campaign, send, LaunchOperation.STOP,
        summary=f"Stop “{campaign.name}”: what was not sent yet stays unsent",
        before=campaign.get_status_display(), after="Completed",
    )  # fmt: skip


def _draft(
    campaign: OutreachCampaign,
    send: SendPlan,
    operation: LaunchOperation,
    *,
    summary: str,
    **values: Any,
) -> Draft:
    is_sent = operation in (LaunchOperation.LAUNCH, LaunchOperation.CHANGE)
    return Draft(
        subject_key=subject_of(campaign),
        subject_label=campaign.name,
        summary=summary,
        body={
            "version": VERSION,
            "subject": subject_of(campaign),
            "operation": str(operation),
            "campaign": str(campaign.public_id),
            **send_document(send),
            **values,
        },
        money_at_stake=send.cost if is_sent else None,
        predicted=send.expected.get("predicted") if is_sent else None,
        detail={"campaign": campaign, "plan": send, "operation": operation},
    )


def send_document(send: SendPlan) -> Json:
    """What a signature of a send plan covers."""
    return {
        "plan": str(send.public_id),
        "number": send.number,
        "rows_sha256": send.rows_sha256,
        "audience_sha256": send.audience_sha256,
        "settings_sha256": settings_sha256(send.settings),
        "purpose": send.settings["campaign"]["purpose"],
        "budget": send.settings["campaign"]["budget"],
        "daily_limit": send.settings["campaign"]["daily_limit"],
        "pacing": _pacing(send.settings["campaign"]["daily_limit"]),
        "senders": send.settings.get("senders", {}),
        "texts": [
            {"step": step["position"], **text}
            for step in send.settings.get("steps", [])
            for text in step["texts"]
        ],
        "recipients": send.recipients,
        "blocked": send.blocked,
        "counts": send.counts,
        "cost": f"{send.cost.normalize():f}",
        "currency": send.workspace.currency,
        "waves": send.waves,
        "first_at": send.first_at.isoformat() if send.first_at else None,
        "last_at": send.last_at.isoformat() if send.last_at else None,
    }


def _pacing(limit: int | None) -> Json | None:
    """Messages that a day may have where spending is ahead of the days gone, or behind."""
    if limit is None:
        return None
    return {"ahead": daily_limit(limit, SLOWER), "behind": daily_limit(limit, FASTER)}


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


_PLANS: Final[Mapping[LaunchOperation, Callable[[OutreachCampaign, Mapping[str, Any]], Draft]]] = {
    LaunchOperation.LAUNCH: _launch,
    LaunchOperation.CHANGE: _change,
    LaunchOperation.RESUME: _resume,
    LaunchOperation.STOP: _stop,
}
